"""Multi-head factorised attentive pooling of several hidden states."""

from typing import NamedTuple, cast

import torch
from torch import Tensor, nn

from signl.models.mhfa.options import MhfaOptions
from signl.models.states import StatesNetwork


class Attended(NamedTuple):
    """What frames weigh in each head (batch, frame, head), and their values (batch, frame, c)."""

    weights: Tensor
    values: Tensor


class HeadAttention(StatesNetwork):
    """Embeds a picture by weighted means of its frames, a mean a head.

    Keys, which say what a frame weighs, and values, of which the means are, are linear in two
    weighted sums of the hidden states, each with weights of its own. The embedding is linear in
    the means. Names of weights are those of the published checkpoints.

    Parameters
    ----------
    width, n_frames : int
        Channels of a frame, all states together, and frames of a crop.
    config : MhfaOptions
        Number of states and of heads, and widths.

    Raises
    ------
    ValueError
        If the width is no multiple of the number of states.

    References
    ----------
    Peng et al., An attention-based backend allowing efficient fine-tuning of transformer models
    for speaker verification, SLT 2022.
    """

    config: MhfaOptions

    def __init__(self, width: int, n_frames: int, config: MhfaOptions) -> None:
        super().__init__(width, n_frames, config)
        self.weights_k = nn.Parameter(torch.ones(config.states))
        self.weights_v = nn.Parameter(torch.ones(config.states))
        self.cmp_linear_k = nn.Linear(self.state_width, config.compression)
        self.cmp_linear_v = nn.Linear(self.state_width, config.compression)
        self.att_head = nn.Linear(config.compression, config.heads)
        self.pooling_fc = nn.Linear(config.heads * config.compression, config.channels)

    @property
    def embedding_width(self) -> int:  # type: ignore[override]
        """Width of the layer behind the means."""
        return self.config.channels

    def forward(self, crops: Tensor) -> Tensor:
        """Return embeddings (batch, embedding_width)."""
        weights, values = self.attend(crops)
        means = weights.mT @ values  # (batch, head, compression)
        return cast(Tensor, self.pooling_fc(means.flatten(1)))

    def attend(self, crops: Tensor) -> Attended:
        """Return what each frame weighs, over the frames of a head 1 together, and its values."""
        states = scale_gradient(self.states_of(crops), self.config.gradient_scale)
        summed = [
            torch.einsum("bstd,s->btd", states, weights.softmax(dim=0))
            for weights in (self.weights_k, self.weights_v)
        ]
        keys, values = self.cmp_linear_k(summed[0]), self.cmp_linear_v(summed[1])
        return Attended(self.att_head(keys).softmax(dim=1), values)


def scale_gradient(values: Tensor, scale: float) -> Tensor:
    """Return the same values; the gradient that flows back through them is multiplied."""
    if scale == 1 or not values.requires_grad:
        return values
    scaled = values.view_as(values)
    scaled.register_hook(lambda gradient: scale * gradient)  # type: ignore[no-untyped-call]
    return scaled
