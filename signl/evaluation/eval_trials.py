"""The evaluation trials that scores are measured on: the usable ones, or all of a manifest."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from signl import stages
from signl.artefacts import read_table, table_made_by
from signl.corpora.trial_tables import read_manifest
from signl.errors import ScoreError
from signl.labels import EVAL

TRIAL_COLUMNS: Final = ["utterance_id", "label", "protocols", "attack", "codec"]


def read_eval_trials(path: str | Path, *, also: Sequence[str] = ()) -> pa.Table:
    """Read the evaluation trials of a corpus.

    Parameters
    ----------
    path : path
        The table of its usable evaluation trials; or its manifest, of which these are the trials
        of the eval partition, whether there is audio of them or not.
    also : sequence of str
        Other columns of a manifest.

    Returns
    -------
    Table
        The columns :data:`TRIAL_COLUMNS`, and those others.

    Raises
    ------
    ArtefactError
        If the file is damaged or was made by something else.
    ScoreError
        If a manifest has no evaluation trial.
    """
    columns = [*TRIAL_COLUMNS, *also]
    if table_made_by(path).stage != stages.MANIFEST.rule:
        return read_table(
            path,
            stage=stages.USABLE.rule,
            revision=stages.USABLE.revision,
            columns=columns,
        )
    manifest = read_manifest(path, columns=[*columns, "partition"])
    trials = manifest.filter(pc.equal(manifest["partition"], EVAL))
    if not len(trials):
        raise ScoreError(f"{path} has no trial of partition {EVAL!r}")
    return trials.select(columns)
