from dataclasses import dataclass, field
from typing import Literal

import pytest

from signl.errors import ConfigError
from signl.options import build_options


@dataclass(frozen=True, kw_only=True)
class Inner:
    rate: float = 0.5

    def __post_init__(self):
        if not 0 <= self.rate <= 1:
            raise ValueError(f"rate must lie in 0..1, got {self.rate}")


@dataclass(frozen=True, kw_only=True)
class Outer:
    name: str
    widths: tuple[int, ...] = (1, 2)
    inner: Inner = field(default_factory=Inner)
    maybe: Inner | None = None
    note: str | None = None
    repeat: Literal["waveform", "frames"] = "waveform"


def test_nested_mappings_become_dataclasses_and_lists_tuples():
    built = build_options(
        Outer,
        {"name": "a", "widths": [3], "inner": {"rate": 0.1}, "maybe": {"rate": 1}},
        "recipe",
    )
    expected = Outer(name="a", widths=(3,), inner=Inner(rate=0.1), maybe=Inner(rate=1))
    assert built == expected
    assert hash(built) == hash(expected)


def test_defaults_are_those_of_the_dataclass():
    assert build_options(Outer, {"name": "a"}, "recipe") == Outer(name="a")


def test_none_stands_where_it_may():
    options = {"name": "a", "maybe": None, "note": None}
    assert build_options(Outer, options, "recipe") == Outer(name="a")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"name": "a", "wdiths": [1], "x": 0},
            r"recipe: unknown keys \['wdiths', 'x'\]; known are "
            r"\['inner', 'maybe', 'name', 'note', 'repeat', 'widths'\]",
        ),
        ({}, r"recipe: missing keys \['name'\]"),
        ({"name": "a", "inner": {"rat": 1}}, r"recipe.inner: unknown keys \['rat'\].*\['rate'\]"),
        ({"name": "a", "maybe": {"rat": 1}}, r"recipe.maybe: unknown keys"),
        ({"name": "a", "inner": {"rate": 7}}, r"recipe.inner: rate must lie in 0..1, got 7"),
        ({"name": "a", "inner": 7}, r"recipe.inner must be a mapping of options, got 7"),
        ({"name": "a", "inner": None}, r"recipe.inner must be a mapping of options, got None"),
    ],
)
def test_errors_name_place_key_and_what_is_allowed(options, message):
    with pytest.raises(ConfigError, match=message):
        build_options(Outer, options, "recipe")


def test_what_was_given_is_left_alone():
    options = {"name": "a", "inner": {"rate": 0.1}, "widths": [3]}
    build_options(Outer, options, "recipe")
    assert options == {"name": "a", "inner": {"rate": 0.1}, "widths": [3]}


def test_a_choice_is_one_of_those_offered():
    assert build_options(Outer, {"name": "a", "repeat": "frames"}, "recipe").repeat == "frames"
    message = r"recipe\.repeat is 'frame'; allowed are \['waveform', 'frames'\]"
    with pytest.raises(ConfigError, match=message):
        build_options(Outer, {"name": "a", "repeat": "frame"}, "recipe")
