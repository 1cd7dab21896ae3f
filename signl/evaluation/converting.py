"""Rule ``convert_scores``: the score file of a system that is given, as a score table of ours."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from signl import stages
from signl.archives.facts import witnessing
from signl.artefacts import MadeBy, write_table
from signl.errors import ScoreError
from signl.evaluation.eval_trials import read_eval_trials
from signl.evaluation.foreign import matched_names, read_foreign_scores
from signl.evaluation.score_file_options import ScoreFileOptions
from signl.evaluation.scores import STAGE, match_scores
from signl.typed import build

logger = logging.getLogger(__name__)


def convert_scores(
    scores: str | Path, trials: str | Path, output: str | Path, *, options: Mapping[str, Any]
) -> None:
    """Write the scores of a system for the evaluation trials of a corpus.

    Parameters
    ----------
    scores : path
        The score file, of a form that :mod:`signl.evaluation.foreign` reads.
    trials : path
        The corpus's manifest.
    output : path
        Parquet: ``utterance_id``, ``score``, higher for bona fide; in the order of the manifest.
    options : Mapping
        Values of :class:`ScoreFileOptions`.

    Raises
    ------
    ScoreError
        If the file is of no such form, a trial has no score, a score no trial, or a score is not
        finite; counts them, and shows names of both sides.
    """
    settings = build(ScoreFileOptions, options, "score_files")
    table = read_eval_trials(trials)
    with witnessing([scores]) as witness:
        found, n_renamed = matched_names(table, read_foreign_scores(scores, settings))
        witness.add(Path(scores).name, Path(scores).read_bytes())
    try:
        matched = match_scores(table, found)
    except ScoreError as error:
        raise ScoreError(f"{scores}: {error}") from error
    if n_renamed:
        logger.info("%d names were matched without folder and ending of files", n_renamed)
    made_by = MadeBy(
        stage=STAGE, revision=stages.GIVEN_SCORES.revision, options=settings.dump_given()
    )
    write_table(output, matched.select(["utterance_id", "score"]), made_by, **witness.header)
    logger.info("took %d scores from %s, wrote %s", len(matched), scores, output)
