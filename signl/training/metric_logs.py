"""Figures of each epoch for TensorBoard, or as CSV: what a history holds, while it grows."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

from lightning_fabric.loggers.csv_logs import CSVLogger
from lightning_fabric.loggers.logger import Logger
from lightning_fabric.loggers.tensorboard import TensorBoardLogger

#: Files that a logger leaves in its folder, which the next run in it replaces.
_FILES: Final = ("metrics.csv", "events.out.tfevents.*")


class MetricLog(NamedTuple):
    """Where the figures of a training go besides its history.

    Attributes
    ----------
    kind : {"tensorboard", "csv"}
        The logger of Lightning Fabric.
    folder : path
        Its files: ``metrics.csv``, or ``events.out.tfevents.*``.
    """

    kind: str
    folder: Path

    @classmethod
    def of(cls, kind: str | None, log: str | Path) -> Self | None:
        """Return what is asked for, in a folder of the name of the job's log; or nothing."""
        return cls(kind, Path(log).with_suffix("")) if kind else None

    def loggers(self) -> list[Logger]:
        """Return the logger for Fabric, which has written nothing yet.

        Raises
        ------
        ModuleNotFoundError
            If its package is not there.
        """
        root, name = self.folder.parent, self.folder.name
        if self.kind == "csv":
            return [CSVLogger(root, name=name, version="", flush_logs_every_n_steps=1)]
        return [TensorBoardLogger(root, name=name, version="")]

    def clear(self) -> None:
        """Remove what an earlier run has left: the history, which is told again, has it all."""
        for pattern in _FILES:
            for path in self.folder.glob(pattern):
                path.unlink()


def figures(record: Mapping[str, Any]) -> dict[str, float]:
    """Return the numbers of a record of the history; what is true counts 1."""
    return {
        name: float(value)
        for name, value in record.items()
        if isinstance(value, int | float) and math.isfinite(value) and name != "epoch"
    }
