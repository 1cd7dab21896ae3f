"""Options of the mean frame."""

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from signl.models.base import NetworkOptions

if TYPE_CHECKING:
    from signl.models.mean_pool.pooling import MeanPool


class MeanPoolOptions(NetworkOptions):
    """Options of the mean over the frames of a crop."""

    has_weights: ClassVar[bool] = False

    kind: Literal["mean_pool"] = "mean_pool"
    statistics: Literal["mean", "mean_and_deviation"] = Field(
        default="mean_and_deviation",
        description="Of each channel over the frames of a crop: the mean, or the mean and the "
        "standard deviation.",
    )

    def build(self, width: int, n_frames: int) -> "MeanPool":
        """Build the network."""
        from signl.models.mean_pool.pooling import MeanPool

        return MeanPool(width, n_frames, self)
