"""From waveforms to the crops that a classifier scores, without shards.

The steps are those of the workflow, by the same functions: what makes clips for a front-end, what
stores its frames, in 16 bits or 8, and repeats them, and what takes a crop of them.
"""

import logging
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor

from signl.audio import SAMPLE_RATE_HZ, to_clip
from signl.augmentation.chain import Perturbation
from signl.corpora.audio_shards import PackedAudio
from signl.errors import ArtefactError, AudioError, ConfigError
from signl.features.compact_frames import compacted, restored
from signl.features.extract import OVERFLOW, Clip, Clipper, encode_ahead, encode_clips
from signl.features.feature_shards import MODEL_DIGEST, repeated
from signl.features.frame_statistics import build_frontend
from signl.features.frontend import FrontendOptions, Geometry
from signl.features.frontends import frontend_options
from signl.models.heads import Classifier
from signl.training.clips import picture_of
from signl.training.crops import FixedCrops

logger = logging.getLogger(__name__)


class ModelInputs(Protocol):
    """What a classifier is given of waveforms."""

    @property
    def clip_s(self) -> float:
        """Seconds of an utterance that are used; those that follow change nothing."""
        ...

    @property
    def span_s(self) -> float:
        """Seconds from the beginning of a clip that the network sees."""
        ...

    def clip_of(self, name: str, waveform: Tensor) -> Clip:
        """Return the clip of a waveform at 16 kHz, no longer than :attr:`clip_s`."""
        ...

    def crops(self, clips: Sequence[Clip]) -> list[list[Tensor] | None]:
        """Return the crops that are scored of each clip, float32.

        None without a waveform, and where frames fail.
        """
        ...


class FrameInputs:
    """Pictures of the frames of a front-end, for a network that reads frames.

    Parameters
    ----------
    options : FrontendOptions
        The front-end on whose frames the network was trained.
    classifier : Classifier
        The width of its network and its crops must be those of the front-end.
    device : device
        Where the front-end computes.
    perturbation : Perturbation, optional
        What is done to packed utterances first (:meth:`of_packed`).

    Raises
    ------
    ConfigError
        If the front-end cannot be built, or is not one of this network.
    """

    def __init__(
        self,
        options: FrontendOptions,
        classifier: Classifier,
        device: torch.device,
        perturbation: Perturbation | None = None,
    ) -> None:
        network = classifier.encoder
        self._frontend, self._device = build_frontend(options, device), device
        self._clipper = Clipper.of(options, self._frontend, perturbation)
        self._length = network.crop_length
        self._is_pooled = options.is_pooled
        self._is_compact = options.is_compact
        self._cached = options.cached(Geometry.of(self._frontend))
        clip_frames = self._cached.frames_of(self._clipper.clip_samples)
        width = getattr(network, "width", self._cached.width)
        if width != self._cached.width or self._length > clip_frames:
            raise ConfigError(
                f"the front-end gives {clip_frames} frames of width {self._cached.width}, and "
                f"the network reads {self._length} of width {width}: it is of another front-end"
            )
        self._starts = _crops_of(classifier).starts("", clip_frames)

    @property
    def clip_s(self) -> float:
        """Seconds of an utterance that are used."""
        return self._clipper.clip_s

    @property
    def span_s(self) -> float:
        """Seconds of a clip that the frames of its crops see."""
        if self._is_pooled:
            return self.clip_s
        return self._cached.least_s(self._starts[-1] + self._length)

    def clip_of(self, name: str, waveform: Tensor) -> Clip:
        """Return the clip of a waveform."""
        return self._clipper.clip_of(name, waveform)

    def crops(self, clips: Sequence[Clip]) -> list[list[Tensor] | None]:
        """Return pictures (1, width, frame) of each clip."""
        encoded = encode_clips(clips, self._frontend, self._device)
        return [None if frames is None else self._pictures(frames) for frames in encoded]

    def of_packed(
        self, utterances: Iterable[PackedAudio], n_decoders: int
    ) -> Generator[list[Tensor], None, None]:
        """Yield the pictures (1, width, frame) of each utterance, in their order.

        Parameters
        ----------
        utterances : iterable of PackedAudio
        n_decoders : int
            Threads that decode ahead of the device.

        Raises
        ------
        AudioError
            Names the first that cannot be decoded, or whose frames fail.
        """
        encoded = encode_ahead(utterances, self._clipper, self._frontend, self._device, n_decoders)
        with closing(encoded):
            for encoding in encoded:
                for clip, frames in zip(encoding.clips, encoding.frames(), strict=True):
                    if frames is None:
                        raise AudioError(f"{clip.member}: {clip.reason or OVERFLOW}")
                    yield self._pictures(frames)

    def _pictures(self, frames: Tensor) -> list[Tensor]:
        if self._is_compact:
            frames = restored(*compacted(frames))
        spans = ((start, start + self._length) for start in self._starts)
        return [picture_of(repeated(frames, start, stop)) for start, stop in spans]


class WaveformInputs:
    """Waveforms, for a network that reads audio.

    Parameters
    ----------
    classifier : Classifier
        Says how long its clips and its crops are, and how many of these.
    """

    def __init__(self, classifier: Classifier) -> None:
        network = classifier.encoder
        self.clip_s, self._length = network.clip_s, network.crop_length
        self._normalises = network.normalises
        clip_length = round(self.clip_s * SAMPLE_RATE_HZ)
        self._starts = _crops_of(classifier).starts("", clip_length)

    @property
    def span_s(self) -> float:
        """Seconds to the end of the last crop."""
        return (self._starts[-1] + self._length) / SAMPLE_RATE_HZ

    def clip_of(self, name: str, waveform: Tensor) -> Clip:
        """Return the clip of a waveform."""
        duration_s = len(waveform) / SAMPLE_RATE_HZ
        clip = to_clip(waveform, clip_s=self.clip_s, normalises=self._normalises)
        return Clip(name, clip, duration_s, None)

    def crops(self, clips: Sequence[Clip]) -> list[list[Tensor] | None]:
        """Return waveforms (time,) of each clip."""
        waveforms = (clip.waveform for clip in clips)
        return [
            None if each is None else [each[at : at + self._length] for at in self._starts]
            for each in waveforms
        ]


def _crops_of(classifier: Classifier) -> FixedCrops:
    return FixedCrops(length=classifier.encoder.crop_length, n_views=classifier.n_crops)


def inputs_for(
    classifier: Classifier,
    card: Mapping[str, Any],
    device: torch.device,
    *,
    frontend: str | Path | None = None,
) -> ModelInputs:
    """Return what a classifier is given of waveforms, as its card says.

    Parameters
    ----------
    classifier : Classifier
    card : Mapping
        ``features``, the options of the front-end, and ``frontend_model``, a digest of its files;
        of a network that reads audio, neither.
    device : device
        Where a front-end computes.
    frontend : path, optional
        A folder with the front-end's model, in place of where it lay when the model was trained.

    Raises
    ------
    ConfigError
        If the front-end cannot be built here.
    ArtefactError
        If the card does not say which it is, or its files are others than those of the training.
    """
    if classifier.encoder.reads == "audio":
        if frontend is not None:
            raise ConfigError(
                f"the front-end {frontend} is of no use: this model reads audio, and has its own"
            )
        return WaveformInputs(classifier)
    if not card.get("features"):
        raise ArtefactError(
            "the model's card does not say on features of which front-end it was trained; allowed "
            "are models of the workflow, and those that read audio"
        )
    options = frontend_options(card["features"])
    if frontend is not None:
        options = options.with_model(str(frontend))
        if not card.get(MODEL_DIGEST):
            logger.warning(
                "the model does not say with which weights its front-end %s was: that %s holds the "
                "same could not be checked",
                _name_of(frontend_options(card["features"])),
                frontend,
            )
    check_digest(options, card.get(MODEL_DIGEST))
    return FrameInputs(options, classifier, device)


def _name_of(options: FrontendOptions) -> str:
    return ", ".join(options.models()) or options.kind


def check_digest(
    options: FrontendOptions,
    expected: str | None,
    *,
    remedy: str = "name its folder by --frontend FOLDER",
) -> None:
    """Refuse a front-end whose files are others than those that a model was trained with.

    Parameters
    ----------
    options : FrontendOptions
    expected : str, optional
        The digest that the model's card has; without one nothing is checked.
    remedy : str
        What to do, as messages end.

    Raises
    ------
    ConfigError
        If they are not here.
    ArtefactError
        If their digest is another than is expected.
    """
    if expected is None:
        return
    name = _name_of(options)
    try:
        found = options.model_digest()
    except OSError as error:
        raise ConfigError(f"the front-end {name} is not here ({error}); {remedy}") from error
    if not found:
        raise ConfigError(
            f"the model was trained with a front-end from the folder {name}, which is not here; "
            f"{remedy}"
        )
    if found != expected:
        raise ArtefactError(
            f"the files of the front-end {name} have the digest {found}, those that the model was "
            f"trained with {expected}; {remedy}"
        )
