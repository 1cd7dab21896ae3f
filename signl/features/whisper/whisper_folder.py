"""What a look at the folder of a Whisper model tells, without PyTorch."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final, Literal, NamedTuple

from pydantic import Field

from signl.errors import ConfigError
from signl.features.speech_model.model_folder import (
    PREPROCESSOR,
    TransformerConfig,
    mapping_of,
    read_description,
    read_json,
    validated,
)

#: Samples from one frame of the log-mel spectrogram to the next, and its window.
MEL_HOP: Final = 160
MEL_WINDOW: Final = 400
#: Samples from one frame of the encoder to the next: its second convolution has stride 2.
FRAME_SAMPLES: Final = 2 * MEL_HOP
_Size = Annotated[int, Field(ge=1, le=1 << 16)]


class WhisperSize(NamedTuple):
    """Channels and layers of an encoder."""

    width: int
    n_layers: int


_SIZES: Final[Mapping[str, WhisperSize]] = {
    "tiny": WhisperSize(384, 4),
    "base": WhisperSize(512, 6),
    "small": WhisperSize(768, 12),
    "medium": WhisperSize(1024, 24),
    "large": WhisperSize(1280, 32),
}
#: Encoders of published models by the last part of their id (their config.json).
WHISPER_SIZES: Final[Mapping[str, WhisperSize]] = {
    **{f"whisper-{name}": size for name, size in _SIZES.items()},
    **{f"whisper-{name}.en": _SIZES[name] for name in ("tiny", "base", "small", "medium")},
    **{f"whisper-large-{name}": _SIZES["large"] for name in ("v2", "v3", "v3-turbo")},
}


class WhisperConfig(TransformerConfig):
    """What this project needs of a Whisper model's config.json; defaults as of transformers."""

    model_type: Literal["whisper"]
    d_model: _Size = 384
    encoder_layers: Annotated[int, Field(ge=1, le=1000)] = 4
    encoder_ffn_dim: _Size = 1536
    num_mel_bins: Annotated[int, Field(ge=1, le=200)] = 80
    #: Frames of the longest input; published models have 1500, of 30 s.
    max_source_positions: _Size = 1500
    architectures: tuple[str, ...] | None = None

    @property
    def n_layers(self) -> int:
        """Layers of the encoder."""
        return self.encoder_layers

    def least_bytes(self) -> int:
        """Return bytes that no file of the weights of its layers falls short of."""
        return self.n_layers * (4 * self.d_model**2 + 2 * self.d_model * self.encoder_ffn_dim)


def published_config(name: str) -> WhisperConfig:
    """Return the configuration of a published model, of which its size is known."""
    width, n_layers = WHISPER_SIZES[name]
    return WhisperConfig(
        model_type="whisper",
        d_model=width,
        encoder_layers=n_layers,
        encoder_ffn_dim=4 * width,
        num_mel_bins=128 if name.startswith("whisper-large-v3") else 80,
    )


def read_whisper_config(folder: Path) -> WhisperConfig:
    """Read the config.json of a Whisper model's folder, and look at its preprocessor.

    Raises
    ------
    ConfigError
        Names the file and what is wrong with it.
    """
    values, path = read_description(folder)
    described = mapping_of(values, path)
    if (kind := described.get("model_type")) != "whisper":
        raise ConfigError(
            f"{path}: model_type is {repr(kind)[:60]}; allowed is 'whisper', in a front-end of "
            "kind whisper"
        )
    names = described.get("architectures")
    listed = {**described, "architectures": tuple(names) if isinstance(names, list) else names}
    config = validated(WhisperConfig, listed, path)
    _check_preprocessor(folder / PREPROCESSOR, config)
    return config


def _check_preprocessor(path: Path, config: WhisperConfig) -> None:
    """Refuse a preprocessor of another spectrogram than this project computes."""
    if not path.is_file():
        return
    values = mapping_of(read_json(path), path)
    expected = {
        "n_fft": MEL_WINDOW,
        "hop_length": MEL_HOP,
        "feature_size": config.num_mel_bins,
    }
    for key, number in expected.items():
        if (found := values.get(key, number)) != number:
            raise ConfigError(
                f"{path}: {key} is {repr(found)[:60]}; allowed is {number}, which the model beside "
                "it was trained on"
            )
