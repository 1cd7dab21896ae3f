"""Short-time magnitudes with phases that do not fit."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from signl.augmentation.augmentation_options import draw
from signl.resynthesis.method_options import choose
from signl.resynthesis.phase.options import PhaseOptions
from signl.resynthesis.spectra import Samples, spectrum_of, waveform_of

_QUARTER: Final = np.pi / 2


class PhaseChanges:
    """Keeps the magnitudes of windows and changes their phases.

    Windows overlap, so that those of the waveform that comes out are near to them, not the same.

    Parameters
    ----------
    options : PhaseOptions
        Changes and windows.
    """

    def __init__(self, options: PhaseOptions) -> None:
        self.options = options

    def __call__(self, samples: Samples, rng: np.random.Generator) -> Samples:
        """Return a waveform (time,) as long."""
        window = choose(self.options.windows, rng)
        spectrum = spectrum_of(samples, window, window // 4)
        phases = self.changed(np.angle(spectrum), rng)
        return waveform_of(np.abs(spectrum) * np.exp(1j * phases), window // 4, len(samples))

    def changed(self, phases: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
        """Return other phases (bin, frame), in radians."""
        options = self.options
        change = choose(options.changes, rng)
        if change == "random":
            return 2 * np.pi * rng.random(phases.shape)
        if change == "jitter":
            return phases + draw(options.jitter, rng) * rng.standard_normal(phases.shape)
        nearest = _QUARTER * np.round(phases / _QUARTER)
        return nearest + options.quantised_jitter * rng.standard_normal(phases.shape)
