"""The loss of telling recordings from their resynthesis."""

from typing import Final, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from signl.objectives.objective import Objective, objective_of
from signl.objectives.resynthesis.options import ResynthesisObjectiveOptions

#: Class of a recording; the methods of pseudo-spoofs follow.
RECORDING: Final = 0


class Resynthesis(nn.Module):
    """Cross-entropies of what both views are, and the loss of an objective beside.

    Parameters
    ----------
    width : int
        Of the projections.
    n_classes : int
        Recordings, and the methods of pseudo-spoofs.
    options : ResynthesisObjectiveOptions
        Weights.

    Raises
    ------
    ValueError
        If there are fewer than two classes.
    """

    def __init__(self, width: int, n_classes: int, options: ResynthesisObjectiveOptions) -> None:
        super().__init__()
        if n_classes < 2:
            raise ValueError(
                f"{n_classes} classes cannot be told apart; allowed are 2 or more, recordings and "
                "a method of pseudo-spoofs"
            )
        self.options = options
        self.is_recording = nn.Linear(width, 1)
        self.method = nn.Linear(width, n_classes)
        self.beside = None if options.beside is None else options.beside.build(width)

    def logits(self, projections: Tensor) -> tuple[Tensor, Tensor]:
        """Return how likely each is a recording (batch,), and each class (batch, n_classes).

        Both are logits. A ReLU stands before them, as in the head of a classifier.
        """
        features = F.relu(projections)
        return self.is_recording(features).squeeze(1), self.method(features)

    def forward(self, first: Tensor, second: Tensor, *, classes: Tensor) -> Objective:
        """Return the loss of projections (batch, width) and what each utterance is (batch,)."""
        found, by_method = self.logits(torch.cat([first, second]))
        both = torch.cat([classes, classes])
        detection = F.binary_cross_entropy_with_logits(found, (both == RECORDING).to(found))
        methods = F.cross_entropy(by_method, both)
        loss = self.options.detection * detection + self.options.methods * methods
        terms = {"detection": detection, "methods": methods}
        if self.beside is not None:
            terms["beside"] = cast(Objective, self.beside(first, second)).loss
            loss = loss + self.options.beside_weight * terms["beside"]
        return objective_of(loss, **terms)
