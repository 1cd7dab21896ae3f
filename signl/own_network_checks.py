"""Networks of one's own, tried on one batch before anything runs.

What the networks of this package are held to by tests, one from outside is held to here: the form
of what it gives, gradients, the same figures each time, and that its saved weights are all of it.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from signl.errors import ConfigError
from signl.experiment import Experiment
from signl.features.frontend import SAMPLE_RATE_HZ, FrontendOptions
from signl.models.base import NetworkOptions
from signl.recipes import Recipe

if TYPE_CHECKING:
    from torch import Tensor

    from signl.models.network import Network

#: Crops of the batch; and by how much two embeddings of one crop may differ.
_BATCH: Final = 4
_RTOL, _ATOL = 1e-3, 1e-4


def check_own_networks(experiment: Experiment) -> None:
    """Try each network of one's own that the experiments train on a batch of noise.

    Raises
    ------
    ConfigError
        Names the recipe, and what the network does not do.
    """
    tried: set[tuple[str, int, int]] = set()
    for name, recipe, options in _networks(experiment):
        width, length = _form(recipe, experiment.frontend(name))
        trial = (repr(options), width, length)
        if trial in tried:
            continue
        tried.add(trial)
        try:
            options.check(width=width, n_frames=length)
            _try(options, width, length)
        except ConfigError as error:
            raise ConfigError(f"recipes.{name}.model: {error}") from None
        except Exception as error:  # whatever a network of others raises
            raise ConfigError(
                f"recipes.{name}.model, {options.kind}: it fails on a batch of {_BATCH} crops "
                f"({'1 x ' if options.reads == 'frames' else ''}{width} x {length}): "
                f"{type(error).__name__}: {error}"
            ) from error


def _networks(experiment: Experiment) -> Iterator[tuple[str, Recipe, NetworkOptions]]:
    """Yield the recipes with a network of one's own that are trained, corpus by corpus."""
    trained = {(each.recipe, each.corpus) for each in experiment.trained}
    for name, corpus in sorted(trained):
        recipe = experiment.recipe(name).for_corpus(corpus)
        if recipe.own_kind is not None and recipe.model is not None:
            yield name, recipe, recipe.model


def _form(recipe: Recipe, frontend: FrontendOptions | None) -> tuple[int, int]:
    """Return channels and frames of a crop; 1 and its samples, for a network that reads audio."""
    assert recipe.crop_s is not None
    if frontend is None:
        return 1, round(recipe.crop_s * SAMPLE_RATE_HZ)
    geometry = frontend.cached(frontend.geometry())
    return geometry.width, geometry.n_frames(recipe.crop_s)


def _try(options: NetworkOptions, width: int, length: int) -> None:
    """Build a network twice, and bring a batch through it, forwards and backwards."""
    import torch

    shape = (_BATCH, length) if options.reads == "audio" else (_BATCH, 1, width, length)
    with torch.random.fork_rng(devices=[]):
        network, other = (_built(options, width, length) for _ in range(2))
        _check_seed(options, network, other)
        crops = torch.randn(shape)
        _check_gradient(options, network, crops)
        _check_evaluation(options, network.eval(), crops)
        with torch.device("meta"):
            empty = _built(options, width, length)
        _check_saved(options, network, empty.eval(), crops)


def _built(options: NetworkOptions, width: int, length: int) -> "Network":
    import torch

    from signl.models.network import Network

    torch.manual_seed(0)
    network: object = options.build(width, length)
    if not isinstance(network, Network):
        raise _refusal(
            options,
            f"build gives a {type(network).__name__}; allowed is a FrameNetwork or an AudioNetwork "
            "of signl.models.network",
        )
    return network


def _check_gradient(options: NetworkOptions, network: "Network", crops: "Tensor") -> None:
    """Check the form of the embeddings, and that gradients reach its weights."""
    import torch

    embeddings = network.train().embed(crops)
    expected = (_BATCH, network.embedding_width)
    if not isinstance(embeddings, torch.Tensor) or tuple(embeddings.shape) != expected:
        found = getattr(embeddings, "shape", type(embeddings).__name__)
        raise _refusal(options, f"embed gives {found}; expected is a tensor {expected}")
    if not embeddings.is_floating_point() or not bool(embeddings.isfinite().all()):
        raise _refusal(options, "embed gives values that are no finite floats, of noise as input")
    weights = dict(network.named_parameters())
    if bool(weights) != options.has_weights:
        raise _refusal(
            options, f"it has {len(weights)} tensors of weights, and has_weights {not weights}"
        )
    if not weights:
        return
    # Not the sum, which batch normalisation at the end would make a constant.
    torch.autograd.backward((embeddings * torch.randn_like(embeddings)).sum())
    reached = [weight.grad for weight in weights.values() if weight.grad is not None]
    if not reached or not any(bool(grad.any()) for grad in reached):
        raise _refusal(options, "no gradient of its embeddings reaches any of its weights")
    if not all(bool(grad.isfinite().all()) for grad in reached):
        raise _refusal(options, "a gradient of its embeddings is not finite")


def _check_seed(options: NetworkOptions, one: "Network", other: "Network") -> None:
    """Check that two networks of one seed are the same."""
    import torch

    first, second = one.state_dict(), other.state_dict()
    for name in first.keys() | second.keys():
        if name not in first or name not in second or not torch.equal(first[name], second[name]):
            raise _refusal(
                options, f"two networks of one seed differ in {name}: draw by PyTorch alone"
            )


def _check_evaluation(options: NetworkOptions, network: "Network", crops: "Tensor") -> None:
    """Check that an embedding depends on its crop alone."""
    import torch

    with torch.inference_mode():
        once, again, alone = (network.embed(each) for each in (crops, crops, crops[:1]))
    if not torch.equal(once, again):
        raise _refusal(options, "in evaluation the same crops have other embeddings each time")
    if not torch.allclose(once[:1], alone, rtol=_RTOL, atol=_ATOL):
        raise _refusal(
            options, "in evaluation the embedding of a crop depends on the others of its batch"
        )


def _check_saved(
    options: NetworkOptions, network: "Network", empty: "Network", crops: "Tensor"
) -> None:
    """Check that a network without memory becomes the same one by the weights that are saved."""
    import torch

    from signl.models.strict_loading import load_strictly

    load_strictly(empty, network.state_dict(), source=options.kind, assign=True)
    for name, tensor in [*empty.named_parameters(), *empty.named_buffers()]:
        if tensor.is_meta:
            raise _refusal(
                options, f"{name} is not among the tensors that are saved: make it persistent"
            )
    with torch.inference_mode():
        if not torch.equal(empty.embed(crops), network.embed(crops)):
            raise _refusal(options, "loaded from its saved tensors it gives other embeddings")


def _refusal(options: NetworkOptions, words: str) -> ConfigError:
    return ConfigError(f"network of kind {options.kind!r}: {words}")
