"""Typed options: the one statement of an option's type, bounds, default and help.

Every mapping of options in a configuration is an :class:`Options`: strict (text is no number, 4.0
is no count), frozen, without unknown keys, without NaN and infinity. A module of options imports
nothing heavy, so that the object that is checked when a workflow is planned is the very one that a
stage computes with. :func:`build` makes one of plain values, and says what it refuses.
"""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Final, Self, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    ValidationError,
    model_validator,
)
from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError

from signl.errors import ConfigError

#: Names stand in paths, with some characters around them; a file name has at most 255 bytes.
MAX_NAME_LENGTH: Final = 200
NAME: Final = r"^[A-Za-z0-9][A-Za-z0-9_.-]*$"

#: Where pydantic says that a key is wrong, not its value.
_OF_KEY: Final = "[key]"
_WITHOUT_VALUE: Final = ("missing", "unknown_key", "extra_forbidden")
_MAX_SHOWN: Final = 120
#: What is allowed, by the kind of pydantic's error.
_ALLOWED: Final[Mapping[str, str]] = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "string_type": "text",
    "tuple_type": "a list",
    "dict_type": "a mapping",
    "mapping_type": "a mapping",
    "model_type": "a mapping of options",
    "model_attributes_type": "a mapping of options",
    "greater_than": "more than {gt:g}",
    "greater_than_equal": "at least {ge:g}",
    "less_than": "less than {lt:g}",
    "less_than_equal": "at most {le:g}",
    "multiple_of": "a multiple of {multiple_of:g}",
    "literal_error": "{expected}",
    "none_required": "nothing",
    "string_too_long": "at most {max_length} characters",
    "string_too_short": "at least {min_length} characters",
    "too_short": "at least {min_length} of them",
    "too_long": "at most {max_length} of them",
    "string_pattern_mismatch": "letters and digits, and after the first character also _ . and -",
}

OptionsType = TypeVar("OptionsType", bound="Options")


class Options(BaseModel):
    """A frozen mapping of options; what it does not know it refuses, and says what it knows."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", allow_inf_nan=False)

    @model_validator(mode="wrap")
    @classmethod
    def _tell_known_keys(
        cls,
        values: Any,  # noqa: ANN401
        handler: ModelWrapValidatorHandler[Self],
    ) -> Self:
        try:
            return handler(values)
        except ValidationError as error:
            details = error.errors(include_url=False)
            if all(each["type"] != "extra_forbidden" for each in details):
                raise
            told = [retold(each, known=cls.model_fields) for each in details]
            raise ValidationError.from_exception_data(cls.__name__, told) from None

    def dump(self) -> dict[str, Any]:
        """Return all values as JSON can hold them, defaults included: for headers."""
        return self.model_dump(mode="json")

    def dump_given(self) -> dict[str, Any]:
        """Return the values that are not defaults: for the parameters of a rule.

        An option that a later version adds then re-runs nothing where it is not used. The kind,
        where there is one, says what the others are of, and is always there.
        """
        kind = {"kind": self.kind} if hasattr(self, "kind") else {}
        return {**kind, **self.model_dump(mode="json", exclude_defaults=True)}


def as_tuple(value: object) -> object:
    """Return a list of YAML as the tuple that a frozen object holds; anything else as it is."""
    return tuple(value) if isinstance(value, list) else value


Count = Annotated[int, Field(ge=1)]
Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
#: A rate or a share, 0 to 1.
Rate = Annotated[float, Field(ge=0, le=1)]
Name = Annotated[str, Field(pattern=NAME, max_length=MAX_NAME_LENGTH)]
#: Put before a tuple type that YAML writes as a list: ``Annotated[tuple[int, ...], FromList]``.
FromList: Final = BeforeValidator(as_tuple)


def build(
    kind: type[OptionsType], values: Mapping[str, Any] | OptionsType, where: str
) -> OptionsType:
    """Build options of plain values.

    Parameters
    ----------
    kind : type
        What to build.
    values : Mapping
        The plain values, as YAML gives them; or what is built already.
    where : str
        Where they stand, for messages: ``recipes.signl``; empty for a whole configuration.

    Raises
    ------
    ConfigError
        Names each key that is refused, its value, and what is allowed.
    """
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        lines = [refusal(each, where) for each in error.errors(include_url=False)]
        raise ConfigError("the configuration is refused:\n" + "\n".join(lines)) from None


def refusal(error: ErrorDetails, where: str) -> str:
    """Return a line that says what is refused: the key, its value, and what is allowed."""
    parts = [where, *(str(part) for part in error["loc"] if part != _OF_KEY)]
    shown = (part if part.isprintable() else repr(part) for part in parts if part)
    place = ".".join(shown) or "the configuration"
    words = words_of(error)
    if error["type"] in _WITHOUT_VALUE or isinstance(error["input"], Mapping):
        return f"  {place} {words}" if error["type"] in _WITHOUT_VALUE else f"  {place}: {words}"
    what = "the name is" if _OF_KEY in error["loc"] else "is"
    return f"  {place} {what} {_shown(error['input'])}; {words}"


def retold(
    error: ErrorDetails, place: tuple[str | int, ...] = (), known: Iterable[str] = ()
) -> InitErrorDetails:
    """Return an error with its words in it, to be raised again by what holds its value.

    Parameters
    ----------
    error : ErrorDetails
        The error.
    place : tuple of str
        Put before where it is.
    known : iterable of str
        Keys that are known where one is not.
    """
    kind, words = error["type"], words_of(error)
    if kind == "extra_forbidden" and len(error["loc"]) == 1 and known:
        kind, words = "unknown_key", f"is no key; known are {sorted(known)}"
    return InitErrorDetails(
        type=PydanticCustomError(kind, "{words}", {"words": words}),
        loc=(*place, *error["loc"]),
        input=error["input"],
    )


def words_of(error: ErrorDetails) -> str:
    """Return what is allowed, in words, with a hint where a slip of YAML is likely."""
    kind, context = error["type"], error.get("ctx", {})
    if "words" in context:
        return str(context["words"])
    if kind == "missing":
        return "is missing"
    if kind in ("value_error", "assertion_error"):
        return error["msg"].partition(", ")[2]
    if kind not in _ALLOWED:
        return error["msg"]
    hint = _hint(kind, error["input"])
    return f"allowed is {_ALLOWED[kind].format(**context)}{hint}"


def _hint(kind: str, value: object) -> str:
    if kind == "int_type" and isinstance(value, float) and value.is_integer():
        return f": write {int(value)}"
    if kind in ("int_type", "float_type") and isinstance(value, str):
        try:
            float(value)
        except ValueError:
            return ""
        if "e" in value.lower() and "." not in value:
            return ": YAML takes 1e-5 for text, write 1.0e-5"
        return ": write it without quotes"
    return ""


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _MAX_SHOWN else f"{text[: _MAX_SHOWN - 3]}..."
