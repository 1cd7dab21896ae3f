"""Feature shards: the frames of some thousand utterances in one memory-mapped file.

A shard is a safetensors file of two tensors, or three:

``frames`` (frame, width), float16 or uint8
    The frames of all utterances, one after the other.
``scales`` (utterance, 2, width), float32
    With frames in 8 bits: how they are read (:mod:`signl.features.compact_frames`).
``offsets`` (utterance + 1,), int64
    Utterance ``i`` has the rows ``offsets[i]:offsets[i + 1]``: none, if it could not be decoded.

Its header has the fields of :class:`Shape`, among them the frames of a whole clip: an utterance
with fewer is repeated up to this when read.

Beside it a Parquet table, its row index, has one row an utterance, in the order of the audio
shard: ``member``, ``n_frames``, ``duration_s`` (of what was used, before any repetition) and
``reason`` (null, or why it could not be decoded).
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

import pyarrow as pa
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from signl import artefacts, seals, stages
from signl.artefacts import MadeBy, atomic_write, check_made_by, remedy
from signl.errors import ArtefactError
from signl.features.compact_frames import compacted, restored
from signl.features.index import INDEX_SCHEMA, STAGE
from signl.features.usable import check_members
from signl.open_files import keep_open
from signl.shards import by_archive
from signl.tensors import GrowingFile

#: The digest, in a shard's header, of the files of the model that gave its frames.
MODEL_DIGEST: Final = "frontend_model"


class Shape(NamedTuple):
    """What all shards of one front-end have in common.

    Attributes
    ----------
    width : int
        Channels of a frame.
    window_samples, hop_samples : int
        Samples that one frame sees, and from one frame to the next, at 16 kHz.
    clip_frames : int
        Frames of a whole clip.
    """

    width: int
    window_samples: int
    hop_samples: int
    clip_frames: int


def write_shard(
    path: str | Path,
    index_path: str | Path,
    *,
    frames: Iterable[Tensor],
    index: Sequence[Mapping[str, Any]],
    shape: Shape,
    n_utterances: int | None = None,
    options: Mapping[str, Any],
    model_digest: str = "",
    compact: bool = False,
) -> None:
    """Write a shard and its row index, each whole or not at all.

    Parameters
    ----------
    path, index_path : path
        The safetensors file and the Parquet table.
    frames : iterable of Tensors of shape (frame, width), float16
        Frames of the utterances, in order; written one by one, so that none need be held. Of those
        in 8 bits two numbers a channel of each utterance are.
    index : sequence of mappings
        A row of the index for each utterance, in order; it may be filled as frames are taken.
    shape : Shape
        The front-end's shape.
    n_utterances : int, optional
        Utterances that the index will have; by default those that it has.
    options : Mapping
        Options of the front-end, kept in the header.
    model_digest : str
        Digest of the files of the front-end's model, kept there too; empty, where it has none.
    compact : bool
        Whether frames are stored in 8 bits.
    """

    def made_by(members: list[str], offsets: Tensor) -> MadeBy:
        digests = {"members": seals.text_digest(members), "offsets": _digest_of(offsets)}
        model = {MODEL_DIGEST: model_digest} if model_digest else {}
        return MadeBy(
            stage=STAGE,
            revision=stages.FEATURES.revision,
            options=options,
            digests={**digests, **model},
        )

    def header(made: MadeBy) -> dict[str, str]:
        # One entry, for several come in another order each time.
        text = made.placed_at(path).to_blank_json(data=seals.BLANK, shape=shape._asdict())
        return {artefacts.HEADER: text}

    if n_utterances is None:
        n_rows, max_frames = len(index), sum(row["n_frames"] for row in index)
    else:
        n_rows, max_frames = n_utterances, n_utterances * shape.clip_frames
    with atomic_write(path) as scratch:
        # Digests are of one length, whatever they are of.
        room = header(made_by([], torch.zeros(1, dtype=torch.int64)))
        with GrowingFile(
            scratch,
            _known(n_rows, shape.width, compact=compact),
            grows="frames",
            row_shape=[shape.width],
            dtype=torch.uint8 if compact else torch.float16,
            max_rows=max_frames,
            metadata=room,
        ) as file:
            scales = _append(file, frames, compact=compact)
            counts = torch.tensor([0, *(row["n_frames"] for row in index)], dtype=torch.int64)
            offsets = counts.cumsum(0)
            made = made_by([row["member"] for row in index], offsets)
            placed = _placed(scales, counts[1:] > 0, shape.width) if compact else {}
            file.finish({"offsets": offsets, **placed}, header(made))
        seals.seal_tensors(scratch)
        table = pa.Table.from_pylist(list(index), schema=INDEX_SCHEMA)
        artefacts.write_table(index_path, table, made)


def _known(n_rows: int, width: int, *, compact: bool) -> dict[str, tuple[list[int], torch.dtype]]:
    """Return shape and type of the tensors whose size is known before any frame is."""
    scales = {"scales": ([n_rows, 2, width], torch.float32)} if compact else {}
    return {"offsets": ([n_rows + 1], torch.int64), **scales}


def _placed(scales: Sequence[Tensor], has_frames: Tensor, width: int) -> dict[str, Tensor]:
    """Return the scales of all utterances: of those without frames, zeros."""
    placed = torch.zeros(len(has_frames), 2, width)
    if scales:
        placed[has_frames] = torch.stack([*scales])
    return {"scales": placed}


def _append(file: GrowingFile, frames: Iterable[Tensor], *, compact: bool) -> list[Tensor]:
    """Add the frames of each utterance; return how those in 8 bits are read."""
    scales = []
    for of_one in frames:
        if compact:
            of_one, own = compacted(of_one)
            scales.append(own)
        file.append(of_one)
    return scales


def repeated(frames: Tensor, start: int, stop: int) -> Tensor:
    """Return frames ``start:stop`` of an utterance's clip: its own, repeated end to end.

    Parameters
    ----------
    frames : Tensor of shape (frame, width)
        All that the front-end gave of the utterance, at least one.
    start, stop : int
        Of the clip.
    """
    return frames[torch.arange(start, stop) % len(frames)]


def _digest_of(offsets: Tensor) -> str:
    return seals.text_digest([str(offset) for offset in offsets.tolist()])


class Shard:
    """A feature shard, opened for reading; frames are read from the disk as they are asked for.

    Raises
    ------
    ArtefactError
        If the file is damaged, is no shard, or was made by another revision.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        try:
            self._file = safe_open(self.path, framework="pt")
            header = json.loads((self._file.metadata() or {})[artefacts.HEADER])
            made_by = MadeBy.from_mapping(header)
            self.shape = Shape(**header["shape"])
            self._offsets = self._file.get_tensor("offsets")
            self._frames = self._file.get_slice("frames")
            is_compact = "scales" in self._file.keys()  # noqa: SIM118
            self._scales = self._file.get_slice("scales") if is_compact else None
        except FileNotFoundError:
            raise
        except (SafetensorError, OSError, AttributeError, KeyError, TypeError, ValueError) as error:
            raise ArtefactError(
                f"{path} is not a whole feature shard ({error}); {remedy(path)}"
            ) from error
        artefacts.check_tensors(path)
        check_made_by(made_by, path, stage=STAGE, revision=stages.FEATURES.revision)
        self.made_by = made_by
        self._check_offsets()

    def _check_offsets(self) -> None:
        """Refuse offsets that are not what was written, for they say whose frames are whose."""
        offsets, shape = self._offsets, self._frames.get_shape()
        stated = self.made_by.digests.get("offsets")
        fits = (
            offsets.dtype == torch.int64
            and offsets.ndim == 1
            and len(offsets)
            and len(shape) == 2
            and shape[1] == self.shape.width
            and int(offsets[0]) == 0
            and int(offsets[-1]) == shape[0]
            and bool((offsets.diff() >= 0).all())
            # Shards of before state no digest of them.
            and stated in (None, _digest_of(offsets))
        )
        if not fits:
            raise ArtefactError(
                f"{self.path} is damaged: its offsets do not divide its {shape[0]} frames among "
                f"its {len(self)} utterances as they were written; {remedy(self.path)}"
            )

    def __len__(self) -> int:
        """Return the number of utterances."""
        return len(self._offsets) - 1

    def frames(self, row: int, start: int, stop: int) -> Tensor:
        """Return frames ``start:stop`` of the clip of the utterance in ``row``.

        An utterance that was stored shorter than the clip is repeated end to end.

        Returns
        -------
        Tensor of shape (stop - start, width)
            Float16; float32, of frames in 8 bits.
        """
        first, last = int(self._offsets[row]), int(self._offsets[row + 1])
        n_stored = last - first
        if not n_stored:
            raise ArtefactError(f"{self.path}: utterance {row} has no frames")
        if stop <= n_stored:
            stored: Tensor = self._frames[first + start : first + stop]
        else:
            stored = repeated(self._frames[first:last], start, stop)
        if self._scales is None:
            return stored
        return restored(stored, self._scales[row : row + 1][0])


class FeatureStore:
    """The shards of one front-end that a job reads.

    Parameters
    ----------
    paths : Mapping
        Name of an archive -> the paths of its feature shards, in order.
    """

    def __init__(self, paths: Mapping[str, Sequence[str | Path]]) -> None:
        self._paths = paths
        self._open: dict[tuple[str, int], Shard] = {}

    @classmethod
    def of(cls, paths: Sequence[str | Path]) -> Self:
        """Return the store of shards whose folders are named as their archives."""
        return cls(by_archive(paths))

    @property
    def shape(self) -> Shape:
        """Shape of the front-end, read from the first shard."""
        return self._first.shape

    @property
    def made_by(self) -> MadeBy:
        """What made the features, the front-end's options included, as the first shard says."""
        return self._first.made_by

    @property
    def _first(self) -> Shard:
        archive, shards = next(iter(self._paths.items()))
        if not shards:
            raise ArtefactError(f"archive {archive} has no feature shard")
        return self.shard(archive, 0)

    def check_utterances(self, usable: Sequence[str | Path]) -> None:
        """Refuse shards of other utterances than usable trials were gathered from.

        Raises
        ------
        ArtefactError
            Names the shard and how it is made anew.
        """
        check_members(usable, self._members())

    def seals(self) -> list[str]:
        """Return the seal of each shard: another one where its frames are others."""
        return [seals.tensors_seal(path) for paths in self._paths.values() for path in paths]

    def _members(self) -> Iterator[tuple[Path, str]]:
        """Yield of each shard its path and the digest of its members."""
        for archive, paths in self._paths.items():
            for index, path in enumerate(map(Path, paths)):
                yield path, self.shard(archive, index).made_by.digests["members"]

    def shard(self, archive: str, index: int) -> Shard:
        """Return one shard, opened on its first use."""
        key = (archive, index)
        if key not in self._open:
            try:
                keep_open(self._open, key, Shard(self._paths[archive][index]))
            except (KeyError, IndexError):
                raise ArtefactError(
                    f"no feature shard {index} of archive {archive!r} among those given"
                ) from None
        return self._open[key]

    def frames(self, archive: str, shard: int, row: int, start: int, stop: int) -> Tensor:
        """Return frames ``start:stop`` of an utterance's clip; see :meth:`Shard.frames`."""
        return self.shard(archive, shard).frames(row, start, stop)

    def __getstate__(self) -> dict[str, Any]:
        """Leave open files behind: each worker process opens its own."""
        return {"_paths": self._paths, "_open": {}}
