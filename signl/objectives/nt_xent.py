"""NT-Xent: the other view of an utterance is to be found among all views of a batch."""

import torch
from torch import Tensor
from torch.nn import functional as F


def nt_xent(first: Tensor, second: Tensor, temperature: float) -> Tensor:
    """Return the normalised, temperature-scaled cross-entropy of two views.

    Each of the 2 B vectors has to find its partner among the 2 B - 1 others, by cosine.

    Parameters
    ----------
    first, second : Tensor of shape (batch, width)
        The two views; they need not have unit length.
    temperature : float
        Cosines are divided by it.

    Returns
    -------
    Tensor of shape ()
        The mean over all 2 B.

    References
    ----------
    Chen et al. (2020), SimCLR, equation 1.
    """
    unit = F.normalize(torch.cat([first, second]))
    itself = torch.eye(len(unit), dtype=torch.bool, device=unit.device)
    logits = (unit @ unit.mT / temperature).masked_fill(itself, -torch.inf)
    return F.cross_entropy(logits, partners(len(first), device=unit.device))


def partners(n_utterances: int, *, device: torch.device) -> Tensor:
    """Return for each of two views, one after the other, the row of its utterance's other view."""
    return torch.arange(2 * n_utterances, device=device).roll(n_utterances)
