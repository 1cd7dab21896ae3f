"""What an augmentation of waveforms is, as others see it: the options that all of them have.

An augmentation is a room of :mod:`signl.augmentation`: a module of options, which imports nothing
heavy, one of code, which the options import when they build it, and a line in
:mod:`signl.augmentation.augmentations`.
"""

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Final, Protocol

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from signl.augmentation.sound_files import check_folder, folder_seal
from signl.paths import expand_path
from signl.typed import Options, Rate, as_tuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: That of signl.audio, which takes PyTorch.
SAMPLE_RATE_HZ: Final = 16_000


class Augmentation(Protocol):
    """Changes a waveform."""

    def __call__(
        self, samples: "NDArray[np.float64]", rng: "np.random.Generator"
    ) -> "NDArray[np.float64]":
        """Return another waveform (time,) at 16 kHz, drawing from ``rng`` alone."""
        ...


class AugmentationOptions(Options):
    """Options of every augmentation; a kind adds its own."""

    kind: str
    probability: Rate = Field(
        default=1.0, description="Share of the utterances that are changed, drawn in each epoch."
    )

    @property
    def stretch(self) -> float:
        """Seconds of a recording that are read for one of its clip, at most."""
        return 1.0

    def check_files(self) -> None:
        """Refuse a folder that is not there, or has no sound.

        Raises
        ------
        ConfigError
            Names the folder.
        """

    def seal(self) -> str:
        """Return a digest of what it reads besides its options; empty, if that is nothing."""
        return ""

    def build(self) -> Augmentation:
        """Build the augmentation."""
        raise NotImplementedError


class FolderOptions(AugmentationOptions):
    """Options of an augmentation that takes sounds from a folder."""

    folder: Annotated[str, AfterValidator(lambda text: expand_path(text, "folder"))] | None = Field(
        default=None, description="Folder of sounds, in any format that is read; also those below."
    )
    file_s: Annotated[float, Field(gt=0, le=600)] = Field(
        default=30.0, description="Seconds of a file that are read, from its beginning."
    )

    def check_files(self) -> None:
        """Refuse a folder that is not there, or has no sound."""
        if self.folder is not None:
            check_folder(self.folder)

    def seal(self) -> str:
        """Return a digest of the names and sizes of the sounds."""
        return "" if self.folder is None else folder_seal(self.folder)


def stretch_of(augmentations: Iterable[AugmentationOptions]) -> float:
    """Return the seconds of a recording that are read for one of a clip, through all of them."""
    return math.prod(each.stretch for each in augmentations)


def seals_of(augmentations: Sequence[AugmentationOptions]) -> list[str]:
    """Return the seals of those that read files."""
    return [seal for each in augmentations if (seal := each.seal())]


def sealed(options: AugmentationOptions) -> dict[str, Any]:
    """Return options as plain values, with ``sounds``, the seal of those that it takes, if any."""
    seal = options.seal()
    return options.dump() | ({"sounds": seal} if seal else {})


def _both_ends(value: object) -> object:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return (value, value) if is_number else as_tuple(value)


def _ordered(ends: tuple[float, float]) -> tuple[float, float]:
    if ends[0] > ends[1]:
        raise ValueError(f"allowed is the lower end first, [{ends[1]:g}, {ends[0]:g}]")
    return ends


#: From where to where a value is drawn, evenly; a number stands for both ends.
Range = Annotated[
    tuple[float, float],
    BeforeValidator(_both_ends),
    AfterValidator(_ordered),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number"},
                {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2},
            ]
        }
    ),
]


def within(low: float, high: float) -> AfterValidator:
    """Return a validator of a range that lies between two values."""

    def check(ends: tuple[float, float]) -> tuple[float, float]:
        if not low <= ends[0] <= ends[1] <= high:
            raise ValueError(f"allowed are values from {low:g} to {high:g}")
        return ends

    return AfterValidator(check)


def draw(ends: tuple[float, float], rng: "np.random.Generator") -> float:
    """Draw a value evenly from a range."""
    low, high = ends
    return low + (high - low) * rng.random()
