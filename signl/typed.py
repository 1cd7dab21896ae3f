"""Typed options: the one statement of an option's type, bounds, default and help.

Every mapping of options in a configuration is an :class:`Options`: strict (text is no number, 4.0
is no count), frozen, without unknown keys, without NaN and infinity. A module of options imports
nothing heavy, so that the object that is checked when a workflow is planned is the very one that a
stage computes with. :func:`build` makes one of plain values, and says what it refuses.
"""

from collections.abc import Mapping
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
            told = [_with_known_keys(each, cls) for each in details]
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
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", max_length=MAX_NAME_LENGTH)]
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
    parts = [where, *(str(part) for part in error["loc"] if part != "[key]")]
    place = ".".join(part for part in parts if part) or "the configuration"
    kind, value = error["type"], error["input"]
    if kind == "missing":
        return f"  {place} is missing"
    if kind in ("unknown_key", "extra_forbidden"):
        return f"  {place} {error['msg']}"
    if "[key]" in error["loc"]:
        return f"  {place}: the name is {_shown(value)}; {_allowed(error)}"
    return f"  {place} is {_shown(value)}; {_allowed(error)}"


def _allowed(error: ErrorDetails) -> str:
    """Return what is allowed, in words, with a hint where a slip of YAML is likely."""
    text, value = error["msg"], error["input"]
    if error["type"] in ("value_error", "assertion_error"):
        return text.partition(", ")[2]
    if error["type"] == "string_pattern_mismatch":
        return "allowed are letters, digits, and after the first character _ . and - too"
    if text.startswith("Input should"):
        text = "allowed is what is" + text.removeprefix("Input should be").removeprefix(
            "Input should"
        )
    elif text[:1].isupper():
        text = f"it {text[0].lower()}{text[1:]}"
    return text + _hint(error["type"], value)


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
    return text if len(text) <= 120 else f"{text[:117]}..."


def _with_known_keys(error: ErrorDetails, model: type[Options]) -> InitErrorDetails:
    """Return an error with its words in it; those of an unknown key name the known ones."""
    kind, text = error["type"], error["msg"]
    if kind == "extra_forbidden" and len(error["loc"]) == 1:
        kind, text = "unknown_key", f"is no key; known are {sorted(model.model_fields)}"
    return InitErrorDetails(
        type=PydanticCustomError(kind, "{text}", {"text": text}),
        loc=error["loc"],
        input=error["input"],
    )
