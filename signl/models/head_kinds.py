"""The heads of classifiers that there are."""

from typing import Any, Final

from signl.models.heads import Head, LinearHead, MlpHead
from signl.models.kernel_head import KernelHead
from signl.models.published_heads import CosineHead, LogitHead, SeluHead

_HEADS: Final[dict[str, type[Head]]] = {
    "mlp": MlpHead,
    "linear": LinearHead,
    "logits": LogitHead,
    "selu": SeluHead,
    "cosine": CosineHead,
    "kernel": KernelHead,
}


def build_head(width: int, *, kind: str = "mlp", **options: Any) -> Head:  # noqa: ANN401
    """Build a head as a model's ``config.json`` describes it; before kinds, all were mlp.

    Raises
    ------
    ValueError, TypeError
        If there is no such kind, or it takes no such options.
    """
    if kind not in _HEADS:
        raise ValueError(f"a head of kind {kind!r}; known are {sorted(_HEADS)}")
    return _HEADS[kind](width, **options)
