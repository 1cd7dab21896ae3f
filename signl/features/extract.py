"""Extraction of the features of an audio shard."""

import logging
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final, NamedTuple, Self, TypeVar

import torch
from torch import Tensor
from tqdm import tqdm

from signl.audio import SAMPLE_RATE_HZ, load_waveform, normalise, repeat_to
from signl.corpora.audio_shards import iterate_audio
from signl.devices import prepare_device
from signl.errors import AudioError
from signl.features.feature_shards import Shape, write_shard
from signl.features.frontend import Frontend, FrontendOptions, n_frames_of
from signl.features.frontends import frontend_options

logger = logging.getLogger(__name__)

#: Utterances whose waveforms are held at a time, to be grouped by length.
WINDOW: Final = 256
#: Audio of one batch through the front-end: 8 whole clips on a CPU, 32 on a GPU.
BATCH_S: Final = {"cpu": 9.0 * 8, "cuda": 9.0 * 32}
#: Why an utterance that can be decoded has no features.
OVERFLOW: Final = "the front-end gives values beyond float16 (65,504), or that are no numbers"

Item = TypeVar("Item")


def batches_of(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Yield lists of ``size`` items, the last one shorter where they do not come out even."""
    remaining = iter(items)
    while batch := list(islice(remaining, size)):
        yield batch


class Clip(NamedTuple):
    """An utterance as the front-end gets it.

    Attributes
    ----------
    member : str
        Its name in the archive.
    waveform : Tensor of shape (time,), or None
        None where it could not be decoded.
    duration_s : float
        Seconds that were used of it.
    reason : str, or None
        Why it could not be decoded.
    """

    member: str
    waveform: Tensor | None
    duration_s: float
    reason: str | None


@dataclass(frozen=True, kw_only=True)
class Clipper:
    """Makes clips as a front-end wants them (see :class:`FrontendOptions`)."""

    clip_s: float
    repeat: str
    window_samples: int
    hop_samples: int
    normalises: bool = True
    pads: bool = False

    @classmethod
    def of(cls, options: FrontendOptions, frontend: Frontend) -> Self:
        """Return what makes clips for a front-end and its options."""
        return cls(
            clip_s=options.clip_s,
            repeat=options.repeat,
            window_samples=frontend.window_samples,
            hop_samples=frontend.hop_samples,
            normalises=frontend.normalises,
            pads=options.pads,
        )

    @property
    def clip_samples(self) -> int:
        """Samples of a whole clip."""
        return round(self.clip_s * SAMPLE_RATE_HZ)

    def frames_of(self, n_samples: int) -> int:
        """Return how many frames ``n_samples`` give."""
        return n_frames_of(
            n_samples, window_samples=self.window_samples, hop_samples=self.hop_samples
        )

    def clip(self, member: str, encoded: bytes) -> Clip:
        """Decode, repeat and normalise an utterance; one that cannot be decoded says why."""
        try:
            waveform = load_waveform(encoded, max_duration_s=self.clip_s)
        except AudioError as error:
            return Clip(member, None, 0.0, str(error))
        return self.clip_of(member, waveform)

    def clip_of(self, member: str, waveform: Tensor) -> Clip:
        """Repeat and normalise a decoded utterance, at 16 kHz and no longer than the clip."""
        duration_s = len(waveform) / SAMPLE_RATE_HZ
        if self.repeat == "waveform":
            waveform = repeat_to(waveform, self.clip_samples)
        if self.normalises:
            waveform = normalise(waveform)
        return Clip(member, self._whole_frames(waveform), duration_s, None)

    def _whole_frames(self, waveform: Tensor) -> Tensor:
        """Cut what fills no frame, so that utterances of as many frames are of one length.

        A front-end that pads gets all of it.
        """
        if self.pads:
            return waveform
        if len(waveform) < self.window_samples:
            return repeat_to(waveform, self.window_samples)
        n_used = self.window_samples + (self.frames_of(len(waveform)) - 1) * self.hop_samples
        return waveform[:n_used]


def by_length(clips: Sequence[Clip], batch_samples: int) -> Iterator[list[int]]:
    """Yield batches of positions in ``clips``, each of utterances of the very same length.

    Nothing is padded, so the frames of an utterance do not depend on its neighbours.
    """
    groups: dict[int, list[int]] = defaultdict(list)
    for position, clip in enumerate(clips):
        if clip.waveform is not None:
            groups[len(clip.waveform)].append(position)
    for n_samples, positions in sorted(groups.items()):
        yield from batches_of(positions, max(1, batch_samples // n_samples))


def encode_clips(
    clips: Sequence[Clip], frontend: Frontend, device: torch.device
) -> list[Tensor | None]:
    """Return the frames (frame, width) of each clip, float16 on the CPU.

    None without a waveform, and where frames hold what float16 cannot.
    """
    encoded: list[Tensor | None] = [None] * len(clips)
    for positions in by_length(clips, round(BATCH_S[device.type] * SAMPLE_RATE_HZ)):
        waveforms = torch.stack([clips[i].waveform for i in positions])  # type: ignore[misc]
        frames = frontend(waveforms.to(device)).to(torch.float16).cpu()
        for position, of_one in zip(positions, frames, strict=True):
            if of_one.isfinite().all():
                encoded[position] = of_one
    return encoded


def extract_features(
    audio: str | Path,
    output: str | Path,
    index: str | Path,
    *,
    options: Mapping[str, Any] | FrontendOptions,
    gpu: int = 0,
) -> None:
    """Write the features of every utterance of an audio shard.

    Parameters
    ----------
    audio : path
        The audio shard.
    output, index : path
        The feature shard and its row index.
    options : Mapping or FrontendOptions
        The front-end: its kind, and the options of the kind.
    gpu : int
        GPUs given to this job.
    """
    config = frontend_options(options)
    device = prepare_device(gpu=gpu)
    frontend = config.build(device)
    clipper = Clipper.of(config, frontend)
    began = time.monotonic()
    rows, blocks = _encode_shard(audio, clipper, frontend, device)
    shape = Shape(
        width=frontend.width,
        window_samples=frontend.window_samples,
        hop_samples=frontend.hop_samples,
        clip_frames=clipper.frames_of(clipper.clip_samples),
    )
    write_shard(
        output,
        index,
        frames=blocks,
        index=rows,
        shape=shape,
        options=config.dump(),
        model_digest=config.model_digest(),
    )
    _report(rows, time.monotonic() - began, output)


def _encode_shard(
    audio: str | Path, clipper: Clipper, frontend: Frontend, device: torch.device
) -> tuple[list[dict[str, Any]], list[Tensor]]:
    rows: list[dict[str, Any]] = []
    blocks: list[Tensor] = []
    utterances: Iterable[Any] = tqdm(
        iterate_audio(audio), desc=Path(audio).stem, unit=" utt", disable=None
    )
    for window in batches_of(utterances, WINDOW):
        clips = [clipper.clip(member, encoded) for _, member, encoded in window]
        for clip, frames in zip(clips, encode_clips(clips, frontend, device), strict=True):
            n_frames = 0 if frames is None else len(frames)
            reason = OVERFLOW if clip.reason is None and frames is None else clip.reason
            rows.append(
                {
                    "member": clip.member,
                    "n_frames": n_frames,
                    "duration_s": clip.duration_s,
                    "reason": reason,
                }
            )
            if frames is not None:
                blocks.append(frames)
    return rows, blocks


def _report(rows: Sequence[Mapping[str, Any]], seconds: float, output: str | Path) -> None:
    refused = [row for row in rows if row["reason"] is not None]
    for row in refused[:10]:
        logger.warning("%r cannot be used: %s", row["member"], row["reason"])
    audio_s = sum(row["duration_s"] for row in rows)
    logger.info(
        "wrote the features of %d utterances (%.0f s of audio, %.0f times real time), "
        "%d without features, to %s",
        len(rows) - len(refused),
        audio_s,
        audio_s / max(seconds, 1e-9),
        len(refused),
        output,
    )
