"""Options of low-rank adapters (LoRA), by which a front-end is trained with few weights."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from signl.errors import ConfigError
from signl.typed import FromList, Options, Positive, Rate

Target = Literal["q", "k", "v", "out", "intermediate", "output"]

_ATTENTION: Final = ("q", "k", "v", "out")
#: What transformers calls a target, by family; see :func:`layer_names`.
_NAMES: Final[Mapping[str, str]] = {
    "q": "q_proj",
    "k": "k_proj",
    "v": "v_proj",
    "out": "out_proj",
    "intermediate": "intermediate_dense",
    "output": "output_dense",
}
_CONFORMER: Final = {name: f"linear_{name}" for name in _ATTENTION}
#: Hands the weights of its projections to one function of PyTorch and calls none of them.
_UNCALLED: Final = "wavlm"


class LoraOptions(Options):
    """Low-rank adapters on linear layers of a front-end, whose own weights stay as they are.

    A layer W x becomes W x + (alpha / rank) B A x; B is zero at first.

    References
    ----------
    Hu et al., LoRA, arXiv 2106.09685; on wav2vec 2.0 for this task, arXiv 2306.05617.
    """

    kind: Literal["lora"] = "lora"
    rank: Annotated[int, Field(ge=1, le=1024)] = Field(
        default=16, description="Rows of A and columns of B."
    )
    alpha: Positive = Field(
        default=16.0, description="What an adapter adds is multiplied by alpha / rank."
    )
    dropout: Rate = Field(
        default=0.05, description="Rate of dropout of what an adapter reads, in training."
    )
    targets: Annotated[tuple[Target, ...], FromList, Field(min_length=1)] = Field(
        default=_ATTENTION,
        description="Linear layers of each transformer layer that get an adapter: the projections "
        "of attention (q, k, v, out), and those of the feed-forward part (intermediate, output).",
    )
    learning_rate: Positive | None = Field(
        default=None,
        description="Of the adapters; null is that of the training, which head and network have.",
    )
    merge: bool = Field(
        default=True,
        description="What is saved: true adds the adapters to the weights, and the model is one as "
        "if the front-end had been trained whole. false saves the adapters beside network and "
        "head, a small file; the front-end's own model must then be there to load it.",
    )

    def form(self) -> dict[str, Any]:
        """Return what must agree between these options and adapters that were saved."""
        return {
            "rank": self.rank,
            "alpha": self.alpha,
            "dropout": self.dropout,
            "targets": sorted(set(self.targets)),
        }

    def layer_names(self, model_type: str) -> list[str]:
        """Return what a family of models calls the targets.

        Parameters
        ----------
        model_type : str
            As the config.json of the model has it.

        Raises
        ------
        ConfigError
            If a target of this family cannot have an adapter.
        """
        attention = sorted(set(self.targets).intersection(_ATTENTION))
        if model_type == _UNCALLED and attention:
            raise ConfigError(
                f"targets of LoRA are {list(self.targets)}, and the front-end is a {model_type}, "
                "whose attention takes the weights of its projections past any adapter; allowed "
                "are intermediate and output"
            )
        names = {**_NAMES, **(_CONFORMER if "conformer" in model_type else {})}
        return sorted({names[each] for each in self.targets})


def _as_training(value: object) -> object:
    """Return true, false or the options of adapters."""
    if isinstance(value, bool | LoraOptions):
        return value
    if isinstance(value, Mapping):
        return LoraOptions.model_validate(value)
    raise PydanticCustomError(
        "kind", "allowed is true or false, or options of adapters, whose kind is lora"
    )


#: How a recipe trains its front-end: not at all, whole, or by adapters.
FrontendTraining = Annotated[bool | LoraOptions, BeforeValidator(_as_training)]
