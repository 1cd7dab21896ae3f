"""Rule ``tabulate_pretraining``: how every pre-training went, and whether it collapsed.

A pre-training that collapses gives the same embedding to all utterances: what is fine-tuned from
it starts from nothing. Its rows say so in words, beside the figures that show it.
"""

import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from signl.errors import ArtefactError
from signl.spreadsheets import write_rows

logger = logging.getLogger(__name__)

#: Diagnostics of :mod:`signl.objectives.collapse`, of the embeddings and of their projections.
SPREAD: Final = tuple(
    f"{part}_{figure}"
    for part in ("embedding", "projection")
    for figure in ("deviation", "effective_rank", "correlation")
)
COLUMNS: Final = (
    *("recipe", "train_corpus", "seed"),
    *("collapsed", "first_collapsed_epoch", "n_collapsed_epochs", "n_epochs"),
    *("best_epoch", "best_collapsed", "best_dev_loss", "last_dev_loss"),
    *(f"{which}_{name}" for which in ("best", "last") for name in SPREAD),
)


def tabulate_pretraining(histories: Sequence[str | Path], output: str | Path) -> None:
    """Write a CSV with a row for each pre-training.

    Parameters
    ----------
    histories : sequence of paths
        ``.../{recipe}/{corpus}/seed-{seed}/history.jsonl`` of the rule ``pretrain_encoder``, in
        any order.
    output : path
        The CSV file, sorted by recipe, corpus and seed. Epochs are numbered from 0, as in the
        logs. ``collapsed`` is ``yes`` if the run collapsed in any epoch, ``best_collapsed`` if
        it had in the best one, whose encoder is kept; ``first_collapsed_epoch`` is empty for a
        run that did not.

    Raises
    ------
    ArtefactError
        If a history is damaged.
    """
    rows = [_row(path) for path in map(Path, histories)]
    rows.sort(key=lambda row: (row["recipe"], row["train_corpus"], int(row["seed"])))
    write_rows(output, COLUMNS, rows)
    for row in rows:
        if row["collapsed"] == "yes":
            logger.warning(
                "pre-training of %s on %s, seed %s, COLLAPSED in epoch %s",
                *(row[name] for name in ("recipe", "train_corpus", "seed")),
                row["first_collapsed_epoch"],
            )
    logger.info("tabulated %d pre-trainings, wrote %s", len(rows), output)


def _row(path: Path) -> dict[str, str]:
    """Build the row of one pre-training, all of it text."""
    try:
        return _identity(path) | _course(_read_history(path))
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise ArtefactError(
            f"{path} is no history of a pre-training ({error!r}); delete it and run the same "
            "snakemake command again"
        ) from error


def _read_history(path: Path) -> list[dict[str, Any]]:
    """Return the record of each epoch."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _identity(path: Path) -> dict[str, str]:
    """Return what the folders of a history say: recipe, corpus and seed."""
    recipe, corpus, seed = path.parts[-4:-1]
    return {"recipe": recipe, "train_corpus": corpus, "seed": seed.removeprefix("seed-")}


def _course(records: Sequence[dict[str, Any]]) -> dict[str, str]:
    """Sum up the epochs of a pre-training."""
    best = [record for record in records if record["best"]][-1]
    last = records[-1]
    collapsed = [str(record["epoch"]) for record in records if record["collapsed"]]
    spread = {
        f"{which}_{name}": f"{record[name]:.4f}"
        for which, record in (("best", best), ("last", last))
        for name in SPREAD
    }
    return {
        "collapsed": "yes" if collapsed else "no",
        "first_collapsed_epoch": collapsed[0] if collapsed else "",
        "n_collapsed_epochs": str(len(collapsed)),
        "n_epochs": str(len(records)),
        "best_epoch": str(best["epoch"]),
        "best_collapsed": "yes" if best["collapsed"] else "no",
        "best_dev_loss": f"{best['dev_loss']:.6f}",
        "last_dev_loss": f"{last['dev_loss']:.6f}",
        **spread,
    }
