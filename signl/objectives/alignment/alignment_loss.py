"""The cosine of two views."""

from torch import Tensor
from torch.nn import functional as F

from signl.objectives.objective import Objective, objective_of


def alignment(first: Tensor, second: Tensor) -> Objective:
    """Return minus the mean cosine of the two views: the published loss of SIGNL.

    Gradients flow through both views. A constant projection is optimal, so this loss cannot show
    collapse; see :mod:`signl.objectives.collapse`.

    References
    ----------
    SIGNL, arXiv 2501.04942.
    """
    cosine = F.cosine_similarity(first, second).mean()
    return objective_of(-cosine, cosine=cosine)
