"""The files of a training: what it starts from, and what it writes."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, Self

from signl.training.lock import NAME as LOCK


class EncoderFiles(NamedTuple):
    """The two files of a pre-trained encoder."""

    model: str | Path
    config: str | Path

    @classmethod
    def of(cls, paths: Sequence[str | Path]) -> Self | None:
        """Return the files, or nothing where there are none: training then starts anew."""
        return cls(*paths) if paths else None


class ModelFiles(NamedTuple):
    """What a training writes.

    A checkpoint, from which a killed run resumes, lies beside them while it runs.

    Attributes
    ----------
    model, config : path
        Weights, and the configuration that says how to build the network.
    history : path
        A JSON object for each epoch.
    """

    model: str | Path
    config: str | Path
    history: str | Path

    @property
    def card(self) -> Path:
        """The model card, beside the configuration."""
        return Path(self.config).with_name("README.md")

    @property
    def checkpoint(self) -> Path:
        """Where a run that is under way keeps its state."""
        return Path(self.history).with_name(".resume.ckpt")

    @property
    def lock(self) -> Path:
        """What tells that a run is under way."""
        return Path(self.history).with_name(LOCK)

    def discard_checkpoint(self) -> None:
        """Remove the state of a run that is over, and what was set aside of it."""
        for path in (self.checkpoint, set_aside(self.checkpoint)):
            path.unlink(missing_ok=True)


def set_aside(checkpoint: Path) -> Path:
    """Return where a checkpoint goes that is of no use, until the training is over."""
    return checkpoint.with_name(f"{checkpoint.name}.damaged")
