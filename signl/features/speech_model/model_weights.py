"""Whether the files of a model's weights are there and look whole; their tensors are not read."""

import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from signl import seals
from signl.errors import ConfigError
from signl.features.speech_model.model_folder import Described, read_json

#: Where transformers looks for weights, in its order; an index names files beside it.
WEIGHT_FILES: Final = (
    "model.safetensors",
    "model.safetensors.index.json",
    "pytorch_model.bin",
    "pytorch_model.bin.index.json",
)
_INDEX: Final = ".index.json"
#: Weights of an adapter, with which transformers takes the model that this file names.
_ADAPTER: Final = "adapter_config.json"
#: The name of a file, of no folder.
_PLAIN: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,200}")
_POINTER: Final = b"version https://git-lfs.github.com"


def weight_files(folder: Path) -> list[Path]:
    """Return the files of a folder that hold the weights, of the first form that is there.

    Raises
    ------
    ConfigError
        If an index is broken, or names files that do not lie beside it.
    """
    for path in (folder / name for name in WEIGHT_FILES):
        if path.is_file():
            return [path, *_named_by(path)] if path.name.endswith(_INDEX) else [path]
    return []


def _named_by(index: Path) -> list[Path]:
    """Return the files that an index names."""
    content = read_json(index)
    names = content.get("weight_map") if isinstance(content, Mapping) else None
    if not isinstance(names, Mapping) or not names:
        raise ConfigError(f"{index} has no weight_map; download it again")
    for name in names.values():
        if not isinstance(name, str) or not _PLAIN.fullmatch(name):
            raise ConfigError(
                f"{index} names {repr(name)[:120]}; allowed are names of files that lie beside it"
            )
    return [index.with_name(name) for name in sorted(set(names.values()))]


def check_weights(folder: Path, config: Described) -> None:
    """Refuse a folder whose weights are missing, cut off, or something else than weights.

    Raises
    ------
    ConfigError
        Names the file and the cure.
    """
    if (folder / _ADAPTER).exists():
        raise ConfigError(
            f"the front-end model {folder} has an {_ADAPTER}, an adapter to another model; allowed "
            "is a folder that holds the whole model: merge the adapter into it"
        )
    files = weight_files(folder)
    if not files:
        raise ConfigError(
            f"the front-end model {folder} has no weights; allowed is one of {list(WEIGHT_FILES)}"
        )
    holding = [path for path in files if not path.name.endswith(_INDEX)]
    for path in holding:
        _check_file(path)
    n_bytes = sum(path.stat().st_size for path in holding)
    if n_bytes < config.least_bytes():
        raise ConfigError(
            f"{holding[0]}: {n_bytes:,} bytes of weights cannot be those of the config.json beside "
            f"it, whose layers take more than {config.least_bytes():,}; download the model again"
        )


def _check_file(path: Path) -> None:
    try:
        with path.open("rb") as handle:
            begin = handle.read(512)
    except FileNotFoundError:
        raise ConfigError(
            f"{path} is missing, and the index beside it names it; download the model again"
        ) from None
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error}") from error
    if begin.startswith(_POINTER):
        raise ConfigError(
            f"{path} is a pointer of git-lfs, not the weights; run git lfs pull in its folder, or "
            "hf download MODEL --local-dir FOLDER"
        )
    if begin.lstrip().startswith(b"<"):
        raise ConfigError(f"{path} is a page of a web site, not the weights; download it again")
    if path.suffix == ".safetensors":
        try:
            seals.tensors_header(path)
        except (seals.SealError, OSError) as error:
            raise ConfigError(f"{path} is damaged ({error}); download it again") from error
    elif not begin or (begin.startswith(b"PK") and not zipfile.is_zipfile(path)):
        raise ConfigError(
            f"{path}: {path.stat().st_size:,} bytes are a part of the weights; download it again"
        )
