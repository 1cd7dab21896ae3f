"""Scores and measures of the classifiers of a sweep (:mod:`signl.sweeps`), in one process."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from signl.evaluation.cells import Cell
from signl.evaluation.combining import combine_scores
from signl.evaluation.development import DevFiles
from signl.evaluation.measure import measure

Paths = Sequence[str | Path]
#: Share of the labels in per cent and seed, as paths have them.
Labelling = Sequence[str]


def measure_sweep(
    scores: Paths,
    outputs: Paths,
    dev: tuple[Paths, str | Path, Paths],
    *,
    trials: str | Path,
    wildcards: Mapping[str, str],
    labellings: Sequence[Labelling],
    told: Mapping[str, str],
    protocols: Sequence[str],
    options: Mapping[str, Any],
) -> None:
    """Measure each classifier on the same trials (:func:`signl.evaluation.measure.measure`).

    Parameters
    ----------
    scores, outputs : sequence of paths
        Of each classifier.
    dev : tuple
        The dev scores of each, the usable dev trials of all, and the labelled subset of each.
    trials : path
        The trials.
    wildcards : Mapping
        ``recipe``, ``corpus`` and ``eval_corpus``.
    labellings : sequence of (percent, seed)
    told : Mapping
        What :meth:`signl.evaluation.cells.Cell.of_job` is told besides.
    protocols : sequence of str
        Names of the sets of trials.
    options : Mapping
        Values of :class:`signl.evaluation.measure.MeasureOptions`.
    """
    dev_scores, dev_trials, subsets = dev
    for score_file, output, dev_file, subset, (percent, seed) in zip(
        scores, outputs, dev_scores, subsets, labellings, strict=True
    ):
        measure(
            Path(score_file),
            Path(trials),
            Path(output),
            dev=DevFiles(dev_file, dev_trials, subset),
            protocols=protocols,
            cell=Cell.of_job({**wildcards, "percent": percent, "seed": seed}, **told),
            options=options,
        )


def combine_sweep(scores: Paths, dev: Paths, outputs: Paths, *, options: Mapping[str, Any]) -> None:
    """Write the mean of several recipes' scores, for each share of the labels and seed.

    Parameters
    ----------
    scores, dev : sequence of paths
        Those of all members of the first mean, of the second, and so on, as
        :func:`signl.evaluation.combining.combine_scores` takes them.
    outputs : sequence of paths
        A table for each mean.
    options : Mapping
        What the headers of the outputs say.
    """
    n_members = len(scores) // len(outputs)
    for number, output in enumerate(outputs):
        of_mean = slice(number * n_members, (number + 1) * n_members)
        combine_scores(scores[of_mean], dev[of_mean], output, options=options)
