"""The state of a training that is under way, as a sealed file of tensors: nothing in it is pickled.

Weights, those of the best epoch and the moments of the optimiser are tensors of a safetensors
file; what is no tensor stands as JSON in its header, whose seal and digest find any change.
"""

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from safetensors import SafetensorError, safe_open
from torch import Tensor, nn
from torch.optim import Optimizer

from signl import seals
from signl.artefacts import HEADER, atomic_write
from signl.tensors import write_tensors
from signl.training.model_files import set_aside

logger = logging.getLogger(__name__)

_MODEL, _BEST, _OPTIMISER = "model", "best", "optimiser"
#: Types of what a checkpoint says of the training, for those it cannot do without.
_PLAIN: Final = {
    "made_from": str,
    "groups": list,
    "scheduler": dict | None,
    "best_result": list,
    "history": list,
    "patience_best": float,
    "patience_waited": int,
}


class State(NamedTuple):
    """All that a training needs to go on.

    Attributes
    ----------
    model, best : Mapping
        Weights after the last epoch, and after the best.
    optimiser : Mapping
        As the optimiser's ``state_dict`` gives it.
    plain : Mapping
        What is no tensor: text, numbers, lists and mappings of them.
    """

    model: Mapping[str, Tensor]
    best: Mapping[str, Tensor]
    optimiser: Mapping[str, Any]
    plain: Mapping[str, Any]


class _UnusableError(ValueError):
    """A checkpoint from which no training can go on; says why."""


def write_checkpoint(path: Path, state: State) -> None:
    """Write a checkpoint, whole or not at all."""
    moments = {
        f"{number}.{name}": value
        for number, of_weight in state.optimiser["state"].items()
        for name, value in of_weight.items()
    }
    parts = {_MODEL: state.model, _BEST: state.best, _OPTIMISER: moments}
    tensors = {
        f"{part}.{name}": tensor for part, named in parts.items() for name, tensor in named.items()
    }
    plain = json.dumps({**state.plain, "groups": state.optimiser["param_groups"]})
    header = json.dumps({"plain": plain, "data": seals.BLANK, "seal": seals.BLANK})
    with atomic_write(path) as scratch:
        write_tensors(scratch, tensors, {HEADER: header})
        seals.seal_tensors(scratch)


def read_checkpoint(
    path: Path, made_from: str, model: nn.Module, optimiser: Optimizer, *, writes: bool
) -> State | None:
    """Read a checkpoint; one that is of no use is set aside, with a warning.

    Parameters
    ----------
    path : path
        The file.
    made_from : str
        That of the training which is to go on.
    model, optimiser
        Into which the state must fit; they are not changed.
    writes : bool
        Whether this process, of several that share a training, is the one that writes.

    Returns
    -------
    State or None
        Nothing where there is no checkpoint, or one of another training, or a damaged one.
    """
    if not path.exists():
        return None
    try:
        seals.check_tensor_data(path)
        state = _read(path)
        if state.plain["made_from"] != made_from:
            logger.info("%s is of another run, which is not resumed", path)
            return None
        _check_fit(state, model, optimiser)
    except (ValueError, OSError, LookupError, TypeError, SafetensorError) as error:
        if writes:
            path.replace(set_aside(path))
            logger.warning(
                "%s is damaged (%s): training starts anew; what was found lies beside it as %s",
                path,
                error,
                set_aside(path).name,
            )
        return None
    return state


def _read(path: Path) -> State:
    parts: dict[str, dict[str, Tensor]] = {_MODEL: {}, _BEST: {}, _OPTIMISER: {}}
    with safe_open(path, framework="pt") as file:
        plain = json.loads(json.loads(file.metadata()[HEADER])["plain"])
        for name in file.keys():  # noqa: SIM118
            part, _, rest = name.partition(".")
            parts[part][rest] = file.get_tensor(name)
    for key, kind in _PLAIN.items():
        if not isinstance(plain[key], kind):
            raise _UnusableError(f"its {key} is {plain[key]!r}")
    moments: dict[int, dict[str, Tensor]] = {}
    for name, tensor in parts[_OPTIMISER].items():
        number, _, rest = name.partition(".")
        moments.setdefault(int(number), {})[rest] = tensor
    optimiser = {"state": moments, "param_groups": plain.pop("groups")}
    return State(parts[_MODEL], parts[_BEST], optimiser, plain)


def _check_fit(state: State, model: nn.Module, optimiser: Optimizer) -> None:
    """Refuse weights that are not those of the network, and moments of other weights."""
    forms = {name: (each.shape, each.dtype) for name, each in model.state_dict().items()}
    for part, found in ((_MODEL, state.model), (_BEST, state.best)):
        if {name: (each.shape, each.dtype) for name, each in found.items()} != forms:
            raise _UnusableError(f"its {part} has not the tensors of the network in training")
    numbers, expected = (
        [group["params"] for group in each["param_groups"]]
        for each in (state.optimiser, optimiser.state_dict())
    )
    if numbers != expected:
        raise _UnusableError(f"its optimiser has the weights {numbers}, expected {expected}")
    weights = [weight for group in optimiser.param_groups for weight in group["params"]]
    for number, of_weight in state.optimiser["state"].items():
        for name, moment in of_weight.items():
            if moment.ndim and moment.shape != weights[number].shape:
                raise _UnusableError(
                    f"its optimiser has {name} of shape {tuple(moment.shape)} for a weight of "
                    f"shape {tuple(weights[number].shape)}"
                )
