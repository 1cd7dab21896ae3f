"""Synthetic speakers: a glottal source and fricative noise through moving formants.

A speaker has a pitch, a vocal tract, jitter, shimmer and breath of their own; an utterance is a
chain of random syllables with pauses. It has what spectrograms of speech have: harmonics that
glide, formants that move from target to target, frication, closures, and syllabic modulation.

References
----------
Klatt (1980), Software for a cascade/parallel formant synthesizer: sections I (cascade of
resonators) and II (parameters of consonants). Rosenberg (1971), Effect of glottal pulse shape
on the quality of natural vowels: the source. Fant (1960): lengths of vocal tracts.
"""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from signl.demo.dsp import (
    SAMPLE_RATE_HZ,
    Spectra,
    Waveform,
    n_frames,
    resample_track,
    shape_frames,
    smooth,
)
from signl.seeds import derive_seed

#: Samples between the rows of a score, and between the frames that are filtered.
HOP = 128
FILTER_HOP = 256
TRANSFORM = 1024

#: First three formants of vowels of an average man, Hz (Peterson and Barney 1952, table II).
VOWELS_HZ = np.array(
    [
        [270, 2290, 3010],
        [390, 1990, 2550],
        [530, 1840, 2480],
        [660, 1720, 2410],
        [730, 1090, 2440],
        [570, 840, 2410],
        [440, 1020, 2240],
        [300, 870, 2240],
        [640, 1190, 2390],
        [490, 1350, 1690],
    ]
)
#: Formants above the third, and bandwidths of all eight, Hz.
HIGH_FORMANTS_HZ = (3500.0, 4500.0, 5500.0, 6500.0, 7500.0)
BANDWIDTHS_HZ = np.array([70.0, 90.0, 130.0, 200.0, 260.0, 320.0, 380.0, 440.0])
#: Formants from here on are left out.
HIGHEST_HZ = 7300.0
#: Centre of the noise, Hz, its level, and the level of voicing, of each kind of consonant.
CONSONANTS = np.array(
    [
        [6200, 0.35, 0.0],  # s
        [3200, 0.45, 0.0],  # sh
        [5200, 0.12, 0.0],  # f
        [1800, 0.20, 0.0],  # h
        [5500, 0.18, 0.5],  # z
        [2500, 0.00, 0.45],  # nasals and liquids
        [2500, 0.00, 0.35],
        [3800, 0.50, 0.0],  # bursts of t, k, p
        [2200, 0.45, 0.0],
        [900, 0.30, 0.0],
    ]
)
FIRST_BURST = 7
#: Level of noise of level 1 relative to that of voicing of level 1.
FRICTION = 8.0


@dataclass(frozen=True, kw_only=True)
class Speaker:
    """A voice.

    Attributes
    ----------
    name : str
        Name of the speaker, from which all else follows.
    gender : str
        ``F`` or ``M``.
    f0_hz, f0_span : float
        Middle of the pitch, and its standard deviation in octaves.
    tract : float
        Formants relative to those of an average man.
    jitter, shimmer : float
        Relative deviation of periods and of their peaks.
    breath : float
        Level of the breath noise relative to voicing.
    open_quotient : float
        Open part of the glottal cycle.
    syllables_hz : float
        Syllables per second.
    """

    name: str
    gender: str
    f0_hz: float
    f0_span: float
    tract: float
    jitter: float
    shimmer: float
    breath: float
    open_quotient: float
    syllables_hz: float


class Score(NamedTuple):
    """What the articulators do: one row per centred frame, ``HOP`` samples apart."""

    formants_hz: NDArray[np.float64]  # (frame, 8)
    voicing: NDArray[np.float64]  # (frame,)
    noise: NDArray[np.float64]  # (frame,)
    consonant: NDArray[np.int64]  # (frame,), row of CONSONANTS
    f0_hz: NDArray[np.float64]  # (frame,)


def make_speaker(seed: int, name: str) -> Speaker:
    """Return the voice that belongs to a name under a root seed."""
    generator = np.random.default_rng(derive_seed(seed, "speaker", name))
    gender = "FM"[int(generator.integers(2))]
    middle_hz, tract = {"F": (205.0, 1.16), "M": (118.0, 1.0)}[gender]
    return Speaker(
        name=name,
        gender=gender,
        f0_hz=middle_hz * 2 ** generator.normal(0, 0.2),
        f0_span=generator.uniform(0.1, 0.25),
        tract=tract * generator.uniform(0.93, 1.07),
        jitter=generator.uniform(0.008, 0.025),
        shimmer=generator.uniform(0.03, 0.12),
        breath=generator.uniform(0.05, 0.15),
        open_quotient=generator.uniform(0.5, 0.75),
        syllables_hz=generator.uniform(3.2, 5.2),
    )


def imitate(speaker: Speaker) -> Speaker:
    """Return the voice that a synthesiser has learnt from a speaker: smoother than the original.

    Models that minimise a mean error lose what varies: less jitter, shimmer, breath and melody.
    """
    return replace(
        speaker,
        f0_span=0.7 * speaker.f0_span,
        jitter=0.6 * speaker.jitter,
        shimmer=0.6 * speaker.shimmer,
        breath=0.6 * speaker.breath,
    )


def speak(speaker: Speaker, duration_s: float, generator: np.random.Generator) -> Waveform:
    """Let a speaker say random syllables.

    Returns
    -------
    ndarray of shape (sample,)
        ``duration_s`` at 16 kHz, of a root mean square of 0.1.

    Raises
    ------
    ValueError
        If the duration is not positive.
    """
    if duration_s <= 0:
        raise ValueError(f"duration_s must be positive, got {duration_s}")
    length = round(duration_s * SAMPLE_RATE_HZ)
    score = _compose(speaker, _n_rows(length), generator)
    source = _glottal_source(speaker, score, length, generator)
    friction = generator.normal(size=length) * resample_track(score.noise, hop=HOP, length=length)
    every = FILTER_HOP // HOP
    tract = _formant_response(score.formants_hz[::every])
    mouth = _noise_response(CONSONANTS[:, 0])[score.consonant[::every]]
    waveform = shape_frames(source, tract, hop=FILTER_HOP)
    waveform += FRICTION * shape_frames(friction, mouth, hop=FILTER_HOP)
    waveform *= 0.1 / (np.sqrt(np.mean(waveform**2)) + 1e-9)
    return waveform


def _n_rows(length: int) -> int:
    """Return the rows of a score that covers ``length`` samples, a whole number of filters."""
    return (n_frames(length, FILTER_HOP) - 1) * (FILTER_HOP // HOP) + 1


def _compose(speaker: Speaker, count: int, generator: np.random.Generator) -> Score:
    """Write the score of ``count`` frames: syllables, pauses, and a pitch contour."""
    frame_s = HOP / SAMPLE_RATE_HZ
    n_syllables = 1 + int(1.5 * count * frame_s * speaker.syllables_hz)
    lengths_s = generator.lognormal(-0.05, 0.25, n_syllables) / speaker.syllables_hz
    # Each syllable: closure or nothing, consonant, vowel, pause or nothing.
    is_pause = generator.random(n_syllables) < 0.14
    kind = generator.integers(len(CONSONANTS), size=n_syllables)
    is_burst = kind >= FIRST_BURST
    parts_s = np.stack(
        [
            np.where(is_burst, 0.05, 0.0),
            np.where(is_burst, 0.025, lengths_s * generator.uniform(0.2, 0.4, n_syllables)),
            lengths_s * generator.uniform(0.5, 0.75, n_syllables),
            np.where(is_pause, generator.uniform(0.1, 0.35, n_syllables), 0.0),
        ],
        axis=1,
    )
    ends = np.cumsum(parts_s.ravel())
    slot = np.minimum(np.searchsorted(ends, np.arange(count) * frame_s), ends.size - 1)
    syllable, part = slot // 4, slot % 4
    stress = generator.uniform(0.5, 1.0, n_syllables)[syllable]
    consonant = CONSONANTS[kind[syllable]]
    voicing = np.where(part == 2, stress, np.where(part == 1, consonant[:, 2], 0.0))
    noise = np.where(part == 1, consonant[:, 1], 0.0)
    return Score(
        formants_hz=_formant_tracks(speaker, syllable, n_syllables, generator),
        voicing=smooth(voicing, 5),
        noise=smooth(noise, 3),
        consonant=kind[syllable],
        f0_hz=_pitch_contour(speaker, syllable, n_syllables, generator),
    )


def _formant_tracks(
    speaker: Speaker,
    syllable: NDArray[np.int64],
    n_syllables: int,
    generator: np.random.Generator,
) -> NDArray[np.float64]:
    """Glide from vowel to vowel: eight formants, shape (frame, 8), in Hz."""
    vowels_hz = VOWELS_HZ[generator.integers(len(VOWELS_HZ), size=n_syllables)]
    vowels_hz = vowels_hz * generator.normal(1, 0.04, vowels_hz.shape)
    high_hz = np.broadcast_to(HIGH_FORMANTS_HZ, (n_syllables, 5))
    targets_hz = speaker.tract * np.concatenate([vowels_hz, high_hz], axis=1)
    return smooth(targets_hz[syllable], 13)


def _pitch_contour(
    speaker: Speaker,
    syllable: NDArray[np.int64],
    n_syllables: int,
    generator: np.random.Generator,
) -> NDArray[np.float64]:
    """Let the pitch fall over the utterance, with an accent on each syllable."""
    accents = generator.normal(0, speaker.f0_span, n_syllables)[syllable]
    fall = np.linspace(0.15, -0.15, len(syllable))
    contour: NDArray[np.float64] = speaker.f0_hz * 2.0 ** (smooth(accents, 21) + fall)
    return contour


def _glottal_source(
    speaker: Speaker, score: Score, length: int, generator: np.random.Generator
) -> Waveform:
    """Return the derivative of the glottal flow, with breath, at one value per sample."""
    f0_hz = resample_track(score.f0_hz, hop=HOP, length=length)
    cycles = np.cumsum(f0_hz) / SAMPLE_RATE_HZ
    n_cycles = int(cycles[-1]) + 2
    wander = np.cumsum(generator.normal(0, speaker.jitter, n_cycles))
    cycles = cycles + np.interp(cycles, np.arange(n_cycles), wander - wander[0])
    cycles -= cycles.min()
    peaks = generator.normal(1, speaker.shimmer, int(cycles[-1]) + n_cycles)
    phase = (cycles % 1.0) / speaker.open_quotient
    # Rosenberg's flow, of which this is the derivative: 3 p^2 - 2 p^3 as the glottis opens, and
    # 1 - q^2 as it closes in a third of that time; the jump at closure excites the formants.
    p, q = phase / 0.75, (phase - 0.75) / 0.25
    flow = np.where(p < 1, 8 * p * (1 - p), np.where(q < 1, -8 * q, 0.0))
    breath = speaker.breath * generator.normal(size=length) * (0.4 + (phase < 1))
    voicing = resample_track(score.voicing, hop=HOP, length=length)
    source: Waveform = voicing * (flow * peaks[cycles.astype(int)] + breath)
    return source


def _formant_response(formants_hz: NDArray[np.float64]) -> Spectra:
    """Return the cascade of resonators, shape (frame, bin), each of gain 1 at 0 Hz."""
    # Single precision: these arrays are most of the work.
    radians = 2 * np.pi * np.arange(TRANSFORM // 2 + 1) / TRANSFORM
    z_inverse = np.exp(-1j * radians).astype(np.complex64)
    # Resonances that crowd below 8 kHz would raise each other.
    radius = np.exp(-np.pi * BANDWIDTHS_HZ / SAMPLE_RATE_HZ) * (formants_hz < HIGHEST_HZ)
    linear = -2 * radius * np.cos(2 * np.pi * formants_hz / SAMPLE_RATE_HZ)  # (frame, formant)
    linear, square = linear.astype(np.float32), (radius**2).astype(np.float32)
    poles = np.ones((len(formants_hz), len(z_inverse)), dtype=np.complex64)
    for b, c in zip(linear.T[:, :, None], square.T[:, :, None], strict=True):
        poles *= 1 + z_inverse * (b + c * z_inverse)
    gain = np.prod(1 + linear + square, axis=1)
    response: Spectra = gain[:, None] / poles
    return response


def _noise_response(noise_hz: NDArray[np.float64]) -> Spectra:
    """Return a broad band around each ``noise_hz``, shape (consonant, bin)."""
    frequency_hz = np.fft.rfftfreq(TRANSFORM, 1 / SAMPLE_RATE_HZ)
    distance = (frequency_hz - noise_hz[:, None]) / (300 + 0.2 * noise_hz[:, None])
    return (1 / (1 + distance**2)).astype(complex)
