"""The loss of SimCLR."""

from torch import Tensor

from signl.objectives.nt_xent import nt_xent
from signl.objectives.objective import Objective, objective_of
from signl.objectives.simclr.options import SimCLROptions


def simclr(first: Tensor, second: Tensor, options: SimCLROptions) -> Objective:
    """Return the loss of SimCLR: NT-Xent (:func:`signl.objectives.nt_xent.nt_xent`).

    References
    ----------
    Chen et al. (2020), SimCLR, equation 1. On audio: Fonseca et al. (2021), arXiv 2011.07616.
    """
    contrastive = nt_xent(first, second, options.temperature)
    return objective_of(contrastive, contrastive=contrastive)
