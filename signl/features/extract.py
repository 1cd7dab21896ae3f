"""Extraction of the features of an audio shard."""

import logging
import time
from collections import defaultdict
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final, NamedTuple, Self, TypeVar

import torch
from torch import Tensor

from signl.ahead import ahead
from signl.audio import SAMPLE_RATE_HZ, load_waveform, normalise, repeat_to
from signl.augmentation.chain import Perturbation, perturbation_of
from signl.corpora.audio_shards import PackedAudio, count_packed, iterate_audio, read_members
from signl.devices import prepare_device
from signl.errors import AudioError
from signl.features.feature_shards import Shape, write_shard
from signl.features.frame_statistics import build_frontend
from signl.features.frontend import Frontend, FrontendOptions, Geometry, n_frames_of
from signl.features.frontends import frontend_options
from signl.features.whole_frames import whole_frames
from signl.progress import progress

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
    perturbation: Perturbation | None = None

    @classmethod
    def of(
        cls,
        options: FrontendOptions,
        frontend: Frontend,
        perturbation: Perturbation | None = None,
    ) -> Self:
        """Return what makes clips for a front-end and its options."""
        return cls(
            clip_s=options.clip_s,
            repeat=options.repeat,
            window_samples=frontend.window_samples,
            hop_samples=frontend.hop_samples,
            normalises=frontend.normalises,
            pads=options.pads,
            perturbation=perturbation,
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
            waveform = self._waveform(member, encoded)
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
        if not self.pads:  # a front-end that pads gets all of it
            waveform = whole_frames(waveform, self.window_samples, self.hop_samples)
        return Clip(member, waveform, duration_s, None)

    def _waveform(self, member: str, encoded: bytes) -> Tensor:
        """Decode an utterance, and perturb it where that is asked for."""
        if self.perturbation is None:
            return load_waveform(encoded, max_duration_s=self.clip_s)
        read_s = self.clip_s * self.perturbation.stretch
        waveform = self.perturbation(load_waveform(encoded, max_duration_s=read_s), member)
        return waveform[: self.clip_samples]


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


class Encoding:
    """Clips on their way through a front-end: a GPU computes while this process does other work.

    Parameters
    ----------
    clips : sequence of Clip
        One that could not be decoded has no waveform, and gets no frames.
    frontend : Frontend
        On the device.
    device : device
        Computes.
    """

    def __init__(self, clips: Sequence[Clip], frontend: Frontend, device: torch.device) -> None:
        self.clips = clips
        self._parts: list[tuple[list[int], Tensor, Tensor]] = []
        on_gpu = device.type == "cuda"
        for positions in by_length(clips, round(BATCH_S[device.type] * SAMPLE_RATE_HZ)):
            waveforms = torch.stack([clips[i].waveform for i in positions])  # type: ignore[misc]
            if on_gpu:
                # From pinned memory, and to it: neither copy is waited for.
                waveforms = waveforms.pin_memory()
            frames = frontend(waveforms.to(device, non_blocking=on_gpu)).to(torch.float16)
            is_finite = frames.isfinite().flatten(start_dim=1).all(dim=1)
            frames, is_finite = (
                each.to("cpu", non_blocking=on_gpu) for each in (frames, is_finite)
            )
            self._parts.append((positions, frames, is_finite))
        self._done = torch.cuda.Event() if on_gpu else None  # type: ignore[no-untyped-call]
        if self._done is not None:
            self._done.record(torch.cuda.current_stream(device))

    def frames(self) -> list[Tensor | None]:
        """Return what is cached of each clip (frame, width), float16 on the CPU, when it is there.

        None without a waveform, and where frames hold what float16 cannot.
        """
        if self._done is not None:
            self._done.synchronize()
        encoded: list[Tensor | None] = [None] * len(self.clips)
        for positions, frames, is_finite in self._parts:
            for position, of_one, fits in zip(positions, frames, is_finite.tolist(), strict=True):
                if fits:
                    encoded[position] = of_one
        return encoded


def encode_clips(
    clips: Sequence[Clip], frontend: Frontend, device: torch.device
) -> list[Tensor | None]:
    """Return the frames of each clip; see :meth:`Encoding.frames`."""
    return Encoding(clips, frontend, device).frames()


def extract_features(
    audio: str | Path,
    output: str | Path,
    index: str | Path,
    *,
    options: Mapping[str, Any] | FrontendOptions,
    gpu: int = 0,
    n_decoders: int = 1,
) -> None:
    """Write the features of every utterance of an audio shard.

    Parameters
    ----------
    audio : path
        The audio shard.
    output, index : path
        The feature shard and its row index.
    options : Mapping or FrontendOptions
        The front-end: its kind, and the options of the kind. With them ``perturbation``, what is
        done to the utterances first.
    gpu : int
        GPUs given to this job.
    n_decoders : int
        Threads that decode, ahead of the device.
    """
    given = dict(options) if isinstance(options, Mapping) else {}
    perturbation = given.pop("perturbation", None)
    config = frontend_options(given or options)
    device = prepare_device(gpu=gpu)
    frontend = build_frontend(config, device)
    cached = config.cached(Geometry.of(frontend))
    clipper = Clipper.of(config, frontend, perturbation_of(perturbation))
    began = time.monotonic()
    rows: list[dict[str, Any]] = []
    shape = Shape(
        **cached._asdict(),
        clip_frames=cached.frames_of(clipper.clip_samples),
    )
    header = config.dump() | ({"perturbation": perturbation} if perturbation else {})
    write_shard(
        output,
        index,
        frames=_encode_shard(audio, clipper, frontend, device, rows, n_decoders),
        index=rows,
        n_utterances=len(read_members(audio)),
        shape=shape,
        options=header,
        model_digest=config.model_digest(),
        compact=config.is_compact,
    )
    _report(rows, time.monotonic() - began, output)


def _encode_shard(
    audio: str | Path,
    clipper: Clipper,
    frontend: Frontend,
    device: torch.device,
    rows: list[dict[str, Any]],
    n_decoders: int,
) -> Iterator[Tensor]:
    """Yield the frames of each utterance that has some, and fill in the rows of the index."""
    utterances = progress(
        iterate_audio(audio), Path(audio).stem, unit="utterance", total=count_packed(audio)
    )
    with closing(encode_ahead(utterances, clipper, frontend, device, n_decoders)) as encoded:
        for encoding in encoded:
            yield from _taken(encoding, rows)


def encode_ahead(
    utterances: Iterable[PackedAudio],
    clipper: Clipper,
    frontend: Frontend,
    device: torch.device,
    n_decoders: int,
) -> Generator[Encoding, None, None]:
    """Yield the frames of utterances, in their order, some hundreds at a time.

    While the device computes a window the next one is decoded, and the one before is at hand: so
    much is held in memory, whatever their number.

    Parameters
    ----------
    utterances : iterable of PackedAudio
    clipper : Clipper
        Decodes them.
    frontend : Frontend
        On the device.
    device : device
        Computes.
    n_decoders : int
        Threads that decode.
    """
    with ThreadPoolExecutor(n_decoders, thread_name_prefix="decode") as pool:
        windows = (
            list(pool.map(lambda packed: clipper.clip(packed.member, packed.audio), window))
            for window in batches_of(utterances, WINDOW)
        )
        before: Encoding | None = None
        # Closed before the pool, also where the front-end fails: nothing is then asked of it.
        with closing(ahead(windows)) as decoded:
            for clips in decoded:
                encoding = Encoding(clips, frontend, device)
                if before is not None:
                    yield before
                before = encoding
        if before is not None:
            yield before


def _taken(encoding: Encoding, rows: list[dict[str, Any]]) -> Iterator[Tensor]:
    """Yield the frames of a window, and add its rows to the index."""
    for clip, frames in zip(encoding.clips, encoding.frames(), strict=True):
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
            yield frames


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
