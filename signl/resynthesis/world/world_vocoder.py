"""Analysis and synthesis by WORLD.

References
----------
Morise, Yokomori and Ozawa (2016), WORLD: a vocoder-based high-quality speech synthesis system for
real-time applications, IEICE Transactions on Information and Systems E99-D (7).
"""

from typing import Final

import numpy as np
import pyworld
from numpy.typing import NDArray

from signl.augmentation.augmentation_options import SAMPLE_RATE_HZ, draw
from signl.resynthesis.method_options import choose
from signl.resynthesis.pitch import Samples, filled, pitch_of
from signl.resynthesis.world.options import WorldOptions

PERIOD_MS: Final = 5.0
#: Powers below this are raised to it before their logarithm is taken: those of silence.
_FLOOR: Final = 1e-20


def smooth(envelopes: NDArray[np.float64], n_kept: int) -> NDArray[np.float64]:
    """Return power envelopes (frame, bin) of which the first cepstral values are kept."""
    cepstra = np.fft.irfft(np.log(np.maximum(envelopes, _FLOOR)), axis=-1)
    cepstra[:, n_kept : cepstra.shape[1] - n_kept + 1] = 0
    return np.ascontiguousarray(np.exp(np.fft.rfft(cepstra, axis=-1).real))


class WorldVocoder:
    """Takes a recording apart into pitch, envelope and aperiodicity, and puts it together again.

    Parameters
    ----------
    options : WorldOptions
        What is changed in between.
    """

    def __init__(self, options: WorldOptions) -> None:
        self.options = options

    def __call__(self, samples: Samples, rng: np.random.Generator) -> Samples:
        """Return a waveform (time,) as long."""
        options = self.options
        given = filled(samples)
        pitch = pitch_of(given, PERIOD_MS)
        envelopes = pyworld.cheaptrick(given, pitch.hz, pitch.times_s, SAMPLE_RATE_HZ)
        aperiodicity = pyworld.d4c(given, pitch.hz, pitch.times_s, SAMPLE_RATE_HZ)
        if rng.random() < options.smooth_probability:
            envelopes = smooth(envelopes, choose(options.cepstrum, rng))
        is_shifted = rng.random() < options.pitch_probability
        pitch_hz = pitch.hz * (draw(options.pitch, rng) if is_shifted else 1)
        made = pyworld.synthesize(pitch_hz, envelopes, aperiodicity, SAMPLE_RATE_HZ, PERIOD_MS)
        result: Samples = np.pad(made, (0, max(0, len(samples) - len(made))))[: len(samples)]
        return result
