"""The network of a recipe, and the clips that it is given."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from signl.devices import Resources
from signl.errors import ConfigError
from signl.features.frontend import FrontendOptions
from signl.features.frontends import frontend_options
from signl.models.end_to_end import Encoder, EndToEndEncoder
from signl.models.saving import load_encoder
from signl.models.signl.spectral_temporal import SpectralTemporalEncoder
from signl.training.clips import AudioClips, Clips, FrameClips
from signl.training.crops import Loading
from signl.training.files import EncoderFiles, digest_of
from signl.training.options import NetworkRecipe
from signl.training.sharing import Share

#: Of audio shards; feature shards are safetensors.
AUDIO_SUFFIX = ".parquet"

if TYPE_CHECKING:  # half of the time that scoring would take to start
    from lightning_fabric import Fabric

    from signl.features.speech_model.hidden_states import TrainableSpeechModel


def clips_for_recipe(recipe: NetworkRecipe, shards: Sequence[str | Path]) -> Clips:
    """Open feature shards or, for a recipe that trains its front-end, audio shards."""
    if recipe.frontend is None:
        return FrameClips(shards)
    return AudioClips(shards, clip_s=_trainable(recipe.frontend).clip_s)


def make_loading(
    recipe: NetworkRecipe,
    shards: Sequence[str | Path],
    fabric: "Fabric",
    resources: Resources,
    *,
    batch_size: int,
) -> Loading:
    """Return how a training loads its batches."""
    return Loading(
        clips=clips_for_recipe(recipe, shards),
        device=fabric.device,
        batch_size=batch_size,
        n_workers=resources.n_workers,
        share=Share(fabric.global_rank, fabric.world_size),
    )


def sources_of(recipe: NetworkRecipe, clips: Clips) -> list[str]:
    """Return digests of what a recipe trains on and from: shards, and files of a front-end.

    A model id has a revision, which stands among the options.
    """
    folder = [] if recipe.frontend is None else frontend_options(recipe.frontend).model_files()
    return [*clips.seals(), *map(digest_of, folder)]


def clips_for_encoder(encoder: Encoder, shards: Sequence[str | Path]) -> Clips:
    """Open feature shards or, for an encoder with its own front-end, audio shards.

    Raises
    ------
    ConfigError
        If the shards are of the other kind.
    """
    has_frontend = isinstance(encoder, EndToEndEncoder)
    if has_frontend != (Path(shards[0]).suffix == AUDIO_SUFFIX):
        owns, needs = (
            ("a", "trainable_frontend: true, or no frontend")
            if has_frontend
            else ("no", "trainable_frontend: false, or the frontend that it was trained on")
        )
        raise ConfigError(
            f"{shards[0]} is not what this network reads, which has {owns} front-end of its own: "
            f"its recipe needs {needs}, if it names a classifier"
        )
    if isinstance(encoder, EndToEndEncoder):
        return AudioClips(shards, clip_s=encoder.clip_s)
    return FrameClips(shards)


def features_of(clips: Clips) -> dict[str, Any]:
    """Return what a model's card says of its features: nothing, where it reads audio."""
    return {"features": dict(clips.made_by.options)} if isinstance(clips, FrameClips) else {}


def crop_length_of(encoder: Encoder) -> int:
    """Return how many frames or samples an encoder takes."""
    return encoder.crop_samples if isinstance(encoder, EndToEndEncoder) else encoder.n_frames


def make_encoder(recipe: NetworkRecipe, clips: Clips) -> Encoder:
    """Build the encoder of a recipe: graphs with random weights, a front-end as published."""
    length = clips.crop_length(recipe.crop_s)
    if isinstance(clips, FrameClips):
        return SpectralTemporalEncoder(clips.store.shape.width, length, recipe.graph)
    frontend = _trainable(recipe.frontend)
    return EndToEndEncoder(
        cast("TrainableSpeechModel", frontend.build_trainable(crop_s=recipe.crop_s)),
        recipe.graph,
        clip_s=frontend.clip_s,
        crop_samples=length,
    )


def pretrained_encoder(files: EncoderFiles, recipe: NetworkRecipe, clips: Clips) -> Encoder:
    """Load an encoder, which must be one that the recipe could have pre-trained.

    Raises
    ------
    ConfigError
        If it is not: says what it has, and what the recipe asks for.
    """
    encoder, _, card = load_encoder(*files)
    found, expected = _form(encoder), _form_asked(recipe, clips)
    trained_on = card.get("features")
    if isinstance(clips, FrameClips) and trained_on not in (None, dict(clips.made_by.options)):
        raise ConfigError(
            f"{files.model} was trained on features of {trained_on}, the recipe's are of "
            f"{dict(clips.made_by.options)}; give the recipe the front-end of the encoder"
        )
    if found != expected:
        raise ConfigError(
            f"{files.model} has {found}, the recipe has {expected}; change the recipe, whose "
            "trainable_frontend must be true where the encoder has a front-end of its own"
        )
    return encoder


def checkpoint_gradients(encoder: Encoder) -> None:
    """Let the front-end compute its layers again on the way back.

    Raises
    ------
    ConfigError
        If the encoder has no front-end.
    """
    if not isinstance(encoder, EndToEndEncoder):
        raise ConfigError("gradient_checkpointing is for recipes with trainable_frontend: true")
    encoder.frontend.model.activation_checkpointing_enable()


def _form(encoder: Encoder) -> dict[str, Any]:
    """Return what must agree between an encoder and a recipe."""
    if isinstance(encoder, EndToEndEncoder):
        return {
            "front-end": "its own",
            "layer": encoder.frontend.layer,
            "clip_s": encoder.clip_s,
            "samples": encoder.crop_samples,
            "graph": encoder.config,
        }
    return {"width": encoder.width, "frames": encoder.n_frames, "graph": encoder.config}


def _form_asked(recipe: NetworkRecipe, clips: Clips) -> dict[str, Any]:
    length = clips.crop_length(recipe.crop_s)
    if isinstance(clips, FrameClips):
        return {"width": clips.store.shape.width, "frames": length, "graph": recipe.graph}
    frontend = _trainable(recipe.frontend)
    return {
        "front-end": "its own",
        **frontend.trained_form(),
        "samples": length,
        "graph": recipe.graph,
    }


def _trainable(frontend: Mapping[str, Any] | None) -> FrontendOptions:
    """Return a front-end that can be trained, or refuse it."""
    options = None if frontend is None else frontend_options(frontend)
    if options is None or not options.is_trainable:
        raise ConfigError(
            "trainable_frontend takes a front-end of kind wav2vec2 with repeat: waveform, "
            f"got {frontend}"
        )
    return options
