"""What a look at the folder of a speech model tells, without PyTorch."""

import json
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

from signl.errors import ConfigError
from signl.features.frontend import Geometry
from signl.features.speech_model.embedded import DemoFrontendOptions

#: Where transformers looks for weights, in its order; an index names files beside it.
WEIGHT_FILES: Final = (
    "model.safetensors",
    "model.safetensors.index.json",
    "pytorch_model.bin",
    "pytorch_model.bin.index.json",
)
#: The convolutions of all published models of the family.
KERNELS: Final = (10, 3, 3, 3, 3, 2, 2)
STRIDES: Final = (5, 2, 2, 2, 2, 2, 2)


class ModelConfig(NamedTuple):
    """What planning needs of a model's config.json."""

    hidden_size: int
    n_layers: int
    kernels: tuple[int, ...]
    strides: tuple[int, ...]

    @classmethod
    def of_embedded(cls, options: DemoFrontendOptions) -> Self:
        """Return that of the embedded model, which need not be there yet."""
        return cls(options.hidden_size, options.n_layers, KERNELS, STRIDES)

    def geometry(self) -> Geometry:
        """Return the form of the frames."""
        return Geometry(self.hidden_size, *receptive_field(self.kernels, self.strides))


def receptive_field(kernels: tuple[int, ...], strides: tuple[int, ...]) -> tuple[int, int]:
    """Return window and hop, in samples, of a stack of convolutions without padding."""
    window, hop = 1, 1
    for kernel, stride in zip(kernels, strides, strict=True):
        window += (kernel - 1) * hop
        hop *= stride
    return window, hop


def read_model_config(folder: Path) -> ModelConfig:
    """Read the config.json of a model's folder.

    Raises
    ------
    ConfigError
        Names the file and what is wrong with it.
    """
    path = folder / "config.json"
    try:
        values: Any = json.loads(path.read_text(encoding="utf-8"))
        return ModelConfig(
            hidden_size=int(values["hidden_size"]),
            n_layers=int(values["num_hidden_layers"]),
            kernels=tuple(values.get("conv_kernel", KERNELS)),
            strides=tuple(values.get("conv_stride", STRIDES)),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(f"{path} does not describe a speech model: {error!r}") from error


def weight_files(folder: Path) -> list[Path]:
    """Return the files of a folder that hold the weights: the first form that is there."""
    for name in WEIGHT_FILES:
        path = folder / name
        if not path.is_file():
            continue
        if not name.endswith(".index.json"):
            return [path]
        try:
            named = set(json.loads(path.read_text(encoding="utf-8"))["weight_map"].values())
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return [path]
        return [path, *(folder / each for each in sorted(map(str, named)))]
    return []
