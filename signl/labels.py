"""The two classes of the task and their numbers."""

from typing import Final

BONAFIDE: Final = "bonafide"
SPOOF: Final = "spoof"
#: Class indices of the classifier's outputs; a score rises with belief in ``bonafide``.
CLASS_INDEX: Final = {SPOOF: 0, BONAFIDE: 1}

TRAIN: Final = "train"
DEV: Final = "dev"
EVAL: Final = "eval"
PARTITIONS: Final = (TRAIN, DEV, EVAL)
