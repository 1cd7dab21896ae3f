"""The row index of a shard, apart from the shard so that reading it takes no PyTorch.

It says of each utterance of a feature shard how many frames it has, or why it has none; of an
audio shard (:mod:`signl.features.inspection`), whether it can be decoded.
"""

from pathlib import Path

import pyarrow as pa

from signl import artefacts, stages

STAGE = stages.FEATURES.rule
INSPECTION_STAGE = stages.INSPECTIONS.rule

INDEX_SCHEMA = pa.schema(
    [
        ("member", pa.string()),
        ("n_frames", pa.int32()),
        ("duration_s", pa.float32()),
        ("reason", pa.string()),
    ]
)


def read_index(path: str | Path) -> pa.Table:
    """Read the row index of a feature shard or of an inspected audio shard."""
    if artefacts.table_made_by(path).stage == INSPECTION_STAGE:
        return artefacts.read_table(
            path, stage=INSPECTION_STAGE, revision=stages.INSPECTIONS.revision
        )
    return artefacts.read_table(path, stage=STAGE, revision=stages.FEATURES.revision)
