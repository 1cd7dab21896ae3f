"""What forms of its arithmetic bring to a training step of SIGNL, of the published size.

    python benchmarks/bench.py --only forms

The network is most of a step. Its stem works on whole pictures; its graphs, on some nodes.
"""

import shutil
from collections.abc import Callable

import torch
from torch import Tensor

from signl.costs import network_arithmetic
from signl.devices import lay_out
from signl.models.signl.options import SignlOptions
from signl.models.signl.spectral_temporal import SpectralTemporalEncoder

CPU = torch.device("cpu")
#: Channels of XLS-R 300M, and frames of a crop as published.
WIDTH, N_FRAMES = 1024, 224
N_CROPS = 4
_SIDE = 1024
_MATRICES = torch.ones(2, _SIDE, _SIDE)


def step(
    *, halves: bool = False, channels_last: bool = False, is_fused: bool = False, stem: bool = False
) -> Callable[[], None]:
    """Return passes forwards and backwards of some crops through the network, or its stem.

    Parameters
    ----------
    halves : bool
        Whether it computes in bfloat16.
    channels_last : bool
        Whether convolutions have their channels last.
    is_fused : bool
        Whether torch.compile fuses what follows the convolutions of the stem.
    stem : bool
        Whether nothing but the stem is passed.
    """
    torch.manual_seed(0)
    network = SignlOptions().build(WIDTH, N_FRAMES).train()
    if channels_last:
        lay_out(network, CPU)
    if is_fused:
        network.stem.compile()
    crops = torch.randn(N_CROPS, 1, WIDTH, N_FRAMES)

    def run() -> None:
        network.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=halves):
            given = _passed(network, crops, stem=stem)
        given.float().square().mean().backward()

    run()  # compiles, and warms up
    return run


def product() -> None:
    """Multiply two matrices, the arithmetic that a processor is fastest at."""
    torch.mm(*_MATRICES)


def products_of_a_step() -> float:
    """Return how many such products have the multiply-adds of a step.

    A pass backwards takes two: one for the gradient of the weights, one for that of the input.
    """
    crop = network_arithmetic(SignlOptions(), WIDTH, N_FRAMES).multiply_adds
    return 3 * N_CROPS * crop / _SIDE**3


def _passed(network: SpectralTemporalEncoder, crops: Tensor, *, stem: bool) -> Tensor:
    given: Tensor = network.stem(crops) if stem else network.embed(crops)
    return given


def forms() -> dict[str, Callable[[], None]]:
    """Return a step of each form; without a compiler, those that need none."""
    found = {
        "the stem alone": step(stem=True),
        "channels last": step(channels_last=True),
        "in bfloat16": step(halves=True),
        "in bfloat16, channels last": step(halves=True, channels_last=True),
    }
    if shutil.which("g++"):
        found["its blocks fused"] = step(is_fused=True)
        found["in bfloat16, fused"] = step(halves=True, is_fused=True)
    return found
