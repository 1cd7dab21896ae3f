"""Rules ``pool_utterances`` and ``pool_labels``: several corpora as one to train on.

Nothing is copied but tables: a pool has the utterances of its corpora, each under the name of its
corpus and its own, since two corpora may call their utterances alike. The labelled utterances of a
pool are those of its corpora at the same per cent and seed, so that each corpus is subsampled
attack by attack as if it stood alone.
"""

import logging
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from signl import artefacts, stages
from signl.artefacts import MadeBy, digests_of
from signl.corpora.pools import members_of
from signl.errors import ManifestError
from signl.features.usable import read_usable
from signl.training.label_subsets import read_labels

logger = logging.getLogger(__name__)


def pool_utterances(usable: Sequence[str | Path], output: str | Path, *, pool: str) -> None:
    """Write the usable trials of a partition of all corpora of a pool, in one table.

    Parameters
    ----------
    usable : sequence of paths
        The partition's usable trials, of the corpora in the order of the pool's name.
    output : path
        Parquet: the rows of all of them, ``utterance_id`` being ``{corpus}/{utterance_id}``.
    pool : str
        Name of the pool.

    Raises
    ------
    ManifestError
        If one recording is in two of the corpora.
    """
    table = _pool([read_usable(path) for path in usable], pool)
    _check_apart(table, pool)
    made_by = MadeBy(
        stage=stages.POOLED.maker,
        revision=stages.POOLED.revision,
        options={"pool": pool},
        digests=digests_of(*usable) | _shard_digests(usable),
    )
    artefacts.write_table(output, table, made_by)
    logger.info("%d usable trials of %s; wrote %s", len(table), pool, output)


def pool_labels(
    labels: Sequence[str | Path], output: str | Path, *, pool: str, seed: int, percent: float
) -> None:
    """Write the labelled subset of a pool: those of its corpora, one after the other.

    Parameters
    ----------
    labels : sequence of paths
        Labelled subsets of this seed and per cent, in the order of the pool's name.
    output : path
        Parquet, as :func:`signl.training.label_subsets.sample_labels` writes it, with the pool's
        names of utterances.
    pool : str
        Name of the pool.
    seed : int
        Root seed.
    percent : float
        Per cent of the labels.
    """
    table = _pool([read_labels(path) for path in labels], pool)
    made_by = MadeBy(
        stage=stages.POOLED_LABELS.maker,
        revision=stages.POOLED_LABELS.revision,
        options={"corpus": pool, "seed": seed, "percent": percent},
        digests=digests_of(*labels),
    )
    artefacts.write_table(output, table, made_by)
    logger.info("%s: labels of %d utterances; wrote %s", pool, len(table), output)


def _pool(tables: Sequence[pa.Table], pool: str) -> pa.Table:
    """Return the rows of all tables, utterances named by corpus too."""
    named = []
    for corpus, table in zip(members_of(pool), tables, strict=True):
        place = table.schema.get_field_index("utterance_id")
        names = pc.binary_join_element_wise(corpus, table["utterance_id"], "/")
        named.append(table.set_column(place, "utterance_id", names))
    return pa.concat_tables(named)


def _check_apart(table: pa.Table, pool: str) -> None:
    keys = ["packed_archive", "shard", "row"]
    counted = table.group_by(keys).aggregate([("utterance_id", "count")])
    shared = counted.filter(pc.greater(counted["utterance_id_count"], 1))
    if len(shared):
        raise ManifestError(
            f"{len(shared)} recordings of archive {shared['packed_archive'][0]} are in two of the "
            f"corpora of {pool}; pool corpora that share no audio"
        )


def _shard_digests(usable: Sequence[str | Path]) -> dict[str, str]:
    """Return, for each shard, the digest of its utterances (signl.features.usable)."""
    headers = (artefacts.table_made_by(path).digests for path in usable)
    return {
        name: digest
        for header in headers
        for name, digest in header.items()
        if name.count("/") == 1
    }
