"""Score files as their paths name them, and the trials that they are of."""

from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from signl.augmentation.perturbed_names import split_perturbed
from signl.evaluation.eval_trials import read_eval_trials
from signl.evaluation.resamples import BoolArray
from signl.evaluation.scores import bonafide_mask, read_scores
from signl.metrics import FloatArray

ObjectArray = np.ndarray[Any, np.dtype[np.object_]]


class ScoredCell(NamedTuple):
    """A classifier on an evaluation corpus, as the path of its scores names it."""

    path: Path
    recipe: str
    train_corpus: str
    percent: float
    seed: int

    @classmethod
    def at(cls, path: str | Path) -> Self:
        """Read ``.../{recipe}/{corpus}/labels-{percent}/seed-{seed}/{eval_corpus}.parquet``."""
        recipe, corpus, percent, seed = Path(path).parts[-5:-1]
        number = float(percent.removeprefix("labels-"))
        return cls(Path(path), recipe, corpus, number, int(seed.removeprefix("seed-")))

    @property
    def evaluated(self) -> str:
        """The evaluation corpus, with its perturbation."""
        return self.path.stem

    @property
    def eval_corpus(self) -> str:
        """The evaluation corpus."""
        return split_perturbed(self.evaluated)[0]

    @property
    def perturbation(self) -> str:
        """What that is perturbed by; empty, if by nothing."""
        return split_perturbed(self.evaluated)[1]

    @property
    def identity(self) -> dict[str, str | float]:
        """What its rows of a table of a pair of corpora are told apart by."""
        return {"recipe": self.recipe, "label_percent": self.percent, "seed": self.seed}


class EvalTrials(NamedTuple):
    """Evaluation trials of a corpus.

    Attributes
    ----------
    ids : ChunkedArray
        Names of the trials.
    is_bonafide : ndarray of shape (trial,)
        Their class.
    protocols : dict
        Protocol -> ndarray of shape (trial,): whether a trial is one of its.
    units : ndarray of shape (trial,), optional
        The speaker or the attack of each, if asked for; None where it is not known.
    """

    ids: pa.ChunkedArray
    is_bonafide: BoolArray
    protocols: dict[str, BoolArray]
    units: ObjectArray | None

    @classmethod
    def read(cls, path: str | Path, *, unit: str = "") -> Self:
        """Read usable trials, or the evaluation trials of a manifest.

        Parameters
        ----------
        path : path
            Their table, or the manifest.
        unit : str
            ``speaker`` or ``attack``, to have it of each trial.

        Raises
        ------
        ArtefactError
            If the file is damaged or was made by something else.
        """
        table = read_eval_trials(path, also=["speaker"] if unit == "speaker" else [])
        lists = table["protocols"].combine_chunks()
        of_trial, named = pc.list_parent_indices(lists).to_numpy(), pc.list_flatten(lists)
        protocols = {}
        for protocol in sorted(pc.unique(named).to_pylist()):
            protocols[protocol] = np.zeros(len(table), dtype=bool)
            is_named = pc.equal(named, protocol).to_numpy(zero_copy_only=False)
            protocols[protocol][of_trial[is_named]] = True
        units = table[unit].to_numpy() if unit else None
        return cls(table["utterance_id"], bonafide_mask(table["label"]), protocols, units)

    def scores_at(self, path: str | Path) -> FloatArray:
        """Read the scores of these trials, NaN where there is none, of shape (trial,).

        Raises
        ------
        ArtefactError
            If the file is damaged or was made by something else.
        """
        scores = read_scores(path)
        values = scores["score"]
        # Those that the workflow computes are in the order of the trials.
        if not scores["utterance_id"].equals(self.ids):
            values = values.take(pc.index_in(self.ids, value_set=scores["utterance_id"]))
        found: FloatArray = pc.fill_null(values, np.nan).to_numpy()
        return found


class ScoredSystem(NamedTuple):
    """A classifier with its scores of the trials of an evaluation corpus.

    Attributes
    ----------
    cell : ScoredCell
        Which it is.
    trials : int
        Which of the reader's sets of trials they are.
    scores : ndarray of shape (trial,)
        NaN where there is none.
    """

    cell: ScoredCell
    trials: int
    scores: FloatArray


class TrialReader:
    """Reads each table of trials once, and knows which of them are of the same trials.

    Parameters
    ----------
    unit : str
        ``speaker`` or ``attack``, to have it of each trial.
    """

    def __init__(self, unit: str = "") -> None:
        self._unit = unit
        self._places: dict[Path, int] = {}
        self.sets: list[EvalTrials] = []

    def read(self, cell: ScoredCell, trials: Path) -> ScoredSystem:
        """Read the scores of a cell, and their trials."""
        if trials not in self._places:
            found = EvalTrials.read(trials, unit=self._unit)
            same = (n for n, each in enumerate(self.sets) if each.ids.equals(found.ids))
            self._places[trials] = next(same, len(self.sets))
            if self._places[trials] == len(self.sets):
                self.sets.append(found)
        place = self._places[trials]
        return ScoredSystem(cell, place, self.sets[place].scores_at(cell.path))
