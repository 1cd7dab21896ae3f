"""What a training run keeps between epochs: best weights, history, patience, a checkpoint."""

import logging
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from signl.progress import duration
from signl.seals import text_digest
from signl.training.averaging import WeightAverage
from signl.training.checkpoint import State, read_checkpoint, write_checkpoint

logger = logging.getLogger(__name__)

Record = dict[str, Any]


def best_of(history: Sequence[Record]) -> Record:
    """Return the best record of a history: the last that was better than all before it."""
    return next(record for record in reversed(history) if record["best"])


@dataclass(kw_only=True)
class Patience:
    """Counts the epochs since the best one.

    Attributes
    ----------
    epochs : int
        So many epochs without a better one end the run.
    min_delta : float
        By how much the first figure of a result must be lower to renew the patience.
    best : float
        The figure that last renewed it: the first of an epoch's result, lower is better.
    waited : int
        Epochs since then, of those that count.
    """

    epochs: int
    min_delta: float = 0.0
    best: float = math.inf
    waited: int = 0

    def observe(self, result: Sequence[float], *, counts: bool = True) -> None:
        """Take an epoch's result."""
        if result[0] + self.min_delta < self.best:
            self.best, self.waited = result[0], 0
        elif counts:
            self.waited += 1

    @property
    def is_over(self) -> bool:
        """Whether so many epochs were no better that the run ends."""
        return self.waited >= self.epochs


class Run:
    """A training run that can be resumed from its last epoch.

    Parameters
    ----------
    checkpoint : path
        Written after each epoch; who has written what the run makes removes it.
    made_from : str
        Text that differs wherever two runs must not be mixed: options, seed, inputs, revision.
    model, optimiser, scheduler
        What is trained; their states are resumed.
    patience : Patience
        Decides when the run ends.
    average : WeightAverage, optional
        What is kept in place of the weights of an epoch, once an epoch has counted.
    writes : bool
        Whether this process writes: of several that share a training, one does.
    epochs : int, optional
        Epochs that it has at most, from which follows how long it may still take.
    """

    def __init__(
        self,
        checkpoint: Path,
        *,
        made_from: str,
        model: nn.Module,
        optimiser: Optimizer,
        patience: Patience,
        scheduler: LRScheduler | None = None,
        average: WeightAverage | None = None,
        writes: bool = True,
        epochs: int | None = None,
    ) -> None:
        self.checkpoint, self.made_from = checkpoint, text_digest([made_from])
        self.model, self.optimiser, self.scheduler = model, optimiser, scheduler
        self.patience, self.average, self.writes = patience, average, writes
        self.epochs = epochs
        self.history: list[Record] = []
        self.best_result: list[float] = []
        self.best_state: dict[str, torch.Tensor] = {}
        self._resume()
        self._first, self._began = self.next_epoch, time.monotonic()

    @property
    def next_epoch(self) -> int:
        """Number of the epoch that comes next, from 0."""
        return len(self.history)

    def end_epoch(
        self, record: Mapping[str, Any], result: Sequence[float], *, counts: bool = True
    ) -> None:
        """Keep the epoch's record, and its weights if its result is the best; save a checkpoint.

        Parameters
        ----------
        record : Mapping
            What the history says of the epoch.
        result : sequence of float
            Compared figure by figure, lower is better; the patience looks at the first.
        counts : bool
            Whether the epoch wears out the patience.
        """
        self.patience.observe(result, counts=counts)
        is_best = not self.best_result or list(result) < self.best_result
        if is_best:
            self.best_result = list(result)
        if is_best and self.writes:
            average = self.average
            state = average.state() if average and average.has_begun else self.model.state_dict()
            self.best_state = {key: value.detach().cpu().clone() for key, value in state.items()}
        self.history.append({"epoch": self.next_epoch, **record, "best": is_best})
        if self.scheduler is not None:
            self.scheduler.step()
        if self.writes:
            self._save()
        figures = " ".join(
            f"{key} {value:.4g}" for key, value in record.items() if isinstance(value, float)
        )
        best = " (best)" if is_best else ""
        logger.info("epoch %d: %s%s%s", self.next_epoch - 1, figures, best, self._pace())

    def _pace(self) -> str:
        """Return how long an epoch takes, and at most all that may come."""
        if self.epochs is None:
            return ""
        each_s = (time.monotonic() - self._began) / (self.next_epoch - self._first)
        left = duration(each_s * (self.epochs - self.next_epoch))
        return f"; {each_s:.1f} s an epoch, at most {left} left"

    def take_best(self) -> None:
        """Give the model the weights of the best epoch, which the writing process has kept."""
        if self.writes:
            self.model.load_state_dict(self.best_state)

    def _save(self) -> None:
        plain = {
            "made_from": self.made_from,
            "scheduler": self.scheduler.state_dict() if self.scheduler else None,
            "best_result": self.best_result,
            "history": self.history,
            "patience_best": self.patience.best,
            "patience_waited": self.patience.waited,
        }
        weights, optimiser = self.model.state_dict(), self.optimiser.state_dict()
        write_checkpoint(self.checkpoint, State(weights, self.best_state, optimiser, plain))

    def _resume(self) -> None:
        state = read_checkpoint(
            self.checkpoint, self.made_from, self.model, self.optimiser, writes=self.writes
        )
        if state is None:
            return
        self.model.load_state_dict(dict(state.model))
        self.optimiser.load_state_dict(dict(state.optimiser))
        if self.scheduler is not None:
            self.scheduler.load_state_dict(state.plain["scheduler"])
        self.best_result = state.plain["best_result"]
        if self.writes:
            self.best_state = dict(state.best)
        self.history = state.plain["history"]
        if self.average is not None:
            self.average.resume(state.best, len(self.history))
        self.patience.best = state.plain["patience_best"]
        self.patience.waited = state.plain["patience_waited"]
        logger.info("resumed after epoch %d from %s", self.next_epoch - 1, self.checkpoint)
