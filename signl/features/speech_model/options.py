"""Options of a speech model as a front-end."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from signl.errors import ConfigError
from signl.features.frontend import SAMPLE_RATE_HZ, UNPOOLED, Geometry
from signl.features.speech_model.embedded import DEMO_FRONTEND, FRONTEND_FILES, DemoFrontendOptions
from signl.features.speech_model.lora_options import LoraOptions
from signl.features.speech_model.model_folder import ModelConfig, least_frames, read_model_config
from signl.features.speech_model.model_options import ModelOptions

if TYPE_CHECKING:
    import torch

    from signl.features.speech_model.hidden_states import SpeechModel, TrainableSpeechModel


class _Size(NamedTuple):
    width: int
    n_layers: int


_BASE: Final = _Size(768, 12)
_LARGE: Final = _Size(1024, 24)
#: Channels and layers of published speech models by the last part of their id (config.json).
MODEL_SIZES: Final[Mapping[str, _Size]] = {
    "wav2vec2-base": _BASE,
    "wav2vec2-large": _LARGE,
    "wav2vec2-large-xlsr-53": _LARGE,
    "wav2vec2-xls-r-300m": _LARGE,
    "wav2vec2-xls-r-1b": _Size(1280, 48),
    "wav2vec2-xls-r-2b": _Size(1920, 48),
    "hubert-base-ls960": _BASE,
    "hubert-large-ll60k": _LARGE,
    "wavlm-base": _BASE,
    "wavlm-base-plus": _BASE,
    "wavlm-large": _LARGE,
}


class SpeechModelOptions(ModelOptions):
    """Options of a model of the wav2vec 2.0 family: HuBERT, WavLM, XLS-R and MMS included."""

    kind: Literal["wav2vec2"] = "wav2vec2"

    @property
    def is_trainable(self) -> bool:
        """Whether a recipe can train it: on frames of normalised, repeated waveforms."""
        return self.repeat == "waveform" and self.pooled == UNPOOLED and self.normalises()

    @property
    def _is_embedded(self) -> bool:
        return Path(self.model) == Path(DEMO_FRONTEND)

    def _config(self) -> ModelConfig | None:
        """Return the model's configuration: nothing for an id, and before the folder is there."""
        if self._is_embedded:
            return ModelConfig.of_embedded(DemoFrontendOptions())
        return read_model_config(Path(self.model)) if Path(self.model).is_dir() else None

    def described_in(self, folder: Path) -> ModelConfig:
        """Read the configuration of a model from its folder."""
        return read_model_config(folder)

    def normalises_by_default(self) -> bool:
        """Tell that input is normalised where the model says nothing, as by transformers."""
        return True

    def geometry(self) -> Geometry:
        """Return the form of the frames.

        Raises
        ------
        ConfigError
            If the model is neither a folder nor one whose width is known.
        """
        config = self._config()
        if config is not None:
            width, *window_and_hop = config.geometry()
            return Geometry(width * self.n_states(config.n_layers), *window_and_hop)
        name = Path(self.model).name
        if name not in MODEL_SIZES:
            raise ConfigError(
                f"the width of the front-end model {self.model!r} is not known; allowed are a "
                f"folder with a config.json, and {sorted(MODEL_SIZES)}"
            )
        width, n_layers = MODEL_SIZES[name]
        # The convolutions of all published models of this family.
        return Geometry(width * self.n_states(n_layers), 400, 320)

    def model_files(self) -> Sequence[Path]:
        """Return the files of the model's folder that are read; none, for a model id."""
        if self._is_embedded:
            return [Path(self.model) / name for name in FRONTEND_FILES]
        return super().model_files()

    def normalises(self) -> bool:
        """Tell whether its input is normalised; of a model id, whether it is to be by default."""
        return self.normalises_as(None) if self._is_embedded else super().normalises()

    def check_model(self) -> None:
        """Refuse a folder whose files are broken, a layer that it lacks, an id without revision.

        The embedded model, which need not be there yet, is not looked at.
        """
        if not self._is_embedded:
            super().check_model()

    def check_adapters(self, lora: LoraOptions) -> None:
        """Refuse adapters that the family of its model cannot have; of an id it is not known."""
        if (config := self._config()) is not None:
            lora.layer_names(config.model_type)

    def least_crop_s(self, *, training: bool) -> float:
        """Return the seconds of the shortest crop: a frame, or what is masked in training."""
        config = self._config() or ModelConfig(model_type="wav2vec2")
        return config.geometry().least_s(least_frames(config) if training else 1)

    def trained_form(self) -> dict[str, Any]:
        """Return what must agree between these options and a network that it was trained in."""
        return {**super().trained_form(), "layer": self.layers or self.layer}

    def build(self, device: "torch.device") -> "SpeechModel":
        """Load the model on a device, for extraction."""
        from signl.features.speech_model.hidden_states import SpeechModel

        return SpeechModel(self, device)

    def untrained(
        self, device: "torch.device", *, building: AbstractContextManager[Any] | None = None
    ) -> "SpeechModel":
        """Build a model of random weights, of a model id one of its published size."""
        from signl.features.speech_model.hidden_states import SpeechModel
        from signl.features.speech_model.model_loading import untrained_model

        with building or nullcontext():
            loaded = untrained_model(self._described())
        return SpeechModel(self, device, loaded=loaded)

    def _described(self) -> Any:  # noqa: ANN401
        """Return the description of the model for transformers, without fetching anything."""
        from transformers import AutoConfig, Wav2Vec2Config

        if self._is_embedded:
            return DemoFrontendOptions().described()
        if Path(self.model).is_dir():
            return AutoConfig.from_pretrained(self.model, local_files_only=True)
        self.geometry()
        width, n_layers = MODEL_SIZES[Path(self.model).name]
        # Heads and the place of norms make no difference to what the published models cost.
        return Wav2Vec2Config(
            hidden_size=width,
            num_hidden_layers=n_layers,
            num_attention_heads=16,
            intermediate_size=4 * width,
            feat_extract_norm="layer",
            do_stable_layer_norm=True,
            conv_bias=True,
        )

    def build_trainable(self, *, crop_s: float | None = None) -> "TrainableSpeechModel":
        """Load the model as a module that is trained."""
        from signl.features.speech_model.hidden_states import TrainableSpeechModel
        from signl.features.speech_model.model_loading import description_of, load_speech_model

        folder = description_of(self.model, self.revision)
        if not self.is_trainable or not self.normalises_as(folder):
            raise ConfigError(
                f"the front-end model {self.model!r} is to be trained, repeat is {self.repeat!r} "
                f"and normalise {self.normalise!r}; allowed is repeat: waveform and, where its "
                "preprocessor_config.json has do_normalize: false, normalise: true"
            )
        model = TrainableSpeechModel(
            load_speech_model(self.model, self.revision), layer=self.layer, layers=self.layers
        )
        if crop_s is not None:
            model.check_crop(round(crop_s * SAMPLE_RATE_HZ))
        return model
