"""The tables of a corpus' trials, as they are read: its manifest, and the located trials.

Apart from what makes them, so that reading one takes neither the corpora nor their options.
"""

from pathlib import Path
from typing import Final

import pyarrow as pa

from signl import stages
from signl.artefacts import read_table

MANIFEST_SCHEMA: Final = pa.schema(
    [
        pa.field("utterance_id", pa.string(), nullable=False),
        pa.field("archive", pa.string(), nullable=False),
        pa.field("member", pa.string(), nullable=False),
        pa.field("partition", pa.string(), nullable=False),
        pa.field("protocols", pa.list_(pa.string()), nullable=False),
        pa.field("label", pa.string(), nullable=False),
        pa.field("attack", pa.string()),
        pa.field("speaker", pa.string()),
        pa.field("codec", pa.string()),
        pa.field("codec_quality", pa.int8()),
        pa.field("vocoder", pa.string()),
        pa.field("source", pa.string()),
        pa.field("subset", pa.string()),
        pa.field("gender", pa.string()),
        pa.field("language", pa.string()),
        pa.field("trim", pa.bool_()),
    ]
)

#: Where the audio of a trial was packed.
PLACE_FIELDS: Final = (
    pa.field("packed_archive", pa.string(), nullable=False),
    pa.field("shard", pa.int32(), nullable=False),
    pa.field("n_shards", pa.int32(), nullable=False),
    pa.field("row", pa.int32(), nullable=False),
)
#: The manifest, and the archive, shard and row that hold a trial's audio.
TRIALS_SCHEMA: Final = pa.schema([*MANIFEST_SCHEMA, *PLACE_FIELDS])


def read_manifest(path: str | Path, *, columns: list[str] | None = None) -> pa.Table:
    """Read a manifest that :func:`signl.corpora.manifest.build_manifest` wrote.

    Parameters
    ----------
    path : path
        The manifest.
    columns : list of str, optional
        Read these alone.
    """
    return read_table(
        path, stage=stages.MANIFEST.rule, revision=stages.MANIFEST.revision, columns=columns
    )


def read_trials(path: str | Path, *, columns: list[str] | None = None) -> pa.Table:
    """Read trials that :func:`signl.corpora.locating.locate_trials` wrote.

    Parameters
    ----------
    path : path
        The table.
    columns : list of str, optional
        Read these alone.
    """
    return read_table(
        path, stage=stages.TRIALS.rule, revision=stages.TRIALS.revision, columns=columns
    )
