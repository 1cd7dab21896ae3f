"""Frozen dataclasses built strictly from plain mappings."""

import types
import typing
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from typing import Any, TypeVar

from signl.errors import ConfigError

Options = TypeVar("Options")


def build_options(kind: type[Options], options: Mapping[str, Any], where: str) -> Options:
    """Build a dataclass of options, nested ones included, refusing unknown and missing keys.

    Parameters
    ----------
    kind : type
        A dataclass; a field whose type is a dataclass is built from a nested mapping.
    options : Mapping
        The plain values, as YAML gives them.
    where : str
        Where the options stand in the configuration, for messages: ``recipes.signl.graph``.

    Raises
    ------
    ConfigError
        Names the key and what is allowed.
    """
    if not isinstance(options, Mapping):
        raise ConfigError(f"{where} must be a mapping of options, got {options!r}")
    known = {field.name: field for field in fields(kind)}  # type: ignore[arg-type]
    if unknown := sorted(options.keys() - known.keys()):
        raise ConfigError(f"{where}: unknown keys {unknown}; known are {sorted(known)}")
    required = {
        name
        for name, field in known.items()
        if field.default is MISSING and field.default_factory is MISSING
    }
    if missing := sorted(required - options.keys()):
        raise ConfigError(f"{where}: missing keys {missing}")
    hints = typing.get_type_hints(kind)
    values = {
        name: _convert(hints[name], value, f"{where}.{name}") for name, value in options.items()
    }
    try:
        return kind(**values)
    except ValueError as error:
        raise ConfigError(f"{where}: {error}") from error


def _convert(hint: Any, value: Any, where: str) -> Any:  # noqa: ANN401
    """Turn nested mappings into dataclasses and lists into tuples, as the field asks."""
    kinds = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    if value is None and type(None) in kinds:
        return None
    for kind in kinds:
        if typing.get_origin(kind) is typing.Literal and value not in typing.get_args(kind):
            raise ConfigError(f"{where} is {value!r}; allowed are {list(typing.get_args(kind))}")
        if is_dataclass(kind) and isinstance(kind, type):
            return build_options(kind, value, where)
        if typing.get_origin(kind) is tuple and isinstance(value, list):
            return tuple(value)
    return value
