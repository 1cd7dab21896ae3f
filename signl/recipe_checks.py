"""The checks of one recipe that take the values of two places."""

from collections.abc import Sequence
from typing import cast

from signl.configuration import Configuration
from signl.copies_checks import check_copies
from signl.errors import ConfigError
from signl.features.frontend import SAMPLE_RATE_HZ, UNPOOLED, FrontendOptions
from signl.features.speech_model.lora_options import LoraOptions
from signl.models.base import AudioOptions
from signl.recipes import Recipe
from signl.training.options import augmentations_of, check_augmentation


def check_recipe(config: Configuration, name: str, recipe: Recipe) -> None:
    """Check that a recipe's network, front-end, crop and trainings fit each other.

    Raises
    ------
    ConfigError
        Says which value does not fit, and what is allowed.
    """
    where = f"recipes.{name}"
    frontend = None if recipe.frontend is None else config.frontends[recipe.frontend]
    _check_frontend_training(recipe.trainable_frontend, frontend, where)
    _check_shared_pretraining(recipe, where)
    for corpus in (None, *recipe.per_corpus):
        own = recipe if corpus is None else recipe.for_corpus(corpus)
        of_corpus = where if corpus is None else f"{where}.per_corpus.{corpus}"
        _check_reading(own, of_corpus, sorted(config.frontends))
        _check_trainings(own, frontend, of_corpus)
        _check_untrained(own, of_corpus)
        _check_augmentations(own, of_corpus)
        check_copies(config, own, of_corpus)
        _check_crops(own, frontend, of_corpus)
        if frontend is None:
            _check_audio_crop(own, of_corpus)
        else:
            _check_pooled(own, frontend, of_corpus)
            _check_crop(own, frontend, of_corpus)


def _check_frontend_training(
    training: bool | LoraOptions, frontend: FrontendOptions | None, where: str
) -> None:
    """Check that a front-end that is trained can be, and has layers for its adapters."""
    if not training:
        return
    lora = training if isinstance(training, LoraOptions) else None
    if frontend is None or not frontend.is_trainable:
        raise ConfigError(
            f"{where}.trainable_frontend is {'lora' if lora else 'true'}; allowed is that with "
            "a front-end of kind wav2vec2 with repeat: waveform and pooled: none, whose input is "
            "normalised (normalise: true, where its preprocessor_config.json has do_normalize: "
            "false)"
        )
    if lora is not None:
        try:
            frontend.check_adapters(lora)
        except ConfigError as error:
            raise ConfigError(f"{where}.trainable_frontend: {error}") from None


def _check_shared_pretraining(recipe: Recipe, where: str) -> None:
    """Check that one encoder for all training corpora fits the classifiers of each."""
    if recipe.pretraining is None:
        return
    for corpus in recipe.per_corpus:
        own = recipe.for_corpus(corpus)
        assert own.pretraining is not None
        both = {*(recipe.pretraining.corpora or ()), *(own.pretraining.corpora or ())}
        for key in ("model", "pretraining"):
            if both and getattr(own, key) != getattr(recipe, key):
                raise ConfigError(
                    f"{where}.per_corpus.{corpus} has a {key} of its own, and pretraining.corpora "
                    f"gives one encoder for all training corpora, of {sorted(both)}; allowed is "
                    "one of the two, or a recipe of its own"
                )


def _check_reading(recipe: Recipe, where: str, known: Sequence[str]) -> None:
    """Check that a network of frames has a front-end, and one of audio has none."""
    assert recipe.model is not None
    kind, reads_frames = recipe.model.kind, recipe.model.reads == "frames"
    if recipe.frontend is None and reads_frames:
        raise ConfigError(
            f"{where} has no frontend, and a network of kind {kind} reads frames; "
            f"allowed are {known}"
        )
    if recipe.frontend is not None and not reads_frames:
        raise ConfigError(
            f"{where}.frontend is {recipe.frontend!r}, and a network of kind {kind} reads audio; "
            "leave it out"
        )


def _check_audio_crop(recipe: Recipe, where: str) -> None:
    """Check that a crop of audio lies in the clip and suits the network."""
    assert recipe.crop_s is not None
    model = cast(AudioOptions, recipe.model)
    if recipe.crop_s > model.clip_s:
        raise ConfigError(
            f"{where}.crop_s is {recipe.crop_s}; allowed is at most the network's clip_s, "
            f"{model.clip_s}"
        )
    try:
        model.check(width=1, n_frames=round(recipe.crop_s * SAMPLE_RATE_HZ))
    except ValueError as error:
        raise ConfigError(f"{where}: {error}") from None


def _check_untrained(recipe: Recipe, where: str) -> None:
    """Refuse a classifier on a network of random weights that nothing ever trains."""
    tuning = recipe.finetuning
    assert tuning is not None
    trains_network = tuning.kind == "gradient" and not getattr(tuning, "freeze_encoder", False)
    is_trained = trains_network or recipe.pretraining or recipe.encoder or recipe.encoder_of
    assert recipe.model is not None
    if recipe.model.has_weights and not is_trained:
        how = "freeze_encoder: true" if tuning.kind == "gradient" else f"kind: {tuning.kind}"
        raise ConfigError(
            f"{where}.finetuning has {how}, which leaves the network of kind {recipe.model.kind} "
            "at random weights; allowed is that with pretraining, encoder_of or encoder, or with a "
            "network without weights"
        )


def _check_trainings(recipe: Recipe, frontend: FrontendOptions | None, where: str) -> None:
    trainings = [recipe.pretraining, recipe.finetuning]
    is_thrifty = any(getattr(each, "gradient_checkpointing", False) for each in trainings)
    if is_thrifty and not recipe.trainable_frontend:
        raise ConfigError(
            f"{where} has gradient_checkpointing: true; allowed is that with "
            "trainable_frontend: true, or {kind: lora}"
        )
    assert recipe.model is not None
    reads_audio = bool(recipe.trainable_frontend) or recipe.model.reads == "audio"
    if recipe.pretraining is None:
        return
    if not recipe.model.has_weights:
        raise ConfigError(
            f"{where} has pretraining, and a network of kind {recipe.model.kind} has no weights "
            "to pre-train; leave it out"
        )
    if not recipe.pretraining.views.is_none and reads_audio:
        raise ConfigError(
            f"{where}.pretraining.views augment the pictures of a front-end, and this network "
            "reads audio; allowed is that with a network that reads frames, without "
            "trainable_frontend"
        )
    views = recipe.pretraining.views
    if (views.mixes or views.resize_crop) and frontend and not frontend.is_log_spectrum:
        raise ConfigError(
            f"{where}.pretraining.views mix or stretch log-spectra, and frames of a front-end of "
            f"kind {frontend.kind} are none; allowed is that with kind logmel"
        )
    _check_views_differ(recipe, frontend, where)
    if recipe.pretraining.joint_views and recipe.model.augments_graphs:
        raise ConfigError(
            f"{where}.pretraining.joint_views is true with a network of kind {recipe.model.kind}, "
            "whose graphs are augmented view by view; allowed is false"
        )


def _check_views_differ(recipe: Recipe, frontend: FrontendOptions | None, where: str) -> None:
    """Refuse a pre-training whose two views of an utterance are one and the same crop."""
    assert recipe.pretraining is not None
    assert recipe.model is not None
    clip_s = _clip_s_of(recipe, frontend)
    is_augmented = (
        recipe.model.augments_graphs
        or not recipe.pretraining.views.is_none
        or augmentations_of(recipe.pretraining)
        or recipe.pretraining.augmented_copies
    )
    if recipe.crop_s == clip_s and not is_augmented:
        raise ConfigError(
            f"{where}.crop_s is the whole clip of {clip_s} s, and nothing augments the two views "
            f"of pre-training, which are then the same; allowed is a crop_s below {clip_s}, or "
            "views, waveform_augmentation, or augmented_copies"
        )


def _check_crops(recipe: Recipe, frontend: FrontendOptions | None, where: str) -> None:
    """Refuse to score crops of a clip that are one and the same."""
    assert recipe.finetuning is not None
    n_crops, clip_s = recipe.finetuning.crops, _clip_s_of(recipe, frontend)
    if n_crops > 1 and recipe.crop_s == clip_s:
        raise ConfigError(
            f"{where}.finetuning.crops is {n_crops} and crop_s the whole clip of {clip_s} s, of "
            f"which all crops are the same; allowed is crops: 1, or a crop_s below {clip_s}"
        )


def _clip_s_of(recipe: Recipe, frontend: FrontendOptions | None) -> float:
    """Return the seconds of a clip of what a recipe reads."""
    return frontend.clip_s if frontend else cast(AudioOptions, recipe.model).clip_s


def _check_augmentations(recipe: Recipe, where: str) -> None:
    """Check that there are waveforms to augment, and the sounds that it takes."""
    assert recipe.model is not None
    reads_audio = bool(recipe.trainable_frontend) or recipe.model.reads == "audio"
    for stage, options in (
        ("pretraining", recipe.pretraining),
        ("finetuning", recipe.finetuning),
    ):
        try:
            check_augmentation(options, reads_audio=reads_audio)
        except ValueError as error:
            raise ConfigError(f"{where}.{stage}: {error}") from None
        for number, each in enumerate(augmentations_of(options)):
            try:
                each.check_files()
            except ConfigError as error:
                place = f"{where}.{stage}.waveform_augmentation.{number}"
                raise ConfigError(f"{place}: {error}") from None


def _check_pooled(recipe: Recipe, frontend: FrontendOptions, where: str) -> None:
    """Check that statistics in place of frames are of the crop, and mean what the network reads."""
    if not frontend.is_pooled:
        return
    how = f"has pooled: {frontend.pooled}" if frontend.pooled != UNPOOLED else "is joined"
    pooled = f"{where}.frontend {recipe.frontend!r} {how}"
    assert recipe.model is not None
    if not recipe.model.reads_statistics:
        raise ConfigError(
            f"{pooled}, and a network of kind {recipe.model.kind} reads frames; allowed is that "
            "with kind mean_pool, or a front-end that caches frames"
        )
    if recipe.crop_s != frontend.clip_s:
        raise ConfigError(
            f"{pooled}, statistics of its whole clip, and crop_s is {recipe.crop_s}; allowed is "
            f"its clip_s, {frontend.clip_s}"
        )
    if frontend.pooled != "mean" and recipe.model.has_weights:
        raise ConfigError(
            f"{pooled}, and the network weighs hidden states; allowed is that with a front-end of "
            "pooled: mean"
        )


def _check_crop(recipe: Recipe, frontend: FrontendOptions, where: str) -> None:
    """Check that a crop lies in the clip, holds a frame, and suits the network."""
    assert recipe.model is not None
    assert recipe.crop_s is not None
    crop_s = recipe.crop_s
    if crop_s > frontend.clip_s:
        raise ConfigError(
            f"{where}.crop_s is {crop_s}; allowed is at most the front-end's clip_s, "
            f"{frontend.clip_s}"
        )
    try:
        geometry = frontend.cached(frontend.geometry())
        least_s = frontend.least_crop_s(training=bool(recipe.trainable_frontend))
    except ConfigError:
        # A model by its id, of which nothing is known before it is loaded.
        return
    if crop_s < least_s:
        raise ConfigError(
            f"{where}.crop_s is {crop_s}; allowed is at least {least_s:g}, which "
            + (
                "the masks of the front-end in training need"
                if recipe.trainable_frontend
                else "one frame of the front-end needs"
            )
        )
    try:
        recipe.model.check(width=geometry.width, n_frames=geometry.n_frames(crop_s))
        recipe.model.check_states(frontend.count_states())
    except ValueError as error:
        raise ConfigError(f"{where}: {error}") from None
