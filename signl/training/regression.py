"""Logistic regression: two classes told apart by a plane through their embeddings.

Embeddings are standardised and classes balanced; how strongly the weights are held back is chosen
among some strengths. Nothing is drawn but the folds of a cross-validation, by a seed.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

from signl.labels import BONAFIDE, CLASS_INDEX, SPOOF
from signl.metrics import equal_error_rate
from signl.training.run import Record

Array = npt.NDArray[np.float64]


class Labelled(NamedTuple):
    """Embeddings, (utterance, width), and class indices, (utterance,).

    Where utterances are there in several versions, ``originals`` has of each row the number of its
    utterance; rows of one follow each other, the recorded version first.
    """

    embeddings: Array
    classes: npt.NDArray[np.int64]
    originals: npt.NDArray[np.int64] | None = None

    @property
    def is_bonafide(self) -> npt.NDArray[np.bool_]:
        """Which utterances are bona fide."""
        return np.equal(self.classes, CLASS_INDEX[BONAFIDE])

    @property
    def least(self) -> int:
        """Utterances of the rarer class."""
        return min(int(np.sum(self.classes == CLASS_INDEX[label])) for label in (BONAFIDE, SPOOF))

    @property
    def recorded(self) -> "Labelled":
        """The utterances as they were recorded, without further versions."""
        if self.originals is None:
            return self
        first = np.unique(self.originals, return_index=True)[1]
        return Labelled(self.embeddings[first], self.classes[first])

    @property
    def weights(self) -> Array | None:
        """What each row weighs, with both classes alike and all versions of an utterance alike.

        They add up to the number of utterances. Nothing, where each is there once.
        """
        if self.originals is None:
            return None
        counts = np.unique(self.originals, return_inverse=True, return_counts=True)
        weights: Array = 1.0 / counts[2][counts[1]]
        of_class = np.array([weights[~self.is_bonafide].sum(), weights[self.is_bonafide].sum()])
        weights *= (of_class.sum() / 2 / of_class)[self.is_bonafide.astype(int)]
        return weights

    def take(self, places: npt.NDArray[np.int64]) -> "Labelled":
        """Return some of the utterances, by their number, with all of their versions."""
        if self.originals is None:
            return Labelled(self.embeddings[places], self.classes[places])
        rows = np.isin(self.originals, places)
        return Labelled(self.embeddings[rows], self.classes[rows], self.originals[rows])


class Plane(NamedTuple):
    """The log-odds of bona fide, ``embedding @ weight + offset``.

    Attributes
    ----------
    weight, offset
        In the units of the embeddings as they were given.
    n_steps : int
        Steps of the solver.
    """

    weight: Array
    offset: float
    n_steps: int

    def log_odds(self, embeddings: Array) -> Array:
        """Return the log-odds of bona fide, (utterance,)."""
        return embeddings @ self.weight + self.offset


def standardisation(embeddings: Array) -> tuple[Array, Array]:
    """Return mean and deviation of each channel; infinite, of one that is always the same."""
    mean, deviation = embeddings.mean(axis=0), embeddings.std(axis=0)
    # It says nothing, and has no deviation to be divided by.
    return mean, np.where(deviation > 1e-12 * (1 + np.abs(mean)), deviation, np.inf)


def fit_plane(train: Labelled, *, strength: float, max_steps: int) -> Plane:
    """Fit a logistic regression to standardised embeddings, both classes of equal weight.

    Mean and deviation are of the utterances as they were recorded. An utterance weighs the same, in
    however many versions it is there.

    Parameters
    ----------
    train : Labelled
        Utterances of both classes.
    strength : float
        scikit-learn's C: the smaller, the more the weights are held back.
    max_steps : int
        Of the solver, L-BFGS.
    """
    mean, deviation = standardisation(train.recorded.embeddings)
    weights = train.weights
    balance = "balanced" if weights is None else None
    regression = LogisticRegression(C=strength, class_weight=balance, max_iter=max_steps)
    with warnings.catch_warnings():
        # Told from the number of steps, in words of ours.
        warnings.simplefilter("ignore", ConvergenceWarning)
        standardised = (train.embeddings - mean) / deviation
        regression.fit(standardised, train.is_bonafide, sample_weight=weights)
    weight = regression.coef_[0] / deviation
    offset = float(regression.intercept_[0] - weight @ mean)
    return Plane(weight, offset, int(regression.n_iter_[0]))


class Figures(NamedTuple):
    """Log-loss with classes of equal weight, and equal error rate (0 to 1)."""

    loss: float
    eer: float


def figures_of(log_odds: Array, labelled: Labelled) -> Figures:
    """Measure log-odds."""
    bonafide, spoof = log_odds[labelled.is_bonafide], log_odds[~labelled.is_bonafide]
    loss = np.logaddexp(0, -bonafide).mean() / 2 + np.logaddexp(0, spoof).mean() / 2
    return Figures(float(loss), equal_error_rate(bonafide, spoof).rate)


@dataclass(frozen=True, kw_only=True)
class Search:
    """How a strength is chosen: by the EER and then the loss on dev, or on folds of train.

    Attributes
    ----------
    strengths : sequence of float
        Those to choose among; of equals the smallest is taken.
    max_steps : int
        Of the solver.
    folds : int
        Of the cross-validation, at most; each has an utterance of either class at the least.
    least_dev : int
        Where dev has fewer utterances of a class, folds of train choose.
    seed : int
        Of the folds.
    """

    strengths: Sequence[float]
    max_steps: int
    folds: int
    least_dev: int
    seed: int

    def chosen_by(self, train: Labelled, dev: Labelled) -> str:
        """Return what chooses: ``dev``, ``folds``, or ``none`` where neither can or need."""
        if len(self.strengths) == 1:
            return "none"
        if dev.least >= self.least_dev:
            return "dev"
        return "folds" if train.recorded.least >= 2 else "none"

    def run(self, train: Labelled, dev: Labelled) -> tuple[Plane, list[Record]]:
        """Fit all strengths; return the best plane, and a record of each.

        Figures of train are of utterances as they were recorded.
        """
        by, recorded = self.chosen_by(train, dev), train.recorded
        tried: list[tuple[list[float], Plane, Record]] = []
        for number, strength in enumerate(sorted(self.strengths)):
            plane = fit_plane(train, strength=strength, max_steps=self.max_steps)
            shown = {
                name: figures_of(plane.log_odds(part.embeddings), part)
                for name, part in (("train", recorded), ("dev", dev))
            }
            if by == "folds":
                shown["folds"] = figures_of(self._held_out(train, strength), recorded)
            record: dict[str, Any] = {"epoch": number, "strength": strength, "chosen_by": by}
            for name, each in shown.items():
                record |= {f"{name}_loss": each.loss, f"{name}_eer": each.eer}
            record |= {"n_steps": plane.n_steps, "converged": plane.n_steps < self.max_steps}
            result = [shown[by].eer, shown[by].loss] if by in shown else []
            tried.append((result, plane, record))
        # The first, which is held back most, where nothing can choose.
        best = min(range(len(tried)), key=lambda place: tried[place][0])
        records = [{**record, "best": place == best} for place, (_, _, record) in enumerate(tried)]
        return tried[best][1], records

    def _held_out(self, train: Labelled, strength: float) -> Array:
        """Return the log-odds of each utterance by a plane that was fitted without it.

        Without all of its versions, where there are several.
        """
        recorded = train.recorded
        n_folds = min(self.folds, recorded.least)
        folds = StratifiedKFold(n_folds, shuffle=True, random_state=self.seed % 2**32)
        log_odds = np.empty(len(recorded.classes))
        for kept, held in folds.split(recorded.embeddings, recorded.classes):
            plane = fit_plane(train.take(kept), strength=strength, max_steps=self.max_steps)
            log_odds[held] = plane.log_odds(recorded.embeddings[held])
        return log_odds
