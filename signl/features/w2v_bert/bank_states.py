"""Hidden states of w2v-BERT 2.0, and the filter bank that it reads."""

import math
from typing import Any, Final

import torch
from torch import Tensor
from torchaudio.compliance import kaldi

from signl.errors import ConfigError
from signl.features.frontend import SAMPLE_RATE_HZ, Geometry
from signl.features.speech_model.model_folder import check_layer
from signl.features.speech_model.model_loading import (
    description_of,
    load_pretrained,
    placed,
    untrained_model,
    without_layers_above,
)
from signl.features.speech_model.model_options import LAST, states_of
from signl.features.w2v_bert.options import (
    BANK_HOP,
    BANK_WINDOW,
    N_BANDS,
    W2vBertConfig,
    W2vBertOptions,
    read_w2v_bert_config,
)

_N_FFT: Final = 512
_PREEMPHASIS: Final = 0.97
#: The scale of samples of 16 bits, which Kaldi reads.
_SCALE: Final = 2.0**15
_LOWEST_HZ: Final = 20.0
#: Weights that pre-training uses and encoding does not.
_UNUSED: Final = ("masked_spec_embed",)
#: Frames of the trial pass.
_TRIAL_FRAMES: Final = 21


class FilterBank:
    """The logarithm of the power in mel bands, as Kaldi computes it, each band normalised.

    Parameters
    ----------
    device : torch.device

    References
    ----------
    Seamless Communication, arXiv 2312.05187; the feature extractor of SeamlessM4T in transformers.
    """

    def __init__(self, device: torch.device) -> None:
        hann = torch.hann_window(BANK_WINDOW, periodic=False, dtype=torch.float64)
        # Povey's window.
        self._window = hann.pow(0.85).float().to(device)
        filters, _ = kaldi.get_mel_banks(
            N_BANDS, _N_FFT, SAMPLE_RATE_HZ, _LOWEST_HZ, SAMPLE_RATE_HZ / 2, 100.0, -500.0, 1.0
        )
        # Without the bin of 8 kHz, where the highest band has come down to nothing.
        self._filters = filters.T.to(device)

    def __call__(self, waveforms: Tensor) -> Tensor:
        """Return pairs of windows (batch, pair, 160) of waveforms (batch, time)."""
        windows = (_SCALE * waveforms).unfold(-1, BANK_WINDOW, BANK_HOP)
        windows = windows - windows.mean(dim=-1, keepdim=True)
        before = torch.cat([windows[..., :1], windows[..., :-1]], dim=-1)
        windows = (windows - _PREEMPHASIS * before) * self._window
        power = torch.fft.rfft(windows, _N_FFT)[..., : _N_FFT // 2].abs().square()
        bands: Tensor = (power @ self._filters).clamp_min(torch.finfo(torch.float32).eps).log()
        variance, mean = torch.var_mean(bands, dim=1, keepdim=True)
        bands = (bands - mean) / (variance + 1e-7).sqrt()
        n_pairs = bands.shape[1] // 2
        return bands[:, : 2 * n_pairs].reshape(len(bands), n_pairs, 2 * N_BANDS)


class W2vBertStates:
    """Hidden states of w2v-BERT 2.0, without gradients.

    Parameters
    ----------
    options : W2vBertOptions
    device : torch.device
    loaded : tuple, optional
        Configuration and model, in place of those that the options name.

    Raises
    ------
    ConfigError
        If the model cannot be loaded, lacks a hidden state that is asked for, or gives other
        frames than its configuration promises.
    """

    def __init__(
        self,
        options: W2vBertOptions,
        device: torch.device,
        *,
        loaded: tuple[W2vBertConfig, Any] | None = None,
    ) -> None:
        self._dtype = getattr(torch, options.dtype) if device.type == "cuda" else torch.float32
        if loaded is None:
            folder = description_of(options.model, options.revision)
            self.normalises = options.normalises_as(folder)
            config = read_w2v_bert_config(folder)
        else:
            self.normalises, config = options.normalises(), loaded[0]
        self._states = states_of(options.layer, options.layers, config.n_layers)
        for state in self._states:
            check_layer(state, config.n_layers, "this w2v-BERT")
        model = loaded[1] if loaded else _load(options)
        without_layers_above(model.encoder, self._states)
        self._model = placed(model, device, self._dtype).eval()
        self._bank = FilterBank(device)
        self.geometry = Geometry(
            config.hidden_size * len(self._states), BANK_WINDOW + BANK_HOP, 2 * BANK_HOP
        )
        self.width, self.window_samples, self.hop_samples = self.geometry
        self._check_promise(device)

    def __call__(self, waveforms: Tensor) -> Tensor:
        """Return frames of shape (batch, frame, width) of waveforms of shape (batch, time)."""
        with torch.inference_mode():
            outputs = self._model(
                self._bank(waveforms.float()).to(self._dtype), output_hidden_states=True
            )
            parts: list[Tensor] = [
                outputs.last_hidden_state if state == LAST else outputs.hidden_states[state]
                for state in self._states
            ]
            return torch.cat(parts, dim=-1)

    def _check_promise(self, device: torch.device) -> None:
        """Compare the frames of a trial pass with what the model's configuration says."""
        n_samples = self.window_samples + (_TRIAL_FRAMES - 1) * self.hop_samples
        waveform = torch.linspace(0, 100, n_samples, device=device).sin()[None]
        try:
            # Layer drop draws a number for each layer, in evaluation too.
            with torch.random.fork_rng(devices=[]):
                given = tuple(self(waveform).shape[1:])
        except Exception as error:  # whatever a model of others raises
            raise ConfigError(
                f"the front-end, a w2v-BERT, cannot encode a waveform of {n_samples} samples: "
                f"{error}; allowed are models whose config.json and weights are of one another"
            ) from error
        if given != (_TRIAL_FRAMES, self.width):
            raise ConfigError(
                f"the front-end, a w2v-BERT, gives {given[0]} frames of width {given[1]} where its "
                f"config.json promises {_TRIAL_FRAMES} of width {self.width}; allowed are models "
                "whose config.json and weights are of one another"
            )


def _load(options: W2vBertOptions) -> Any:  # noqa: ANN401
    return load_pretrained(
        options.model,
        options.revision,
        read=read_w2v_bert_config,
        class_of=_model_class,
        unused=_UNUSED,
    )


def untrained_w2v_bert(config: W2vBertConfig) -> Any:  # noqa: ANN401
    """Build a model of random weights."""
    from transformers import Wav2Vec2BertConfig

    described = Wav2Vec2BertConfig(
        hidden_size=config.hidden_size,
        num_hidden_layers=config.num_hidden_layers,
        # Of no account for its cost; a divisor of any width.
        num_attention_heads=math.gcd(config.hidden_size, 16),
        intermediate_size=config.intermediate_size,
    )
    return untrained_model(described)


def _model_class(_: object) -> Any:  # noqa: ANN401
    from transformers import Wav2Vec2BertModel

    return Wav2Vec2BertModel
