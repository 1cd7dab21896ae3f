"""Detectors that are taught by resynthesis: of recordings, of labels, and of their own ranking.

Three are here. :func:`zero_label` tells recordings from their resynthesis, without a label.
:func:`vocoded` tells labelled bona fide from labelled spoofs and from the resynthesis of the
former. :func:`refined` begins with the mean of both, presumes of the utterances without a label
what it ranks highest to be bona fide, and learns from that, some rounds over. Without pseudo-spoofs
it is self-training: labels alone begin.

An utterance may have channel copies, which are of its class, and pseudo-spoofs, which are its
resynthesis and count as spoofs. Pseudo-spoofs of what is (presumed) a spoof are left out, unless no
label is looked at.
"""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from signl.labels import BONAFIDE, CLASS_INDEX, NO_CLASS, SPOOF
from signl.training.regression import Plane
from signl.training.ridge import Rows, evenly, fit_ridge, joined

Array = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]


class Copies(NamedTuple):
    """Embeddings of copies, (copy, width), and the place of each one's original, (copy,)."""

    embeddings: Array
    originals: Indices


class Material(NamedTuple):
    """What an arm learns from, all of the train partition.

    Attributes
    ----------
    originals : ndarray of shape (utterance, width)
        Embeddings of recordings and spoofs as they are, labelled or not.
    classes : ndarray of shape (utterance,)
        Class indices; :data:`signl.labels.NO_CLASS` of those without a label.
    channel, pseudo_spoofs : Copies
        Their channel copies, and their resynthesis.
    """

    originals: Array
    classes: Indices
    channel: Copies
    pseudo_spoofs: Copies

    def of_class(self, label: str) -> npt.NDArray[np.bool_]:
        """Return which utterances are labelled so."""
        return np.equal(self.classes, CLASS_INDEX[label])


class Round(NamedTuple):
    """A plane, and of the unlabelled utterances the number that were presumed bona fide."""

    plane: Plane
    n_presumed: int


def zero_label(material: Material, *, penalty: float) -> Plane:
    """Tell all originals and their channel copies from all pseudo-spoofs, by a ridge."""
    real = evenly(material.originals, material.channel.embeddings)
    return fit_ridge(real, evenly(material.pseudo_spoofs.embeddings), penalty=penalty)


def vocoded(material: Material, *, penalty: float) -> Plane:
    """Tell labelled bona fide from labelled spoofs and the resynthesis of the former, by a ridge.

    Half of the weight of the spoofs is that of the labelled, half that of the resynthesis.
    """
    ones = np.ones(len(material.classes))
    return _fit(material, material.classes, ones, penalty=penalty)


def teacher_scores(material: Material, *, penalty: float) -> Array:
    """Return the sum of both detectors' scores of the originals, each of deviation 1.

    Without labels it is that of the first alone; without pseudo-spoofs that of the second, which
    then is one of labels alone.
    """
    planes = []
    if len(material.pseudo_spoofs.embeddings):
        planes.append(zero_label(material, penalty=penalty))
    if np.any(material.classes != NO_CLASS):
        planes.append(vocoded(material, penalty=penalty))
    scores = (plane.log_odds(material.originals) for plane in planes)
    total: Array = np.sum([_standard(each) for each in scores], axis=0)
    return total


def refined(
    material: Material,
    *,
    penalty: float,
    rounds: int,
    label_weight: float,
    prior: float | None = None,
) -> list[Round]:
    """Learn from the teacher's ranking of the unlabelled utterances, some rounds over.

    Parameters
    ----------
    material : Material
        What to learn from.
    penalty : float
        Of the ridge.
    rounds : int
        At least one.
    label_weight : float
        Of a labelled utterance and its channel copies, where a presumed one has 1.
    prior : float, optional
        Share of bona fide among the unlabelled; without it that of the labelled.

    Returns
    -------
    list of Round
        Of each round; the last is the result.

    Raises
    ------
    ValueError
        If there is neither a label nor a prior.
    """
    unlabelled = np.flatnonzero(material.classes == NO_CLASS)
    if prior is None and len(unlabelled) == len(material.classes):
        raise ValueError("no utterance has a label, and no prior is given")
    if prior is None:
        labelled = material.classes[material.classes != NO_CLASS]
        prior = float(np.mean(labelled == CLASS_INDEX[BONAFIDE]))
    n_presumed = min(len(unlabelled), math.floor(prior * len(unlabelled) + 0.5))
    if len(unlabelled) == len(material.classes):
        # Both classes are to be learnt from.
        n_presumed = min(max(1, n_presumed), len(unlabelled) - 1)
    weights = np.where(material.classes == NO_CLASS, 1.0, label_weight)
    scores = teacher_scores(material, penalty=penalty)
    done: list[Round] = []
    for _ in range(rounds):
        classes = material.classes.copy()
        classes[unlabelled] = CLASS_INDEX[SPOOF]
        # Of equal scores the first, so that nothing hangs on the sorting.
        ranked = unlabelled[np.argsort(-scores[unlabelled], kind="stable")]
        classes[ranked[:n_presumed]] = CLASS_INDEX[BONAFIDE]
        plane = _fit(material, classes, weights, penalty=penalty)
        done.append(Round(plane, n_presumed))
        scores = plane.log_odds(material.originals)
    return done


def _fit(material: Material, classes: Indices, weights: Array, *, penalty: float) -> Plane:
    """Fit a ridge to utterances of known or presumed classes, and to resynthesis of bona fide.

    Half of the weight of the spoofs is that of spoofs and their channel copies; half that of the
    resynthesis of bona fide, of which each one counts alike.
    """
    bonafide, spoof = (classes == CLASS_INDEX[label] for label in (BONAFIDE, SPOOF))
    made = material.pseudo_spoofs.embeddings[bonafide[material.pseudo_spoofs.originals]]
    parts = [_rows_of(material, spoof, weights), evenly(made)]
    shares = [part.share_of(0.5) for part in parts if len(part.embeddings)]
    return fit_ridge(_rows_of(material, bonafide, weights), joined(*shares), penalty=penalty)


def _rows_of(material: Material, chosen: npt.NDArray[np.bool_], weights: Array) -> Rows:
    """Return some of the originals with their channel copies, of the same weight each."""
    copied = material.channel.originals[chosen[material.channel.originals]]
    is_copied = chosen[material.channel.originals]
    return Rows(
        np.concatenate([material.originals[chosen], material.channel.embeddings[is_copied]]),
        np.concatenate([weights[chosen], weights[copied]]),
    )


def _standard(scores: Array) -> Array:
    """Return scores of mean 0 and deviation 1."""
    deviation = float(scores.std())
    standard: Array = (scores - scores.mean()) / (deviation if deviation > 0 else 1.0)
    return standard
