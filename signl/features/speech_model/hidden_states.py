"""Hidden states of a speech model: without gradients, or to be trained."""

from collections.abc import Sequence
from typing import Any, Final, Literal

import torch
from torch import Tensor, nn

from signl.errors import ConfigError
from signl.features.frontend import Geometry
from signl.features.speech_model.model_folder import (
    WORKS,
    check_layer,
    least_frames,
    receptive_field,
)
from signl.features.speech_model.model_loading import (
    description_of,
    load_speech_model,
    placed,
    without_layers_above,
)
from signl.features.speech_model.model_options import LAST, states_of
from signl.features.speech_model.options import SpeechModelOptions

#: Frames of the trial pass: an odd number, for some models squeeze pairs of frames.
_TRIAL_FRAMES: Final = 21


class TrainableSpeechModel(nn.Module):
    """Hidden states of a speech model, as a module that is trained with what follows it.

    Dropout, layer drop and the masking of SpecAugment are those of the model's configuration,
    and act in training mode. Layer drop does not where a layer is named: transformers counts the
    layers that are left.

    Parameters
    ----------
    model : PreTrainedModel
        As :func:`load_speech_model` gives it.
    layer : int
        Which hidden state; see :class:`SpeechModelOptions`.
    layers : tuple of int, or "all", optional
        Hidden states that stand side by side in a frame, in place of ``layer``.

    Raises
    ------
    ConfigError
        If the model has no such layer, or gives other frames than its convolutions promise.
    """

    def __init__(
        self,
        model: Any,  # noqa: ANN401
        *,
        layer: int = LAST,
        layers: tuple[int, ...] | Literal["all"] | None = None,
    ) -> None:
        super().__init__()
        config, name = model.config, type(model).__name__
        if not hasattr(config, "conv_kernel"):
            raise ConfigError(f"a {name} takes no waveform; allowed are {WORKS}")
        self.states = states_of(layer, layers, config.num_hidden_layers)
        for state in self.states:
            check_layer(state, config.num_hidden_layers, f"this {name}")
        if max(self.states) > LAST:
            config.layerdrop = 0.0
        self.model, self.layer = model, layers or layer
        self.geometry = Geometry(
            int(config.hidden_size) * len(self.states),
            *receptive_field(tuple(config.conv_kernel), tuple(config.conv_stride)),
        )
        self.width, self.window_samples, self.hop_samples = self.geometry
        self._check_promise()

    def forward(self, waveforms: Tensor) -> Tensor:
        """Return frames of shape (batch, frame, width) of waveforms of shape (batch, time).

        Raises
        ------
        ConfigError
            In training mode, if the waveforms are shorter than what SpecAugment masks.
        """
        if self.model.training:
            self.check_crop(waveforms.shape[-1])
        outputs = self.model(waveforms, output_hidden_states=max(self.states) > LAST)
        parts: list[Tensor] = [
            outputs.last_hidden_state if state == LAST else outputs.hidden_states[state]
            for state in self.states
        ]
        return parts[0] if len(parts) == 1 else torch.cat(parts, dim=-1)

    def check_crop(self, crop_samples: int) -> None:
        """Refuse crops that are too short to be trained on.

        Raises
        ------
        ConfigError
            Says how long they are, and how long they must be.
        """
        n_frames, least = self.geometry.frames_of(crop_samples), least_frames(self.model.config)
        if n_frames < least:
            raise ConfigError(
                f"a crop of {crop_samples} samples has {n_frames} frames, and the front-end masks "
                f"spans of {least} in training (mask_time_length of its config.json); allowed is a "
                f"crop_s of at least {self.geometry.least_s(least):g}"
            )

    def _check_promise(self) -> None:
        """Compare the frames of a trial pass with what the model's configuration says."""
        promised = (_TRIAL_FRAMES, self.width)
        n_samples = self.window_samples + (_TRIAL_FRAMES - 1) * self.hop_samples
        like = next(self.model.parameters())
        waveform = torch.linspace(0, 100, n_samples).sin()[None].to(like)
        was_training = self.model.training
        self.model.eval()
        try:
            # Layer drop draws a number for each layer, in evaluation too.
            with torch.no_grad(), torch.random.fork_rng(devices=[]):
                given = tuple(self(waveform).shape[1:])
        except Exception as error:  # whatever a model of others raises
            raise ConfigError(
                f"the front-end, a {type(self.model).__name__}, cannot encode a waveform of "
                f"{n_samples} samples: {error}; allowed are {WORKS}"
            ) from error
        finally:
            self.model.train(was_training)
        if given != promised:
            raise ConfigError(
                f"the front-end, a {type(self.model).__name__}, gives {given[0]} frames of width "
                f"{given[-1]} where its convolutions and hidden_size promise {promised[0]} of "
                f"width {promised[1]}; allowed are {WORKS}"
            )


def which_states(layer: int | str | Sequence[int]) -> dict[str, Any]:
    """Return how :class:`TrainableSpeechModel` is told of the states that its ``layer`` names.

    Parameters
    ----------
    layer : int, sequence of int, or "all"
        As the module has it, or a config.json.
    """
    if isinstance(layer, int):
        return {"layer": layer}
    return {"layers": layer if isinstance(layer, str) else tuple(layer)}


class SpeechModel:
    """Hidden states of a speech model, without gradients.

    Parameters
    ----------
    options : SpeechModelOptions
    device : torch.device
    loaded : PreTrainedModel, optional
        A model in place of the one that the options name.
    """

    def __init__(
        self,
        options: SpeechModelOptions,
        device: torch.device,
        *,
        loaded: Any = None,  # noqa: ANN401
    ) -> None:
        self._dtype = getattr(torch, options.dtype) if device.type == "cuda" else torch.float32
        if loaded is None:
            folder = description_of(options.model, options.revision)
            self.normalises = options.normalises_as(folder)
            loaded = load_speech_model(options.model, options.revision)
        else:
            self.normalises = options.normalises()
        model = TrainableSpeechModel(loaded, layer=options.layer, layers=options.layers)
        without_layers_above(loaded.encoder, model.states)
        self._model = placed(model, device, self._dtype).eval()
        self.width, self.window_samples, self.hop_samples = model.geometry

    def __call__(self, waveforms: Tensor) -> Tensor:
        """Return frames of shape (batch, frame, width) of waveforms of shape (batch, time)."""
        # In inference mode the multiply-adds of parametrised weights could not be counted.
        with torch.no_grad():
            frames: Tensor = self._model(waveforms.to(self._dtype))
        return frames
