"""The mean over the frames of a crop, and standard deviations."""

from torch import Tensor

from signl.features.frame_statistics import frame_statistics
from signl.features.frontend import N_STATISTICS
from signl.models.mean_pool.options import MeanPoolOptions
from signl.models.network import FrameNetwork


class MeanPool(FrameNetwork):
    """Embeds a picture by statistics of each channel; it has no weights.

    Parameters
    ----------
    width, n_frames : int
        Channels of the front-end, and frames of a crop.
    config : MeanPoolOptions
        Which statistics.
    """

    config: MeanPoolOptions

    @property
    def embedding_width(self) -> int:  # type: ignore[override]
        """One number a channel and statistic."""
        return self.width * N_STATISTICS[self.config.statistics]

    def forward(self, crops: Tensor) -> Tensor:
        """Return statistics, those of a kind together: (batch, 1, width, frame) to (batch, width).

        Deviations are those of all frames (divisor n). There are no graphs to augment.
        """
        return frame_statistics(crops[:, 0], self.config.statistics)
