"""The mean frame of a weighted sum of hidden states, whose weights are trained."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from signl.features.frame_statistics import frame_statistics
from signl.features.frontend import N_STATISTICS
from signl.models.mean_pool.options import MeanPoolOptions
from signl.models.states import StatesNetwork


class WeightedMeanPool(StatesNetwork):
    """Embeds a picture by the mean frame of a sum of its hidden states.

    The states are summed with weights that are positive and together 1, equal at the start
    (``gamma`` is 0). A linear layer, the statistics over the frames and ReLU follow. With one state
    there is nothing to weigh, and no ``gamma``.

    Parameters
    ----------
    width, n_frames : int
        Channels of a frame, all states together, and frames of a crop.
    config : MeanPoolOptions
        Number of states, width of the linear layer, and which statistics.

    Raises
    ------
    ValueError
        If the width is no multiple of the number of states.

    References
    ----------
    Yang et al., SUPERB, Interspeech 2021, arXiv 2105.01051. For spoofing: Spoof-SUPERB,
    arXiv 2603.01482. Both take the mean alone.
    """

    config: MeanPoolOptions

    def __init__(self, width: int, n_frames: int, config: MeanPoolOptions) -> None:
        super().__init__(width, n_frames, config)
        if config.states > 1:
            self.gamma = nn.Parameter(torch.zeros(config.states))
        self.linear = nn.Linear(self.state_width, config.channels)

    @property
    def embedding_width(self) -> int:  # type: ignore[override]
        """One number a channel of the linear layer and statistic."""
        return self.config.channels * N_STATISTICS[self.config.statistics]

    def forward(self, crops: Tensor) -> Tensor:
        """Return embeddings (batch, embedding_width)."""
        frames = self.linear(self._summed(self.states_of(crops)))  # (batch, frame, channel)
        return frame_statistics(frames.mT, self.config.statistics).relu()

    def _summed(self, states: Tensor) -> Tensor:
        if self.config.normalise:
            states = F.layer_norm(states, states.shape[-1:])
        if self.config.states == 1:
            return states[:, 0]
        return torch.einsum("bstd,s->btd", states, self.gamma.softmax(dim=0))
