"""Coding by FFmpeg's encoders, in memory, and decoding as published files are decoded."""

import io
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

import av
import numpy as np
from numpy.typing import NDArray

from signl.audio import load_waveform
from signl.augmentation.augmentation_options import SAMPLE_RATE_HZ
from signl.augmentation.codec.options import CodecOptions
from signl.augmentation.filtering import limit_peak

#: Samples of silence behind a waveform, which bring out what a coder still holds: 20 ms.
_SILENCE: Final = 320


class Coding(NamedTuple):
    """How something is coded: FFmpeg's encoder and container, the rate in Hz, and what is late.

    ``delay`` is in samples at 16 kHz, of codecs whose container does not say it.
    """

    encoder: str
    container: str
    rate_hz: int = SAMPLE_RATE_HZ
    has_bit_rate: bool = True
    delay: int = 0


CODINGS: Final[Mapping[str, Coding]] = MappingProxyType(
    {
        "aac": Coding("aac", "mp4"),
        "alaw": Coding("pcm_alaw", "wav", rate_hz=8_000, has_bit_rate=False),
        # Measured: its band filters, of 24 taps on either way.
        "g722": Coding("g722", "wav", has_bit_rate=False, delay=22),
        "mp3": Coding("libmp3lame", "mp3"),
        "mulaw": Coding("pcm_mulaw", "wav", rate_hz=8_000, has_bit_rate=False),
        "opus": Coding("libopus", "ogg"),
    }
)


def encode(samples: NDArray[np.float64], coding: Coding, kbps: int) -> bytes:
    """Return a file of a waveform (time,) at 16 kHz, whose peak is at most 1."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=coding.container) as container:
        stream = container.add_stream(coding.encoder, rate=coding.rate_hz, layout="mono")
        assert isinstance(stream, av.AudioStream)
        if coding.has_bit_rate:
            stream.bit_rate = 1000 * kbps
        planes = np.ascontiguousarray(samples[None], dtype=np.float32)
        frame = av.AudioFrame.from_ndarray(planes, format="fltp", layout="mono")
        frame.sample_rate, frame.pts = SAMPLE_RATE_HZ, 0
        for piece in (frame, None):
            container.mux(stream.encode(piece))
    return buffer.getvalue()


class Transcoding:
    """Codes and decodes.

    Parameters
    ----------
    options : CodecOptions
        Codecs and bit rates.
    """

    def __init__(self, options: CodecOptions) -> None:
        self._codecs, self._kbps = options.codecs, options.kbps

    def __call__(
        self, samples: NDArray[np.float64], rng: np.random.Generator
    ) -> NDArray[np.float64]:
        """Return a waveform (time,) as long, and no later, with what a codec leaves of it.

        One whose peak is over full scale is brought to that first, where coding would clip it.
        """
        coding = CODINGS[self._codecs[rng.integers(len(self._codecs))]]
        kbps = self._kbps[rng.integers(len(self._kbps))]
        n_samples = len(samples)
        padded = np.pad(limit_peak(samples), (0, coding.delay + _SILENCE))
        seconds = (n_samples + coding.delay) / SAMPLE_RATE_HZ
        decoded = load_waveform(encode(padded, coding, kbps), max_duration_s=seconds).numpy()
        kept = decoded[coding.delay : coding.delay + n_samples].astype(np.float64)
        return np.pad(kept, (0, n_samples - len(kept)))
