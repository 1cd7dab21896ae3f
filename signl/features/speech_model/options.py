"""Options of a speech model as a front-end."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, Self

from pydantic import Field

from signl.errors import ConfigError
from signl.features.frontend import FrontendOptions, Geometry
from signl.features.speech_model.embedded import DEMO_FRONTEND, FRONTEND_FILES, DemoFrontendOptions
from signl.features.speech_model.model_folder import ModelConfig, read_model_config, weight_files

if TYPE_CHECKING:
    import torch

    from signl.features.speech_model.hidden_states import SpeechModel, TrainableSpeechModel

#: Channels of published speech models by the last part of their id (their config.json).
MODEL_WIDTHS: Final[Mapping[str, int]] = {
    "wav2vec2-base": 768,
    "wav2vec2-large": 1024,
    "wav2vec2-large-xlsr-53": 1024,
    "wav2vec2-xls-r-300m": 1024,
    "wav2vec2-xls-r-1b": 1280,
    "wav2vec2-xls-r-2b": 1920,
    "hubert-base-ls960": 768,
    "hubert-large-ll60k": 1024,
    "wavlm-base": 768,
    "wavlm-base-plus": 768,
    "wavlm-large": 1024,
}


class SpeechModelOptions(FrontendOptions):
    """Options of a model of the wav2vec 2.0 family: HuBERT, WavLM, XLS-R and MMS included."""

    kind: Literal["wav2vec2"] = "wav2vec2"
    model: str = Field(
        min_length=1, description="A Hugging Face model id, or a folder in that format."
    )
    revision: str | None = Field(
        default=None,
        description="The commit of a model id; it must be given, so that the weights cannot "
        "change unseen.",
    )
    layer: int = Field(
        default=-1,
        ge=-1,
        description="Which hidden state is taken: -1 is the model's output, 0 the input of its "
        "first transformer layer, n the output of layer n.",
    )
    dtype: Literal["bfloat16", "float32"] = Field(
        default="bfloat16",
        description="Precision of the computation on a GPU. A CPU computes in float32.",
    )

    @property
    def wants_gpu(self) -> bool:
        """Whether extraction is for a GPU, where there is one."""
        return True

    @property
    def is_trainable(self) -> bool:
        """Whether a recipe can train it: where its clips are repeated as waveforms."""
        return self.repeat == "waveform"

    @property
    def _is_embedded(self) -> bool:
        return Path(self.model) == Path(DEMO_FRONTEND)

    def _config(self) -> ModelConfig | None:
        """Return the model's configuration: nothing for an id, and before the folder is there."""
        if self._is_embedded:
            return ModelConfig.of_embedded(DemoFrontendOptions())
        return read_model_config(Path(self.model)) if Path(self.model).is_dir() else None

    def geometry(self) -> Geometry:
        """Return the form of the frames.

        Raises
        ------
        ConfigError
            If the model is neither a folder nor one whose width is known.
        """
        config = self._config()
        if config is not None:
            return config.geometry()
        name = Path(self.model).name
        if name not in MODEL_WIDTHS:
            raise ConfigError(
                f"the width of the front-end model {self.model!r} is not known; allowed are a "
                f"folder with a config.json, and {sorted(MODEL_WIDTHS)}"
            )
        # The convolutions of all published models of this family.
        return Geometry(MODEL_WIDTHS[name], 400, 320)

    def model_files(self) -> Sequence[Path]:
        """Return the files of the model's folder that are read; none, for a model id."""
        folder = Path(self.model)
        if self._is_embedded:
            return [folder / name for name in FRONTEND_FILES]
        described = [folder / "config.json", folder / "preprocessor_config.json"]
        return [*(path for path in described if path.is_file()), *weight_files(folder)]

    def trained_form(self) -> dict[str, Any]:
        """Return what must agree between these options and a network that it was trained in."""
        return {**super().trained_form(), "layer": self.layer}

    def for_training(self) -> Self:
        """Return the options without the precision of extraction: trainings have their own."""
        return self.model_copy(update={"dtype": type(self).model_fields["dtype"].default})

    def build(self, device: "torch.device") -> "SpeechModel":
        """Load the model on a device, for extraction."""
        from signl.features.speech_model.hidden_states import SpeechModel

        return SpeechModel(self, device)

    def build_trainable(self, *, crop_s: float | None = None) -> "TrainableSpeechModel":
        """Load the model as a module that is trained."""
        if not self.is_trainable:
            raise ConfigError(
                f"the front-end model {self.model!r} is to be trained, and repeat is "
                f"{self.repeat!r}; allowed is repeat: waveform"
            )
        from signl.features.speech_model.hidden_states import (
            TrainableSpeechModel,
            load_speech_model,
        )

        return TrainableSpeechModel(load_speech_model(self.model, self.revision), layer=self.layer)
