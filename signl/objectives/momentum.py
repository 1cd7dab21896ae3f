"""A copy of a network that follows it slowly: the target of BYOL, the key encoder of MoCo."""

import copy
from typing import Literal

import torch
from torch import nn
from torch.optim import Optimizer


class MomentumTarget(nn.Module):
    """A copy of a network whose parameters are a moving average of the network's.

    Buffers, such as the running statistics of batch normalisation, are the copy's own, moved by
    its own passes. Its parameters ask for no gradient.

    Parameters
    ----------
    online : Module
        What is copied.
    momentum : float
        Share of the old parameters in a move, 0 to 1.
    moves : {"before_step", "after_step"}
        Whether it follows the weights that an optimiser's step finds, or those that it leaves.

    Attributes
    ----------
    copied : Module
        The copy.

    References
    ----------
    He et al. (2020), MoCo, equation 2; Grill et al. (2020), BYOL, equation 1.
    """

    def __init__(
        self, online: nn.Module, momentum: float, *, moves: Literal["before_step", "after_step"]
    ) -> None:
        super().__init__()
        self.copied = copy.deepcopy(online).requires_grad_(False)
        self.momentum, self.moves = momentum, moves

    @torch.no_grad()
    def move(self, online: nn.Module) -> None:
        """Take a step towards the network that it was copied from."""
        pairs = zip(self.copied.parameters(), online.parameters(), strict=True)
        for own, its in pairs:
            own.lerp_(its, 1 - self.momentum)

    def follow(self, online: nn.Module, optimiser: Optimizer) -> None:
        """Move whenever an optimiser moves the network, from now on: once for each step."""

        def move(*_: object) -> None:
            self.move(online)

        if self.moves == "before_step":
            optimiser.register_step_pre_hook(move)
        else:
            optimiser.register_step_post_hook(move)
