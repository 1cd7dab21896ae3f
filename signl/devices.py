"""Where a job computes, with how many threads, and what the workflow gives to it."""

import fcntl
import logging
import os
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any, Final, NamedTuple, Self

import torch

logger = logging.getLogger(__name__)

#: Locks that this process holds, to its end.
_HELD: Final[list[IO[Any]]] = []
_LOOKS_AGAIN_S: Final = 1.0


def prepare_device(*, gpu: int) -> torch.device:
    """Return the device of this job and fix what would make its results vary.

    A CPU job computes in one thread: its results then do not depend on how many cores the
    workflow was given, and several jobs share a machine without crowding each other.

    Parameters
    ----------
    gpu : int
        GPUs that the workflow gave to this job; with 0, or on a machine without one, the CPU
        is used. Of several GPUs of a machine the job takes one that no other job has.
    """
    return prepare_devices(gpu=gpu)[0]


def prepare_devices(*, gpu: int) -> list[torch.device]:
    """Return the devices of this job, as :func:`prepare_device` does: ``gpu`` GPUs, or the CPU."""
    on_gpu = bool(gpu) and torch.cuda.is_available()
    fix_arithmetic(on_gpu=on_gpu)
    if on_gpu:
        return [torch.device("cuda", index) for index in claim_gpus(gpu)]
    if gpu:
        logger.warning(
            "no GPU can be used here, computing on the CPU in one thread; set gpus_per_job to 0 "
            "if that is meant"
        )
    return [torch.device("cpu")]


def fix_arithmetic(*, on_gpu: bool) -> None:
    """Compute in one thread, and on a GPU by algorithms that give the same result each time."""
    torch.set_num_threads(1)
    if on_gpu:
        torch.backends.cudnn.deterministic = True
        torch.backends.cudnn.benchmark = False


def claim_gpus(n_gpus: int) -> list[int]:
    """Take GPUs that no other job of this user has, and keep them until this process ends.

    Snakemake counts GPUs and does not say which. A job therefore locks a file for each, waiting
    where all are taken.

    Returns
    -------
    list of int
        Indices as PyTorch counts them.

    Raises
    ------
    ValueError
        If there are fewer GPUs.
    """
    n_visible = torch.cuda.device_count()
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    # Where a cluster shows a job some of the GPUs, all jobs count from 0: names tell them apart.
    names = visible.split(",") if visible else [str(index) for index in range(n_visible)]
    folder = Path(tempfile.gettempdir(), f"signl-gpus-{os.getuid()}")
    return claim(names[:n_visible], n_gpus, folder)


def claim(names: Sequence[str], n_wanted: int, folder: Path) -> list[int]:
    """Lock files of so many of ``names`` in a folder; return their positions, in order.

    Raises
    ------
    ValueError
        If there are fewer names.
    """
    if n_wanted > len(names):
        raise ValueError(f"the job is to have {n_wanted} GPUs, this machine shows {len(names)}")
    folder.mkdir(parents=True, exist_ok=True)
    is_told = False
    while True:
        taken = {
            place: lock for place in range(len(names)) if (lock := _lock(folder, names[place]))
        }
        for place in sorted(taken)[n_wanted:]:
            taken.pop(place).close()
        if len(taken) == n_wanted:
            _HELD.extend(taken.values())
            return sorted(taken)
        # All or none: two jobs that wait for each other's GPUs would wait for ever.
        for lock in taken.values():
            lock.close()
        if not is_told:
            logger.info("waiting for %d of %d GPUs, which other jobs have", n_wanted, len(names))
            is_told = True
        time.sleep(_LOOKS_AGAIN_S)


def _lock(folder: Path, name: str) -> IO[Any] | None:
    """Return the lock of a GPU, or nothing if another has it."""
    handle = (folder / f"{name}.lock").open("w")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        handle.close()
        return None
    return handle


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
