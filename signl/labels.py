"""The two classes of the task and their numbers."""

from typing import Final

BONAFIDE: Final = "bonafide"
SPOOF: Final = "spoof"
#: In place of a class, where none is known: of train trials, which pre-training alone takes.
UNLABELLED: Final = "unlabelled"
#: Class indices of the classifier's outputs; a score rises with belief in ``bonafide``.
CLASS_INDEX: Final = {SPOOF: 0, BONAFIDE: 1}
#: In place of a class index, where the class is not known.
NO_CLASS: Final = -1

TRAIN: Final = "train"
DEV: Final = "dev"
EVAL: Final = "eval"
PARTITIONS: Final = (TRAIN, DEV, EVAL)
