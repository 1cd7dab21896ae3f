"""Short-time analysis and synthesis for the voices and the attacks, in NumPy alone.

Frames lie ``hop`` samples apart and are centred: frame ``i`` is centred on sample ``i * hop``.
"""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Waveform: TypeAlias = NDArray[np.float64]
Frequencies: TypeAlias = NDArray[np.floating]
Spectra: TypeAlias = NDArray[np.complex128]

SAMPLE_RATE_HZ = 16_000
BLOCK = 4096


def hann(size: int) -> Waveform:
    """Return the periodic Hann window of ``size`` samples."""
    return 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)


def n_frames(n_samples: int, hop: int) -> int:
    """Return the number of centred frames that cover ``n_samples``."""
    return 1 + -(-n_samples // hop)


def cut_frames(waveform: Waveform, *, size: int, hop: int) -> NDArray[np.float64]:
    """Cut a waveform into centred frames of shape (frame, size), zeros beyond its ends."""
    count = n_frames(len(waveform), hop)
    padded = np.zeros((count - 1) * hop + size)
    padded[size // 2 : size // 2 + len(waveform)] = waveform
    return np.lib.stride_tricks.sliding_window_view(padded, size)[::hop]


def overlap_add(frames: NDArray[np.float64], *, centre: int, hop: int, length: int) -> Waveform:
    """Add frames of shape (frame, size) up, ``hop`` apart.

    Parameters
    ----------
    frames : ndarray of shape (frame, size)
        The frames.
    centre : int
        Sample within a frame that falls on ``i * hop``.
    hop, length : int
        Distance of frames and length of the result, in samples.
    """
    count, size = frames.shape
    blocks = -(-size // hop)
    padded = np.zeros((count, blocks * hop))
    padded[:, :size] = frames
    total = np.zeros((count + blocks - 1, hop))
    for block, part in enumerate(np.split(padded, blocks, axis=1)):
        total[block : block + count] += part
    flat = total.ravel()[centre : centre + length]
    return np.pad(flat, (0, length - len(flat)))


def stft(waveform: Waveform, *, size: int, hop: int) -> Spectra:
    """Return the spectra of Hann-windowed frames, shape (frame, size // 2 + 1)."""
    return np.fft.rfft(cut_frames(waveform, size=size, hop=hop) * hann(size), axis=1)


def istft(spectra: Spectra, *, size: int, hop: int, length: int) -> Waveform:
    """Return the waveform whose short-time spectra are nearest to ``spectra``.

    References
    ----------
    Griffin and Lim (1984), Signal estimation from modified short-time Fourier transform,
    equation 6.
    """
    window = hann(size)
    frames = np.fft.irfft(spectra, n=size, axis=1) * window
    waveform = overlap_add(frames, centre=size // 2, hop=hop, length=length)
    squares = np.broadcast_to(window**2, frames.shape)
    weight = overlap_add(squares, centre=size // 2, hop=hop, length=length)
    return waveform / np.maximum(weight, 1e-3)


def shape_frames(waveform: Waveform, responses: Spectra, *, hop: int) -> Waveform:
    """Filter a waveform by a response that changes from frame to frame.

    The first and the last half frame fade in and out.

    Parameters
    ----------
    waveform : ndarray of shape (sample,)
        Any excitation.
    responses : ndarray of shape (frame, bin)
        One frequency response per centred frame; frames are as long as half the transform,
        so that the filter's ringing has room.
    hop : int
        Distance of the frames in samples; a divisor of a quarter of the transform.
    """
    transform = 2 * (responses.shape[1] - 1)
    size = transform // 2
    spectra = np.fft.rfft(cut_frames(waveform, size=size, hop=hop) * hann(size), transform, axis=1)
    frames = np.fft.irfft(spectra * responses, n=transform, axis=1)
    # Hann windows that lie hop apart add up to size / (2 hop).
    frames *= 2 * hop / size
    return overlap_add(frames, centre=size // 2, hop=hop, length=len(waveform))


def smooth(track: NDArray[np.float64], width: int) -> NDArray[np.float64]:
    """Average a track of shape (frame, ...) over ``width`` neighbours, its ends held."""
    before, after = width // 2, width - 1 - width // 2
    edges = [(before, after)] + [(0, 0)] * (track.ndim - 1)
    total = np.cumsum(np.pad(track, edges, mode="edge"), axis=0)
    total = np.concatenate([np.zeros_like(total[:1]), total])
    averages: NDArray[np.float64] = (total[width:] - total[:-width]) / width
    return averages


def resample_track(track: NDArray[np.float64], *, hop: int, length: int) -> Waveform:
    """Interpolate one value per centred frame, shape (frame,), to one value per sample."""
    return np.interp(np.arange(length), hop * np.arange(len(track)), track)


def equalise(waveform: Waveform, gain: Callable[[Frequencies], Waveform]) -> Waveform:
    """Multiply the spectrum of a waveform by a gain, a function of the frequency in Hz."""
    # A length of large prime factors would make the transform several times slower.
    padded = -(-len(waveform) // BLOCK) * BLOCK
    spectrum = np.fft.rfft(waveform, padded)
    spectrum *= gain(np.fft.rfftfreq(padded, 1 / SAMPLE_RATE_HZ))
    return np.fft.irfft(spectrum, padded)[: len(waveform)]


def band_limit(waveform: Waveform, *, low_hz: float = 0.0, high_hz: float = 8000.0) -> Waveform:
    """Keep the band from ``low_hz`` to ``high_hz``, its edges 100 Hz wide."""

    def gain(frequency_hz: Frequencies) -> Waveform:
        rise = np.clip((frequency_hz - low_hz) / 100 + 1, 0, 1)
        fall = np.clip((high_hz - frequency_hz) / 100 + 1, 0, 1)
        return np.asarray(rise * fall)

    return equalise(waveform, gain)
