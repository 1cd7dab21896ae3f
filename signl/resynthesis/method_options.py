"""What a method of resynthesis is, as others see it: the options that all of them have.

A method is a room of :mod:`signl.resynthesis`: a module of options, which imports nothing heavy,
one of code, which the options import when they build it, and a line in
:mod:`signl.resynthesis.methods`.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Protocol, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from signl.typed import Count, FromList, Name, Options, as_tuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Value = TypeVar("Value")


class Method(Protocol):
    """Makes a synthetic waveform of a recorded one."""

    def __call__(
        self, samples: "NDArray[np.float64]", rng: "np.random.Generator"
    ) -> "NDArray[np.float64]":
        """Return another waveform (time,) at 16 kHz, drawing from ``rng`` alone."""
        ...


class MethodOptions(Options):
    """Options of every method; a kind adds its own."""

    kind: str
    name: Name | None = Field(
        default=None,
        description="What it is called, in tables and by without; its kind, where none is given. "
        "Draws follow from it.",
    )

    @property
    def label(self) -> str:
        """What the method is called."""
        return self.name or self.kind

    def check_files(self) -> None:
        """Refuse a file that is not there.

        Raises
        ------
        ConfigError
            Names the file.
        """

    def seal(self) -> str:
        """Return a digest of the files that it reads; empty, if there are none."""
        return ""

    def build(self) -> Method:
        """Build the method."""
        raise NotImplementedError


def _both_ends(value: object) -> object:
    is_count = isinstance(value, int) and not isinstance(value, bool)
    return (value, value) if is_count else as_tuple(value)


def _ordered(ends: tuple[int, int]) -> tuple[int, int]:
    if ends[0] > ends[1]:
        raise ValueError(f"allowed is the lower end first, [{ends[1]}, {ends[0]}]")
    return ends


#: From where to where a whole number is drawn, both included; a number stands for both ends.
CountRange = Annotated[
    tuple[Count, Count],
    BeforeValidator(_both_ends),
    AfterValidator(_ordered),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer"},
                {"type": "array", "items": {"type": "integer"}, "minItems": 2, "maxItems": 2},
            ]
        }
    ),
]

#: Some whole numbers of which one is drawn.
Counts = Annotated[tuple[Count, ...], FromList, Field(min_length=1)]


def draw_count(ends: tuple[int, int], rng: "np.random.Generator") -> int:
    """Draw a whole number from a range; both ends are included."""
    return int(rng.integers(ends[0], ends[1] + 1))


def choose(values: Sequence[Value], rng: "np.random.Generator") -> Value:
    """Draw one of some values; each is as likely."""
    return values[int(rng.integers(len(values)))]
