"""Options of w2v-BERT 2.0 as a front-end."""

from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from pydantic import Field

from signl.errors import ConfigError
from signl.features.frontend import Geometry
from signl.features.speech_model.model_folder import (
    TransformerConfig,
    mapping_of,
    read_description,
    validated,
)
from signl.features.speech_model.model_options import ModelOptions

if TYPE_CHECKING:
    import torch

    from signl.features.w2v_bert.bank_states import W2vBertStates

#: Samples of a window of the filter bank and from one to the next; a frame is two of them.
BANK_WINDOW: Final = 400
BANK_HOP: Final = 160
N_BANDS: Final = 80
#: The model that is published, by the last part of its id: channels and layers (config.json).
_PUBLISHED: Final = "w2v-bert-2.0"
_WIDTH: Final = 1024
_LAYERS: Final = 24
_Size = Annotated[int, Field(ge=1, le=1 << 16)]


class W2vBertConfig(TransformerConfig):
    """What this project needs of the model's config.json; defaults as of transformers."""

    model_type: Literal["wav2vec2-bert"]
    hidden_size: _Size = _WIDTH
    num_hidden_layers: Annotated[int, Field(ge=1, le=1000)] = _LAYERS
    intermediate_size: _Size = 4096
    #: Two windows of the filter bank.
    feature_projection_input_dim: Literal[160] = 160
    #: An adapter gives fewer frames.
    add_adapter: Literal[False] | None = False

    @property
    def n_layers(self) -> int:
        """Layers of its transformer."""
        return self.num_hidden_layers

    def least_bytes(self) -> int:
        """Return bytes that no file of the weights of its layers falls short of."""
        size = self.hidden_size
        return self.n_layers * (4 * size * size + 4 * size * self.intermediate_size)


def read_w2v_bert_config(folder: Path) -> W2vBertConfig:
    """Read the config.json of a model's folder.

    Raises
    ------
    ConfigError
        Names the file and what is wrong with it.
    """
    values, path = read_description(folder)
    described = mapping_of(values, path)
    if (kind := described.get("model_type")) != "wav2vec2-bert":
        raise ConfigError(
            f"{path}: model_type is {repr(kind)[:60]}; allowed is 'wav2vec2-bert', in a front-end "
            "of kind w2v_bert"
        )
    return validated(W2vBertConfig, described, path)


class W2vBertOptions(ModelOptions):
    """Options of w2v-BERT 2.0, which reads a filter bank; it is not trained here.

    Each band of a clip's filter bank has zero mean and unit variance, so the level of its waveform
    hardly matters.
    """

    kind: Literal["w2v_bert"] = "w2v_bert"

    def described_in(self, folder: Path) -> W2vBertConfig:
        """Read the configuration of a model from its folder."""
        return read_w2v_bert_config(folder)

    def normalises_by_default(self) -> bool:
        """Tell that input keeps its recording level, as by transformers."""
        return False

    def geometry(self) -> Geometry:
        """Return the form of the frames: pairs of windows of 400 samples, 160 from each other.

        Raises
        ------
        ConfigError
            If the model is neither a folder nor the one that is published.
        """
        config = self.config()
        width = config.hidden_size * self.n_states(config.n_layers)
        return Geometry(width, BANK_WINDOW + BANK_HOP, 2 * BANK_HOP)

    def config(self) -> W2vBertConfig:
        """Return the configuration of the model's folder, or of the model that is published.

        Raises
        ------
        ConfigError
            If the model is neither.
        """
        folder = Path(self.model)
        if folder.is_dir():
            return self.described_in(folder)
        if folder.name != _PUBLISHED:
            raise ConfigError(
                f"the width of the front-end model {self.model!r} is not known; allowed are a "
                f"folder with a config.json, and {_PUBLISHED}"
            )
        return W2vBertConfig(model_type="wav2vec2-bert")

    def build(self, device: "torch.device") -> "W2vBertStates":
        """Load the model on a device."""
        from signl.features.w2v_bert.bank_states import W2vBertStates

        return W2vBertStates(self, device)

    def untrained(
        self, device: "torch.device", *, building: AbstractContextManager[Any] | None = None
    ) -> "W2vBertStates":
        """Build a model of random weights."""
        from signl.features.w2v_bert.bank_states import W2vBertStates, untrained_w2v_bert

        config = self.config()
        with building or nullcontext():
            model = untrained_w2v_bert(config)
        return W2vBertStates(self, device, loaded=(config, model))
