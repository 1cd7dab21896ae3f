"""What a training computes on: devices, processes, precision, seeds."""

import logging
import re
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from lightning_fabric import Fabric
from lightning_fabric.loggers.logger import Logger
from lightning_fabric.plugins.environments.lightning import LightningEnvironment
from lightning_fabric.strategies.ddp import DDPStrategy
from torch.multiprocessing.spawn import ProcessRaisedException

from signl import errors
from signl.devices import Resources, fix_arithmetic, has_bfloat16, prepare_devices
from signl.errors import SignlError
from signl.logs import continue_log, log_path
from signl.seeds import derive_seed
from signl.training.options import EVERYWHERE, Precision

logger = logging.getLogger(__name__)


def make_fabric(
    precision: Precision, resources: Resources, loggers: Sequence[Logger] = ()
) -> Fabric:
    """Return a Fabric for the devices of a job.

    Parameters
    ----------
    precision : {"bf16-mixed", "bf16-mixed-everywhere", "32-true"}
        With the first, a GPU computes in bfloat16 and a CPU in float32.
    resources : Resources
        With more than one process they share every batch (:mod:`signl.training.sharing`).
    loggers : sequence of Logger
        Of the first process.
    """
    devices = prepare_devices(gpu=resources.gpu)
    on_gpu = devices[0].type == "cuda"
    # Where GPUs were asked for and there are none, one process computes on the CPU.
    n_processes = 1 if resources.gpu and not on_gpu else resources.n_processes
    return Fabric(
        accelerator=devices[0].type,
        devices=[device.index for device in devices] if on_gpu else n_processes,
        precision=_on_device(precision, on_gpu=on_gpu),
        strategy=_strategy(n_processes, devices[0]),
        # Under Slurm, Lightning would take the number of processes from there.
        plugins=[LightningEnvironment()],
        loggers=list(loggers),
    )


def _on_device(precision: Precision, *, on_gpu: bool) -> Literal["bf16-mixed", "32-true"]:
    """Return what Lightning calls it."""
    everywhere = precision == EVERYWHERE
    if everywhere and not on_gpu and not has_bfloat16():
        logger.warning(
            "precision is %r, and this processor has no instructions for bfloat16: it will be "
            "slower than 32-true",
            precision,
        )
    halves = everywhere or (on_gpu and precision != "32-true")
    return "bf16-mixed" if halves else "32-true"


def _strategy(n_processes: int, device: torch.device) -> DDPStrategy | str:
    if n_processes == 1:
        return "auto"
    return DDPStrategy(
        start_method="spawn",
        process_group_backend="nccl" if device.type == "cuda" else "gloo",
        # Layer drop leaves whole layers of a front-end out of a step.
        find_unused_parameters=True,
    )


def launch(
    function: Callable[..., None],
    precision: Precision,
    resources: Resources,
    *arguments: object,
    loggers: Sequence[Logger] = (),
) -> None:
    """Call ``function(fabric, *arguments)`` in as many processes as the job has devices.

    Parameters
    ----------
    function : callable
        At the top level of a module, so that other processes find it.
    precision, resources, loggers
        As for :func:`make_fabric`.
    arguments : object
        What can be pickled.

    Raises
    ------
    SignlError
        What ``function`` raises, also where it does so in another process.
    """
    fabric = make_fabric(precision, resources, loggers)
    try:
        fabric.launch(partial(_in_process, function=function, log=log_path(), arguments=arguments))
    except ProcessRaisedException as error:
        raise (_own_error(error) or error) from error


def _own_error(error: ProcessRaisedException) -> SignlError | None:
    """Return the error of ours that ended a process, of which its traceback alone arrives."""
    # The last of a chain of errors, and of it what stands at the beginning of a line.
    last = error.msg.rpartition("\nTraceback (most recent call last):")[2]
    found = re.search(rf"^{errors.__name__}\.(\w+): (.*)\Z", last, flags=re.DOTALL | re.MULTILINE)
    kind = getattr(errors, found[1], None) if found else None
    return kind(found[2].strip()) if found and kind else None


def _in_process(
    fabric: Fabric,
    *,
    function: Callable[..., None],
    log: Path | None,
    arguments: tuple[object, ...],
) -> None:
    if fabric.world_size > 1:
        fix_arithmetic(on_gpu=fabric.device.type == "cuda")
        continue_log(log, quiet=not fabric.is_global_zero)
    function(fabric, *arguments)


def seed_weights(seed: int, part: str) -> None:
    """Seed what PyTorch draws when a part of the network is built."""
    torch.manual_seed(derive_seed(seed, "weights", part))


def seed_epoch(seed: int, epoch: int, rank: int = 0) -> None:
    """Seed what modules draw in an epoch, the same when a run is resumed in it.

    That is dropout, and of a front-end layer drop and the masks of SpecAugment, which
    transformers draws from NumPy's global generator.
    """
    derived = derive_seed(seed, "modules", epoch, *([rank] if rank else []))
    torch.manual_seed(derived)
    np.random.seed(derived % 2**32)  # noqa: NPY002
