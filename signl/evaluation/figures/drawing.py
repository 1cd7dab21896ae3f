"""The rules ``draw_...``: from the workflow's files to figures, one function a rule.

A figure of a training and an evaluation corpus is named ``{train_corpus}-{eval_corpus}``. Each
figure is written in every form that is asked for.
"""

import gc
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from matplotlib.figure import Figure

from signl.corpora.pools import is_pool
from signl.evaluation.calibration import Calibration
from signl.evaluation.collected import read_collected
from signl.evaluation.eval_trials import read_eval_trials
from signl.evaluation.figures import (
    attack_strips,
    det_curves,
    part_dots,
    reliability_curves,
    score_histograms,
)
from signl.evaluation.figures.domain_map import crossdomain
from signl.evaluation.figures.figure_style import write_figure
from signl.evaluation.figures.label_curves import label_efficiency
from signl.evaluation.figures.training_courses import (
    classifier_courses,
    pretraining_courses,
    read_histories,
)
from signl.evaluation.protocol_trials import match_protocol
from signl.evaluation.scored_cells import ScoredCell
from signl.evaluation.scores import match_scores, read_scores, split_classes

logger = logging.getLogger(__name__)
# It tells of every table of every font that it puts into a PDF.
logging.getLogger("fontTools").setLevel(logging.WARNING)

Paths = Sequence[str | Path]


def draw_label_efficiency(
    metrics: str | Path,
    outputs: Paths,
    *,
    recipes: Iterable[str],
    published_as: Mapping[str, Mapping[str, str] | None],
) -> None:
    """Write the figure of EER against the share of labels, from ``metrics.parquet``.

    Raises
    ------
    ArtefactError
        If the table is damaged or was made by something else.
    ConfigError
        If ``published_as`` names a system that the paper does not report.
    """
    cells = _clean(metrics)
    _write(label_efficiency(cells, recipes=recipes, published_as=published_as), outputs)


def draw_crossdomain(metrics: str | Path, outputs: Paths) -> None:
    """Write the heat maps of EERs, from ``metrics.parquet``.

    Raises
    ------
    ArtefactError
        If the table is damaged or was made by something else.
    """
    _write(crossdomain(_clean(metrics)), outputs)


def draw_breakdown(table: str | Path, outputs: Paths, *, recipes: Iterable[str]) -> None:
    """Write the figures of attacks and codecs of each pair of corpora, from ``breakdown.parquet``.

    Raises
    ------
    ArtefactError
        If the table is damaged or was made by something else.
    """
    parts, names = _clean(table), list(recipes)

    def draw(pair: str) -> Figure:
        title = f"{part_dots.TITLE}: {_told(pair)}"
        return part_dots.breakdown(_of_pair(parts, pair), recipes=names, title=title)

    _write_each(draw, outputs)


def draw_det(
    scores: Paths,
    trials: Paths,
    metrics: str | Path,
    outputs: Paths,
    *,
    recipes: Iterable[str],
) -> None:
    """Write the DET curves of each pair of corpora.

    Parameters
    ----------
    scores : sequence of paths
        Score tables, computed or given.
    trials : sequence of paths
        The evaluation trials of each of these, in the same order.
    metrics : path
        ``metrics.parquet``, whose protocols are drawn and which has the operating points.
    outputs : sequence of paths
        ``.../{train_corpus}-{eval_corpus}.svg`` or ``.pdf``.
    recipes : iterable of str
        All recipes of the experiment.

    Raises
    ------
    ScoreError
        If scores are not those of the trials.
    ArtefactError
        If a file is damaged or was made by something else.
    """
    cells, names = _clean(metrics), list(recipes)

    def draw(pair: str) -> Figure:
        own = _of_pair(cells, pair)
        protocols = list(dict.fromkeys(own["protocol"]))
        tables = [
            det_curves.det_points(
                *split_classes(match_protocol(usable, table, protocol=protocol))
            ).assign(protocol=protocol, **scored.identity)
            for scored, usable, table in _scored(scores, trials, pair)
            for protocol in protocols
        ]
        points = _joined(tables, det_curves.COLUMNS)
        return det_curves.det(points, own, recipes=names, title=f"DET: {_told(pair)}")

    _write_each(draw, outputs)


def draw_histograms(
    scores: Paths,
    trials: Paths,
    metrics: str | Path,
    outputs: Paths,
) -> None:
    """Write the histograms of scores of each pair of corpora.

    The arguments and what is raised are as of :func:`draw_det`.
    """
    _write_bins(
        *(scores, trials, metrics, outputs),
        bins_of=lambda matched: score_histograms.score_bins(*_columns(matched, "score", "label")),
        columns=score_histograms.COLUMNS,
        figure_of=score_histograms.histograms,
        title=score_histograms.TITLE,
    )


def draw_attacks(
    scores: Paths,
    trials: Paths,
    metrics: str | Path,
    outputs: Paths,
) -> None:
    """Write the histograms of scores by attack of each pair of corpora.

    The arguments and what is raised are as of :func:`draw_det`.
    """
    _write_bins(
        *(scores, trials, metrics, outputs),
        bins_of=lambda matched: attack_strips.attack_bins(
            *_columns(matched, "score", "label", "attack")
        ),
        columns=attack_strips.COLUMNS,
        figure_of=attack_strips.attack_histograms,
        title=attack_strips.TITLE,
    )


def draw_reliability(
    scores: Paths,
    trials: Paths,
    metrics: str | Path,
    outputs: Paths,
    *,
    recipes: Iterable[str],
) -> None:
    """Write the reliability diagrams of each pair of corpora.

    The arguments and what is raised are as of :func:`draw_det`; ``metrics`` has the calibrations.
    """
    cells, names = _clean(metrics), list(recipes)

    def draw(pair: str) -> Figure:
        own = _of_pair(cells, pair).dropna(subset=["calibrated_slope", "calibrated_offset"])
        maps = own.groupby(["recipe", "label_percent", "seed"])
        tables = []
        for scored, usable, table in _scored(scores, trials, pair):
            key = tuple(scored.identity.values())
            for cell in maps.get_group(key).to_dict("records") if key in maps.groups else ():
                matched = match_protocol(usable, table, protocol=cell["protocol"])
                calibration = Calibration(cell["calibrated_slope"], cell["calibrated_offset"])
                ratios = (calibration.apply(part) for part in split_classes(matched))
                found = reliability_curves.reliability_points(*ratios)
                tables.append(found.assign(protocol=cell["protocol"], **scored.identity))
        points = _joined(tables, reliability_curves.COLUMNS)
        title = f"{reliability_curves.TITLE}: {_told(pair)}"
        return reliability_curves.reliability(points, recipes=names, title=title)

    _write_each(draw, outputs)


def draw_training(
    encoders: Paths, classifiers: Paths, outputs: Paths, *, recipes: Iterable[str]
) -> None:
    """Write the courses of all pre-trainings, and of the classifiers by training corpus.

    Parameters
    ----------
    encoders, classifiers : sequence of paths
        Histories (:func:`~signl.evaluation.figures.training_courses.read_histories`).
    outputs : sequence of paths
        ``pretraining.svg``, ``classifiers-{corpus}.svg``, or ``.pdf``.
    recipes : iterable of str
        All recipes of the experiment.

    Raises
    ------
    ArtefactError
        If a history is damaged; names it.
    """
    pretrained, trained = read_histories(encoders), read_histories(classifiers)
    names = list(recipes)

    def draw(name: str) -> Figure:
        if name == "pretraining":
            return pretraining_courses(pretrained, recipes=names)
        corpus = name.removeprefix("classifiers-")
        own = trained[trained["train_corpus"] == corpus]
        return classifier_courses(own, recipes=names, title=f"Classifiers on {corpus}")

    _write_each(draw, outputs)


def _clean(table: str | Path) -> pd.DataFrame:
    """Return the rows of a table that figures show: of one evaluation corpus, not perturbed."""
    rows = read_collected(table).to_pandas()
    is_pooled = rows["eval_corpus"].map(is_pool).astype(bool)
    return rows[(rows["perturbation"].fillna("") == "") & ~is_pooled]


def _scored(
    scores: Paths, trials: Paths, pair: str
) -> Iterator[tuple[ScoredCell, pa.Table, pa.Table]]:
    """Yield the classifiers of a pair of corpora, each with its trials and its score table."""
    usable: dict[str | Path, pa.Table] = {}  # The same trials stand beside many classifiers.
    found = ((ScoredCell.at(path), of_path) for path, of_path in zip(scores, trials, strict=True))
    for scored, path in sorted(found):
        if f"{scored.train_corpus}-{scored.evaluated}" == pair:
            if path not in usable:
                usable[path] = read_eval_trials(path)
            yield scored, usable[path], read_scores(scored.path)


def _write_bins(
    scores: Paths,
    trials: Paths,
    metrics: str | Path,
    outputs: Paths,
    *,
    bins_of: Callable[[pa.Table], pd.DataFrame],
    columns: Sequence[str],
    figure_of: Callable[..., Figure],
    title: str,
) -> None:
    """Write a figure of each pair of corpora that shows the bins of its classifiers' scores."""
    cells = _clean(metrics)

    def draw(pair: str) -> Figure:
        tables = [
            bins_of(matched).assign(**scored.identity)
            for scored, matched in _matched(scores, trials, pair)
        ]
        own = _of_pair(cells, pair)
        return figure_of(_joined(tables, columns), own, title=f"{title}: {_told(pair)}")

    _write_each(draw, outputs)


def _columns(table: pa.Table, *names: str) -> Iterator[np.ndarray[Any, Any]]:
    return (table[name].to_numpy() for name in names)


def _matched(scores: Paths, trials: Paths, pair: str) -> Iterator[tuple[ScoredCell, pa.Table]]:
    """Yield the classifiers of a pair of corpora, each with its trials that have a score."""
    for scored, usable, table in _scored(scores, trials, pair):
        # Scores that are given may be of one protocol alone.
        has_score = pc.is_in(usable["utterance_id"], value_set=table["utterance_id"])
        yield scored, match_scores(usable.filter(has_score), table)


def _of_pair(table: pd.DataFrame, pair: str) -> pd.DataFrame:
    """Return the rows of a pair of corpora."""
    return table[table["train_corpus"] + "-" + table["eval_corpus"] == pair]


def _told(pair: str) -> str:
    """Return a pair of corpora as a title has it."""
    if pair.count("-") != 1:  # A name of a corpus has a hyphen too.
        return pair
    trained, evaluated = pair.split("-")
    return f"trained on {trained}, evaluated on {evaluated}"


def _joined(tables: Sequence[pd.DataFrame], columns: Sequence[str]) -> pd.DataFrame:
    """Return tables as one, which may be empty."""
    if not tables:
        return pd.DataFrame(columns=list(columns))
    return pd.concat(tables, ignore_index=True)


def _write_each(draw: Callable[[str], Figure], outputs: Paths) -> None:
    """Draw the figure of each name among the outputs, and write it in all its forms."""
    by_name: dict[str, list[str | Path]] = {}
    for path in outputs:
        by_name.setdefault(Path(path).stem, []).append(path)
    # At the many small objects of a figure the collector would search all that was imported again.
    gc.freeze()
    try:
        for name, paths in by_name.items():
            _write(draw(name), paths)
    finally:
        gc.unfreeze()


def _write(figure: Figure, paths: Paths) -> None:
    write_figure(figure, *paths)
    logger.info("wrote %s", ", ".join(map(str, paths)))
