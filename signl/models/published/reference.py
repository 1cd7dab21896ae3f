"""Checkpoints of the published implementation, translated to the names of this package.

They are Lightning checkpoints whose ``state_dict`` holds a fine-tuned front-end, the stem, the
two graph encoders and a head: ``wav2vec.*``, ``stem.convs.*``, ``encoder_t.*``,
``encoder_f.*`` and ``g.*`` of a pre-trained encoder; the same under ``model.`` with ``fcn.*``
for the head, and ``criterion.*``, of a classifier. ``encoder_t`` reads the grid's rows, the
front-end's channels, and so is our spectral encoder; ``encoder_f`` is the temporal one.
"""

import re
from collections.abc import Mapping
from typing import Literal, NamedTuple

from torch import Tensor

from signl.errors import ArtefactError
from signl.models.heads import Classifier, PretrainingModel
from signl.models.signl.options import SignlOptions
from signl.models.signl.spectral_temporal import SpectralTemporalEncoder
from signl.models.strict_loading import load_strictly

_ENCODERS = {"encoder_t": "spectral", "encoder_f": "temporal"}
_LAYER_PARTS = {
    "gconv": "convolution",
    "conv1d": "mixing",
    "batch_norms_conv1d": "norm",
    "fc_res": "residual",
}
#: Modules that the published encoders hold and never call.
UNUSED_MODULES = frozenset({"batch_norms_gconv", "layer_norms_gconv", "layer_norms_conv1d"})
_LINEAR = frozenset({"weight", "bias"})
_NORM = _LINEAR | {"running_mean", "running_var", "num_batches_tracked"}
_LEAVES = {
    "gconv": frozenset({"lin.weight", "bias"}),
    "conv1d": _LINEAR,
    "batch_norms_conv1d": _NORM,
    "fc_res": _LINEAR,
    "batch_norms_gconv": _NORM,
    "layer_norms_gconv": _LINEAR,
    "layer_norms_conv1d": _LINEAR,
}

_LAYER_KEY = re.compile(
    r"(?P<encoder>encoder_[tf])\.gnn\.(?P<part>\w+)\.(?P<index>\d+)\.(?P<leaf>.+)"
)
_STEM_KEY = re.compile(r"stem\.convs\.(?P<index>\d+)\.(?P<leaf>\w+)")
_HEAD_KEY = re.compile(r"(?:g|fcn)\.(?P<index>\d+)\.(?P<leaf>weight|bias)")
# Weight normalisation as torch wrote it before parametrisations, and since.
_POSITIONAL = {
    "conv.weight_g": "conv.parametrizations.weight.original0",
    "conv.weight_v": "conv.parametrizations.weight.original1",
}

Kind = Literal["encoder", "classifier"]


class CheckpointSizes(NamedTuple):
    """What the shapes of a checkpoint's tensors tell of its model.

    The number of neighbours, the front-end's width and the crop's length leave no trace there.
    """

    nodes: int
    channels: int
    layers: int
    head_widths: tuple[int, ...]


class ConvertedCheckpoint(NamedTuple):
    """A published checkpoint in the names of this package.

    Attributes
    ----------
    kind : "encoder" or "classifier"
    sizes : CheckpointSizes
    frontend : dict of str to Tensor
        State dict of a ``transformers.Wav2Vec2Model``.
    model : dict of str to Tensor
        State dict of a :class:`signl.models.heads.PretrainingModel` or
        :class:`signl.models.heads.Classifier`.
    class_weights : Tensor of shape (2,), or None
        Weights of spoof and bona fide in a classifier's cross-entropy.
    unused : list of str
        Keys of tensors that the published implementation holds and never uses.
    """

    kind: Kind
    sizes: CheckpointSizes
    frontend: dict[str, Tensor]
    model: dict[str, Tensor]
    class_weights: Tensor | None
    unused: list[str]


class _Place(NamedTuple):
    """Where a tensor goes: to the front-end, the model, the class weights, or nowhere."""

    owner: Literal["frontend", "model", "class_weights", "unused"]
    name: str


def convert_state_dict(state: Mapping[str, Tensor]) -> ConvertedCheckpoint:
    """Translate the ``state_dict`` of a published checkpoint.

    Every key is translated, is one of the known unused, or is refused; nothing is passed over.

    Raises
    ------
    ArtefactError
        Names the keys that have no place, or the tensor without which sizes cannot be known.
    """
    kind: Kind = "classifier" if any(key.startswith("model.") for key in state) else "encoder"
    owned: dict[str, dict[str, Tensor]] = {}
    strangers = []
    for key, tensor in state.items():
        place = _place(key, kind)
        # Two spellings of one tensor are as suspect as none.
        if place is None or place.name in owned.get(place.owner, {}):
            strangers.append(key)
        else:
            owned.setdefault(place.owner, {})[place.name] = tensor
    if strangers:
        raise ArtefactError(
            f"{len(strangers)} tensors have no place in a published {kind}: {sorted(strangers)[:5]}"
        )
    model = owned.get("model", {})
    class_weights = owned.get("class_weights", {}).get("weight")
    if class_weights is not None and class_weights.shape != (2,):
        raise ArtefactError(
            f"criterion.ce.weight of the published {kind} has shape "
            f"{list(class_weights.shape)}, expected [2]: the weights of spoof and bona fide"
        )
    return ConvertedCheckpoint(
        kind=kind,
        sizes=_sizes(model, kind),
        frontend=owned.get("frontend", {}),
        model=model,
        class_weights=class_weights,
        unused=sorted(owned.get("unused", {})),
    )


def build_model(
    checkpoint: ConvertedCheckpoint, *, width: int, n_frames: int, neighbours: int
) -> PretrainingModel | Classifier:
    """Build the model of a checkpoint, with its weights, in evaluation mode.

    Parameters
    ----------
    checkpoint : ConvertedCheckpoint
    width, n_frames : int
        Channels of the front-end and frames of a crop: 1024 and 224 as published.
    neighbours : int
        As published, 3 for a checkpoint of an ASVspoof corpus, 4 for one of CFAD.

    Raises
    ------
    ArtefactError
        Names the tensors that are missing or of the wrong shape.
    """
    sizes = checkpoint.sizes
    config = SignlOptions(
        nodes=sizes.nodes, channels=sizes.channels, neighbours=neighbours, layers=sizes.layers
    )
    encoder = SpectralTemporalEncoder(width, n_frames, config)
    model: PretrainingModel | Classifier
    if checkpoint.kind == "encoder":
        model = PretrainingModel(encoder, widths=sizes.head_widths)
    else:
        model = Classifier.with_mlp(encoder, widths=sizes.head_widths)
    load_strictly(
        model,
        checkpoint.model,
        source=f"the published {checkpoint.kind}",
        spell=lambda name: published_key(name, checkpoint.kind),
    )
    return model.eval()


def published_key(name: str, kind: Kind) -> str:
    """Return the published name of one of our model's tensors."""
    owner, *rest = name.removeprefix("encoder.").split(".")
    leaf = rest[-1]
    if name.startswith("head.classes."):
        return f"criterion.{leaf}"
    prefix = "model." if kind == "classifier" else ""
    if owner == "stem":
        return f"{prefix}stem.convs.{3 * int(rest[1]) + (rest[0] == 'norms')}.{leaf}"
    if owner in _ENCODERS.values():
        theirs = {ours: published for published, ours in {**_ENCODERS, **_LAYER_PARTS}.items()}
        leaf = "lin.weight" if rest[2:] == ["convolution", "weight"] else leaf
        return f"{prefix}{theirs[owner]}.gnn.{theirs[rest[2]]}.{rest[1]}.{leaf}"
    return f"{prefix}{'g' if kind == 'encoder' else 'fcn'}.{rest[-2]}.{leaf}"


def _place(key: str, kind: Kind) -> _Place | None:
    """Return where the tensor of ``key`` goes, None where it has no place."""
    if kind == "classifier" and key.startswith("criterion."):
        return _place_of_criterion(key.removeprefix("criterion."))
    name = key if kind == "encoder" else key.removeprefix("model.")
    if kind == "classifier" and name == key:
        return None
    if name.startswith("wav2vec."):
        return _Place("frontend", _frontend_name(name.removeprefix("wav2vec.")))
    if match := _HEAD_KEY.fullmatch(name):
        expected, head = ("g", "projection") if kind == "encoder" else ("fcn", "head.hidden")
        if name.startswith(f"{expected}."):
            return _Place("model", f"{head}.layers.{match['index']}.{match['leaf']}")
        return None
    return _place_in_encoder(key, name)


def _place_of_criterion(name: str) -> _Place | None:
    if name == "ce.weight":
        return _Place("class_weights", "weight")
    return _Place("model", f"head.classes.{name}") if name in {"weight", "bias"} else None


def _frontend_name(name: str) -> str:
    for old, new in _POSITIONAL.items():
        if name.endswith(f"pos_conv_embed.{old}"):
            return name.removesuffix(old) + new
    return name


def _place_in_encoder(key: str, name: str) -> _Place | None:
    if match := _STEM_KEY.fullmatch(name):
        # Convolution, normalisation and ReLU alternate; ReLU has no tensors.
        layer, part = divmod(int(match["index"]), 3)
        owner = {0: "convolutions", 1: "norms"}.get(part)
        return _Place("model", f"encoder.stem.{owner}.{layer}.{match['leaf']}") if owner else None
    match = _LAYER_KEY.fullmatch(name)
    if match is None or match["leaf"] not in _LEAVES.get(match["part"], ()):
        return None
    if match["part"] in UNUSED_MODULES:
        return _Place("unused", key)
    layer_name = f"encoder.{_ENCODERS[match['encoder']]}.layers.{match['index']}"
    part_name = _LAYER_PARTS[match["part"]]
    return _Place("model", f"{layer_name}.{part_name}.{match['leaf'].removeprefix('lin.')}")


def _sizes(model: Mapping[str, Tensor], kind: Kind) -> CheckpointSizes:
    head = "projection.layers." if kind == "encoder" else "head.hidden.layers."
    weights = {
        int(name.removeprefix(head).removesuffix(".weight")): tensor
        for name, tensor in model.items()
        if name.startswith(head) and name.endswith(".weight")
    }
    layers = {name.split(".")[3] for name in model if name.startswith("encoder.spectral.layers.")}
    try:
        channels = model["encoder.stem.convolutions.4.weight"].shape[0]
        features = model["encoder.spectral.layers.0.convolution.weight"].shape[1]
    except KeyError as error:
        raise ArtefactError(
            f"a published {kind} must hold {published_key(error.args[0], kind)!r}, "
            f"and this one does not"
        ) from None
    if features % channels or not weights:
        raise ArtefactError(
            f"a published {kind} must hold a head, {len(weights)} linear layers found, and nodes "
            f"whose {features} features are a multiple of the stem's {channels} channels"
        )
    return CheckpointSizes(
        nodes=features // channels,
        channels=channels,
        layers=len(layers),
        head_widths=tuple(weights[index].shape[0] for index in sorted(weights)),
    )
