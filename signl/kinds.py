"""Kinds: the networks, objectives, front-ends or corpora that there are, by name.

A registry is a mapping of names to the place of an options class, ``package.module:Class``, which
is imported when its name is used. The options say, or return, all that others must know of the
kind; nobody asks what class they are of.
"""

import importlib
from collections.abc import Mapping
from typing import Any, Generic, TypeVar

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from signl.errors import ConfigError
from signl.typed import Options

Kind = TypeVar("Kind", bound=Options)


class Kinds(Generic[Kind]):
    """A registry of options that are told apart by ``kind``; annotates the field that holds one.

    A wrong entry is refused with the errors of the kind that it names, not with those of all.

    Parameters
    ----------
    what : str
        What these are, for messages: ``network``.
    entries : Mapping
        Name -> ``package.module:Class`` of its options.
    default : str, optional
        The kind of a mapping that names none.

    Examples
    --------
    ``model: Annotated[NetworkOptions, NETWORKS]``
    """

    def __init__(
        self, what: str, entries: Mapping[str, str], *, default: str | None = None
    ) -> None:
        self.what, self.entries, self.default = what, dict(entries), default

    @property
    def names(self) -> list[str]:
        """Names of all kinds, sorted."""
        return sorted(self.entries)

    @property
    def known(self) -> str:
        """What is allowed, for messages."""
        return str(self.names)

    def knows(self, kind: object) -> bool:
        """Tell whether there is such a kind."""
        return isinstance(kind, str) and kind in self.entries

    def options_of(self, name: str) -> type[Kind]:
        """Return the options class of a kind.

        Raises
        ------
        ConfigError
            Names the kinds that there are.
        """
        if name not in self.entries:
            raise ConfigError(f"{self.what} of kind {name!r}; known are {self.known}")
        module, _, attribute = self.entries[name].partition(":")
        options: type[Kind] = getattr(importlib.import_module(module), attribute)
        return options

    def build(self, values: object) -> Kind:
        """Build the options of a mapping that names its kind; options are returned as they are.

        Raises
        ------
        PydanticCustomError, ValidationError
            As pydantic wants them of a validator; :func:`signl.typed.build` tells of them.
        """
        if isinstance(values, Options):
            return values  # type: ignore[return-value]
        if not isinstance(values, Mapping):
            raise PydanticCustomError(
                "kind",
                "allowed is a mapping with the key kind, one of {known}",
                {"known": self.known},
            )
        kind = values.get("kind", self.default)
        if not isinstance(kind, str) or not self.knows(kind):
            raise PydanticCustomError(
                "kind",
                "its kind is {kind}; known are {known}",
                {"kind": repr(kind), "known": self.known},
            )
        return self.options_of(kind).model_validate({"kind": kind, **values})

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Validate by :meth:`build`, and always write the kind."""
        return core_schema.no_info_plain_validator_function(
            self.build,
            serialization=core_schema.plain_serializer_function_ser_schema(_dump, info_arg=True),
        )

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Describe all kinds, for editors."""
        described = []
        for name in self.names:
            each = dict(handler(self.options_of(name).__pydantic_core_schema__))
            described.append(each)
        return {"oneOf": described}


def _dump(options: Any, info: Any) -> dict[str, Any]:  # noqa: ANN401
    values = options.model_dump(mode=info.mode, exclude_defaults=info.exclude_defaults)
    return {"kind": options.kind, **values}
