"""The row index of a feature shard, apart from the shard so that reading it takes no PyTorch."""

from pathlib import Path

import pyarrow as pa

from signl import artefacts, revisions

STAGE = "extract_features"

INDEX_SCHEMA = pa.schema(
    [
        ("member", pa.string()),
        ("n_frames", pa.int32()),
        ("duration_s", pa.float32()),
        ("reason", pa.string()),
    ]
)


def read_index(path: str | Path) -> pa.Table:
    """Read the row index of a shard."""
    return artefacts.read_table(path, stage=STAGE, revision=revisions.FEATURES)
