"""Diagnostics that show whether embeddings have collapsed, to a point or to a line.

They take projections as well, and there collapse shows first: batch normalisation keeps the
encoder's embeddings apart for a while after the projections have become one point.
"""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from signl.objectives.collapse_limits import MIN_DEVIATION, MIN_EFFECTIVE_RANK

# Relative to a channel's root mean square; less is rounding, not variation.
_CONSTANT = 1e-5


class CollapseDiagnostics(NamedTuple):
    """How spread out a set of embeddings is.

    Attributes
    ----------
    deviation : float
        Standard deviation over utterances of the l2-normalised embedding, averaged over channels,
        times the root of the width: 0 for a point, 1 for an isotropic Gaussian.
    effective_rank : float
        Exponential of the entropy of the singular values, scaled to sum to one: 1 for a line,
        the width for equal singular values.
    correlation : float
        Mean absolute correlation of two channels: 0 for independent ones, 1 for a line. Constant
        channels are left out; with fewer than two others it is 1.
    """

    deviation: float
    effective_rank: float
    correlation: float


def diagnose(embeddings: Tensor) -> CollapseDiagnostics:
    """Measure how spread out embeddings are.

    Parameters
    ----------
    embeddings : Tensor of shape (utterance, width)
        At least two. The effective rank is at most their number, so it takes as many
        utterances as channels to see it in full.

    Raises
    ------
    ValueError
        If there are fewer than two embeddings, or they hold values that are not finite.

    References
    ----------
    The deviation is that of Chen and He (2021), SimSiam, section 4.1; the effective rank is
    RankMe, Garrido et al. (2023), equation 1.
    """
    if embeddings.ndim != 2 or len(embeddings) < 2:
        raise ValueError(
            f"diagnostics take embeddings (2 or more, width), got {tuple(embeddings.shape)}"
        )
    if not embeddings.isfinite().all():
        raise ValueError("embeddings hold values that are not finite")
    embeddings = embeddings.detach().double()
    return CollapseDiagnostics(
        deviation=_deviation(embeddings),
        effective_rank=_effective_rank(embeddings),
        correlation=_correlation(embeddings),
    )


def collapsed(diagnostics: CollapseDiagnostics) -> bool:
    """Tell whether embeddings are a point or a line.

    They are a point where their deviation is below :data:`MIN_DEVIATION`, and a line where
    their effective rank is below :data:`MIN_EFFECTIVE_RANK`.
    """
    return diagnostics.deviation < MIN_DEVIATION or diagnostics.effective_rank < MIN_EFFECTIVE_RANK


def _deviation(embeddings: Tensor) -> float:
    unit = F.normalize(embeddings, dim=1)
    return float(unit.std(dim=0, correction=0).mean() * unit.shape[1] ** 0.5)


def _effective_rank(embeddings: Tensor) -> float:
    singular = torch.linalg.svdvals(embeddings)
    share = singular / singular.sum().clamp_min(torch.finfo(singular.dtype).tiny)
    return float(torch.special.entr(share).sum().exp())


def _correlation(embeddings: Tensor) -> float:
    deviation = embeddings.std(dim=0, correction=0)
    varies = deviation > _CONSTANT * embeddings.square().mean(dim=0).sqrt()
    n_channels = int(varies.sum())
    if n_channels < 2:
        return 1.0
    standard = ((embeddings - embeddings.mean(dim=0)) / deviation)[:, varies]
    correlation = standard.mT @ standard / len(standard)
    off_diagonal = correlation.abs().sum() - correlation.diagonal().abs().sum()
    return float(off_diagonal / (n_channels * (n_channels - 1)))
