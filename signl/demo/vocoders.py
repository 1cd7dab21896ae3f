"""Vocoders of pitch and envelope, for the attacks: LPC, cepstral and harmonic."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from signl.demo.dsp import (
    SAMPLE_RATE_HZ,
    Spectra,
    Waveform,
    cut_frames,
    hann,
    resample_track,
    shape_frames,
    smooth,
)

SIZE = 512
HOP = 256
TRANSFORM = 1024
LOWEST_HZ, HIGHEST_HZ = 70.0, 400.0


class Pitch(NamedTuple):
    """Pitch of each centred frame, ``HOP`` samples apart."""

    f0_hz: NDArray[np.float64]  # (frame,)
    voicing: NDArray[np.float64]  # (frame,), height of the autocorrelation's peak, 0..1


def lpc_vocoder(
    waveform: Waveform, generator: np.random.Generator, *, order: int, voiced: bool = True
) -> Waveform:
    """Excite the linear prediction filters of a waveform by pulses, or by noise alone.

    References
    ----------
    Atal and Hanauer (1971), Speech analysis and synthesis by linear prediction of the speech
    wave.
    """
    return shape_frames(
        _excite(waveform, generator, voiced=voiced), _lpc_response(waveform, order), hop=HOP
    )


def cepstral_vocoder(
    waveform: Waveform, generator: np.random.Generator, *, n_cepstra: int
) -> Waveform:
    """Excite the cepstrally smoothed envelopes of a waveform, at zero phase, by pulses.

    References
    ----------
    Oppenheim (1969), Speech analysis-synthesis system based on homomorphic filtering.
    """
    frames = cut_frames(waveform, size=SIZE, hop=HOP) * hann(SIZE)
    level = np.log(np.abs(np.fft.rfft(frames, TRANSFORM, axis=1)) + 1e-4)
    cepstra = np.fft.irfft(level, axis=1)
    cepstra[:, n_cepstra : TRANSFORM - n_cepstra + 1] = 0
    envelope = np.exp(np.fft.rfft(cepstra, axis=1).real) / np.sqrt(np.sum(hann(SIZE) ** 2))
    return shape_frames(
        _excite(waveform, generator, voiced=True), envelope.astype(complex), hop=HOP
    )


def harmonic_model(
    waveform: Waveform, generator: np.random.Generator, *, n_harmonics: int
) -> Waveform:
    """Keep the ``n_harmonics`` lowest harmonics, and noise in place of what is unvoiced.

    References
    ----------
    McAulay and Quatieri (1986), Speech analysis/synthesis based on a sinusoidal representation.
    """
    length, pitch = len(waveform), track_pitch(waveform)
    frames = cut_frames(waveform, size=SIZE, hop=HOP) * hann(SIZE)
    magnitude = np.abs(np.fft.rfft(frames, TRANSFORM, axis=1)) * 2 / hann(SIZE).sum()
    cycles = np.cumsum(resample_track(pitch.f0_hz, hop=HOP, length=length)) / SAMPLE_RATE_HZ
    step = np.exp(2j * np.pi * cycles)
    partial, voiced = np.ones_like(step), np.zeros(length)
    rows = np.arange(len(magnitude))
    for harmonic in range(1, n_harmonics + 1):
        partial = partial * step
        place = np.round(harmonic * pitch.f0_hz * TRANSFORM / SAMPLE_RATE_HZ).astype(int)
        heard = np.where(place < TRANSFORM // 2, magnitude[rows, place % (TRANSFORM // 2)], 0.0)
        voiced += resample_track(heard * pitch.voicing, hop=HOP, length=length) * partial.real
    rest = shape_frames(generator.normal(size=length), _lpc_response(waveform, 10), hop=HOP)
    return voiced + resample_track(1 - pitch.voicing, hop=HOP, length=length) * rest


def track_pitch(waveform: Waveform) -> Pitch:
    """Find the highest peak of the autocorrelation of each frame between 70 and 400 Hz."""
    correlation = _autocorrelation(waveform)
    # A frame's own window makes long lags too small.
    window = np.fft.irfft(np.abs(np.fft.rfft(hann(SIZE), 2 * SIZE)) ** 2)[: SIZE // 2]
    correlation = correlation[:, : SIZE // 2] / (correlation[:, :1] + 1e-9) / (window / window[0])
    first, last = int(SAMPLE_RATE_HZ / HIGHEST_HZ), int(SAMPLE_RATE_HZ / LOWEST_HZ)
    lags = correlation[:, first:last]
    # Two periods are as alike as one is: prefer the shorter lag.
    best = (lags * np.linspace(1.0, 0.7, last - first)).argmax(axis=1)
    height = lags[np.arange(len(lags)), best]
    voicing = np.clip(smooth((height - 0.35) / 0.3, 3), 0, 1)
    return Pitch(smooth(SAMPLE_RATE_HZ / (first + best), 3), voicing)


def _excite(waveform: Waveform, generator: np.random.Generator, *, voiced: bool) -> Waveform:
    """Return pulses where a waveform is voiced and noise elsewhere, of unit power."""
    length, pitch = len(waveform), track_pitch(waveform)
    noise = generator.normal(size=length)
    if not voiced:
        return noise
    f0_hz = resample_track(pitch.f0_hz, hop=HOP, length=length)
    cycles = np.floor(np.cumsum(f0_hz) / SAMPLE_RATE_HZ)
    pulses = np.diff(cycles, prepend=0.0) * np.sqrt(SAMPLE_RATE_HZ / f0_hz)
    voicing = resample_track(pitch.voicing, hop=HOP, length=length)
    excitation: Waveform = np.sqrt(voicing) * pulses + np.sqrt(1 - voicing) * noise
    return excitation


def _autocorrelation(waveform: Waveform) -> NDArray[np.float64]:
    """Return the autocorrelation of windowed frames, shape (frame, SIZE)."""
    frames = cut_frames(waveform, size=SIZE, hop=HOP) * hann(SIZE)
    power = np.abs(np.fft.rfft(frames, 2 * SIZE, axis=1)) ** 2
    return np.fft.irfft(power, axis=1)[:, :SIZE]


def _lpc_response(waveform: Waveform, order: int) -> Spectra:
    """Return the prediction filters' responses to unit power, shape (frame, bin)."""
    correlation = _autocorrelation(waveform) / np.sum(hann(SIZE) ** 2)
    lag = np.abs(np.subtract.outer(np.arange(order), np.arange(order)))
    floor = 1e-3 * correlation[:, :1, None] + 1e-9
    normal = correlation[:, lag] + floor * np.eye(order)  # (frame, order, order)
    target = correlation[:, 1 : order + 1]
    weights = np.linalg.solve(normal, target[..., None])[..., 0]
    power = np.maximum(correlation[:, 0] - np.sum(weights * target, axis=1), 1e-10)
    whitener = np.concatenate([np.ones((len(weights), 1)), -weights], axis=1)
    response: Spectra = np.sqrt(power)[:, None] / np.fft.rfft(whitener, TRANSFORM, axis=1)
    return response
