"""How fast this machine is at the front-ends and networks of an experiment, with random weights."""

import os
import platform
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import torch

from signl.audio import load_clip
from signl.costs import CPU, Costs, crop_form, crops_shape
from signl.devices import lay_out, prepare_device
from signl.experiment import Experiment
from signl.features.frontend import SAMPLE_RATE_HZ, FrontendOptions
from signl.models.base import NetworkOptions
from signl.rates import DeviceRates, Rates
from signl.speeds import FLOP
from signl.training.options import EVERYWHERE

#: Multiply-adds of a batch: some tenths of a second of a core, and what fills a GPU.
_BATCH: Final = {"cpu": 2e9, "cuda": 1e13}
_REPEATS: Final = 3
_DECODED_S: Final = 3.0
#: Passes of a training step, in multiples of the pass forwards: there, and back for two gradients.
STEP_PASSES: Final = 3


class _Timed(NamedTuple):
    kind: str
    multiply_adds: float
    seconds: float

    @property
    def flop_per_s(self) -> float:
        return FLOP * self.multiply_adds / self.seconds


def measure_rates(experiment: Experiment) -> Rates:
    """Measure decoding, a batch of each kind of front-end, and steps of each kind of network.

    Of several front-ends or networks of a kind the one with most multiply-adds is measured. GPUs
    are used where the experiment's jobs do, and one can be.
    """
    device = prepare_device(gpu=experiment.config.gpus_per_job)
    costs = Costs(experiment)
    by_device: dict[str, DeviceRates] = {}
    for used in {torch.device("cpu"), device}:
        frontends = _frontends(experiment, costs, used, fastest=device)
        networks = _networks(experiment, costs, used) if used == device else {}
        by_device["gpu" if used.type == "cuda" else "cpu"] = DeviceRates(
            machine=machine_name(used),
            frontend_flop_per_s=frontends,
            network_flop_per_s=networks,
        )
    return Rates(
        decoded_audio_hours_per_cpu_hour=_DECODED_S / seconds_of(_decode(), "cpu"),
        cpu=by_device.get("cpu"),
        gpu=by_device.get("gpu"),
    )


def _frontends(
    experiment: Experiment, costs: Costs, device: torch.device, *, fastest: torch.device
) -> dict[str, float]:
    """Return FLOP in a second by kind, of the front-ends in use that compute on a device."""
    named = (experiment.frontend(name) for name in _recipes(experiment))
    wanted = {
        options
        for options in named
        if options is not None and (fastest if options.wants_gpu else CPU) == device
    }
    by_cost = sorted(wanted, key=lambda options: costs.of_frontend(options).multiply_adds)
    return {
        options.kind: _time_frontend(
            options, costs.of_frontend(options).multiply_adds * options.clip_s, device
        ).flop_per_s
        for options in {options.kind: options for options in by_cost}.values()
    }


def _recipes(experiment: Experiment) -> list[str]:
    """Return the recipes in use that train."""
    return sorted({classifier.recipe for classifier in experiment.trained})


def _time_frontend(options: FrontendOptions, clip: float, device: torch.device) -> _Timed:
    """Time a batch through a front-end; ``clip`` is the multiply-adds of one."""
    n_clips = _batch(clip, 32, device)
    frontend = options.untrained(device)
    waveforms = torch.randn(n_clips, round(options.clip_s * SAMPLE_RATE_HZ), device=device)
    seconds = seconds_of(lambda: frontend(waveforms), device.type)
    return _Timed(options.kind, n_clips * clip, seconds)


def _networks(experiment: Experiment, costs: Costs, device: torch.device) -> dict[str, float]:
    """Return FLOP in a second by kind, of the networks in use that have weights."""
    timed: dict[str, tuple[float, str]] = {}
    for recipe in _recipes(experiment):
        model, *_ = crop_form(experiment, recipe)
        crop, parameters = costs.of_network(recipe)
        if crop and parameters:
            timed[model.kind] = max(timed.get(model.kind, (0.0, "")), (crop, recipe))
    return {
        kind: _time_network(experiment, recipe, crop, device).flop_per_s
        for kind, (crop, recipe) in timed.items()
    }


def _time_network(experiment: Experiment, recipe: str, crop: float, device: torch.device) -> _Timed:
    """Time training steps of a network; ``crop`` is the multiply-adds of one, forwards."""
    model, width, length = crop_form(experiment, recipe)
    n_crops = _batch(STEP_PASSES * crop, 64, device)
    precision = getattr(experiment.recipe(recipe).finetuning, "precision", "")
    everywhere = precision == EVERYWHERE
    step = training_step(model, n_crops, width, length, device, everywhere=everywhere)
    return _Timed(model.kind, STEP_PASSES * n_crops * crop, seconds_of(step, device.type))


def training_step(
    options: NetworkOptions,
    n_crops: int,
    width: int,
    length: int,
    device: torch.device,
    *,
    everywhere: bool = False,
) -> Callable[[], object]:
    """Return a training step of a network on random crops: forwards, backwards, and Adam.

    It computes in bfloat16 on a GPU, and with ``everywhere`` on a CPU too.
    """
    network = options.build(width, length).to(device).train()
    if everywhere:
        lay_out(network, device)
    halves = everywhere or device.type == "cuda"
    crops = torch.randn(crops_shape(network, n_crops, width, length), device=device)
    optimiser = torch.optim.Adam(network.parameters(), lr=1e-5)

    def step() -> None:
        optimiser.zero_grad()
        with torch.autocast(device.type, torch.bfloat16, enabled=halves):
            embedding = network.embed(crops)
        embedding.float().square().mean().backward()  # type: ignore[no-untyped-call]
        optimiser.step()

    return step


def _batch(multiply_adds: float, most: int, device: torch.device) -> int:
    """Return how many items a batch has, at least two: normalisation wants them."""
    return int(min(max(_BATCH[device.type] / multiply_adds, 2), most))


def _decode() -> Callable[[], object]:
    """Return the decoding of an utterance of noise."""
    import io

    import soundfile

    noise = np.random.default_rng(0).normal(scale=0.05, size=round(_DECODED_S * SAMPLE_RATE_HZ))
    encoded = io.BytesIO()
    soundfile.write(encoded, noise, SAMPLE_RATE_HZ, "PCM_16", format="FLAC")
    return lambda: load_clip(encoded.getvalue(), clip_s=_DECODED_S)


def seconds_of(work: Callable[[], object], device: str) -> float:
    """Return the shortest of some times that work takes, after one that does not count."""

    def times() -> Iterator[float]:
        for _ in range(1 + _REPEATS):
            began = time.perf_counter()
            work()
            if device == "cuda":
                torch.cuda.synchronize()
            yield time.perf_counter() - began

    return min(list(times())[1:])


def machine_name(device: torch.device) -> str:
    """Return what a device is: the card's name, or the processor's with its cores."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    described = Path("/proc/cpuinfo")
    lines = described.read_text(encoding="utf-8").splitlines() if described.is_file() else []
    models = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    name = models[0] if models else platform.processor() or platform.machine()
    return f"{name}, {os.cpu_count()} cores"
