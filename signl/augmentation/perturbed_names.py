"""Names in paths of what is perturbed: a corpus that is evaluated on, or a front-end's features."""

from typing import Final

#: Between the two names; neither has it.
_BETWEEN: Final = "@"


def perturbed(name: str, perturbation: str) -> str:
    """Return what stands in paths for a corpus or a front-end that is perturbed, or is not."""
    return f"{name}{_BETWEEN}{perturbation}" if perturbation else name


def split_perturbed(text: str) -> tuple[str, str]:
    """Return the name and the perturbation, which may be empty, of what stands in a path."""
    name, _, perturbation = text.partition(_BETWEEN)
    return name, perturbation
