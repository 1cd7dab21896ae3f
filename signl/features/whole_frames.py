"""What of a waveform fills frames."""

from torch import Tensor

from signl.features.frontend import n_frames_of


def whole_frames(waveforms: Tensor, window_samples: int, hop_samples: int) -> Tensor:
    """Cut what fills no frame, so that utterances of as many frames are of one length.

    Parameters
    ----------
    waveforms : Tensor of shape (..., time)
        At least a sample of each.
    window_samples, hop_samples : int
        Of a front-end that does not pad.

    Returns
    -------
    Tensor of shape (..., time)
        Of whole frames; of less than one, the waveforms repeated end to end to the length of one.
    """
    n_samples = waveforms.shape[-1]
    if n_samples < window_samples:
        times = -(-window_samples // n_samples)
        return waveforms.tile(times)[..., :window_samples]
    n_frames = n_frames_of(n_samples, window_samples=window_samples, hop_samples=hop_samples)
    return waveforms[..., : window_samples + (n_frames - 1) * hop_samples]
