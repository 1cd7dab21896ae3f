"""Loading weights into a module: every tensor by name, with its shape, or an error."""

from collections.abc import Callable, Mapping

from torch import Tensor, nn

from signl.errors import ArtefactError

_SHOWN = 5


def load_strictly(
    module: nn.Module,
    state: Mapping[str, Tensor],
    *,
    source: object,
    spell: Callable[[str], str] = str,
    assign: bool = False,
) -> None:
    """Load a state dict that fits a module exactly.

    Parameters
    ----------
    module : nn.Module
    state : Mapping of str to Tensor
        Its state dict.
    source : object
        Where the tensors come from, for messages.
    spell : callable, optional
        Gives the name that a tensor has there, for messages.
    assign : bool
        Take the tensors themselves, for a module whose own have no memory.

    Raises
    ------
    ArtefactError
        Names tensors that are missing, unknown, or of another shape or kind of number, with what
        was found and what was expected. The module is then as it was.
    """
    expected = module.state_dict()
    problems = [
        *(f"{spell(name)} is missing" for name in expected.keys() - state.keys()),
        *(f"{spell(name)} is unknown" for name in state.keys() - expected.keys()),
        *(
            f"{spell(name)} is {_describe(state[name])}, expected {_describe(tensor)}"
            for name, tensor in expected.items()
            if name in state and not _fits(state[name], tensor)
        ),
    ]
    if problems:
        shown = "; ".join(sorted(problems)[:_SHOWN])
        more = f"; and {len(problems) - _SHOWN} more" if len(problems) > _SHOWN else ""
        raise ArtefactError(f"{source} does not fit the model: {shown}{more}")
    module.load_state_dict(dict(state), assign=assign)


def _fits(found: Tensor, expected: Tensor) -> bool:
    same_kind = found.is_floating_point() == expected.is_floating_point()
    return found.shape == expected.shape and same_kind


def _describe(tensor: Tensor) -> str:
    return f"{str(tensor.dtype).removeprefix('torch.')} {list(tensor.shape)}"
