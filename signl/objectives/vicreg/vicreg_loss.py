"""The loss of VICReg."""

from torch import Tensor
from torch.nn import functional as F

from signl.objectives.objective import Objective, objective_of, off_diagonal
from signl.objectives.vicreg.options import VICRegOptions


def vicreg(first: Tensor, second: Tensor, options: VICRegOptions) -> Objective:
    """Return the loss of VICReg: invariance, variance and covariance, weighted.

    With S the standard deviation, C the covariance matrix (both over n - 1) and d the width:

    - invariance: the mean squared difference of the two views;
    - variance: mean over j of max(0, 1 - sqrt(var_j + epsilon)), averaged over the views;
    - covariance: sum over i != j of C_ij**2, over d, added over the views.

    References
    ----------
    Bardes, Ponce and LeCun (2022), VICReg, section 4, equations 1 to 6. As in the authors'
    code the invariance is a mean over the width too, and the variance an average, not a sum,
    over the views.
    """
    invariance = F.mse_loss(first, second)
    variance = (
        _deviation_hinge(first, options.epsilon) + _deviation_hinge(second, options.epsilon)
    ) / 2
    covariance = _covariance_penalty(first) + _covariance_penalty(second)
    loss = (
        options.invariance * invariance
        + options.variance * variance
        + options.covariance * covariance
    )
    return objective_of(loss, invariance=invariance, variance=variance, covariance=covariance)


def _deviation_hinge(view: Tensor, epsilon: float) -> Tensor:
    return F.relu(1 - (view.var(dim=0) + epsilon).sqrt()).mean()


def _covariance_penalty(view: Tensor) -> Tensor:
    centred = view - view.mean(dim=0)
    covariance = centred.mT @ centred / (len(view) - 1)
    return off_diagonal(covariance).square().sum() / view.shape[1]
