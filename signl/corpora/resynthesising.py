"""Rule ``resynthesise``: copies of the utterances of ``train``, or of ``dev``, in an audio shard.

The result is an audio shard of its own, from which features are extracted as from any: Parquet,
with the columns ``member`` (unique), ``audio`` (FLAC, 16 kHz, 16 bits), ``utterance_id`` (of the
original), ``role`` (``augmented``, ``channel`` or ``pseudo_spoof``), ``method`` and ``number`` (of
the copy among those of its role). What is drawn follows from the seed of the options and the
utterance's id.
"""

import io
import logging
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import soundfile

from signl import seals, stages
from signl.artefacts import MadeBy, atomic_write, close_table, read_table
from signl.audio import SAMPLE_RATE_HZ, load_waveform
from signl.corpora.audio_shards import (
    AUDIO_SCHEMA,
    ROW_GROUP_BYTES,
    PackedAudio,
    iterate_audio,
    read_header,
)
from signl.corpora.trial_tables import read_trials
from signl.errors import AudioError
from signl.labels import TRAIN
from signl.progress import progress
from signl.resynthesis.copies import Copy, CopyMaker, copies_of
from signl.resynthesis.copies_options import (
    AugmentedCopiesOptions,
    CopyOptions,
    ResynthesisOptions,
)
from signl.typed import build

logger = logging.getLogger(__name__)

STAGE: Final = stages.COPIES.rule
#: What says of each copy what it is of.
ORIGIN_COLUMNS: Final = ("utterance_id", "role", "method", "number")
COPIES_SCHEMA: Final = pa.schema(
    [
        *AUDIO_SCHEMA,
        *(pa.field(name, pa.string(), nullable=False) for name in ORIGIN_COLUMNS[:-1]),
        pa.field("number", pa.int32(), nullable=False),
    ]
)


def resynthesise(
    audio: str | Path,
    trials: str | Path,
    output: str | Path,
    *,
    options: Mapping[str, Any],
    partition: str = TRAIN,
) -> None:
    """Write the copies of a partition's utterances that an audio shard holds.

    Parameters
    ----------
    audio : path
        The audio shard.
    trials : path
        Located trials of that partition of a corpus; of others in the shard nothing is copied.
    output : path
        The shard of copies, whole or not at all; the module's docstring lists its columns.
    options : Mapping
        ``clip_s``, seconds of an utterance that are copied; ``seal``, which may be absent, of the
        files that are read; and beside them those of
        :class:`signl.resynthesis.copies_options.ResynthesisOptions`, or with a ``chain`` of
        :class:`signl.resynthesis.copies_options.AugmentedCopiesOptions`.
    partition : str
        Whose utterances are copied.

    Raises
    ------
    ArtefactError
        If a file is damaged or was made by something else.
    ConfigError
        If an option is wrong.
    """
    clip_s = options["clip_s"]
    given = {key: value for key, value in options.items() if key not in ("clip_s", "seal")}
    how = _built(given)
    names = _utterances_in(audio, trials, partition)
    made_by = MadeBy(
        stage=STAGE,
        revision=stages.COPIES.revision,
        options=how.dump() | {"clip_s": clip_s, **how.sealed_files()},
    )
    began, writer = time.monotonic(), _CopiesWriter()
    packed = (each for each in iterate_audio(audio) if each.row in names)
    bar = progress(packed, Path(output).stem, unit="utterance", total=len(names))
    with atomic_write(output) as scratch:
        writer.write(scratch, _rows(bar, names, how.build(), clip_s), made_by.placed_at(output))
    seconds = time.monotonic() - began
    logger.info(
        "wrote %d copies of %d utterances (%s) in %.0f s (%.2f s an utterance), to %s",
        sum(writer.methods.values()),
        len(names),
        ", ".join(f"{count} {name}" for name, count in sorted(writer.methods.items())) or "none",
        seconds,
        seconds / max(1, len(names)),
        output,
    )


def _built(given: Mapping[str, Any]) -> CopyOptions:
    """Return the options of the kind of copies: those by a chain alone have one."""
    if "chain" in given:
        return build(AugmentedCopiesOptions, given, "augmented_copies")
    return build(ResynthesisOptions, given, "resynthesis")


def read_origins(path: str | Path) -> pa.Table:
    """Return ``member`` and :data:`ORIGIN_COLUMNS` of a shard of copies, in the order of its rows.

    Raises
    ------
    ArtefactError
        If the file is damaged or was made by something else.
    """
    columns = ["member", *ORIGIN_COLUMNS]
    return read_table(path, stage=STAGE, revision=stages.COPIES.revision, columns=columns)


def _utterances_in(audio: str | Path, trials: str | Path, partition: str) -> dict[int, str]:
    """Return row -> utterance id of a partition's utterances in an audio shard."""
    header = read_header(audio)
    columns = ["utterance_id", "partition", "packed_archive", "shard", "row"]
    table = read_trials(trials, columns=columns)
    place = (("packed_archive", header["archive"]), ("shard", header["shard"]))
    for name, value in (("partition", partition), *place):
        table = table.filter(pc.equal(table[name], value))
    return dict(zip(table["row"].to_pylist(), table["utterance_id"].to_pylist(), strict=True))


def _rows(
    utterances: Iterable[PackedAudio],
    names: Mapping[int, str],
    built: CopyMaker,
    clip_s: float,
) -> Iterator[dict[str, Any]]:
    """Yield a row for each copy of the utterances that can be decoded."""
    for packed in utterances:
        name = names[packed.row]
        try:
            waveform = load_waveform(packed.audio, max_duration_s=clip_s)
            copies = copies_of(waveform.double().numpy(), name=name, built=built)
        except AudioError as error:
            logger.warning("%r has no copies: %s", name, error)
            continue
        for copy in copies:
            yield {
                "member": f"{name}/{copy.role}-{copy.number}",
                "audio": _flac(copy),
                "utterance_id": name,
                "role": copy.role,
                "method": copy.method,
                "number": copy.number,
            }


def _flac(copy: Copy) -> bytes:
    """Encode a copy; one beyond full scale is brought to it as a whole."""
    samples = copy.samples / max(1.0, float(np.abs(copy.samples).max(initial=0.0)))
    buffer = io.BytesIO()
    # The largest number of 16 bits is one below full scale.
    pcm = np.round(samples * 32767).astype(np.int16)
    soundfile.write(buffer, pcm, SAMPLE_RATE_HZ, format="FLAC", subtype="PCM_16")
    return buffer.getvalue()


class _CopiesWriter:
    """Writes a shard of copies, a row group at a time.

    Attributes
    ----------
    methods : Counter
        How many copies of each method were written.
    """

    def __init__(self) -> None:
        self.methods: Counter[str] = Counter()

    def write(self, path: Path, rows: Iterator[dict[str, Any]], made_by: MadeBy) -> None:
        """Write all rows, the header and the seal."""
        members: list[str] = []
        with pq.ParquetWriter(
            path,
            COPIES_SCHEMA,
            compression="none",
            use_dictionary=False,
            write_statistics=False,
            write_page_checksum=True,
        ) as writer:
            for group in _groups(rows):
                writer.write_table(pa.Table.from_pylist(group, schema=COPIES_SCHEMA))
                members += [row["member"] for row in group]
                self.methods.update(row["method"] for row in group)
            digests = {"members": seals.text_digest(members)}
            header = MadeBy(**{**made_by.to_mapping(), "digests": digests})
            close_table(writer, header, data=seals.BLANK)
        seals.seal_table(path)


def _groups(rows: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Yield rows together whose audio has some megabytes."""
    group: list[dict[str, Any]] = []
    n_bytes = 0
    for row in rows:
        group.append(row)
        n_bytes += len(row["audio"])
        if n_bytes >= ROW_GROUP_BYTES:
            yield group
            group, n_bytes = [], 0
    if group:
        yield group
