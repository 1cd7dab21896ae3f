"""What a look at the folder of a speech model tells, without PyTorch."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Protocol, Self, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from signl.errors import ConfigError
from signl.features.frontend import SAMPLE_RATE_HZ, Geometry
from signl.features.speech_model.embedded import DemoFrontendOptions
from signl.typed import Count, FromList, Rate, refusal

Family = Literal[
    "wav2vec2",
    "hubert",
    "wavlm",
    "wav2vec2-conformer",
    "unispeech",
    "unispeech-sat",
    "data2vec-audio",
]
#: What works, and what it is known by.
WORKS: Final = (
    "models of waveforms of the wav2vec 2.0 family (XLS-R, MMS, HuBERT, WavLM, ...), whose "
    f"model_type is one of {list(get_args(Family))}"
)
CONFIG: Final = "config.json"
PREPROCESSOR: Final = "preprocessor_config.json"
#: Descriptions are of some kilobytes; more is something else.
_MAX_BYTES: Final = 16 << 20
_Size = Annotated[int, Field(ge=1, le=1 << 16)]
_Sizes = Annotated[
    tuple[Annotated[int, Field(ge=1, le=1024)], ...], FromList, Field(min_length=1, max_length=32)
]


class Described(Protocol):
    """What is known of any model before its weights are read."""

    @property
    def n_layers(self) -> int:
        """Layers of its transformer."""
        ...

    def least_bytes(self) -> int:
        """Return bytes that no file of the weights of its layers falls short of."""
        ...


class TransformerConfig(BaseModel):
    """What this project needs of a model's config.json, whatever kind of model it is."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore", allow_inf_nan=False)

    #: Names another file of weights.
    transformers_weights: None = None
    quantization_config: None = None


Config = TypeVar("Config", bound=TransformerConfig)


class ModelConfig(TransformerConfig):
    """What this project needs of a model's config.json; the defaults are those of transformers."""

    model_type: Family
    hidden_size: _Size = 768
    num_hidden_layers: Annotated[int, Field(ge=1, le=1000)] = 12
    intermediate_size: _Size = 3072
    #: The convolutions of all published models of the family.
    conv_kernel: _Sizes = (10, 3, 3, 3, 3, 2, 2)
    conv_stride: _Sizes = (5, 2, 2, 2, 2, 2, 2)
    add_adapter: bool | None = False
    apply_spec_augment: bool = True
    mask_time_prob: Rate = 0.05
    mask_time_length: Count = 10
    mask_feature_prob: Rate = 0.0
    mask_feature_length: Count = 10

    @model_validator(mode="after")
    def _check_frames(self) -> Self:
        if len(self.conv_kernel) != len(self.conv_stride):
            raise ValueError(
                f"conv_kernel has {len(self.conv_kernel)} numbers and conv_stride "
                f"{len(self.conv_stride)}; allowed is one of each for a convolution"
            )
        if self.geometry().hop_samples > SAMPLE_RATE_HZ:
            raise ValueError(
                f"conv_stride gives a frame every {self.geometry().hop_samples} samples; allowed "
                f"are at most {SAMPLE_RATE_HZ}, a second"
            )
        return self

    @classmethod
    def of_embedded(cls, options: DemoFrontendOptions) -> Self:
        """Return that of the embedded model, which need not be there yet."""
        return cls(
            model_type="wav2vec2",
            hidden_size=options.hidden_size,
            num_hidden_layers=options.n_layers,
        )

    @property
    def n_layers(self) -> int:
        """Layers of its transformer."""
        return self.num_hidden_layers

    def geometry(self) -> Geometry:
        """Return the form of the frames."""
        return Geometry(self.hidden_size, *receptive_field(self.conv_kernel, self.conv_stride))

    def least_bytes(self) -> int:
        """Return bytes that no file of the weights of its layers falls short of."""
        size = self.hidden_size
        return self.num_hidden_layers * (4 * size * size + 2 * size * self.intermediate_size)


def receptive_field(kernels: tuple[int, ...], strides: tuple[int, ...]) -> tuple[int, int]:
    """Return window and hop, in samples, of a stack of convolutions without padding."""
    window, hop = 1, 1
    for kernel, stride in zip(kernels, strides, strict=True):
        window += (kernel - 1) * hop
        hop *= stride
    return window, hop


def least_frames(config: Any) -> int:  # noqa: ANN401
    """Return the frames of the shortest crop that a model can be trained on.

    SpecAugment masks spans of frames, and a crop must have as many.

    Parameters
    ----------
    config : ModelConfig or PretrainedConfig
    """
    masks = config.apply_spec_augment and config.mask_time_prob > 0
    return int(config.mask_time_length) if masks else 1


def check_layer(layer: int, n_layers: int, model: object) -> None:
    """Refuse a layer that a model does not have."""
    if not -1 <= layer <= n_layers:
        raise ConfigError(
            f"front-end layer {layer} is not in -1..{n_layers}, the layers of {model}"
        )


def model_config_of(values: object, source: object) -> ModelConfig:
    """Return the checked configuration of a model.

    Parameters
    ----------
    values : object
        What its config.json holds.
    source : object
        Where that stands, for messages.

    Raises
    ------
    ConfigError
        Says which value is not allowed, and what is.
    """
    described = mapping_of(values, source)
    kind = described.get("model_type")
    if kind not in get_args(Family):
        raise ConfigError(
            f"{source}: model_type is {repr(kind)[:60]}, which is not known to take waveforms; "
            f"allowed are {WORKS}"
        )
    if described.get("add_adapter"):
        raise ConfigError(
            f"{source}: add_adapter is true, and an adapter gives fewer frames than the "
            f"convolutions say; allowed are {WORKS}, with add_adapter: false"
        )
    return validated(ModelConfig, described, source)


def mapping_of(values: object, source: object) -> Mapping[str, Any]:
    """Return a description of a model, which is a mapping, or refuse it."""
    if not isinstance(values, Mapping):
        raise ConfigError(f"{source} is no description of a model, but {repr(values)[:60]}")
    return values


def validated(kind: type[Config], values: Mapping[str, Any], source: object) -> Config:
    """Return the configuration of a model of a kind; see :func:`model_config_of`."""
    if values.get("quantization_config"):
        raise ConfigError(
            f"{source} has a quantization_config; allowed are whole weights: take the model that "
            "was quantized"
        )
    try:
        return kind.model_validate(dict(values))
    except ValidationError as error:
        lines = [refusal(each, "") for each in error.errors(include_url=False)]
        raise ConfigError(f"{source} is refused:\n" + "\n".join(lines)) from None


def read_model_config(folder: Path) -> ModelConfig:
    """Read the config.json of a model's folder.

    Raises
    ------
    ConfigError
        Names the file and what is wrong with it.
    """
    return model_config_of(*read_description(folder))


def read_description(folder: Path) -> tuple[Any, Path]:
    """Return what the config.json of a model's folder holds, and its path.

    Raises
    ------
    ConfigError
        If it is missing, or no JSON.
    """
    path = folder / CONFIG
    if not path.is_file():
        raise ConfigError(
            f"the front-end model {folder} has no {CONFIG}; allowed are folders in the format of "
            "Hugging Face, as hf download MODEL --local-dir FOLDER writes them"
        )
    return read_json(path), path


def read_normalises(folder: Path, *, default: bool = True) -> bool:
    """Tell whether a model's preprocessor brings waveforms to zero mean and unit variance.

    Where it does not say so they are as transformers has it for the kind of model, ``default``.

    Raises
    ------
    ConfigError
        If the file is broken, or is for audio of another rate.
    """
    path = folder / PREPROCESSOR
    if not path.is_file():
        return default
    values = read_json(path)
    if not isinstance(values, Mapping):
        raise ConfigError(f"{path} is no description of a preprocessor; download it again")
    rate = values.get("sampling_rate", SAMPLE_RATE_HZ)
    if rate != SAMPLE_RATE_HZ:
        raise ConfigError(
            f"{path}: sampling_rate is {repr(rate)[:60]}; allowed is {SAMPLE_RATE_HZ}, at which "
            "all audio is decoded"
        )
    normalises = values.get("do_normalize", default)
    if not isinstance(normalises, bool):
        raise ConfigError(
            f"{path}: do_normalize is {repr(normalises)[:60]}; allowed are true and false"
        )
    return normalises


def read_json(path: Path) -> Any:  # noqa: ANN401
    """Read a JSON file of a model.

    Raises
    ------
    ConfigError
        Names the file, and the cure where it is no JSON.
    """
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise ValueError("it is too large for a description")
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigError(f"{path} cannot be read as JSON ({error}); download it again") from error
