"""Published checkpoints in this project's form: a folder that recipes name and evaluate."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from signl import stages
from signl.artefacts import MadeBy
from signl.audio import SAMPLE_RATE_HZ
from signl.errors import ArtefactError
from signl.features.speech_model.hidden_states import TrainableSpeechModel
from signl.models.end_to_end import EndToEndEncoder
from signl.models.heads import Classifier
from signl.models.published.checkpoint_file import frontend_from, read_checkpoint
from signl.models.published.reference import ConvertedCheckpoint, Kind, published_key
from signl.models.saving import save_model
from signl.models.signl.options import SignlOptions
from signl.models.strict_loading import load_strictly

logger = logging.getLogger(__name__)

STAGE: Final = stages.IMPORTS.rule
#: Seconds of a clip and of a crop in the published implementation.
CLIP_S, CROP_S = 9.0, 4.5


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """What a checkpoint does not say of itself.

    Attributes
    ----------
    corpus : str, optional
        On which it was trained, by our name, if known.
    neighbours : int
        Edges that lead into a node; published: 3 for the ASVspoof corpora, 4 for CFAD.
    label_percent : float, optional
        Of a classifier: per cent of the corpus's labels that it was trained with, if known.
    """

    corpus: str | None = None
    neighbours: int = 3
    label_percent: float | None = None


def import_checkpoint(
    path: str | Path,
    folder: str | Path,
    provenance: Provenance,
    *,
    frontend: Mapping[str, Any] | str | Path | None = None,
) -> None:
    """Write a published checkpoint as ``model.safetensors``, ``config.json`` and ``README.md``.

    Of an ``encoder_*.ckpt`` the encoder is kept, with its front-end, and the projection head
    is not; a ``pretrained_*.ckpt`` becomes a classifier.

    Parameters
    ----------
    path : path
        The checkpoint.
    folder : path
        Where the three files go.
    provenance : Provenance
    frontend : Mapping or path, optional
        Architecture of its front-end; see
        :func:`signl.models.published.checkpoint_file.frontend_from`.

    Raises
    ------
    ArtefactError
        If a tensor of the checkpoint is missing, unknown or of another shape than its model has;
        or if the file is none. Names it, and what was expected.
    """
    checkpoint = read_checkpoint(path)
    model = build_end_to_end(checkpoint, provenance.neighbours, frontend=frontend)
    made_by = MadeBy(
        stage=STAGE,
        revision=stages.IMPORTS.revision,
        options={
            "source": Path(path).name,
            "corpus": provenance.corpus,
            "neighbours": provenance.neighbours,
            "label_percent": provenance.label_percent,
        },
    )
    is_classifier = isinstance(model, Classifier)
    card = {
        "corpus": provenance.corpus,
        "source": f"{Path(path).name}, a checkpoint of the published implementation",
        **({"label_percent": provenance.label_percent} if is_classifier else {"labels": "none"}),
    }
    folder = Path(folder)
    save_model(
        folder / "model.safetensors", folder / "config.json", model, made_by=made_by, card=card
    )
    logger.info(
        "imported the %s of %s: %d nodes, %d tensors mapped, %d known to be unused%s; wrote %s",
        checkpoint.kind,
        path,
        checkpoint.sizes.nodes,
        len(checkpoint.model) + len(checkpoint.frontend),
        len(checkpoint.unused),
        "" if is_classifier else ", its projection head left out",
        folder,
    )


def build_end_to_end(
    checkpoint: ConvertedCheckpoint,
    neighbours: int,
    *,
    frontend: Mapping[str, Any] | str | Path | None = None,
) -> EndToEndEncoder | Classifier:
    """Build the encoder or the classifier of a checkpoint, front-end and all.

    Returns
    -------
    EndToEndEncoder or Classifier
        It takes waveforms (batch, 72,000), and is in evaluation mode.

    Raises
    ------
    ArtefactError
        Names tensors that do not fit.
    """
    sizes = checkpoint.sizes
    speech_model = TrainableSpeechModel(frontend_from(checkpoint, frontend))
    try:
        config = SignlOptions(
            nodes=sizes.nodes, channels=sizes.channels, neighbours=neighbours, layers=sizes.layers
        )
    except ValueError as error:
        raise ArtefactError(f"the published {checkpoint.kind} cannot be built: {error}") from error
    encoder = EndToEndEncoder(
        speech_model, config, clip_s=CLIP_S, crop_samples=round(CROP_S * SAMPLE_RATE_HZ)
    )
    source = f"the published {checkpoint.kind}"
    if checkpoint.kind == "classifier":
        classifier = Classifier.with_mlp(encoder, widths=sizes.head_widths)
        load_strictly(
            classifier,
            _end_to_end_names(checkpoint),
            source=source,
            spell=lambda name: _published_key(name, checkpoint.kind),
        )
        return classifier.eval()
    state = {
        name.removeprefix("encoder."): tensor
        for name, tensor in _end_to_end_names(checkpoint).items()
        if name.startswith("encoder.")
    }
    load_strictly(
        encoder,
        state,
        source=source,
        spell=lambda name: _published_key(name, checkpoint.kind),
    )
    return encoder.eval()


def _published_key(name: str, kind: Kind) -> str:
    """Return the published name of a tensor of an end-to-end model."""
    inner = name.removeprefix("encoder.")
    if inner.startswith("frontend.model."):
        prefix = "model." if kind == "classifier" else ""
        return f"{prefix}wav2vec.{inner.removeprefix('frontend.model.')}"
    return published_key(inner.removeprefix("graphs."), kind)


def _end_to_end_names(checkpoint: ConvertedCheckpoint) -> dict[str, Any]:
    """Return the tensors of model and front-end under the names of an end-to-end model."""
    graphs = {
        name.replace("encoder.", "encoder.graphs.", 1) if name.startswith("encoder.") else name: t
        for name, t in checkpoint.model.items()
    }
    frontend = {
        f"encoder.frontend.model.{name}": tensor for name, tensor in checkpoint.frontend.items()
    }
    return {**graphs, **frontend}
