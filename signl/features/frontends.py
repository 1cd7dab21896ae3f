"""What a front-end is: waveforms in, frames out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, Protocol

import torch
from torch import Tensor

from signl.features.spectral import Lfcc, LfccOptions, LogMel, LogMelOptions
from signl.options import build_options


@dataclass(frozen=True, kw_only=True)
class FrontendConfig:
    """A front-end as the configuration names it.

    Attributes
    ----------
    kind : {"logmel", "lfcc", "wav2vec2"}
        Which front-end; ``wav2vec2`` is any model of that family, HuBERT, WavLM and MMS included.
    clip_s : float
        Seconds of an utterance that are used; a longer one is cut, a shorter one repeated.
    repeat : {"waveform", "frames"}
        What is repeated where an utterance is shorter than the clip: its waveform, before the
        front-end (SIGNL's way), or the front-end's frames, which computes and stores the
        utterance once.
    options : Mapping
        Options of the kind.
    """

    kind: Literal["logmel", "lfcc", "wav2vec2"]
    clip_s: float = 9.0
    repeat: Literal["waveform", "frames"] = "waveform"
    options: Mapping[str, Any] = field(default_factory=dict)


class Frontend(Protocol):
    """Turns waveforms into frames.

    Attributes
    ----------
    width : int
        Channels of a frame.
    window_samples, hop_samples : int
        Samples that a frame sees (of a neural front-end: its convolutions), and from one
        frame to the next.
    """

    width: int
    window_samples: int
    hop_samples: int

    def __call__(self, waveforms: Tensor) -> Tensor:
        """Return the frames, (batch, frame, width), of normalised waveforms, (batch, time)."""
        ...


def n_frames_of(n_samples: int, *, window_samples: int, hop_samples: int) -> int:
    """Return how many frames a front-end gives for ``n_samples``, 0 if these are too few."""
    return max(0, (n_samples - window_samples) // hop_samples + 1)


_SPECTRAL: Final[Mapping[str, tuple[type, Callable[..., Frontend]]]] = {
    "logmel": (LogMelOptions, LogMel),
    "lfcc": (LfccOptions, Lfcc),
}


def make_frontend(config: FrontendConfig, device: torch.device) -> Frontend:
    """Build a front-end on ``device``.

    Raises
    ------
    ConfigError
        If one of its options is unknown, or a model cannot be loaded.
    """
    where = f"front-end of kind {config.kind}"
    if config.kind == "wav2vec2":
        # Imported here for the seconds that transformers takes, which others need not wait.
        from signl.features.speech_model import SpeechModel, SpeechModelOptions

        return SpeechModel(build_options(SpeechModelOptions, config.options, where), device)
    options_type, frontend_type = _SPECTRAL[config.kind]
    options: Any = build_options(options_type, config.options, where)
    return frontend_type(options, device)
