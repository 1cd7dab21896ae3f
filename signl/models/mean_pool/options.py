"""Options of the mean frame."""

from typing import TYPE_CHECKING, Final, Literal, Self

from pydantic import Field, model_validator

from signl.features.frontend import Statistics
from signl.models.state_options import StatesOptions
from signl.typed import Count

if TYPE_CHECKING:
    from signl.models.mean_pool.pooling import MeanPool
    from signl.models.mean_pool.weighted_pooling import WeightedMeanPool

#: Options of the weighted sum, which mean nothing without it.
_OF_WEIGHTING = ("states", "normalise", "channels")
#: Frames that make two second differences.
_LEAST_FRAMES: Final = 5


class MeanPoolOptions(StatesOptions):
    """Options of the mean over the frames of a crop; of several hidden states, that of their sum.

    The weighted sum is that of SUPERB (Yang et al., Interspeech 2021).
    """

    reads_statistics = True

    kind: Literal["mean_pool"] = "mean_pool"
    statistics: Statistics = Field(
        default="mean_and_deviation",
        description="Of each channel over the frames of a crop: the mean; the mean and the "
        "standard deviation; or the mean and the standard deviations of the frames and of their "
        "first and second differences, of which the front-end then needs none.",
    )
    weighting: Literal["none", "softmax"] = Field(
        default="none",
        description="none: the channels of frames are pooled as they are, and there is nothing to "
        "train. softmax: a sum of the hidden states, whose weights are trained, then a linear "
        "layer, then the statistics, then ReLU.",
    )
    states: Count = Field(
        default=1,
        description="With weighting: softmax. Hidden states that a frame of the front-end holds "
        "side by side; its width is a multiple.",
    )
    normalise: bool = Field(
        default=False,
        description="With weighting: softmax. Each state of a frame is first brought to zero mean "
        "and unit variance.",
    )
    channels: Count = Field(
        default=256, description="With weighting: softmax. Width of the linear layer."
    )

    @model_validator(mode="after")
    def _check_weighting(self) -> Self:
        if self.weighting == "none":
            for name in _OF_WEIGHTING:
                value, default = getattr(self, name), type(self).model_fields[name].default
                if value != default:
                    raise ValueError(
                        f"{name} is {value} and weighting none; allowed is {default}, or "
                        "weighting: softmax"
                    )
        return self

    @property
    def has_weights(self) -> bool:  # type: ignore[override]
        """Whether there is something in it to be pre-trained: with a weighting."""
        return self.weighting != "none"

    def check(self, *, width: int, n_frames: int) -> None:
        """Refuse deviations of so few frames that they are 0.

        Raises
        ------
        ValueError
            Says what is allowed.
        """
        super().check(width=width, n_frames=n_frames)
        if self.statistics != "mean" and n_frames == 1:
            raise ValueError(
                f"model.statistics is {self.statistics} of one frame, whose deviation is 0; "
                "allowed is mean (a front-end that pools has an option of its own for deviations)"
            )
        if self.statistics == "mean_and_deviations" and n_frames < _LEAST_FRAMES:
            raise ValueError(
                f"model.statistics is mean_and_deviations of a crop of {n_frames} frames; allowed "
                f"are at least {_LEAST_FRAMES}, whose second differences can differ"
            )

    def check_states(self, n_states: int) -> None:
        """Refuse frames of another number of hidden states, where these are weighted."""
        if self.has_weights:
            super().check_states(n_states)

    def build(self, width: int, n_frames: int) -> "MeanPool | WeightedMeanPool":
        """Build the network."""
        if self.has_weights:
            from signl.models.mean_pool.weighted_pooling import WeightedMeanPool

            return WeightedMeanPool(width, n_frames, self)
        from signl.models.mean_pool.pooling import MeanPool

        return MeanPool(width, n_frames, self)
