"""The loss of BYOL."""

from torch import Tensor, nn
from torch.nn import functional as F

from signl.objectives.byol.options import BYOLOptions
from signl.objectives.objective import Objective, Pair, objective_of


class BYOL(nn.Module):
    """The loss of BYOL, with its predictor h.

    With z' the projections of the momentum copy, the loss is the mean over utterances of
    (2 - 2 cosine(h(z1), z2')) + (2 - 2 cosine(h(z2), z1')): 0 to 8. Each view is a batch of its
    own for the predictor's batch normalisation.

    References
    ----------
    Grill et al. (2020), BYOL, equation 2; Niizumi et al. (2021), BYOL-A, arXiv 2103.06695,
    whose predictor this is.
    """

    def __init__(self, width: int, options: BYOLOptions) -> None:
        super().__init__()
        self.predictor = nn.Sequential(
            nn.Linear(width, options.hidden),
            nn.BatchNorm1d(options.hidden),
            nn.ReLU(),
            nn.Linear(options.hidden, width),
        )

    def forward(self, first: Tensor, second: Tensor, *, targets: Pair) -> Objective:
        """Return the loss of projections and of those of the momentum copy (batch, width)."""
        forth = F.cosine_similarity(self.predictor(first), targets[1].detach()).mean()
        back = F.cosine_similarity(self.predictor(second), targets[0].detach()).mean()
        cosine = (forth + back) / 2
        return objective_of(4 - 4 * cosine, cosine=cosine)
