"""The mean over the frames of a crop, and their standard deviation."""

from torch import Tensor

from signl.features.frame_statistics import frame_statistics
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
        return self.width * (2 if self.config.statistics == "mean_and_deviation" else 1)

    def forward(self, crops: Tensor) -> Tensor:
        """Return means, and deviations after them: (batch, 1, width, frame) to (batch, width).

        The deviation is that of all frames (divisor n). There are no graphs to augment.
        """
        has_deviation = self.config.statistics == "mean_and_deviation"
        return frame_statistics(crops[:, 0], with_deviation=has_deviation)
