"""The angular contrastive loss."""

from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from signl.objectives.acl.options import ACLOptions
from signl.objectives.nt_xent import nt_xent, partners
from signl.objectives.objective import Objective, Pair, objective_of

#: The authors divide sums over a batch of 128 by 25.
DIVISOR: Final = 25.0
_AT_BATCH: Final = 128
# The slope of the arc cosine has no bound at 1, which in float32 lies 6e-8 away.
_LARGEST_COSINE: Final = 1 - 1e-6


class ACL(nn.Module):
    """Alpha times NT-Xent of the projections, and 1 - alpha times an angular part.

    The angular part is of the encoder's embeddings, before the head: a sum
    (:func:`angular_margin`) over 25 B / 128, for a batch of B utterances.

    References
    ----------
    Wang, Tripathy and Mesaros (2023), arXiv 2211.05442. The authors' divisor is 25 whatever the
    batch; here the balance is that of their batch of 128.
    """

    def __init__(self, options: ACLOptions) -> None:
        super().__init__()
        self.options = options

    def forward(self, first: Tensor, second: Tensor, *, embeddings: Pair) -> Objective:
        """Return the loss of projections (batch, width) and embeddings (batch, ...)."""
        alpha = self.options.alpha
        contrastive = nt_xent(first, second, self.options.temperature)
        angular = angular_margin(*embeddings, self.options.margin)
        angular = angular * (_AT_BATCH / (DIVISOR * len(first)))
        loss = alpha * contrastive + (1 - alpha) * angular
        return objective_of(loss, contrastive=contrastive, angular=angular)


def angular_margin(first: Tensor, second: Tensor, margin: float) -> Tensor:
    """Return the sum of the squared angles of partners, and of what others lack of a margin.

    With theta_ik the angle of two of the 2 B embeddings: the sum over i of theta_ik**2 with k the
    partner of i, and over i and all other k of max(0, margin - theta_ik)**2.

    Parameters
    ----------
    first, second : Tensor of shape (batch, width)
        Embeddings of the two views.
    margin : float
        In radians.
    """
    unit = F.normalize(torch.cat([first, second]))
    cosine = (unit @ unit.mT).clamp(-_LARGEST_COSINE, _LARGEST_COSINE)
    angle = cosine.arccos()
    rows = torch.arange(len(unit), device=unit.device)
    partner = partners(len(first), device=unit.device)
    others = torch.ones_like(angle)
    others[rows, rows] = 0
    others[rows, partner] = 0
    lacking = F.relu(margin - angle).square() * others
    return angle[rows, partner].square().sum() + lacking.sum()
