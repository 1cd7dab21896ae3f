"""Models as files: safetensors for the weights, and a config.json that says how to build them.

All files are whole or absent. The header of what made them stands in both, so that weights and a
configuration of different runs are not read as one model. Beside them lies a model card, README.md.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Generic, NamedTuple, TypeVar

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from signl import seals, stages
from signl.artefacts import (
    HEADER,
    MadeBy,
    atomic_write,
    check_made_by,
    check_tensor_data,
    open_document,
    remedy,
    write_document,
    write_text,
)
from signl.errors import ArtefactError, SignlError
from signl.features.speech_model.adapters import (
    AdaptedSpeechModel,
    Base,
    weights_of_base,
    weights_to_save,
)
from signl.features.speech_model.hidden_states import TrainableSpeechModel, which_states
from signl.features.speech_model.lora_options import LoraOptions
from signl.models.base import MAX_CROPS, NetworkOptions
from signl.models.card import model_card
from signl.models.end_to_end import EndToEndEncoder
from signl.models.head_kinds import build_head
from signl.models.heads import Classifier
from signl.models.network import Network
from signl.models.networks import NETWORKS
from signl.models.own_code import check_allowed, check_source
from signl.models.strict_loading import load_strictly
from signl.stages import Stage
from signl.tensors import write_tensors

Module = TypeVar("Module", bound=nn.Module)

_ENCODER, _CLASSIFIER = "encoder", "classifier"
#: Bounds of what a description may say: the largest number in those of published speech models is
#: a million (samples of a clip), and the deepest has some hundred layers.
MAX_SIZE: Final = 1 << 24
MAX_LAYERS: Final = 1000
#: Where modules are built from a description: what it claims takes no memory before the weights,
#: which are compared with it, are there.
_WITHOUT_MEMORY: Final = torch.device("meta")
#: Name of a model card.
CARD = "README.md"


class LoadedModel(NamedTuple, Generic[Module]):
    """A model from files, in evaluation mode, with what made it and its card."""

    module: Module
    made_by: MadeBy
    card: dict[str, Any]


def save_model(
    model_path: str | Path,
    config_path: str | Path,
    module: Network | Classifier,
    *,
    made_by: MadeBy,
    card: Mapping[str, Any],
) -> None:
    """Write a model's weights, its configuration, and its card as ``README.md`` beside this.

    Of a front-end with adapters the weights with these added are written, or the adapters alone,
    as :class:`signl.features.speech_model.lora_options.LoraOptions` says.

    Parameters
    ----------
    model_path, config_path : path
        The two files, for example ``model.safetensors`` and ``config.json`` of one folder.
    module : Network or Classifier
        Its sizes are read off it.
    made_by : MadeBy
        The stage, its revision and its options.
    card : Mapping
        What a reader of the model should know (:mod:`signl.models.card`); what JSON can hold.
    """
    made_by = made_by.placed_at(config_path)
    header = made_by.to_blank_json(data=seals.BLANK)
    with atomic_write(model_path) as scratch:
        write_tensors(scratch, weights_to_save(module), {HEADER: header})
        seals.seal_tensors(scratch)
    description = {**_describe(module), "card": dict(card)}
    write_document(config_path, description, made_by)
    write_text(Path(config_path).with_name(CARD), model_card(description))


def from_pretrained(folder: str | Path, *, model_code: str | None = None) -> LoadedModel[Any]:
    """Load a model from a folder with ``model.safetensors`` and ``config.json``.

    Whatever stage and revision made it, in contrast to :func:`load_encoder` and
    :func:`load_classifier`: a model that is passed on is as good as it was.

    Parameters
    ----------
    folder : path
    model_code : str, optional
        ``package.module:Class`` of a network of one's own, whose code may be run.

    Returns
    -------
    LoadedModel
        Its module is an encoder or a :class:`signl.models.heads.Classifier`, in evaluation mode.

    Raises
    ------
    FileNotFoundError
        If the folder has no such files.
    ArtefactError
        If a file is damaged, or the two are not of one model.
    ConfigError
        If its network is code outside this package that was not named.
    """
    config_path = Path(folder, "config.json")
    description = open_document(config_path)
    kind = description.get("class")
    build = {_ENCODER: _build_encoder, _CLASSIFIER: _build_classifier}.get(str(kind))
    if build is None:
        raise ArtefactError(
            f"{config_path} describes a model of class {kind!r}, "
            f"expected {_ENCODER!r} or {_CLASSIFIER!r}"
        )
    module = build(description, config_path, model_code)
    return _fill(module, Path(folder, "model.safetensors"), description)


def load_encoder(
    model_path: str | Path, config_path: str | Path, *, model_code: str | None = None
) -> LoadedModel[Network]:
    """Read an encoder that the workflow made, or that was imported.

    Parameters
    ----------
    model_path, config_path : path
        Its two files.
    model_code : str, optional
        ``package.module:Class`` of a network of one's own, whose code may be run.

    Raises
    ------
    ArtefactError
        If a file is damaged, was made by something else or by another revision, or holds another
        class of model; if the two files are not of one run; or if a tensor is missing, unknown
        or of another shape, which the message names with what was found and what was expected.
    """
    description = _read_checked(Path(config_path), _ENCODER)
    module = _build_encoder(description, config_path, model_code)
    return _fill(module, Path(model_path), description)


def load_classifier(
    model_path: str | Path, config_path: str | Path, *, model_code: str | None = None
) -> LoadedModel[Classifier]:
    """Read a classifier that the workflow made, or that was imported.

    Parameters and errors are those of :func:`load_encoder`.
    """
    description = _read_checked(Path(config_path), _CLASSIFIER)
    module = _build_classifier(description, config_path, model_code)
    return _fill(module, Path(model_path), description)


def _describe(module: Network | Classifier) -> dict[str, Any]:
    if isinstance(module, Classifier):
        described = {**module.encoder.describe(), "class": _CLASSIFIER}
        # Nothing is said of one crop: what there was before crops were counted stays as it was.
        crops = {"crops": module.n_crops} if module.n_crops != 1 else {}
        return {**described, "head": module.head.describe(), **crops}
    return {**module.describe(), "class": _ENCODER}


def _makers_of(kind: str) -> Sequence[Stage]:
    """Return the stages that make a class of model."""
    trained = {_ENCODER: stages.PRETRAINING, _CLASSIFIER: stages.FINETUNING}
    return trained[kind], stages.IMPORTS


def _read_checked(path: Path, kind: str) -> dict[str, Any]:
    """Read a config.json of one class of model, made by a current revision of a known stage."""
    description = open_document(path)
    makers, made_by = _makers_of(kind), description["made_by"]
    if (found := description.get("class")) != kind:
        raise ArtefactError(
            f"{path} describes a model of class {found!r}, expected {kind!r}; {remedy(path)}"
        )
    maker = next((each for each in makers if each.rule == made_by.stage), makers[0])
    check_made_by(made_by, path, stage=maker.rule, revision=maker.revision)
    return description


def _build_encoder(
    description: Mapping[str, Any], path: str | Path, model_code: str | None
) -> Network:
    check_allowed(description.get("network"), model_code)
    try:
        _check_sizes(description)
        options = NETWORKS.build(_network_of(description))
        check_source(options)
        if "frontend" not in description:
            width, n_frames = _input_of(description, options)
            options.check(width=width, n_frames=n_frames)
            with _WITHOUT_MEMORY:
                return options.build(width, n_frames)
        frontend = _build_frontend(**description["frontend"])
        with _WITHOUT_MEMORY:
            return EndToEndEncoder(
                frontend,
                options,
                clip_s=description["clip_s"],
                crop_samples=description["crop_samples"],
            )
    except (
        *(SignlError, AttributeError, KeyError, TypeError, ValueError),
        *(OverflowError, RuntimeError),
    ) as error:
        raise ArtefactError(f"{path} does not describe an encoder: {error!r}") from error


def _network_of(description: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the options of a network; before kinds, all were of SIGNL's."""
    if "network" in description:
        network: Mapping[str, Any] = description["network"]
        return network
    return {"kind": "signl", **description["graph"]}


def _input_of(description: Mapping[str, Any], options: NetworkOptions) -> tuple[int, int]:
    """Return the width of what a network reads, and the length of a crop of it."""
    if options.reads == "audio":
        return 1, description["crop_samples"]
    return description["width"], description["n_frames"]


def _check_sizes(description: Mapping[str, Any], place: str = "") -> None:
    """Refuse numbers that no network has, before memory is taken for them.

    Raises
    ------
    ValueError
        Names the key, its value and what is allowed.
    """
    for key, value in description.items():
        where = f"{place}{key}"
        if isinstance(value, Mapping):
            _check_sizes(value, f"{where}.")
            continue
        limit = MAX_LAYERS if "layers" in key else MAX_SIZE
        for number in value if isinstance(value, list) else [value]:
            is_number = isinstance(number, int | float) and not isinstance(number, bool)
            if is_number and not abs(number) <= limit:
                raise ValueError(f"{where} is {number!r}; allowed are finite sizes to {limit:,}")


def _build_frontend(
    *,
    layer: int | str | Sequence[int],
    config: Mapping[str, Any],
    lora: Mapping[str, Any] | None = None,
    base: Mapping[str, Any] | None = None,
) -> TrainableSpeechModel:
    # Imported here for the seconds that it takes, which cached features need not wait.
    from transformers import AutoConfig, AutoModel

    options = dict(config)
    speech_config = AutoConfig.for_model(options.pop("model_type"), **options)
    # Without drawing weights that are then replaced: all but one.
    with torch.device("meta"), torch.random.fork_rng(devices=[]):
        model = AutoModel.from_config(speech_config)  # type: ignore[no-untyped-call]
    empty = model.to_empty(device="cpu").float()
    if lora is None:
        return TrainableSpeechModel(empty, **which_states(layer))
    adapters = LoraOptions.model_validate(lora)
    if adapters.merge:
        raise ValueError("lora.merge is true; allowed is false where adapters are saved alone")
    with torch.random.fork_rng(devices=[]):
        return AdaptedSpeechModel(
            empty, **which_states(layer), lora=adapters, base=Base.model_validate(base)
        )


def _build_classifier(
    description: Mapping[str, Any], path: str | Path, model_code: str | None
) -> Classifier:
    encoder = _build_encoder(description, path, model_code)
    try:
        with _WITHOUT_MEMORY:
            head = build_head(encoder.embedding_width, **description["head"])
        return Classifier(encoder, head, n_crops=_crops_of(description))
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise ArtefactError(f"{path} does not describe a classifier's head: {error!r}") from error


def _crops_of(description: Mapping[str, Any]) -> int:
    """Return how many crops of a clip a classifier scores."""
    n_crops = description.get("crops", 1)
    if not isinstance(n_crops, int) or isinstance(n_crops, bool) or not 1 <= n_crops <= MAX_CROPS:
        raise ValueError(f"crops is {n_crops!r}; allowed is a whole number, 1 to {MAX_CROPS}")
    return n_crops


def _fill(module: Module, path: Path, description: Mapping[str, Any]) -> LoadedModel[Module]:
    """Load the weights into a module built from its description."""
    weights, header = _read_weights(path)
    made_by: MadeBy = description["made_by"]
    if header != made_by:
        raise ArtefactError(
            f"{path} was made by {header}, its configuration by {made_by}; {remedy(path)}"
        )
    held = weights_of_base(module)
    if twice := sorted(held.keys() & weights.keys()):
        raise ArtefactError(
            f"{path} does not fit the model: {twice[0]} is unknown, for adapters are saved without "
            f"the model to which they belong; {remedy(path)}"
        )
    load_strictly(module, weights | held, source=path, assign=True)
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
