"""Where a job computes, with how many threads, and what the workflow gives to it."""

import fcntl
import logging
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any, Final, NamedTuple, Self

import torch
from torch import nn

from signl.errors import ConfigError

logger = logging.getLogger(__name__)

#: Locks that this process holds, to its end, by the name of the GPU.
_HELD: Final[dict[str, IO[Any]]] = {}
_LOOKS_AGAIN_S: Final = 1.0
#: Instructions for products of bfloat16: of x86 processors of servers, and of ARM's.
_BFLOAT16: Final = ("avx512_bf16", "amx_bf16", "bf16")
#: Where all jobs of a machine see the same locks: schedulers set TMPDIR for each job.
_LOCKS: Final = "/tmp"


def prepare_device(*, gpu: int) -> torch.device:
    """Return the device of this job and fix what would make its results vary.

    A CPU job computes in one thread: its results then do not depend on how many cores the
    workflow was given, and several jobs share a machine without crowding each other.

    Parameters
    ----------
    gpu : int
        GPUs that the workflow gave to this job; with 0, or on a machine without one, the CPU
        is used. Of several GPUs of a machine the job takes one, which no other job has.
    """
    device = prepare_devices(gpu=min(gpu, 1))[0]
    if device.type == "cuda":
        # Else what asks for the current device, as the pinning of memory does, opens the first GPU.
        torch.cuda.set_device(device)
    return device


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
    """Compute in one thread; on a GPU, float32 as it is and convolutions the same each time."""
    torch.set_num_threads(1)
    if on_gpu:
        torch.backends.cudnn.deterministic = True
        torch.backends.cudnn.benchmark = False
        # TensorFloat-32, the default of convolutions, keeps 10 bits of the mantissa.
        torch.backends.cudnn.allow_tf32 = False
        torch.backends.cuda.matmul.allow_tf32 = False


def has_bfloat16() -> bool:
    """Whether this processor has instructions for bfloat16."""
    capabilities = torch.cpu.get_capabilities()
    return any(capabilities.get(name) for name in _BFLOAT16)


def lay_out(network: nn.Module, device: torch.device) -> None:
    """Order the weights of a network as convolutions in bfloat16 on this device read them best.

    On a CPU that is with the channels last, which makes these up to 1.5 times as fast. Results
    change by rounding alone.
    """
    if device.type == "cpu":
        # A method of Module.to that its types leave out.
        network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]


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
    ConfigError
        If there are fewer GPUs.
    """
    # By name, for each job may be shown some of the GPUs, and counts those that it sees from 0.
    names = [
        str(torch.cuda.get_device_properties(index).uuid)
        for index in range(torch.cuda.device_count())
    ]
    return claim(names, n_gpus, Path(_LOCKS, f"signl-gpus-{os.getuid()}"))


def claim(names: Sequence[str], n_wanted: int, folder: Path) -> list[int]:
    """Lock files of so many of ``names`` in a folder; return their positions, in order.

    Those that this process has already come first.

    Raises
    ------
    ConfigError
        If there are fewer names.
    """
    if n_wanted > len(names):
        raise ConfigError(
            f"this job is to have {n_wanted} GPUs and sees {len(names)}; set gpus_per_job to "
            f"{len(names)}, or run it where there are more"
        )
    folder.mkdir(parents=True, exist_ok=True)
    is_told = False
    while not (places := _claim_now(names, n_wanted, folder)):
        if not is_told:
            logger.info("waiting for %d of %d GPUs, which other jobs have", n_wanted, len(names))
            is_told = True
        time.sleep(_LOOKS_AGAIN_S)
    return places


def _claim_now(names: Sequence[str], n_wanted: int, folder: Path) -> list[int]:
    """Lock as many as are wanted, or none: two jobs must not wait for each other's GPUs."""
    own = [name for name in names if name in _HELD][:n_wanted]
    locks: dict[str, IO[Any]] = {}
    for name in names:
        if len(own) + len(locks) < n_wanted and name not in _HELD and (lock := _lock(folder, name)):
            locks[name] = lock
    if len(own) + len(locks) < n_wanted:
        for lock in locks.values():
            lock.close()
        return []
    _HELD.update(locks)
    return sorted(names.index(name) for name in (*own, *locks))


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
