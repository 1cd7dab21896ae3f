"""What front-ends and networks cost: multiply-adds of a pass, and parameters.

They are counted, not tabulated: PyTorch tells the products of matrices, the convolutions and the
transforms that a pass of tensors without content goes through. All else a pass does, additions
and activations, is not counted: it is little, and takes its time by memory rather than by
arithmetic.
"""

import math
from collections.abc import Callable
from functools import cache
from typing import Any, Final, NamedTuple

import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils.flop_counter import FlopCounterMode, sdpa_flop

from signl.experiment import Experiment
from signl.features.frontend import SAMPLE_RATE_HZ, Frontend, FrontendOptions
from signl.models.base import NetworkOptions
from signl.models.network import Network

CPU: Final = torch.device("cpu")


class Arithmetic(NamedTuple):
    """What one pass forwards takes.

    Attributes
    ----------
    multiply_adds : float
        Of the input that it was counted for; one is two FLOP.
    parameters : int
        Weights.
    """

    multiply_adds: float
    parameters: int


class Costs:
    """The arithmetic of the front-ends and networks of an experiment.

    Parameters
    ----------
    experiment : Experiment
    """

    def __init__(self, experiment: Experiment) -> None:
        self.experiment = experiment

    def of_network(self, recipe: str, corpus: str = "") -> Arithmetic:
        """Return what the network of a recipe takes for one crop.

        Parameters
        ----------
        recipe, corpus : str
            The recipe, and the training corpus, which may have a network of its own.
        """
        return network_arithmetic(*crop_form(self.experiment, recipe, corpus))

    def of_frontend(self, options: FrontendOptions) -> Arithmetic:
        """Return what a front-end takes for a second of audio, in clips of the length it takes."""
        return frontend_arithmetic(options)


def crop_form(
    experiment: Experiment, recipe: str, corpus: str = ""
) -> tuple[NetworkOptions, int, int]:
    """Return the network of a recipe, and width and length of the crops that it reads.

    These are channels of a frame and frames; 1 and samples, for a network that reads audio.

    Raises
    ------
    ValueError
        If the recipe has no network of its own: it is given as it is.
    """
    own, frontend = experiment.recipe(recipe).for_corpus(corpus), experiment.frontend(recipe)
    if own.model is None or own.crop_s is None:
        raise ValueError(f"the recipe {recipe} has no network: it is given as it is")
    if frontend is None:
        return own.model, 1, round(own.crop_s * SAMPLE_RATE_HZ)
    geometry = frontend.cached(frontend.geometry())
    return own.model, geometry.width, geometry.n_frames(own.crop_s)


@cache
def frontend_arithmetic(options: FrontendOptions) -> Arithmetic:
    """Return what a front-end takes for a second of audio, in clips of the length it takes."""
    if len(options.each()) > 1:
        each = map(frontend_arithmetic, options.each())
        return Arithmetic(*map(sum, zip(*each, strict=True)))
    # Weights without content: of a published model they would be gigabytes.
    frontend = options.untrained(CPU, building=_without_content())
    clip = torch.zeros(1, round(options.clip_s * SAMPLE_RATE_HZ))
    multiply_adds = count_multiply_adds(frontend, clip) / options.clip_s
    return Arithmetic(multiply_adds, parameters_of(frontend))


def _without_content() -> FakeTensorMode:
    """Return a context whose tensors have no content, nor what is computed of them."""
    return FakeTensorMode(allow_non_fake_inputs=True)


@cache
def network_arithmetic(options: NetworkOptions, width: int, length: int) -> Arithmetic:
    """Return what a network takes for one crop.

    Parameters
    ----------
    options : NetworkOptions
    width, length : int
        Channels of a frame and frames of a crop; 1 and samples, for a network that reads audio.
    """
    try:
        with _without_content():
            return _counted_network(options, width, length)
    except Exception:  # whatever a network raises that looks at its content
        return _counted_network(options, width, length)


def _counted_network(options: NetworkOptions, width: int, length: int) -> Arithmetic:
    network = options.build(width, length).eval()
    crops = torch.zeros(crops_shape(network, 1, width, length))
    return Arithmetic(count_multiply_adds(network.embed, crops), parameters_of(network))


def crops_shape(network: Network, n_crops: int, width: int, length: int) -> tuple[int, ...]:
    """Return the shape of crops that a network reads."""
    return (n_crops, length) if network.reads == "audio" else (n_crops, 1, width, length)


def count_multiply_adds(work: Callable[[Tensor], object], given: Tensor) -> float:
    """Return the multiply-adds of a function of a tensor, half of its FLOP."""
    counter = FlopCounterMode(display=False, custom_mapping=_UNKNOWN_TO_PYTORCH)
    with torch.no_grad(), counter:
        work(given)
    return counter.get_total_flops() / 2


def parameters_of(model: Network | Frontend | nn.Module) -> int:
    """Return the weights of a module, or of all modules that a front-end holds."""
    held = [model] if isinstance(model, nn.Module) else vars(model).values()
    modules = [each for each in held if isinstance(each, nn.Module)]
    return sum(weights.numel() for module in modules for weights in module.parameters())


def _transform_flop(given: torch.Size, dims: list[int], *_: object, **__: object) -> int:
    """Return the FLOP of real Fourier transforms: 2.5 n log2(n) each, as of a split radix."""
    points = math.prod(given[dim] for dim in dims)
    return round(math.prod(given) / points * 2.5 * points * math.log2(points))


def _attention_flop(query: torch.Size, key: torch.Size, value: torch.Size, **_: object) -> int:
    """Return the FLOP of attention as it is fused on a CPU."""
    return int(sdpa_flop(query, key, value))


#: Operations whose FLOP PyTorch's counter does not know.
_UNKNOWN_TO_PYTORCH: Final[dict[Any, Any]] = {
    torch.ops.aten._fft_r2c: _transform_flop,
    torch.ops.aten._scaled_dot_product_flash_attention_for_cpu: _attention_flop,
}
