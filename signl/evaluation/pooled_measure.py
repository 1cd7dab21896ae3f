"""Rule ``measure_pooled``: the measures of one classifier over several evaluation corpora.

The file is one of the rule ``measure`` (:mod:`signl.evaluation.measure`), whose cell has the pool
of corpora as its evaluation corpus, and whose one protocol is :data:`PROTOCOL`. Scores are taken as
the classifier gave them and all trials count alike: a corpus of many trials weighs more than one of
few. So the rate holds one threshold for all corpora, and is higher than the mean of their rates
where their scores lie at different places.

Attacks and codecs are left out: one name stands for different ones in different corpora.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from signl.corpora.pools import members_of
from signl.errors import ConfigError
from signl.evaluation.cells import Cell
from signl.evaluation.development import DevFiles, read_dev_scores
from signl.evaluation.eval_trials import read_eval_trials
from signl.evaluation.measure import (
    MeasureOptions,
    measure_trials,
    write_measures,
)
from signl.evaluation.protocol_trials import match_protocol
from signl.evaluation.scores import read_scores
from signl.typed import build

#: What the trials of a pool are called, in place of a protocol of one corpus.
PROTOCOL: Final = "pooled"


def measure_pooled(
    scores: Sequence[Path],
    trials: Sequence[Path],
    output: Path,
    *,
    dev: DevFiles | None,
    protocols: Sequence[str],
    cell: Mapping[str, Any],
    options: Mapping[str, Any],
) -> None:
    """Measure the scores of one classifier on several corpora as one, and write them as JSON.

    Parameters
    ----------
    scores : sequence of Path
        Score table of each corpus, in the order of the pool's name.
    trials : sequence of Path
        The evaluation trials of each, in the same order.
    output : Path
        The JSON file.
    dev : DevFiles, optional
        As of :func:`signl.evaluation.measure.measure`.
    protocols : sequence of str
        The protocol of each corpus whose trials are taken.
    cell : Mapping
        Values of :class:`signl.evaluation.cells.Cell`; ``eval_corpus`` is the pool.
    options : Mapping
        Values of :class:`signl.evaluation.measure.MeasureOptions`.

    Raises
    ------
    ScoreError
        As of :func:`signl.evaluation.measure.measure`.
    ConfigError
        If the cell or the options are not what they must be, or the pool has another number of
        corpora than there are scores, trials or protocols.
    """
    described = Cell.from_mapping(cell, "cell")
    settings = build(MeasureOptions, options, "measure_pooled")
    sizes = {len(each) for each in (scores, trials, protocols, members_of(described.eval_corpus))}
    if len(sizes) > 1:
        raise ConfigError(
            f"{described.eval_corpus} is measured with {len(scores)} score tables, {len(trials)} "
            f"of trials and {len(protocols)} protocols; allowed is one of each for every corpus"
        )
    matched = pa.concat_tables(
        _scored(*each) for each in zip(scores, trials, protocols, strict=True)
    )
    dev_scores = read_dev_scores(dev) if dev else None
    measured = measure_trials(matched, dev_scores, described, PROTOCOL, settings)
    write_measures(
        output, described, {PROTOCOL: measured}, {**options, "protocols": list(protocols)}
    )


def _scored(scores: Path, trials: Path, protocol: str) -> pa.Table:
    """Return the scored trials of a corpus, of no attack and no codec."""
    matched = match_protocol(read_eval_trials(trials), read_scores(scores), protocol=protocol)
    unnamed = pa.nulls(len(matched), pa.string())
    return pa.table(
        {
            "label": matched["label"].cast(pa.string()),
            "score": matched["score"],
            "attack": unnamed,
            "codec": unnamed,
        }
    )
