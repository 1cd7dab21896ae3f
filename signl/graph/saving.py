"""Models as files: safetensors for the weights, and a config.json that says how to build them.

Both files are whole or absent. The header of what made them stands in both, so that weights and a
configuration of different runs are not read as one model.
"""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from signl import revisions, seals
from signl.artefacts import (
    HEADER,
    MadeBy,
    atomic_write,
    check_tensor_data,
    read_document,
    remedy,
    write_document,
)
from signl.errors import ArtefactError, SignlError
from signl.graph.heads import Classifier
from signl.graph.model import GraphConfig, SpectralTemporalEncoder
from signl.graph.strict_loading import load_strictly
from signl.options import build_options

Module = TypeVar("Module", bound=nn.Module)

_ENCODER, _CLASSIFIER = "encoder", "classifier"


class LoadedModel(NamedTuple, Generic[Module]):
    """A model from files, in evaluation mode, with what made it and its card."""

    module: Module
    made_by: MadeBy
    card: dict[str, Any]


def save_model(
    model_path: str | Path,
    config_path: str | Path,
    module: SpectralTemporalEncoder | Classifier,
    *,
    made_by: MadeBy,
    card: Mapping[str, Any] | None = None,
) -> None:
    """Write a model's weights and its configuration.

    Parameters
    ----------
    model_path, config_path : path
        The two files, for example ``model.safetensors`` and ``config.json`` of one folder.
    module : SpectralTemporalEncoder or Classifier
        Its sizes are read off it.
    made_by : MadeBy
        The stage, its revision and its options.
    card : Mapping, optional
        Anything else that a reader of the model should know; what JSON can hold.
    """
    made_by = made_by.placed_at(config_path)
    weights = {
        name: tensor.detach().cpu().contiguous() for name, tensor in module.state_dict().items()
    }
    with atomic_write(model_path) as scratch:
        save_file(weights, scratch, metadata={HEADER: made_by.to_blank_json(data=seals.BLANK)})
        seals.seal_tensors(scratch)
    write_document(config_path, {**_describe(module), "card": dict(card or {})}, made_by)


def load_encoder(
    model_path: str | Path,
    config_path: str | Path,
    *,
    stage: str = "pretrain_encoder",
    revision: int = revisions.PRETRAINING,
) -> LoadedModel[SpectralTemporalEncoder]:
    """Read an encoder that :func:`save_model` wrote.

    Parameters
    ----------
    model_path, config_path : path
        Its two files.
    stage, revision : str, int
        What must have made it.

    Raises
    ------
    ArtefactError
        If a file is damaged, was made by something else, or holds another class of model; if the
        two files are not of one run; or if a tensor is missing, unknown or of another shape,
        which the message names with what was found and what was expected.
    """
    description = _read_description(Path(config_path), _ENCODER, stage=stage, revision=revision)
    encoder = _build_encoder(description, config_path)
    return _fill(encoder, Path(model_path), description)


def load_classifier(
    model_path: str | Path,
    config_path: str | Path,
    *,
    stage: str = "train_classifier",
    revision: int = revisions.FINETUNING,
) -> LoadedModel[Classifier]:
    """Read a classifier that :func:`save_model` wrote.

    Parameters and errors are those of :func:`load_encoder`.
    """
    description = _read_description(Path(config_path), _CLASSIFIER, stage=stage, revision=revision)
    encoder = _build_encoder(description, config_path)
    try:
        classifier = Classifier(encoder, **description["head"])
    except (KeyError, TypeError, ValueError) as error:
        raise ArtefactError(
            f"{config_path} does not describe a classifier's head: {error!r}"
        ) from error
    return _fill(classifier, Path(model_path), description)


def _describe(module: SpectralTemporalEncoder | Classifier) -> dict[str, Any]:
    if isinstance(module, Classifier):
        hidden = module.head.hidden
        head = {"widths": list(hidden.widths), "dropout": hidden.dropout}
        return {**_describe(module.encoder), "class": _CLASSIFIER, "head": head}
    return {
        "class": _ENCODER,
        "width": module.width,
        "n_frames": module.n_frames,
        "graph": asdict(module.config),
    }


def _read_description(path: Path, kind: str, *, stage: str, revision: int) -> dict[str, Any]:
    """Read and check a config.json; its ``made_by`` comes back as a MadeBy."""
    description = read_document(path, stage=stage, revision=revision)
    if (found := description.get("class")) != kind:
        raise ArtefactError(
            f"{path} describes a model of class {found!r}, expected {kind!r}; {remedy(path)}"
        )
    return description


def _build_encoder(description: Mapping[str, Any], path: str | Path) -> SpectralTemporalEncoder:
    try:
        config = build_options(GraphConfig, description["graph"], "graph")
        return SpectralTemporalEncoder(description["width"], description["n_frames"], config)
    except (SignlError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise ArtefactError(f"{path} does not describe an encoder: {error!r}") from error


def _fill(module: Module, path: Path, description: Mapping[str, Any]) -> LoadedModel[Module]:
    """Load the weights into a module built from its description."""
    weights, header = _read_weights(path)
    made_by: MadeBy = description["made_by"]
    if header != made_by:
        raise ArtefactError(
            f"{path} was made by {header}, its configuration by {made_by}; {remedy(path)}"
        )
    load_strictly(module, weights, source=path)
    return LoadedModel(module.eval(), made_by, description.get("card", {}))


def _read_weights(path: Path) -> tuple[dict[str, Tensor], MadeBy]:
    try:
        with safe_open(path, framework="pt") as file:
            header = MadeBy.from_json((file.metadata() or {})[HEADER])
            weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except FileNotFoundError:
        raise
    except (SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
        raise ArtefactError(f"{path} is damaged ({error}); {remedy(path)}") from error
    check_tensor_data(path)
    return weights, header
