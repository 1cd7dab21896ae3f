"""What a front-end is: waveforms in, frames out; and the options that all of them have.

A front-end is a room of :mod:`signl.features`: a module of options, and one of code that its
options import when they build it. What others must know of it they ask its options.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, Protocol, Self

from pydantic import Field, model_validator

from signl.errors import ConfigError
from signl.seals import file_digest, text_digest
from signl.typed import Options, Positive

if TYPE_CHECKING:  # options are parsed where nobody waits for PyTorch
    import torch
    from torch import Tensor

    from signl.features.speech_model.lora_options import LoraOptions

#: That of signl.audio, which takes PyTorch.
SAMPLE_RATE_HZ: Final = 16_000
#: The value of ``pooled`` by which frames are cached as they are.
UNPOOLED: Final = "none"
#: Statistics of the frames of a channel -> how many numbers they are.
N_STATISTICS: Final = {"mean": 1, "mean_and_deviation": 2, "mean_and_deviations": 4}
Statistics = Literal["mean", "mean_and_deviation", "mean_and_deviations"]


def n_frames_of(n_samples: int, *, window_samples: int, hop_samples: int) -> int:
    """Return how many frames a front-end gives for ``n_samples``, 0 if these are too few."""
    return max(0, (n_samples - window_samples) // hop_samples + 1)


class Geometry(NamedTuple):
    """Channels of a front-end's frame, and samples of its window and hop at 16 kHz."""

    width: int
    window_samples: int
    hop_samples: int

    @classmethod
    def of(cls, frontend: "Frontend | TrainableFrontend") -> Self:
        """Return the form of the frames of a front-end that is built."""
        return cls(frontend.width, frontend.window_samples, frontend.hop_samples)

    def n_frames(self, seconds: float) -> int:
        """Return the number of frames of so many seconds."""
        return self.frames_of(round(seconds * SAMPLE_RATE_HZ))

    def frames_of(self, n_samples: int) -> int:
        """Return the number of frames of so many samples."""
        return n_frames_of(
            n_samples, window_samples=self.window_samples, hop_samples=self.hop_samples
        )

    def least_s(self, n_frames: int) -> float:
        """Return the seconds that so many frames take."""
        return (self.window_samples + (n_frames - 1) * self.hop_samples) / SAMPLE_RATE_HZ


class Frontend(Protocol):
    """Turns waveforms into frames.

    Attributes
    ----------
    width : int
        Channels of a frame.
    window_samples, hop_samples : int
        Samples that a frame sees (of a neural front-end: its convolutions), and from one
        frame to the next. Of a front-end that pads, the window tells the number of frames alone.
    normalises : bool
        Whether waveforms are to have zero mean and unit variance.
    """

    width: int
    window_samples: int
    hop_samples: int
    normalises: bool

    def __call__(self, waveforms: "Tensor") -> "Tensor":
        """Return the frames, (batch, frame, width), of waveforms, (batch, time)."""
        ...


class TrainableFrontend(Protocol):
    """A front-end that is a PyTorch module, and is trained with what follows it."""

    width: int
    window_samples: int
    hop_samples: int

    def forward(self, waveforms: "Tensor") -> "Tensor":
        """Return the frames, (batch, frame, width), of waveforms, (batch, time)."""
        ...


class FrontendOptions(Options):
    """Options of every front-end; a kind adds its own beside them."""

    kind: str
    clip_s: Positive = Field(
        default=9.0,
        description="Seconds of an utterance that are used; a longer one is cut, a shorter one "
        "repeated.",
    )
    repeat: Literal["waveform", "frames"] = Field(
        default="waveform",
        description="What is repeated where an utterance is shorter than the clip: its waveform, "
        "before the front-end (SIGNL's way), or the front-end's frames, which computes and stores "
        "the utterance once.",
    )
    pooled: Literal["none", "mean", "mean_and_deviation", "mean_and_deviations"] = Field(
        default=UNPOOLED,
        description="What is cached of an utterance: its frames, or one frame of their statistics, "
        "for networks that would take nothing else of them (mean_pool with statistics: mean): the "
        "mean of each channel; all means and then all standard deviations; or behind these the "
        "standard deviations of first and of second differences. That is a "
        "hundredth of the disk. With repeat: frames, of the frames of the utterance itself.",
    )

    storage: Literal["float16", "int8"] = Field(
        default="float16",
        description="How a number of a frame is cached: in 16 bits, or in 8, as one of 256 even "
        "steps of the range of its channel in the utterance, which is half the disk. Of frames, "
        "not of their statistics.",
    )

    @model_validator(mode="after")
    def _check_storage(self) -> Self:
        if self.is_compact and self.is_pooled:
            raise ValueError(
                f"storage is {self.storage} of statistics, one frame, which has no range; allowed "
                "is float16, or frames"
            )
        return self

    @property
    def is_compact(self) -> bool:
        """Whether frames are cached in 8 bits."""
        return self.storage == "int8"

    @property
    def is_pooled(self) -> bool:
        """Whether statistics of frames are cached in place of them."""
        return self.pooled != UNPOOLED

    @property
    def wants_gpu(self) -> bool:
        """Whether extraction is for a GPU, where there is one."""
        return False

    @property
    def is_trainable(self) -> bool:
        """Whether a recipe can train it with what follows."""
        return False

    @property
    def pads(self) -> bool:
        """Whether it pads the end of a waveform, of which nothing need be cut off.

        Of other waveforms what fills no frame is cut, so that more are of one length and share a
        batch.
        """
        return False

    def geometry(self) -> Geometry:
        """Return the form of the frames, without loading anything heavy."""
        raise NotImplementedError

    def each(self) -> "Sequence[FrontendOptions]":
        """Return the front-ends that it is made of: itself."""
        return [self]

    def cached(self, frames: Geometry) -> Geometry:
        """Return the form of what is cached, given that of the frames.

        Statistics are one frame, as wide as they are many, whatever the length of a clip.
        """
        if self.pooled == UNPOOLED:
            return frames
        width = frames.width * N_STATISTICS[self.pooled]
        return Geometry(width, 1, round(self.clip_s * SAMPLE_RATE_HZ))

    def cached_bytes(self, seconds: float) -> int:
        """Return the bytes that so many seconds of an utterance take in the cache."""
        cached = self.cached(self.geometry())
        n_numbers = cached.n_frames(seconds) * cached.width
        # In 8 bits a channel of an utterance has two of float32 besides.
        return n_numbers + 2 * 4 * cached.width if self.is_compact else 2 * n_numbers

    def count_states(self) -> int:
        """Return how many hidden states of a model stand side by side in a frame."""
        return 1

    @property
    def is_log_spectrum(self) -> bool:
        """Whether its frames are logarithms of power in bands, side by side as the bands are."""
        return False

    def normalises(self) -> bool:
        """Tell whether its input is brought to zero mean and unit variance."""
        return True

    def model_files(self) -> Sequence[Path]:
        """Return the files that it reads: inputs of the jobs that build it."""
        return []

    def model_digest(self) -> str:
        """Return a digest of the files that it reads, wherever they lie; empty without files."""
        named = sorted((path.name, path) for path in self.model_files())
        lines = [f"{name} {file_digest(path)}" for name, path in named]
        return text_digest(lines) if lines else ""

    def models(self) -> Sequence[str]:
        """Return the models that it reads, by id or folder; often none."""
        return []

    def with_model(self, folder: str) -> Self:
        """Return the options with another folder of the model.

        Raises
        ------
        ConfigError
            If it has none.
        """
        raise ConfigError(
            f"the front-end {folder} is of no use: this model's is {self.kind}, which has no files"
        )

    def check_model(self) -> None:
        """Refuse files of a model that are not what they must be, as far as a look tells.

        Raises
        ------
        ConfigError
            Names the file and the cure.
        """

    def check_adapters(self, lora: "LoraOptions") -> None:
        """Refuse adapters for which its model has no layers, as far as a look tells.

        Raises
        ------
        ConfigError
            Says which they are, and what is allowed.
        """

    def least_crop_s(self, *, training: bool) -> float:
        """Return the seconds of the shortest crop that it takes.

        Parameters
        ----------
        training : bool
            Whether it is trained on these crops.
        """
        return self.geometry().least_s(1)

    def trained_form(self) -> dict[str, Any]:
        """Return what must agree between these options and a network that it was trained in."""
        return {"clip_s": self.clip_s}

    def for_training(self) -> Self:
        """Return the options without those that a training of the front-end does not heed."""
        return self.model_copy(update={"storage": "float16"})

    def whole(self) -> Self:
        """Return options of which all layers of the model are computed, as in its training."""
        return self

    def build(self, device: "torch.device") -> Frontend:
        """Build the front-end on a device.

        Raises
        ------
        ConfigError
            If its model cannot be loaded.
        """
        raise NotImplementedError

    def untrained(
        self, device: "torch.device", *, building: AbstractContextManager[Any] | None = None
    ) -> Frontend:
        """Build it with random weights, for what it costs and how fast it is; fetch nothing.

        Parameters
        ----------
        device : torch.device
        building : context manager, optional
            Around the building of its model, where it has one.
        """
        return self.build(device)

    def build_trainable(self, *, crop_s: float | None = None) -> TrainableFrontend:
        """Build it as a module that is trained, on the CPU.

        Parameters
        ----------
        crop_s : float, optional
            Seconds of the crops that it will be trained on, to refuse those that are too short.
        """
        raise ConfigError(f"a front-end of kind {self.kind} cannot be trained")
