"""Options of Whisper's encoder as a front-end."""

from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, Self

from pydantic import Field, model_validator

from signl.errors import ConfigError
from signl.features.frontend import SAMPLE_RATE_HZ, Geometry
from signl.features.speech_model.model_options import ModelOptions
from signl.features.whisper.whisper_folder import (
    FRAME_SAMPLES,
    WHISPER_SIZES,
    WhisperConfig,
    published_config,
    read_whisper_config,
)

if TYPE_CHECKING:
    import torch

    from signl.features.whisper.whisper_states import WhisperStates

#: Positions of published models.
_LONGEST_S: Final = 30.0


class WhisperOptions(ModelOptions):
    """Options of the encoder of a Whisper model, of any size; it is not trained here.

    Clips are 30 s at most. The last hidden state is that after the encoder's last normalisation;
    the output of the last block, before it, is the state of its number.
    """

    kind: Literal["whisper"] = "whisper"
    pad_to_30s: bool = Field(
        default=False,
        description="Whether a clip is padded with zeros to the 30 s on which the model was "
        "trained; the frames of the padding are left out, and with clip_s: 30 all 1500 are of the "
        "clip. Otherwise the encoder sees the clip alone, at its first positions: of a clip of 4 s "
        "that takes a seventh of the time.",
    )

    @model_validator(mode="after")
    def _check_clip(self) -> Self:
        self._check_positions(_LONGEST_S)
        if round(self.clip_s * SAMPLE_RATE_HZ) < FRAME_SAMPLES:
            raise ValueError(
                f"clip_s is {self.clip_s:g}; allowed is at least a frame, "
                f"{FRAME_SAMPLES / SAMPLE_RATE_HZ:g}"
            )
        return self

    def _check_positions(self, longest_s: float) -> None:
        if self.clip_s > longest_s:
            raise ValueError(
                f"clip_s is {self.clip_s:g}; allowed are at most the {longest_s:g} s that the "
                "positions of the Whisper model are for"
            )

    @property
    def pads(self) -> bool:
        """Whether it pads the end of a waveform, of which nothing need be cut off."""
        return self.pad_to_30s

    def described_in(self, folder: Path) -> WhisperConfig:
        """Read the configuration of a model from its folder."""
        return read_whisper_config(folder)

    def normalises_by_default(self) -> bool:
        """Tell that input keeps its recording level where the model says nothing of it."""
        return False

    def check_model(self) -> None:
        """Refuse broken files, hidden states and lengths that there are not, a lone id."""
        super().check_model()
        if Path(self.model).is_dir():
            self.check_length(self.described_in(Path(self.model)))

    def check_length(self, config: WhisperConfig) -> None:
        """Refuse clips that have more frames than the model has positions.

        Raises
        ------
        ConfigError
            Says how long they are, and may be.
        """
        try:
            self._check_positions(config.max_source_positions * FRAME_SAMPLES / SAMPLE_RATE_HZ)
        except ValueError as error:
            raise ConfigError(f"front-end model {self.model}: {error}") from None

    def config(self) -> WhisperConfig:
        """Return the configuration of the model's folder; of a model id, of its published size.

        Raises
        ------
        ConfigError
            If the model is neither a folder nor one whose size is known.
        """
        folder = Path(self.model)
        if folder.is_dir():
            return self.described_in(folder)
        if folder.name not in WHISPER_SIZES:
            raise ConfigError(
                f"the width of the front-end model {self.model!r} is not known; allowed are a "
                f"folder with a config.json, and {sorted(WHISPER_SIZES)}"
            )
        return published_config(folder.name)

    def geometry(self) -> Geometry:
        """Return the form of the frames: one for each 320 samples, the last of which may lack.

        Of a padded clip a frame begins wherever there is a sample, as windows of one sample do.
        Of a clip alone there is one for each 320 whole samples. (The convolutions would give one
        for 160 left over; what fills no frame is cut off, as everywhere.)

        Raises
        ------
        ConfigError
            If the model is neither a folder nor one whose width is known.
        """
        config = self.config()
        window = 1 if self.pad_to_30s else FRAME_SAMPLES
        width = config.d_model * self.n_states(config.n_layers)
        return Geometry(width, window, FRAME_SAMPLES)

    def build(self, device: "torch.device") -> "WhisperStates":
        """Load the encoder on a device."""
        from signl.features.whisper.whisper_states import WhisperStates

        return WhisperStates(self, device)

    def untrained(
        self, device: "torch.device", *, building: AbstractContextManager[Any] | None = None
    ) -> "WhisperStates":
        """Build an encoder of random weights, of a model id one of its published size."""
        from signl.features.whisper.whisper_states import WhisperStates, untrained_encoder

        config = self.config()
        with building or nullcontext():
            encoder = untrained_encoder(config)
        return WhisperStates(self, device, loaded=(config, encoder))
