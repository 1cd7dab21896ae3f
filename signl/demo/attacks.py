"""Attacks: what turns a voice into a spoof of it, by analysis and resynthesis.

Each takes a waveform of shape (sample,) at 16 kHz and a generator, and returns one of the same
length. ``ATTACKS`` names them; names are those of the signal processing, not of the corpora.
"""

from collections.abc import Callable
from functools import lru_cache, partial
from types import MappingProxyType
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from signl.demo.dsp import SAMPLE_RATE_HZ, Spectra, Waveform, equalise, hann, istft, stft
from signl.demo.vocoders import cepstral_vocoder, harmonic_model, lpc_vocoder

Attack: TypeAlias = Callable[[Waveform, np.random.Generator], Waveform]


def attack(name: str, waveform: Waveform, generator: np.random.Generator) -> Waveform:
    """Apply an attack of ``ATTACKS``, and what all of them share: a duller sound.

    Parameters
    ----------
    name : str
        The attack.
    waveform : ndarray of shape (sample,)
        A voice at 16 kHz.
    generator : Generator
        Draws whatever the attack draws.

    Raises
    ------
    ValueError
        If there is no attack of that name.
    """
    if name not in ATTACKS:
        raise ValueError(f"there is no attack {name!r}; known are {sorted(ATTACKS)}")
    return dull(ATTACKS[name](waveform, generator), generator)


def dull(waveform: Waveform, generator: np.random.Generator) -> Waveform:
    """Take 2 dB to 8 dB from what lies above 4 kHz, as models do that average over examples.

    It is the one trace that attacks of the eval sets have in common with those of training.
    """
    depth_db = generator.uniform(2, 8)
    return equalise(waveform, lambda hz: 10 ** (-depth_db / 20 * np.clip(hz / 1000 - 3, 0, 1)))


def griffin_lim(
    waveform: Waveform,
    generator: np.random.Generator,
    *,
    size: int = 512,
    iterations: int = 3,
) -> Waveform:
    """Forget the phase and find one that fits the magnitudes.

    References
    ----------
    Griffin and Lim (1984), Signal estimation from modified short-time Fourier transform.
    """
    return _find_phase(np.abs(stft(waveform, size=size, hop=size // 4)), generator, size=size,
                       iterations=iterations, length=len(waveform))  # fmt: skip


def mel_inversion(
    waveform: Waveform,
    generator: np.random.Generator,
    *,
    n_mels: int = 60,
    iterations: int = 2,
) -> Waveform:
    """Forget the phase and all of the spectrum but its mel bands."""
    size = 512
    bank = _mel_bank(n_mels, size)
    power = np.abs(stft(waveform, size=size, hop=size // 4)) ** 2
    spread = bank / (bank.sum(axis=0, keepdims=True) + 1e-6)
    width = bank.sum(axis=1, keepdims=True)
    magnitude = np.sqrt(power @ (bank / width).T @ spread)
    return _find_phase(magnitude, generator, size=size, iterations=iterations, length=len(waveform))


def randomise_phase(
    waveform: Waveform, generator: np.random.Generator, *, size: int = 512, spread: float = 1.0
) -> Waveform:
    """Turn the phase of each bin of each frame by up to ``spread`` half turns."""
    spectra = stft(waveform, size=size, hop=size // 4)
    turn = np.exp(1j * np.pi * spread * generator.uniform(-1, 1, spectra.shape))
    return istft(spectra * turn, size=size, hop=size // 4, length=len(waveform))


def zero_phase(waveform: Waveform, generator: np.random.Generator, *, hop: int = 128) -> Waveform:
    """Set all phases to zero: a buzz at the rate of the frames."""
    del generator
    magnitude = np.abs(stft(waveform, size=4 * hop, hop=hop))
    return istft(magnitude.astype(complex), size=4 * hop, hop=hop, length=len(waveform))


def noise_bands(
    waveform: Waveform, generator: np.random.Generator, *, n_bands: int = 24
) -> Waveform:
    """Give the envelopes of ``n_bands`` mel bands to noise.

    References
    ----------
    Shannon et al. (1995), Speech recognition with primarily temporal cues.
    """
    size, hop = 512, 128
    bank = _mel_bank(n_bands, size)
    noise = stft(generator.normal(size=len(waveform)), size=size, hop=hop)
    wanted = np.abs(stft(waveform, size=size, hop=hop)) ** 2 @ bank.T
    found = np.abs(noise) ** 2 @ bank.T
    gain = np.sqrt(wanted / (found + 1e-9))
    spread = bank / (bank.sum(axis=0, keepdims=True) + 1e-6)
    return istft(noise * (gain @ spread), size=size, hop=hop, length=len(waveform))


def coarse_spectrum(
    waveform: Waveform, generator: np.random.Generator, *, step_db: float = 12.0
) -> Waveform:
    """Round the level of each bin of each frame to a multiple of ``step_db``."""
    del generator
    spectra = stft(waveform, size=512, hop=128)
    level_db = 20 * np.log10(np.abs(spectra) + 1e-6)
    change_db = step_db * np.round(level_db / step_db) - level_db
    return istft(spectra * 10 ** (change_db / 20), size=512, hop=128, length=len(waveform))


def hold_frames(waveform: Waveform, generator: np.random.Generator, *, hold: int = 4) -> Waveform:
    """Keep the magnitudes of one frame in ``hold``, with the phases that frames have."""
    del generator
    spectra = stft(waveform, size=512, hop=128)
    magnitude = np.abs(spectra)[np.arange(len(spectra)) // hold * hold]
    phase = spectra / (np.abs(spectra) + 1e-9)
    return istft(magnitude * phase, size=512, hop=128, length=len(waveform))


def shift_pitch(
    waveform: Waveform, generator: np.random.Generator, *, ratio: float = 1.2
) -> Waveform:
    """Read grains of 32 ms ``ratio`` times as fast and add them up where they were."""
    size, hop = 512, 128
    count = len(waveform) // hop + 1
    start = hop * np.arange(count)[:, None] + generator.integers(-32, 33, (count, 1))
    position = start + (np.arange(size) - size // 2) * ratio
    grains = np.interp(position, np.arange(len(waveform)), waveform, left=0.0, right=0.0)
    spectra = np.fft.rfft(grains * hann(size), axis=1)
    return istft(spectra, size=size, hop=hop, length=len(waveform))


def splice(waveform: Waveform, generator: np.random.Generator) -> Waveform:
    """Replace the middle, half of the waveform, by its mel inversion: a partial fake."""
    length = len(waveform)
    first = int(length * generator.uniform(0.2, 0.3))
    chosen = slice(first, first + length // 2)
    spliced = waveform.copy()
    spliced[chosen] = mel_inversion(waveform[chosen], generator, n_mels=30, iterations=1)
    return spliced


def _find_phase(
    magnitude: NDArray[np.float64],
    generator: np.random.Generator,
    *,
    size: int,
    iterations: int,
    length: int,
) -> Waveform:
    """Start from random phases and make them consistent, ``iterations`` times."""
    hop = size // 4
    spectra: Spectra = magnitude * np.exp(2j * np.pi * generator.random(magnitude.shape))
    waveform = istft(spectra, size=size, hop=hop, length=length)
    for _ in range(iterations):
        spectra = stft(waveform, size=size, hop=hop)
        spectra *= magnitude / (np.abs(spectra) + 1e-9)
        waveform = istft(spectra, size=size, hop=hop, length=length)
    return waveform


@lru_cache(maxsize=8)
def _mel_bank(n_mels: int, size: int) -> NDArray[np.float64]:
    """Return triangular filters of shape (mel, bin), none of them empty."""
    top = 2595 * np.log10(1 + SAMPLE_RATE_HZ / 2 / 700)
    edges_hz = 700 * (10 ** (np.linspace(0, top, n_mels + 2) / 2595) - 1)
    frequency_hz = np.fft.rfftfreq(size, 1 / SAMPLE_RATE_HZ)
    bin_hz = SAMPLE_RATE_HZ / size
    low, middle, high = edges_hz[:-2, None], edges_hz[1:-1, None], edges_hz[2:, None]
    rise = (frequency_hz - low) / np.maximum(middle - low, bin_hz)
    fall = (high - frequency_hz) / np.maximum(high - middle, bin_hz)
    bank: NDArray[np.float64] = np.maximum(np.minimum(rise, fall), 0)
    nearest = np.maximum(1 - np.abs(frequency_hz - middle) / bin_hz, 0)
    return np.maximum(bank, nearest)


#: All attacks by name.
ATTACKS: Final = MappingProxyType[str, Attack](
    {
        "griffin_lim": griffin_lim,
        "griffin_lim_short": partial(griffin_lim, size=256, iterations=1),
        "griffin_lim_long": partial(griffin_lim, size=1024, iterations=4),
        "mel_inversion": mel_inversion,
        "mel_inversion_coarse": partial(mel_inversion, n_mels=30, iterations=3),
        "lpc_pulse": partial(lpc_vocoder, order=18),
        "lpc_pulse_coarse": partial(lpc_vocoder, order=10),
        "lpc_noise": partial(lpc_vocoder, order=16, voiced=False),
        "cepstral": partial(cepstral_vocoder, n_cepstra=40),
        "cepstral_coarse": partial(cepstral_vocoder, n_cepstra=20),
        "noise_bands": noise_bands,
        "noise_bands_coarse": partial(noise_bands, n_bands=12),
        "random_phase": randomise_phase,
        "random_phase_partial": partial(randomise_phase, size=1024, spread=0.6),
        "zero_phase": zero_phase,
        "coarse_spectrum": coarse_spectrum,
        "hold_frames": hold_frames,
        "harmonic": partial(harmonic_model, n_harmonics=40),
        "harmonic_coarse": partial(harmonic_model, n_harmonics=20),
        "pitch_up": partial(shift_pitch, ratio=1.2),
        "pitch_down": partial(shift_pitch, ratio=0.83),
        "splice": splice,
    }
)
