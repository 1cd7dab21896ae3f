from typing import Annotated

import pytest
from pydantic import Field

from signl.errors import ConfigError
from signl.typed import Count, FromList, Name, Options, Rate, build


class Inner(Options):
    rate: Rate = 0.5


class Outer(Options):
    count: Count
    widths: Annotated[tuple[Count, ...], FromList] = (1, 2)
    inner: Inner = Inner()
    named: dict[Name, Inner] = Field(default={}, description="By name.")


def lines(values, where="options"):
    with pytest.raises(ConfigError) as refused:
        build(Outer, values, where)
    return str(refused.value).splitlines()


def test_options_are_built_strictly_and_do_not_change():
    options = build(Outer, {"count": 3, "widths": [4], "inner": {"rate": 1}}, "options")
    assert options == Outer(count=3, widths=(4,), inner=Inner(rate=1.0))
    with pytest.raises(ValueError, match="frozen"):
        options.count = 4


def test_all_that_is_refused_is_told_with_its_place():
    values = {"count": 4.0, "inner": {"rate": 2, "ratio": 1}, "widths": [0], "x": 1}
    assert lines(values) == [
        "the configuration is refused:",
        "  options.count is 4.0; allowed is a whole number: write 4",
        "  options.widths.0 is 0; allowed is at least 1",
        "  options.inner.rate is 2; allowed is at most 1",
        "  options.inner.ratio is no key; known are ['rate']",
        "  options.x is no key; known are ['count', 'inner', 'named', 'widths']",
    ]


def test_the_place_of_a_whole_configuration_is_not_empty():
    assert lines({}, "")[1] == "  count is missing"
    assert lines(3, "")[1] == "  the configuration is 3; allowed is a mapping of options"


def test_a_name_with_a_line_break_forges_no_line():
    told = lines({"count": 1, "named": {"a\nb": {}}})
    assert len(told) == 2
    assert r"options.named.'a\nb' the name is 'a\nb'; allowed is letters" in told[1]


def test_long_values_are_shortened():
    assert len(lines({"count": "x" * 1000})[1]) < 250


def test_what_is_given_leaves_defaults_out():
    options = Outer(count=3, inner=Inner(rate=0.1))
    assert options.dump_given() == {"count": 3, "inner": {"rate": 0.1}}
    assert options.dump()["widths"] == [1, 2]
    assert build(Outer, options.dump_given(), "") == options
