"""What happens to a voice on its way into an archive: room, noise, level, and codecs.

Silence, noise and level are drawn alike for both classes, so that they do not tell them apart.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Final, TypeAlias

import numpy as np

from signl.demo.dsp import SAMPLE_RATE_HZ, Waveform, band_limit, equalise

Codec: TypeAlias = Callable[[Waveform], Waveform]


@dataclass(frozen=True, kw_only=True)
class Domain:
    """The recordings of a corpus.

    Attributes
    ----------
    tilt_db : tuple of float
        Range of the level at 8 kHz relative to 0 Hz that the microphone adds.
    noise_db : tuple of float
        Range of the noise below the voice.
    """

    tilt_db: tuple[float, float]
    noise_db: tuple[float, float]


def record(waveform: Waveform, domain: Domain, generator: np.random.Generator) -> Waveform:
    """Record a voice: silence before and after, a microphone, noise, and a level.

    Returns
    -------
    ndarray of shape (sample,)
        Longer than the voice by 0.1 s to 0.6 s, its root mean square between -32 dB and -20 dB of
        full scale, or less where its peak would pass -0.1 dB.
    """
    before, after = generator.uniform(0.05, 0.3, 2)
    pads = (round(before * SAMPLE_RATE_HZ), round(after * SAMPLE_RATE_HZ))
    padded = np.pad(waveform / (np.sqrt(np.mean(waveform**2)) + 1e-9), pads)
    tilt_db = generator.uniform(*domain.tilt_db)
    heard = equalise(padded, lambda hz: 10 ** (tilt_db / 20 * hz / 8000))
    noise = 10 ** (-generator.uniform(*domain.noise_db) / 20)
    heard += noise * generator.normal(size=len(heard))
    level = 10 ** (-generator.uniform(20, 32) / 20) / np.sqrt(np.mean(heard**2))
    heard *= min(level, 0.99 / np.abs(heard).max())
    return heard


def mu_law(waveform: Waveform, *, bits: int) -> Waveform:
    """Round to ``bits`` bits on the scale of ITU-T G.711's mu-law."""
    mu = 2.0**bits - 1
    compressed = np.sign(waveform) * np.log1p(mu * np.abs(waveform)) / np.log1p(mu)
    rounded = np.round(compressed * 2 ** (bits - 1)) / 2 ** (bits - 1)
    expanded: Waveform = np.sign(rounded) * np.expm1(np.abs(rounded) * np.log1p(mu)) / mu
    return expanded


def transmit(
    waveform: Waveform, *, low_hz: float = 0.0, high_hz: float = 8000.0, bits: int = 12
) -> Waveform:
    """Stand in for a codec: limit the band, then the resolution."""
    return mu_law(band_limit(waveform, low_hz=low_hz, high_hz=high_hz), bits=bits)


#: Conditions of ASVspoof 2021 DF; stand-ins for the codecs of those names.
DF_CODECS: Final[Mapping[str, Codec]] = MappingProxyType(
    {
        "nocodec": np.copy,
        "low_mp3": partial(transmit, high_hz=5500, bits=9),
        "high_mp3": partial(transmit, high_hz=7500, bits=12),
        "low_m4a": partial(transmit, high_hz=5000, bits=9),
        "high_m4a": partial(transmit, high_hz=7000, bits=12),
        "low_ogg": partial(transmit, high_hz=6000, bits=10),
        "high_ogg": partial(transmit, high_hz=7800, bits=12),
        "mp3m4a": partial(transmit, high_hz=4500, bits=9),
        "oggm4a": partial(transmit, high_hz=4800, bits=10),
    }
)
#: Codecs of ASVspoof 5; stand-ins likewise, the narrow-band ones among them narrow.
ASVSPOOF5_CODECS: Final[Mapping[str, Codec]] = MappingProxyType(
    {
        "C01": partial(transmit, high_hz=7500, bits=11),
        "C02": partial(transmit, low_hz=50, high_hz=6600, bits=10),
        "C03": partial(transmit, high_hz=7000, bits=10),
        "C04": partial(transmit, high_hz=7800, bits=9),
        "C05": partial(transmit, high_hz=7000, bits=12),
        "C06": partial(transmit, high_hz=7200, bits=12),
        "C07": partial(transmit, high_hz=6500, bits=9),
        "C08": partial(transmit, high_hz=4000, bits=11),
        "C09": partial(transmit, low_hz=200, high_hz=3400, bits=10),
        "C10": partial(transmit, low_hz=100, high_hz=3700, bits=10),
        "C11": partial(transmit, low_hz=300, high_hz=6000, bits=11),
    }
)
