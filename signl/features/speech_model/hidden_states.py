"""A hidden state of a speech model: without gradients, or to be trained."""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from signl.errors import ConfigError
from signl.features.speech_model.model_folder import receptive_field
from signl.features.speech_model.options import SpeechModelOptions

#: Weights that pre-training uses and encoding does not; some published checkpoints lack them.
UNUSED_WEIGHTS = ("masked_spec_embed",)


def load_speech_model(model: str, revision: str | None) -> Any:  # noqa: ANN401
    """Load a model of the wav2vec 2.0 family from a folder or by its id and revision.

    Raises
    ------
    ConfigError
        If it cannot be loaded, lacks weights, or an id comes without a revision.
    """
    # Imported here for the seconds that it takes, which trainings on cached features need not wait.
    from transformers import AutoModel

    is_folder = Path(model).is_dir()
    if not is_folder and revision is None:
        raise ConfigError(
            f"front-end model {model!r} is no folder here; as a model id it needs a revision "
            "(a commit of its repository)"
        )
    try:
        loaded, report = AutoModel.from_pretrained(
            model,
            revision=None if is_folder else revision,
            # Whatever the precision of the file: training needs the digits.
            dtype=torch.float32,
            output_loading_info=True,
        )
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise ConfigError(
            f"front-end model {model!r} (revision {revision}) cannot be loaded: {error}\n"
            f"On a machine with access run: hf download {model} --revision {revision} "
            "--local-dir FOLDER, and give FOLDER as the front-end's model"
        ) from error
    missing = [key for key in report["missing_keys"] if key not in UNUSED_WEIGHTS]
    if missing:
        raise ConfigError(f"front-end model {model!r} lacks the weights {sorted(missing)[:5]}")
    if not hasattr(loaded.config, "conv_kernel"):
        raise ConfigError(
            f"front-end model {model!r} is a {type(loaded).__name__}, which takes no waveform"
        )
    return loaded


class TrainableSpeechModel(nn.Module):
    """One hidden state of a speech model, as a module that is trained with what follows it.

    Dropout, layer drop and the masking of SpecAugment are those of the model's configuration,
    and act in training mode. Layer drop does not where a layer is named: transformers counts the
    layers that are left.

    Parameters
    ----------
    model : PreTrainedModel
        As :func:`load_speech_model` gives it.
    layer : int
        Which hidden state; see :class:`SpeechModelOptions`.

    Raises
    ------
    ConfigError
        If the model has no such layer.
    """

    def __init__(self, model: Any, *, layer: int = -1) -> None:  # noqa: ANN401
        super().__init__()
        n_layers = model.config.num_hidden_layers
        if not -1 <= layer <= n_layers:
            raise ConfigError(f"front-end layer {layer} is not in -1..{n_layers}")
        if layer >= 0:
            model.config.layerdrop = 0.0
        self.model, self.layer = model, layer
        self.width = int(model.config.hidden_size)
        self.window_samples, self.hop_samples = receptive_field(
            tuple(model.config.conv_kernel), tuple(model.config.conv_stride)
        )

    def forward(self, waveforms: Tensor) -> Tensor:
        """Return frames of shape (batch, frame, width) of waveforms of shape (batch, time)."""
        outputs = self.model(waveforms, output_hidden_states=self.layer >= 0)
        if self.layer < 0:
            frames: Tensor = outputs.last_hidden_state
        else:
            frames = outputs.hidden_states[self.layer]
        return frames


class SpeechModel:
    """One hidden state of a speech model, without gradients.

    Attention runs through PyTorch's fused scaled dot product where the model supports it,
    which is the default of transformers.
    """

    def __init__(self, options: SpeechModelOptions, device: torch.device) -> None:
        self._dtype = getattr(torch, options.dtype) if device.type == "cuda" else torch.float32
        model = TrainableSpeechModel(
            load_speech_model(options.model, options.revision), layer=options.layer
        )
        self._model = model.to(device=device, dtype=self._dtype).eval()
        self.width = model.width
        self.window_samples, self.hop_samples = model.window_samples, model.hop_samples

    def __call__(self, waveforms: Tensor) -> Tensor:
        """Return frames of shape (batch, frame, width) of waveforms of shape (batch, time)."""
        with torch.inference_mode():
            frames: Tensor = self._model(waveforms.to(self._dtype))
        return frames
