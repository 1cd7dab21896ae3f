"""Reading a checkpoint file of the published implementation, and the front-end in it.

A file from elsewhere is not trusted: no code in it is run, and what it holds is either known or
refused. The names of tensors are the matter of :mod:`signl.models.published.reference`.
"""

import argparse
import json
import re
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
import torch
from torch import Tensor
from transformers import Wav2Vec2Config, Wav2Vec2Model

from signl.errors import ArtefactError
from signl.models.published.reference import ConvertedCheckpoint, convert_state_dict
from signl.models.strict_loading import load_strictly

#: The architecture of ``facebook/wav2vec2-xls-r-300m``, which published checkpoints hold
#: fine-tuned. The rates of dropout and masking act in training only.
XLS_R_300M: Final[Mapping[str, Any]] = {
    "model_type": "wav2vec2",
    "hidden_size": 1024,
    "num_hidden_layers": 24,
    "num_attention_heads": 16,
    "intermediate_size": 4096,
    "conv_dim": [512] * 7,
    "conv_kernel": [10, 3, 3, 3, 3, 2, 2],
    "conv_stride": [5, 2, 2, 2, 2, 2, 2],
    "conv_bias": True,
    "feat_extract_norm": "layer",
    "do_stable_layer_norm": True,
    "num_conv_pos_embeddings": 128,
    "num_conv_pos_embedding_groups": 16,
    "activation_dropout": 0.0,
    "attention_dropout": 0.1,
    "feat_proj_dropout": 0.1,
    "hidden_dropout": 0.1,
    "final_dropout": 0.0,
    "layerdrop": 0.1,
    "mask_time_prob": 0.075,
    "mask_time_length": 10,
    "mask_feature_prob": 0.0,
    "mask_feature_length": 10,
}


#: Attention heads by width, of the published models: base, large and XLS-R 300M, 1B, 2B.
_HEADS: Final = {768: 12, 1024: 16, 1280: 16, 1920: 16}

_Allowed = Callable[..., Any] | tuple[Callable[..., Any], str]


def _named(kind: Callable[..., Any], *names: str) -> list[_Allowed]:
    return [(kind, name) for name in names]


# What Lightning and its users put beside the tensors, apart from Python's own types. Making one
# of these from a pickle stores values and does nothing else. Some have had several names.
_HARMLESS: Final[list[_Allowed]] = [
    *_named(argparse.Namespace, "argparse.Namespace"),
    *_named(type(Path()), "pathlib.PosixPath", "pathlib._local.PosixPath"),
    *_named(np.dtype, "numpy.dtype"),
    *(
        alias
        for dtype in map(np.dtype, (np.float64, np.float32, np.int64, np.bool_))
        for alias in _named(type(dtype), f"numpy.dtypes.{type(dtype).__name__}")
    ),
    *_named(
        # The function that makes a number of its bytes.
        cast(Callable[..., Any], np.float64().__reduce__()[0]),
        "numpy._core.multiarray.scalar",
        "numpy.core.multiarray.scalar",
    ),
]


def read_checkpoint(path: str | Path) -> ConvertedCheckpoint:
    """Read a published checkpoint, without running any code that it may hold.

    Parameters
    ----------
    path : path
        An ``encoder_*.ckpt`` or a ``pretrained_*.ckpt``: a file of ``torch.save`` whose
        ``state_dict`` holds the tensors. What stands beside it (the epoch, the optimiser) is
        not used.

    Returns
    -------
    ConvertedCheckpoint
        Its tensors are in main memory, or mapped from the file, which must then stay.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ArtefactError
        If it is no file of torch, is cut short, holds objects that are neither tensors nor
        plain values, or has no ``state_dict``; or if a tensor has no place in the model or holds
        what is not a number. The message names the file, and the tensor or the object.
    """
    path = Path(path)
    entries = _load(path)
    if not isinstance(entries, Mapping) or not isinstance(entries.get("state_dict"), Mapping):
        found = sorted(map(str, entries)) if isinstance(entries, Mapping) else type(entries)
        raise ArtefactError(
            f"{path} is not a checkpoint of Lightning: expected an entry 'state_dict' with named "
            f"tensors, found {found}"
        )
    state = entries["state_dict"]
    if problems := [f"{name} {what}" for name, t in state.items() if (what := _problem(t))]:
        raise ArtefactError(f"{path} holds entries that are no weights: {problems[:5]}")
    try:
        return convert_state_dict(state)
    except ArtefactError as error:
        raise ArtefactError(f"{path}: {error}") from error


def infer_architecture(frontend: Mapping[str, Tensor]) -> dict[str, Any]:
    """Tell the architecture of a front-end by the shapes of its tensors.

    What leaves no trace there is as in the wav2vec 2.0 family: attention heads by the width, the
    usual strides, and layer norm before each block where the convolutions have layer norms. Of
    the published checkpoints the result is :data:`XLS_R_300M`.

    Parameters
    ----------
    frontend : Mapping of str to Tensor
        State dict of a ``transformers.Wav2Vec2Model``.

    Returns
    -------
    dict
        Fields of a ``transformers.Wav2Vec2Config``.

    Raises
    ------
    ArtefactError
        Names a tensor that is missing.
    """
    convolutions = "feature_extractor.conv_layers"
    try:
        kernels = [
            frontend[f"{convolutions}.{index}.conv.weight"].shape
            for index in range(_count(frontend, convolutions))
        ]
        hidden_size = frontend["feature_projection.projection.weight"].shape[0]
        positional = frontend["encoder.pos_conv_embed.conv.parametrizations.weight.original1"].shape
        intermediate = frontend["encoder.layers.0.feed_forward.intermediate_dense.weight"].shape[0]
    except KeyError as error:
        raise ArtefactError(
            f"the front-end (wav2vec.*) of a published checkpoint must hold {error}"
        ) from None
    has_layer_norms = f"{convolutions}.1.layer_norm.weight" in frontend
    return {
        **XLS_R_300M,
        "hidden_size": hidden_size,
        "num_hidden_layers": _count(frontend, "encoder.layers"),
        "num_attention_heads": _heads_of(hidden_size),
        "intermediate_size": intermediate,
        "conv_dim": [shape[0] for shape in kernels],
        "conv_kernel": [shape[2] for shape in kernels],
        "conv_bias": f"{convolutions}.0.conv.bias" in frontend,
        "feat_extract_norm": "layer" if has_layer_norms else "group",
        "do_stable_layer_norm": has_layer_norms,
        "num_conv_pos_embeddings": positional[2],
        "num_conv_pos_embedding_groups": hidden_size // max(1, positional[1]),
    }


def _heads_of(hidden_size: int) -> int:
    """Return how many attention heads the published models of a width have."""
    if hidden_size not in _HEADS:
        raise ArtefactError(
            f"the front-end of this checkpoint is {hidden_size} wide, of which the number of "
            f"attention heads is not known (known are {sorted(_HEADS)}): give its config.json, "
            "--frontend FILE"
        )
    return _HEADS[hidden_size]


def _count(frontend: Mapping[str, Tensor], prefix: str) -> int:
    """Return how many numbered modules of a list there are."""
    pattern = re.compile(rf"{re.escape(prefix)}\.(\d+)\.")
    return len({match[1] for name in frontend if (match := pattern.match(name))})


def frontend_from(
    checkpoint: ConvertedCheckpoint, config: Mapping[str, Any] | str | Path | None = None
) -> Wav2Vec2Model:
    """Build the front-end of a checkpoint, with its weights, in evaluation mode.

    Parameters
    ----------
    checkpoint : ConvertedCheckpoint
    config : Mapping or path, optional
        The architecture: the fields of a ``transformers.Wav2Vec2Config``, or a ``config.json``
        that holds them. Without it :func:`infer_architecture` tells.

    Raises
    ------
    ArtefactError
        If the configuration describes no wav2vec 2.0; or names the tensors that are missing,
        unknown, or of another shape than the configuration asks for.
    """
    if config is None:
        config = infer_architecture(checkpoint.frontend)
    given = "the given configuration" if isinstance(config, Mapping) else str(config)
    fields = config if isinstance(config, Mapping) else _read_config(Path(config))
    if (kind := fields.get("model_type", "wav2vec2")) != "wav2vec2":
        raise ArtefactError(f"{given} describes a model of type {kind!r}, expected 'wav2vec2'")
    try:
        # Without memory, and without drawing weights that are then replaced: all but one.
        with torch.device("meta"), torch.random.fork_rng(devices=[]):
            frontend: Any = Wav2Vec2Model(Wav2Vec2Config(**fields))
    except Exception as error:  # transformers checks in many ways
        raise ArtefactError(f"{given} describes no wav2vec 2.0: {_first_line(error)}") from error
    frontend = frontend.to_empty(device="cpu")
    what = "XLS-R 300M" if fields == XLS_R_300M else given
    load_strictly(
        frontend,
        checkpoint.frontend,
        source=f"the front-end (wav2vec.*) of the published {checkpoint.kind}, taken for {what},",
    )
    return cast(Wav2Vec2Model, frontend.eval())


def _load(path: Path) -> Any:  # noqa: ANN401
    if not path.exists():
        raise FileNotFoundError(f"there is no checkpoint {path}")
    try:
        with torch.serialization.safe_globals(_HARMLESS):
            # Mapped, the optimiser's tensors, twice as large as the model's, are never read.
            return torch.load(
                path, weights_only=True, map_location="cpu", mmap=zipfile.is_zipfile(path)
            )
    except Exception as error:  # on a file that is not its own, torch.load raises anything
        if match := re.search(r"GLOBAL (\S+)", str(error)):
            raise ArtefactError(
                f"{path} holds an object of {match[1]}, which a checkpoint need not hold and "
                f"which could run code when loaded; allowed are tensors, Python's own values, "
                f"argparse.Namespace, paths, and numbers of numpy"
            ) from None
        reason = _first_line(error)
        if "weights_only" in reason:  # torch advises to run whatever the file holds
            with path.open("rb") as handle:
                reason = f"it begins with {handle.read(16)!r}"
        raise ArtefactError(f"{path} is not a whole file of torch.save: {reason}") from None


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__} {lines[0] if lines else ''}".strip()


def _problem(entry: object) -> str | None:
    """Return what keeps an entry of a ``state_dict`` from being a weight, None if nothing does."""
    if not isinstance(entry, Tensor):
        return f"is of {type(entry).__name__}, expected a tensor"
    if entry.layout != torch.strided or entry.is_quantized or entry.is_complex():
        return f"is a tensor of {entry.layout} and {entry.dtype}, expected a dense one of numbers"
    if not entry.isfinite().all():
        return "holds values that are infinite or not a number"
    return None


def _read_config(path: Path) -> Mapping[str, Any]:
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise
    except (OSError, ValueError) as error:
        raise ArtefactError(f"{path} is not a configuration in JSON: {error}") from error
    if not isinstance(fields, dict):
        raise ArtefactError(f"{path} is not a configuration: expected an object of JSON")
    return fields
