"""Rules ``combine_scores`` and ``combine_dev_scores``: the mean of several recipes' scores."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from signl.artefacts import digests_of
from signl.errors import ScoreError
from signl.evaluation.scores import match_scores, read_scores, write_scores

logger = logging.getLogger(__name__)


def combine_scores(
    scores: Sequence[str | Path],
    dev: Sequence[str | Path],
    output: str | Path,
    *,
    options: Mapping[str, Any],
) -> None:
    """Write the mean of several classifiers' scores of the same trials.

    Each classifier's scores are first standardised: the mean of its scores of the labelled dev
    utterances is taken off, and what is left is divided by their deviation (divisor n). Labels have
    no part in it. Where all dev scores of a classifier are equal, its deviation counts as 1.

    Parameters
    ----------
    scores : sequence of paths
        Score tables, one a classifier.
    dev : sequence of paths
        Score tables of the labelled dev utterances, of the same classifiers in the same order.
    output : path
        Parquet: ``utterance_id``, ``score``; in the order of the first table.
    options : Mapping
        What the header of the output says.

    Raises
    ------
    ScoreError
        If the tables are not of the same trials; names the file, counts, and shows a few.
    """
    trials = read_scores(scores[0]).select(["utterance_id"])
    standard = []
    for path, dev_path in zip(scores, dev, strict=True):
        try:
            matched = match_scores(trials, read_scores(path))
        except ScoreError as error:
            raise ScoreError(f"{path}, beside {scores[0]}: {error}") from error
        standard.append(_standardised(matched["score"].to_numpy(), dev_path))
    made_from = dict.fromkeys([*scores, *dev])
    write_scores(
        output,
        trials["utterance_id"].to_pylist(),
        np.mean(standard, axis=0),
        options=options,
        digests=digests_of(*made_from),
    )
    logger.info(
        "took the mean of %d scores of %d trials, wrote %s", len(scores), len(trials), output
    )


def _standardised(values: npt.NDArray[np.float64], dev: str | Path) -> npt.NDArray[np.float64]:
    """Return scores in deviations from the mean of a classifier's dev scores."""
    seen = read_scores(dev)["score"].to_numpy()
    deviation = float(seen.std())
    if deviation == 0:
        logger.warning("%s: all scores are equal; their deviation counts as 1", dev)
    standard: npt.NDArray[np.float64] = (values - seen.mean()) / (deviation or 1.0)
    return standard
