"""Rule ``gather_copies``: the copies of a partition that a front-end gave features of.

The table has the columns ``utterance_id`` (of the original), ``role``, ``method``, ``number``,
``packed_archive``, ``shard`` and ``row`` (where the features lie), ``n_frames``, ``duration_s``.
It holds no label.
"""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from signl import artefacts, stages
from signl.artefacts import MadeBy, remedy
from signl.errors import ArtefactError, AudioError
from signl.features.index import read_index

logger = logging.getLogger(__name__)

STAGE: Final = stages.GATHERED_COPIES.rule
_NAMED: Final = 10


def gather_copies(
    copies: Sequence[str | Path],
    indexes: Sequence[str | Path],
    output: str | Path,
    *,
    options: Mapping[str, Any],
) -> None:
    """Write where the features of copies lie, and what each copy is of.

    Parameters
    ----------
    copies, indexes : sequences of paths
        Shards of copies, and the row indexes of their features:
        ``.../{archive}/{shard}.parquet``, in the same order.
    output : path
        Parquet; the module's docstring lists its columns.
    options : Mapping
        ``max_undecodable``: share of the copies, 0 to 1, that may have no features.

    Raises
    ------
    AudioError
        If more copies than that have none; names the first of them with their reasons.
    ArtefactError
        If an index is not of its shard.
    """
    tables = [_located(*map(Path, pair)) for pair in zip(copies, indexes, strict=True)]
    table = pa.concat_tables(tables)
    has_features = pc.is_null(table["reason"])
    _check_share(table.filter(pc.invert(has_features)), len(table), options["max_undecodable"])
    kept = table.filter(has_features).drop_columns(["reason", "member"])
    digests = {
        f"{path.parent.name}/{path.stem}": artefacts.table_made_by(path).digests["members"]
        for path in map(Path, indexes)
    }
    made_by = MadeBy(
        stage=STAGE,
        revision=stages.GATHERED_COPIES.revision,
        options=dict(options),
        digests=digests,
    )
    artefacts.write_table(output, kept, made_by)
    logger.info("%d of %d copies have features; wrote %s", len(kept), len(table), output)


def read_copies(path: str | Path) -> pa.Table:
    """Read what :func:`gather_copies` wrote.

    Raises
    ------
    ArtefactError
        If the file is damaged or was made by something else.
    """
    return artefacts.read_table(path, stage=STAGE, revision=stages.GATHERED_COPIES.revision)


def _located(copies: Path, index: Path) -> pa.Table:
    """Return the copies of a shard with where their features lie."""
    # It decodes audio, and trainings, which read what is gathered here, do not.
    from signl.corpora.resynthesising import read_origins

    origins, rows = read_origins(copies), read_index(index)
    if origins["member"].to_pylist() != rows["member"].to_pylist():
        raise ArtefactError(f"{index} is of other copies than {copies} holds; {remedy(index)}")
    n_rows = len(origins)
    places = {
        "packed_archive": pa.array([index.parent.name] * n_rows, pa.string()),
        "shard": pa.array([int(index.stem.split("-of-")[0])] * n_rows, pa.int32()),
        "row": pa.array(range(n_rows), pa.int32()),
        **{name: rows[name] for name in ("n_frames", "duration_s", "reason")},
    }
    for name, column in places.items():
        origins = origins.append_column(name, column)
    return origins


def _check_share(refused: pa.Table, n_copies: int, max_share: float) -> None:
    told = [f"  {row['member']}: {row['reason']}" for row in refused.slice(0, _NAMED).to_pylist()]
    for line in told:
        logger.warning("a copy cannot be used: %s", line.strip())
    if len(refused) > max_share * n_copies:
        raise AudioError(
            f"{len(refused)} of {n_copies} copies cannot be used, more than the share {max_share} "
            "that limits.undecodable allows. The first:\n" + "\n".join(told)
        )
