from typing import Annotated, Literal

import pytest
from pydantic import Field

from signl.errors import ConfigError
from signl.kinds import Kinds
from signl.typed import Count, Options, build


class Shape(Options):
    kind: str


class Square(Shape):
    kind: Literal["square"] = "square"
    side: Count = Field(default=3, description="Its side.")


class Circle(Shape):
    kind: Literal["circle"] = "circle"
    radius: Count


SHAPES = Kinds("shape", {"square": f"{__name__}:Square", "circle": f"{__name__}:Circle"})
OR_SQUARE = Kinds("shape", SHAPES.entries, default="square")


@pytest.fixture(autouse=True)
def importable(monkeypatch):
    """The registry finds this module by its name, under which pytest does not leave it."""
    import sys
    import types

    module = types.ModuleType(__name__)
    module.Square, module.Circle = Square, Circle
    monkeypatch.setitem(sys.modules, __name__, module)


class Drawing(Options):
    shape: Annotated[Shape, SHAPES]
    other: Annotated[Shape, OR_SQUARE] = Square()


def test_a_mapping_becomes_the_options_of_its_kind():
    drawing = build(Drawing, {"shape": {"kind": "circle", "radius": 2}}, "drawing")
    assert drawing.shape == Circle(radius=2)
    assert drawing.other == Square()
    assert build(Drawing, {"shape": Square(), "other": {"side": 5}}, "").other == Square(side=5)


def test_a_dump_always_names_the_kind():
    drawing = Drawing(shape=Square(), other=Square(side=4))
    assert drawing.dump()["shape"] == {"kind": "square", "side": 3}
    given = drawing.dump_given()
    assert given == {"shape": {"kind": "square"}, "other": {"kind": "square", "side": 4}}
    assert build(Drawing, given, "") == drawing


def test_errors_are_those_of_the_kind_that_is_named():
    with pytest.raises(ConfigError) as refused:
        build(Drawing, {"shape": {"kind": "circle", "side": 2}}, "drawing")
    assert str(refused.value).splitlines()[1:] == [
        "  drawing.shape.radius is missing",
        "  drawing.shape.side is no key; known are ['kind', 'radius']",
    ]


def test_an_unknown_kind_is_told_with_the_known_ones():
    with pytest.raises(ConfigError, match=r"its kind is 'oval'; known are \['circle', 'square'\]"):
        build(Drawing, {"shape": {"kind": "oval"}}, "drawing")
    with pytest.raises(ConfigError, match=r"shape of kind 'oval'; known are"):
        SHAPES.options_of("oval")


def test_a_schema_describes_all_kinds():
    described = Drawing.model_json_schema()["properties"]["shape"]["oneOf"]
    assert [each["properties"]["kind"]["const"] for each in described] == ["circle", "square"]
