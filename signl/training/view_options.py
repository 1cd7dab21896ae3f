"""Options of what makes the two views of a log-spectrum differ, beside their place in the clip."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from signl.typed import Count, FromList, NotNegative, Options, Positive, Rate


class ViewOptions(Options):
    """Augmentations of both views in pre-training, in this order; by default there is none."""

    mixup: Rate = Field(
        default=0.0,
        description="Largest share of an earlier utterance that is mixed in, as power: a share is "
        "drawn from 0 to this (BYOL-A: 0.4). In training alone.",
    )
    mixback: Rate = Field(
        default=0.0,
        description="The same, of an earlier utterance scaled to the energy of the view (SSL-ACL: "
        "0.05). In training alone.",
    )
    bank: Count = Field(
        default=2048,
        description="Views that are kept to be mixed in. They lie in the checkpoint.",
    )
    resize_crop: Annotated[tuple[Positive, Positive], FromList] | None = Field(
        default=None,
        description="Least and largest height and width, in those of the picture, of a crop that "
        "is stretched to its size; null is none (BYOL-A: [0.6, 1.5]). A crop may reach a quarter "
        "of the length beyond either end.",
    )
    compression: Rate = Field(
        default=0.0,
        description="All values are multiplied by a number drawn from 1 minus this to 1 (SSL-ACL: "
        "0.25).",
    )
    noise: NotNegative = Field(
        default=0.0,
        description="Largest deviation of Gaussian noise that is added; drawn from 0 (SSL-ACL: "
        "0.01).",
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.resize_crop is not None and self.resize_crop[0] > self.resize_crop[1]:
            raise ValueError(
                f"resize_crop is {list(self.resize_crop)}; allowed is the least, then the largest"
            )
        return self

    @property
    def mixes(self) -> bool:
        """Whether earlier utterances are mixed in."""
        return self.mixup > 0 or self.mixback > 0

    @property
    def is_none(self) -> bool:
        """Whether views stay as they are."""
        others = (self.mixes, self.resize_crop is not None, self.compression > 0, self.noise > 0)
        return not any(others)
