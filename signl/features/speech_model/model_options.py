"""Options that front-ends have which are models of transformers: the model, and hidden states."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from signl.errors import ConfigError
from signl.features.frontend import FrontendOptions
from signl.features.speech_model.model_folder import (
    CONFIG,
    PREPROCESSOR,
    Described,
    check_layer,
    read_normalises,
)
from signl.features.speech_model.model_weights import check_weights, weight_files
from signl.typed import as_tuple

#: The model's output.
LAST: Final = -1


def _states(value: object) -> object:
    """Refuse what names no hidden states, in words that the parts of a union do not find."""
    states = as_tuple(value)
    if states is None or states == "all":
        return states
    numbers = states if isinstance(states, tuple) else ()
    are_states = all(type(each) is int and each >= LAST for each in numbers)
    if not numbers or not are_states or len({*numbers}) < len(numbers):
        raise ValueError(
            "allowed are all, and a list of hidden states, each at least -1 and named once"
        )
    return states


class ModelOptions(FrontendOptions):
    """Options of a front-end that gives hidden states of a model of transformers."""

    model: str = Field(
        min_length=1, description="A Hugging Face model id, or a folder in that format."
    )
    revision: str | None = Field(
        default=None,
        description="The commit of a model id; it must be given, so that the weights cannot "
        "change unseen.",
    )
    layer: int = Field(
        default=LAST,
        ge=LAST,
        description="Which hidden state is taken: -1 is the model's output, 0 the input of its "
        "first transformer layer, n the output of layer n.",
    )
    layers: Annotated[
        tuple[int, ...] | Literal["all"] | None,
        BeforeValidator(_states),
    ] = Field(
        default=None,
        description="Hidden states that stand side by side in a frame, those of the first one "
        "first, in place of layer; all: every one, the last one being the model's output.",
    )
    dtype: Literal["bfloat16", "float32"] = Field(
        default="bfloat16",
        description="Precision of the computation on a GPU. A CPU computes in float32.",
    )

    normalise: Literal["auto"] | bool = Field(
        default="auto",
        description="Whether clips are brought to zero mean and unit variance; auto: as "
        "do_normalize of the model's preprocessor_config.json says, and without it as the kind of "
        "model has it: wav2vec2 true, whisper false.",
    )

    @model_validator(mode="after")
    def _check_states(self) -> Self:
        if self.layers is not None and self.layer != LAST:
            raise ValueError(
                f"layer is {self.layer} and layers is {self.layers}; allowed is one of them"
            )
        return self

    @property
    def wants_gpu(self) -> bool:
        """Whether extraction is for a GPU, where there is one."""
        return True

    def models(self) -> Sequence[str]:
        """Return the model."""
        return [self.model]

    def with_model(self, folder: str) -> Self:
        """Return the options with a folder in place of the model."""
        return type(self).model_validate({**self.dump(), "model": folder, "revision": None})

    def count_states(self) -> int:
        """Return how many hidden states stand side by side in a frame.

        Raises
        ------
        ConfigError
            If all are asked for of a model of which nothing is known.
        """
        one = self.model_copy(update={"layers": None})
        return self.geometry().width // one.geometry().width

    def n_states(self, n_layers: int) -> int:
        """Return how many hidden states of a model of so many layers are taken."""
        return len(states_of(self.layer, self.layers, n_layers))

    def described_in(self, folder: Path) -> Described:
        """Read the configuration of a model from its folder.

        Raises
        ------
        ConfigError
            Names the file and what is wrong with it.
        """
        raise NotImplementedError

    def normalises_by_default(self) -> bool:
        """Tell whether input is normalised where the model says nothing of it."""
        raise NotImplementedError

    def model_files(self) -> Sequence[Path]:
        """Return the files of the model's folder that are read; none, for a model id."""
        folder = Path(self.model)
        described = [folder / CONFIG, folder / PREPROCESSOR]
        return [*(path for path in described if path.is_file()), *weight_files(folder)]

    def normalises(self) -> bool:
        """Tell whether its input is normalised; of a model id, whether it is to be by default."""
        folder = Path(self.model)
        return self.normalises_as(folder if folder.is_dir() else None)

    def normalises_as(self, folder: Path | None) -> bool:
        """Tell whether the input of a model is normalised whose description lies in a folder."""
        if self.normalise != "auto":
            return self.normalise
        default = self.normalises_by_default()
        return default if folder is None else read_normalises(folder, default=default)

    def check_model(self) -> None:
        """Refuse a folder whose files are broken, a layer that it lacks, an id without revision."""
        folder = Path(self.model)
        if not folder.is_dir():
            self._check_id()
            return
        config = self.described_in(folder)
        for state in states_of(self.layer, self.layers, config.n_layers):
            check_layer(state, config.n_layers, folder)
        check_weights(folder, config)
        self.normalises()

    def _check_id(self) -> None:
        if self.revision is None or self.model.startswith(("/", ".", "~")):
            raise ConfigError(
                f"the front-end model is {self.model!r}, which is no folder here; a model id needs "
                "a revision, a commit of its repository"
            )

    def whole(self) -> Self:
        """Return the options of the model's output, after all layers."""
        return self.model_copy(update={"layer": LAST, "layers": None})

    def for_training(self) -> Self:
        """Return the options without the precision of extraction: trainings have their own."""
        own = {"dtype": type(self).model_fields["dtype"].default}
        return super().for_training().model_copy(update=own)


def states_of(
    layer: int, layers: tuple[int, ...] | Literal["all"] | None, n_layers: int
) -> tuple[int, ...]:
    """Return the numbers of the hidden states that are taken of a model of so many layers."""
    if layers is None:
        return (layer,)
    return (*range(n_layers), LAST) if layers == "all" else layers
