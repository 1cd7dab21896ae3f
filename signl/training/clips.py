"""Clips of utterances, all of one length, and the crops that the network is given of them.

Of cached features a clip is a sequence of frames: the front-end has seen the whole of it, and a
crop is taken of its frames ("encode, then crop"). Of audio a clip is a waveform, and the front-end
sees the crop alone ("crop, then encode", as SIGNL is published).
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple, Protocol

from torch import Tensor

from signl.artefacts import MadeBy
from signl.audio import SAMPLE_RATE_HZ, load_clip, load_waveform, to_clip
from signl.augmentation.chain import Change, perturbation_of
from signl.corpora.audio_shards import PackedAudio
from signl.corpora.random_access import AudioStore
from signl.errors import AudioError, ConfigError
from signl.features.feature_shards import MODEL_DIGEST, FeatureStore
from signl.features.frontend import n_frames_of
from signl.features.usable import check_members
from signl.models.network import Network, to_picture

#: Of audio shards; feature shards are safetensors.
AUDIO_SUFFIX: Final = ".parquet"


class Place(NamedTuple):
    """Where an utterance lies: archive, shard of that archive, row of that shard."""

    archive: str
    shard: int
    row: int


class Clips(Protocol):
    """Clips of utterances."""

    @property
    def length(self) -> int:
        """Frames or samples of a clip."""
        ...

    @property
    def width(self) -> int:
        """Channels of a frame; 1, of a waveform."""
        ...

    @property
    def made_by(self) -> MadeBy:
        """What made the shards that hold them."""
        ...

    @property
    def batch_size(self) -> int:
        """Utterances that are scored at a time."""
        ...

    def features(self) -> dict[str, Any]:
        """Return what a model's card says of its features: nothing, where it reads audio."""
        ...

    def seals(self) -> list[str]:
        """Return the seals of the shards, by which a run is told from one on others."""
        ...

    def check_utterances(self, usable: Sequence[str | Path]) -> None:
        """Refuse shards of other utterances than tables of usable trials were gathered from.

        Raises
        ------
        ArtefactError
            Names the shard and how it is made anew.
        """
        ...

    def crop_length(self, crop_s: float) -> int:
        """Return how many frames or samples a crop of ``crop_s`` seconds has.

        Raises
        ------
        ValueError
            If that is none, or more than a clip has.
        """
        ...

    def crops(
        self, place: Place, starts: Sequence[int], length: int, changes: Sequence[Change] = ()
    ) -> list[Tensor]:
        """Return crops of an utterance, float32, as the encoder takes them.

        Parameters
        ----------
        place : Place
            Where the utterance lies.
        starts : sequence of int
            Where each crop starts in the clip.
        length : int
            Frames or samples of a crop.
        changes : sequence of Change
            What is done to the waveform that each crop is taken of; empty, where nothing is.
        """
        ...


def picture_of(frames: Tensor) -> Tensor:
    """Return the picture (1, width, frame), float32, of a crop's frames (frame, width)."""
    return to_picture(frames[None].float())[0]


class FrameClips:
    """Clips of cached frames; a crop is a picture (1, width, frame).

    Parameters
    ----------
    features : sequence of paths
        Feature shards.
    """

    def __init__(self, features: Sequence[str | Path]) -> None:
        self.store = FeatureStore.of(features)

    @property
    def length(self) -> int:
        """Frames of a clip."""
        return self.store.shape.clip_frames

    @property
    def made_by(self) -> MadeBy:
        """What made the features."""
        return self.store.made_by

    #: A batch of pictures is small.
    batch_size = 256

    @property
    def width(self) -> int:
        """Channels of a frame."""
        return self.store.shape.width

    def features(self) -> dict[str, Any]:
        """Return the options of the front-end, and a digest of its model's files, if it has any."""
        options = dict(self.made_by.options)
        options.pop("perturbation", None)
        digest = self.made_by.digests.get(MODEL_DIGEST)
        return {"features": options, **({MODEL_DIGEST: digest} if digest else {})}

    @property
    def perturbed_by(self) -> object:
        """What was done to the utterances, as the header says; nothing, where nothing was."""
        return self.made_by.options.get("perturbation")

    def seals(self) -> list[str]:
        """Return the seals of the feature shards."""
        return self.store.seals()

    def check_utterances(self, usable: Sequence[str | Path]) -> None:
        """Refuse feature shards of other utterances."""
        self.store.check_utterances(usable)

    def crop_length(self, crop_s: float) -> int:
        """Return how many frames the front-end gives for ``crop_s`` seconds."""
        shape = self.store.shape
        n_frames = n_frames_of(
            round(crop_s * SAMPLE_RATE_HZ),
            window_samples=shape.window_samples,
            hop_samples=shape.hop_samples,
        )
        return _checked(n_frames, self.length, crop_s, "frames")

    def crops(
        self, place: Place, starts: Sequence[int], length: int, changes: Sequence[Change] = ()
    ) -> list[Tensor]:
        """Return pictures of shape (1, width, frame); there are no waveforms to change."""
        if changes:
            raise ValueError("cached frames have no waveform that could be augmented")
        frames = [self.store.frames(*place, start, start + length) for start in starts]
        return [picture_of(crop) for crop in frames]


class AudioClips:
    """Clips of waveforms, decoded as they are asked for; a crop is a waveform (time,).

    A recording may be augmented as it was decoded. It is cut or repeated to the length of a clip
    and then, unless a network wants it as decoded, normalised; crops are taken of the result.

    Parameters
    ----------
    audio : sequence of paths
        Audio shards.
    clip_s : float
        Seconds of a clip.
    normalises : bool
        Whether clips are brought to zero mean and unit variance.
    perturbed_by : Mapping, optional
        Options of what is done to each recording, the same whenever it is read.

    References
    ----------
    SIGNL, arXiv 2501.04942.
    """

    #: A waveform has one channel.
    width = 1

    def __init__(
        self,
        audio: Sequence[str | Path],
        *,
        clip_s: float,
        normalises: bool = True,
        perturbed_by: Mapping[str, Any] | None = None,
    ) -> None:
        self.store, self.clip_s, self.normalises = AudioStore(audio), clip_s, normalises
        self.perturbed_by = perturbed_by
        self._perturbation = perturbation_of(perturbed_by)

    @property
    def length(self) -> int:
        """Samples of a clip."""
        return round(self.clip_s * SAMPLE_RATE_HZ)

    @property
    def made_by(self) -> MadeBy:
        """What made the audio shards."""
        return self.store.made_by

    #: The hidden states of waveforms fill more memory than frames.
    batch_size = 32

    def features(self) -> dict[str, Any]:
        """Return nothing: the front-end is a part of the model."""
        return {}

    def seals(self) -> list[str]:
        """Return the seals of the audio shards."""
        return self.store.seals()

    def check_utterances(self, usable: Sequence[str | Path]) -> None:
        """Refuse audio shards of other utterances."""
        check_members(usable, self.store.members())

    def crop_length(self, crop_s: float) -> int:
        """Return how many samples a crop of ``crop_s`` seconds has."""
        return _checked(round(crop_s * SAMPLE_RATE_HZ), self.length, crop_s, "samples")

    def crops(
        self, place: Place, starts: Sequence[int], length: int, changes: Sequence[Change] = ()
    ) -> list[Tensor]:
        """Return waveforms of shape (time,)."""
        try:
            clips = self._clips(self.store.entry(*place), changes)
        except AudioError as error:
            raise AudioError(
                f"row {place.row} of shard {place.shard} of {place.archive}: {error}"
            ) from error
        if not changes:
            clips *= len(starts)
        return [clip[at : at + length] for clip, at in zip(clips, starts, strict=True)]

    def _clips(self, packed: PackedAudio, changes: Sequence[Change]) -> list[Tensor]:
        """Return a clip for each change, or the one that there is without."""
        if not changes and self._perturbation is None:
            return [load_clip(packed.audio, clip_s=self.clip_s, normalises=self.normalises)]
        # What is played faster must be longer before.
        read_s = self.clip_s * max((each.chain.stretch for each in changes), default=1.0)
        if self._perturbation is not None:
            read_s *= self._perturbation.stretch
        waveform = load_waveform(packed.audio, max_duration_s=read_s)
        if self._perturbation is not None:
            waveform = self._perturbation(waveform, packed.member)
        return [
            to_clip(each, clip_s=self.clip_s, normalises=self.normalises)
            for each in ([change(waveform) for change in changes] or [waveform])
        ]


def clips_for_network(
    network: Network, shards: Sequence[str | Path], *, perturbed_by: Mapping[str, Any] | None = None
) -> FrameClips | AudioClips:
    """Open the shards that a network reads: feature shards, or audio shards.

    Audio is perturbed as it is read; features were when they were made.

    Raises
    ------
    ConfigError
        If the shards are of the other kind.
    """
    reads_audio = network.reads == "audio"
    if reads_audio != (Path(shards[0]).suffix == AUDIO_SUFFIX):
        owns, needs = (
            ("a", "no frontend beside a given classifier, else trainable_frontend: true")
            if reads_audio
            else ("no", "the frontend that it was trained on, and trainable_frontend: false")
        )
        raise ConfigError(
            f"{shards[0]} is not what this network reads, which has {owns} front-end of its own: "
            f"its recipe needs {needs}"
        )
    if not reads_audio:
        return FrameClips(shards)
    return AudioClips(
        shards,
        clip_s=network.clip_s,
        normalises=network.normalises,
        perturbed_by=perturbed_by,
    )


def _checked(length: int, clip_length: int, crop_s: float, unit: str) -> int:
    if not 1 <= length <= clip_length:
        raise ValueError(f"a crop of {crop_s} s has {length} {unit}, allowed are 1..{clip_length}")
    return length
