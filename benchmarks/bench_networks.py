"""Time and memory of a training step of every network of some configurations, on a CPU.

    python benchmarks/bench_networks.py [--config config.paper.yaml --config config.strong.yaml]

Weights are random, crops are noise. A step is a pass forwards, one backwards and Adam's, of a few
crops in one thread; memory is what a step keeps for the pass backwards, counted tensor by tensor,
and the weights with their gradients and Adam's two moments. At the recipe's own batch size, which a
CPU would take long for, memory is computed from that of a crop: it grows with the crops that are
in a pass at a time (``accumulate`` divides them). A front-end that is trained too is left out.
"""

import argparse
import logging
import resource
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import torch
import yaml
from torch import Tensor
from torch.autograd.graph import saved_tensors_hooks

from signl.costs import crop_form, network_arithmetic
from signl.experiment import Experiment
from signl.measuring import machine_name, seconds_of, training_step
from signl.models.base import NetworkOptions
from signl.training.options import TrainingOptions

logger = logging.getLogger("bench_networks")

CPU = torch.device("cpu")
#: Crops of a timed step: a fraction of the published batches.
N_CROPS = 4
#: Bytes a weight takes in training: itself, its gradient, and Adam's two moments.
WEIGHT_BYTES = 4 * 4
MEGABYTE = 2**20
COLUMNS = (
    *("recipe", "training", "network", "crop", "weights"),
    *("ms a crop", "in bfloat16", "MB a crop", "crops in a pass", "MB a step"),
)


class Step(NamedTuple):
    """A training step of a network.

    Attributes
    ----------
    seconds_a_crop : float
    seconds_in_bfloat16 : float
        The same, with ``precision: bf16-mixed-everywhere``.
    bytes_a_crop : float
        What a crop keeps for the pass backwards.
    bytes_of_weights : int
    """

    seconds_a_crop: float
    seconds_in_bfloat16: float
    bytes_a_crop: float
    bytes_of_weights: int

    def megabytes(self, n_crops: float) -> float:
        """Return what a step of so many crops takes."""
        return (self.bytes_of_weights + n_crops * self.bytes_a_crop) / MEGABYTE


def measure_step(options: NetworkOptions, width: int, length: int) -> Step:
    """Measure a training step of a network on crops of some form."""
    seconds = [
        seconds_of(training_step(options, N_CROPS, width, length, CPU, everywhere=halves), "cpu")
        / N_CROPS
        for halves in (False, True)
    ]
    kept = [kept_bytes(options, n_crops, width, length) for n_crops in (N_CROPS // 2, N_CROPS)]
    weights = WEIGHT_BYTES * network_arithmetic(options, width, length).parameters
    return Step(*seconds, (kept[1] - kept[0]) / (N_CROPS - N_CROPS // 2), weights)


def kept_bytes(options: NetworkOptions, n_crops: int, width: int, length: int) -> int:
    """Return the bytes that a step keeps between its passes, each storage counted once."""
    kept: dict[int, int] = {}
    alive: list[Tensor] = []  # so that no address is given out twice

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        kept[storage.data_ptr()] = storage.nbytes()
        alive.append(tensor)
        return tensor

    step = training_step(options, n_crops, width, length, CPU)
    with saved_tensors_hooks(keep, lambda tensor: tensor):
        step()
    return sum(kept.values())


def crops_of_pass(options: TrainingOptions, *, n_views: int) -> float:
    """Return the crops that are in a pass at a time."""
    return n_views * options.batch_size / options.accumulate


def trainings_of(experiment: Experiment) -> Iterator[tuple[str, str, float, tuple[Any, ...]]]:
    """Yield recipe, training, crops of a pass and form of a crop, of trainings by gradients."""
    first = {each.recipe: each.corpus for each in reversed(experiment.trained)}
    for recipe, corpus in sorted(first.items()):
        form = crop_form(experiment, recipe)
        pretraining = experiment.recipe(recipe).pretraining
        if pretraining is not None:
            n_crops = crops_of_pass(pretraining, n_views=2)
            yield recipe, "pre-training", n_crops, form
        options = experiment.finetuning_options(recipe, corpus).finetuning
        if isinstance(options, TrainingOptions):
            yield recipe, "fine-tuning", crops_of_pass(options, n_views=1), form


def rows_of(experiment: Experiment) -> Iterator[tuple[str, ...]]:
    """Yield a row of each training, of several alike of the first."""
    measured: dict[tuple[Any, ...], Step] = {}
    told = set()
    for recipe, training, n_crops, form in trainings_of(experiment):
        if (training, n_crops, form) in told:
            continue
        told.add((training, n_crops, form))
        if form not in measured:
            measured[form] = measure_step(*form)
        step, (model, width, length) = measured[form], form
        yield (
            *(recipe, training, model.kind, f"{width} x {length}"),
            f"{network_arithmetic(*form).parameters:,}",
            f"{1000 * step.seconds_a_crop:.1f}",
            f"{1000 * step.seconds_in_bfloat16:.1f}",
            f"{step.bytes_a_crop / MEGABYTE:.1f}",
            *(f"{n_crops:.0f}", f"{step.megabytes(n_crops):,.0f}"),
        )


def main() -> None:
    """Measure, and print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", action="append", type=Path)
    configs = parser.parse_args().config or [Path("config.paper.yaml"), Path("config.strong.yaml")]
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    torch.set_num_threads(1)
    began = time.perf_counter()
    logger.info("%s, one thread\n", machine_name(CPU))
    logger.info("| %s |", " | ".join(COLUMNS))
    logger.info("|---|---|---|--:|--:|--:|--:|--:|--:|--:|")
    for path in configs:
        experiment = Experiment(yaml.safe_load(path.read_text(encoding="utf-8")))
        for row in rows_of(experiment):
            logger.info("| %s |", " | ".join(row))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    logger.info("\n%.0f s, at most %.0f MB", time.perf_counter() - began, peak)


if __name__ == "__main__":
    main()
