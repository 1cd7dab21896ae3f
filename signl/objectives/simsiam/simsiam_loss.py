"""The loss of SimSiam."""

from torch import Tensor, nn
from torch.nn import functional as F

from signl.objectives.objective import Objective, objective_of
from signl.objectives.simsiam.options import SimSiamOptions


class SimSiam(nn.Module):
    """The loss of SimSiam, with its predictor and its stop-gradient.

    With h the predictor, the loss is the mean of minus cosine(h(z1), z2) and minus
    cosine(h(z2), z1), where the second argument of each is held constant.

    References
    ----------
    Chen and He (2021), Exploring simple Siamese representation learning, equations 1 to 4;
    the predictor is that of section 3.
    """

    def __init__(self, width: int, options: SimSiamOptions) -> None:
        super().__init__()
        hidden = max(1, width // 4) if options.hidden is None else options.hidden
        self.predictor = nn.Sequential(
            nn.Linear(width, hidden, bias=False),
            nn.BatchNorm1d(hidden),
            nn.ReLU(),
            nn.Linear(hidden, width),
        )

    def forward(self, first: Tensor, second: Tensor) -> Objective:
        """Return the loss of two views."""
        forth = F.cosine_similarity(self.predictor(first), second.detach()).mean()
        back = F.cosine_similarity(self.predictor(second), first.detach()).mean()
        cosine = (forth + back) / 2
        return objective_of(-cosine, cosine=cosine)
