"""Where a job computes, with how many threads, and what the workflow gives to it."""

import logging
from typing import NamedTuple, Self

import torch

logger = logging.getLogger(__name__)


def prepare_device(*, gpu: int) -> torch.device:
    """Return the device of this job and fix what would make its results vary.

    A CPU job computes in one thread: its results then do not depend on how many cores the
    workflow was given, and several jobs share a machine without crowding each other.

    Parameters
    ----------
    gpu : int
        GPUs that the workflow gave to this job; with 0, or on a machine without one, the CPU
        is used.
    """
    torch.set_num_threads(1)
    if gpu and torch.cuda.is_available():
        torch.backends.cudnn.deterministic = True
        torch.backends.cudnn.benchmark = False
        return torch.device("cuda")
    if gpu:
        logger.warning(
            "no GPU can be used here, computing on the CPU in one thread; set gpus_per_job to 0 "
            "if that is meant"
        )
    return torch.device("cpu")


class Resources(NamedTuple):
    """What the workflow gives to a job.

    None changes a result, beyond what the arithmetic of a GPU and the order of sums do.

    Attributes
    ----------
    gpu : int
        GPUs; with 0, or on a machine without one, the CPU computes.
    n_workers : int
        Processes that load batches, for each that computes; with 0 that one loads them itself.
    n_processes : int
        Processes that share a training, one a GPU.
    """

    gpu: int = 0
    n_workers: int = 0
    n_processes: int = 1

    @classmethod
    def of(cls, gpu: int, threads: int) -> Self:
        """Return the resources of a job: a thread a process computes, the others load."""
        n_processes = max(1, gpu)
        n_workers = max(0, threads // n_processes - 1)
        return cls(gpu=gpu, n_workers=n_workers, n_processes=n_processes)
