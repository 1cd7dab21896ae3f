"""The two tidy tables of an experiment's metrics, as they are read.

Apart from :mod:`signl.evaluation.collecting`, which makes them and says what their rows are, so
that a table of means takes nothing that measures.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pyarrow as pa

from signl import stages
from signl.artefacts import read_table

STAGE = stages.COLLECTED.rule
#: What a row is of, in the order by which rows are sorted.
_CELL: Final = (
    *(("recipe", pa.string()), ("train_corpus", pa.string()), ("eval_corpus", pa.string())),
    *(("protocol", pa.string()), ("label_percent", pa.float64()), ("frontend", pa.string())),
    *(("perturbation", pa.string()), ("resynthesis", pa.string()), ("seed", pa.int64())),
)
CELL_COLUMNS: Final = tuple(name for name, _ in _CELL)
#: Figures: column -> its type, and where it stands in the metrics of a protocol.
FIGURES: Final[Mapping[str, tuple[pa.DataType, tuple[str | int, ...]]]] = {
    **{name: (pa.int64(), (name,)) for name in ("n_bonafide", "n_spoof")},
    **{name: (pa.float64(), (name,)) for name in ("eer", "eer_threshold")},
    "eer_low": (pa.float64(), ("eer_interval", 0)),
    "eer_high": (pa.float64(), ("eer_interval", 1)),
    **{name: (pa.float64(), (name,)) for name in ("min_dcf", "act_dcf", "cllr")},
    **{
        f"{block}_{name}": (pa.float64(), (block, name))
        for block, names in (
            ("transfer", ("threshold", "miss", "false_alarm", "hter")),
            ("calibrated", ("slope", "offset", "act_dcf", "cllr")),
        )
        for name in names
    },
    **{f"dev_{name}": (pa.int64(), ("dev", name)) for name in ("n_bonafide", "n_spoof")},
    "dev_eer": (pa.float64(), ("dev", "eer")),
}
#: Remarks: column -> where they stand; as one text, empty without a remark.
REMARKS: Final[Mapping[str, tuple[str, ...]]] = {
    "remarks": ("remarks",),
    "dev_remarks": ("dev", "remarks"),
    "calibrated_remarks": ("calibrated", "remarks"),
}
SCHEMA: Final = pa.schema(
    [
        *_CELL,
        *((name, kind) for name, (kind, _) in FIGURES.items()),
        *((name, pa.string()) for name in REMARKS),
    ]
)
BREAKDOWN_SCHEMA: Final = pa.schema(
    [
        *_CELL,
        *(("part", pa.string()), ("name", pa.string())),
        *(("n_bonafide", pa.int64()), ("n_spoof", pa.int64())),
        *((name, pa.float64()) for name in ("eer", "eer_low", "eer_high")),
    ]
)
#: What a breakdown is by -> where the metrics hold it.
PARTS: Final = {"attack": "attacks", "family": "families", "codec": "codecs"}


def read_collected(path: str | Path) -> pa.Table:
    """Read a table that :func:`signl.evaluation.collecting.collect_metrics` wrote.

    Raises
    ------
    ArtefactError
        If the file is damaged or was made by something else.
    """
    return read_table(path, stage=STAGE, revision=stages.COLLECTED.revision)
