"""Hidden states of Whisper's encoder."""

import math
from typing import Any, Final

import torch
import torchaudio
from torch import Tensor
from torch.nn import functional as F

from signl.errors import ConfigError
from signl.features.frontend import SAMPLE_RATE_HZ, Geometry
from signl.features.speech_model.model_folder import check_layer
from signl.features.speech_model.model_loading import (
    description_of,
    load_pretrained,
    placed,
    untrained_model,
)
from signl.features.speech_model.model_options import LAST, states_of
from signl.features.whisper.options import WhisperOptions
from signl.features.whisper.whisper_folder import (
    FRAME_SAMPLES,
    MEL_HOP,
    MEL_WINDOW,
    WhisperConfig,
    read_whisper_config,
)

#: Padded clips that pass the encoder at a time: one is as long as seven of 4 s.
_PADDED_BATCH: Final = {"cpu": 4, "cuda": 16}
#: Frames of the trial pass.
_TRIAL_FRAMES: Final = 3


class WhisperLogMel:
    """The log-mel spectrogram on which Whisper was trained.

    Parameters
    ----------
    n_mels : int
        Bands from 0 to 8 kHz on Slaney's scale, of equal area: 80, or 128 of large-v3.
    device : torch.device

    References
    ----------
    Radford et al., ICML 2023, arXiv 2212.04356, section 2.2.
    """

    def __init__(self, n_mels: int, device: torch.device) -> None:
        self._window = torch.hann_window(MEL_WINDOW, device=device)
        self.filters = torchaudio.functional.melscale_fbanks(
            MEL_WINDOW // 2 + 1,
            0.0,
            SAMPLE_RATE_HZ / 2,
            n_mels,
            SAMPLE_RATE_HZ,
            norm="slaney",
            mel_scale="slaney",
        ).to(device)

    def __call__(self, waveforms: Tensor) -> Tensor:
        """Return spectrograms (batch, mel, frame), one frame for 160 samples of (batch, time).

        What lies more than 80 dB below the maximum of its own waveform is raised to that.
        """
        spectrum = torch.stft(
            waveforms, MEL_WINDOW, MEL_HOP, window=self._window, return_complex=True
        )
        # The frame that is centred on the end is left out.
        power = spectrum[..., :-1].abs().square()
        log_mel = (self.filters.T @ power).clamp_min(1e-10).log10()
        floor = log_mel.amax(dim=(1, 2), keepdim=True) - 8.0
        return (torch.maximum(log_mel, floor) + 4.0) / 4.0


class WhisperStates:
    """Hidden states of Whisper's encoder, without gradients.

    Parameters
    ----------
    options : WhisperOptions
    device : torch.device
    loaded : tuple, optional
        Configuration and encoder, in place of those that the options name.

    Raises
    ------
    ConfigError
        If the model cannot be loaded, lacks a hidden state that is asked for, or gives other
        frames than its configuration promises.
    """

    def __init__(
        self,
        options: WhisperOptions,
        device: torch.device,
        *,
        loaded: tuple[WhisperConfig, Any] | None = None,
    ) -> None:
        self._dtype = getattr(torch, options.dtype) if device.type == "cuda" else torch.float32
        if loaded is None:
            folder = description_of(options.model, options.revision)
            self.normalises = options.normalises_as(folder)
            config = read_whisper_config(folder)
        else:
            self.normalises, config = options.normalises(), loaded[0]
        options.check_length(config)
        self._states = states_of(options.layer, options.layers, config.n_layers)
        self._check_states(config.n_layers)
        encoder = loaded[1] if loaded else load_whisper_encoder(options.model, options.revision)
        if LAST not in self._states:
            # What follows the highest state that is wanted is never computed.
            encoder.layers = encoder.layers[: max(self._states)]
        self._encoder = placed(encoder, device, self._dtype).eval()
        self._log_mel = WhisperLogMel(config.num_mel_bins, device)
        padded = config.max_source_positions * FRAME_SAMPLES
        self._padded_samples = padded if options.pad_to_30s else None
        window = 1 if options.pad_to_30s else FRAME_SAMPLES
        self.geometry = Geometry(config.d_model * len(self._states), window, FRAME_SAMPLES)
        self.width, self.window_samples, self.hop_samples = self.geometry
        self._check_promise(device)

    def __call__(self, waveforms: Tensor) -> Tensor:
        """Return frames of shape (batch, frame, width) of waveforms of shape (batch, time)."""
        n_frames = self.geometry.frames_of(waveforms.shape[-1])
        with torch.inference_mode():
            if self._padded_samples is None:
                return self._encode(waveforms)[:, :n_frames]
            padding = (0, self._padded_samples - waveforms.shape[-1])
            batches = torch.split(waveforms, _PADDED_BATCH[waveforms.device.type])
            parts = [self._encode(F.pad(batch, padding))[:, :n_frames] for batch in batches]
            return torch.cat(parts)

    def _encode(self, waveforms: Tensor) -> Tensor:
        """Return the hidden states side by side, at the first positions.

        The encoder's own forward pass takes 30 s only, so its parts are called one by one.
        """
        encoder = self._encoder
        hidden = F.gelu(encoder.conv1(self._log_mel(waveforms.float()).to(self._dtype)))
        hidden = F.gelu(encoder.conv2(hidden)).mT
        hidden = hidden + encoder.embed_positions.weight[: hidden.shape[1]]
        states = {0: hidden}
        for number, layer in enumerate(encoder.layers, start=1):
            hidden = layer(hidden, None)
            states[number] = hidden
        if LAST in self._states:
            states[LAST] = encoder.layer_norm(hidden)
        return torch.cat([states[number] for number in self._states], dim=-1)

    def _check_states(self, n_layers: int) -> None:
        for state in self._states:
            check_layer(state, n_layers, "this Whisper encoder")

    def _check_promise(self, device: torch.device) -> None:
        """Compare the frames of a trial pass with what the model's configuration says."""
        n_samples = min(_TRIAL_FRAMES * FRAME_SAMPLES, self._padded_samples or 1 << 30)
        waveform = torch.linspace(0, 100, n_samples, device=device).sin()[None]
        try:
            given = tuple(self(waveform).shape[1:])
        except Exception as error:  # whatever a model of others raises
            raise ConfigError(
                f"the Whisper encoder cannot encode a waveform of {n_samples} samples: {error}; "
                "allowed are models whose config.json and weights are of one another"
            ) from error
        promised = (self.geometry.frames_of(n_samples), self.width)
        if given != promised:
            raise ConfigError(
                f"the Whisper encoder gives {given[0]} frames of width {given[1]} where its "
                f"config.json promises {promised[0]} of width {promised[1]}; allowed are models "
                "whose config.json and weights are of one another"
            )


def load_whisper_encoder(model: str, revision: str | None) -> Any:  # noqa: ANN401
    """Load the encoder of a Whisper model, be its decoder there or not.

    Raises
    ------
    ConfigError
        If it cannot be loaded, lacks weights, or an id comes without a revision.
    """
    loaded = load_pretrained(
        model, revision, read=read_whisper_config, class_of=_encoder_class, unused=()
    )
    return getattr(loaded, "encoder", loaded)


def untrained_encoder(config: WhisperConfig) -> Any:  # noqa: ANN401
    """Build an encoder of random weights."""
    from transformers import WhisperConfig as Described

    described = Described(
        d_model=config.d_model,
        encoder_layers=config.encoder_layers,
        # Of no account for its cost; a divisor of any width.
        encoder_attention_heads=math.gcd(config.d_model, 16),
        encoder_ffn_dim=config.encoder_ffn_dim,
        num_mel_bins=config.num_mel_bins,
        max_source_positions=config.max_source_positions,
    )
    return untrained_model(described, _encoder_class).encoder


def _encoder_class(config: Any) -> Any:  # noqa: ANN401
    """Return a class that holds the encoder under the names that its weights have.

    They are those of a whole model, or of an encoder that was saved alone.
    """
    from transformers.models.whisper.modeling_whisper import WhisperEncoder, WhisperPreTrainedModel

    class _WithoutDecoder(WhisperPreTrainedModel):  # type: ignore[no-untyped-call]
        _keys_to_ignore_on_load_unexpected = [r"decoder\.", r"proj_out"]  # noqa: RUF012

        def __init__(self, config: Any) -> None:  # noqa: ANN401
            super().__init__(config)
            self.encoder = WhisperEncoder(config)
            self.post_init()  # type: ignore[no-untyped-call]

    is_alone = "WhisperEncoder" in (config.architectures or ())
    return WhisperEncoder if is_alone else _WithoutDecoder
