"""The encoder of a recipe: with random weights, or as pre-training left it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from signl.errors import ConfigError
from signl.features.frontend import n_frames_of
from signl.features.frontends import say_the_same
from signl.features.speech_model.adapters import (
    AdaptedSpeechModel,
    Base,
    adapted,
    weights_digest,
)
from signl.features.speech_model.hidden_states import TrainableSpeechModel
from signl.features.speech_model.model_options import ModelOptions
from signl.models.base import AudioOptions
from signl.models.end_to_end import EndToEndEncoder
from signl.models.network import Network
from signl.models.own_code import check_source, is_own
from signl.models.saving import load_encoder
from signl.training.clips import AudioClips, Clips, FrameClips
from signl.training.launching import seed_weights
from signl.training.model_files import EncoderFiles
from signl.training.options import NetworkRecipe


def clips_for_recipe(recipe: NetworkRecipe, shards: Sequence[str | Path]) -> Clips:
    """Open feature shards or, where a network or a front-end in training reads it, audio shards."""
    if recipe.frontend is not None:
        return AudioClips(shards, clip_s=recipe.frontend.clip_s)
    if recipe.model.reads == "audio":
        model = cast(AudioOptions, recipe.model)
        return AudioClips(shards, clip_s=model.clip_s, normalises=model.normalise)
    return FrameClips(shards)


def encoder_of(
    recipe: NetworkRecipe, clips: Clips, *, seed: int, pretrained: EncoderFiles | None = None
) -> Network:
    """Return the encoder of a recipe, pre-trained or with weights of the seed.

    Where the front-end is trained by adapters it has such: those of the pre-trained encoder, if
    it kept them, or new ones.

    Raises
    ------
    ConfigError
        If a pre-trained encoder is not one of this recipe, or a network of one's own was edited
        since the recipe was read.
    """
    check_source(recipe.model)
    seed_weights(seed, "encoder")
    encoder = _loaded(pretrained, recipe, clips) if pretrained else _new(recipe, clips)
    if recipe.lora is not None:
        _adapt(cast(EndToEndEncoder, encoder), recipe)
    return encoder


def _adapt(encoder: EndToEndEncoder, recipe: NetworkRecipe) -> None:
    """Give a front-end the adapters of a recipe, or the recipe's options to those it has."""
    frontend = encoder.frontend
    lora, options = recipe.lora, cast(ModelOptions, recipe.frontend)
    assert lora is not None
    if isinstance(frontend, AdaptedSpeechModel):
        frontend.lora = lora
        return
    base = None
    if not lora.merge:
        digest = weights_digest(frontend.model.state_dict())
        base = Base(model=options.model, revision=options.revision, digest=digest)
    encoder.frontend = adapted(frontend, lora, base)


def _new(recipe: NetworkRecipe, clips: Clips) -> Network:
    """Build a network with random weights; a front-end has those that are published."""
    length = clips.crop_length(recipe.crop_s)
    if recipe.frontend is None:
        try:
            recipe.model.check(width=clips.width, n_frames=length)
        except ValueError as error:
            raise ConfigError(f"the network does not fit what it reads: {error}") from None
        return recipe.model.build(clips.width, length)
    frontend = cast(TrainableSpeechModel, recipe.frontend.build_trainable(crop_s=recipe.crop_s))
    n_frames = n_frames_of(
        length, window_samples=frontend.window_samples, hop_samples=frontend.hop_samples
    )
    try:
        recipe.model.check(width=frontend.width, n_frames=n_frames)
    except ValueError as error:
        raise ConfigError(f"the network does not fit its front-end: {error}") from None
    return EndToEndEncoder(
        frontend,
        recipe.model,
        clip_s=recipe.frontend.clip_s,
        crop_samples=length,
    )


def _loaded(files: EncoderFiles, recipe: NetworkRecipe, clips: Clips) -> Network:
    """Load an encoder, which must be one that the recipe could have pre-trained."""
    own = recipe.model.kind if is_own(recipe.model.kind) else None
    encoder, _, card = load_encoder(*files, model_code=own)
    features = clips.features().get("features")
    trained_on = card.get("features")
    if None not in (features, trained_on) and not say_the_same(trained_on, features):
        raise ConfigError(
            f"{files.model} was trained on features of {trained_on}, the recipe's are of "
            f"{features}; give the recipe the front-end of the encoder"
        )
    found, expected = encoder.form(), _form_asked(recipe, clips)
    if found != expected:
        raise ConfigError(
            f"{files.model} has {found}, the recipe has {expected}; change the recipe, whose "
            "trainable_frontend must be true where the encoder has a front-end of its own, and "
            "have the adapters that the encoder keeps, where it keeps any"
        )
    return encoder


def _form_asked(recipe: NetworkRecipe, clips: Clips) -> dict[str, Any]:
    """Return the form (:meth:`signl.models.network.Network.form`) that a recipe asks for."""
    length = clips.crop_length(recipe.crop_s)
    if recipe.frontend is None:
        if recipe.model.reads == "audio":
            return {"samples": length, "model": recipe.model}
        return {"width": clips.width, "frames": length, "model": recipe.model}
    return {
        "front-end": "its own",
        **recipe.frontend.trained_form(),
        "samples": length,
        "model": recipe.model,
        **({"adapters": recipe.lora.form()} if recipe.lora and not recipe.lora.merge else {}),
    }
