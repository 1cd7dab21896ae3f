"""Which utterances of an audio shard can be decoded: the row index of training from audio.

It is to audio shards what the row index is to feature shards, and has the same columns;
``n_frames`` is 0 in all rows, as there are none.
"""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from signl import artefacts, seals, stages
from signl.artefacts import MadeBy
from signl.audio import SAMPLE_RATE_HZ, load_waveform
from signl.corpora.audio_shards import PackedAudio, count_packed, iterate_audio
from signl.errors import AudioError
from signl.features.index import INDEX_SCHEMA, INSPECTION_STAGE
from signl.progress import progress

logger = logging.getLogger(__name__)


def inspect_audio(audio: str | Path, output: str | Path, *, options: Mapping[str, Any]) -> None:
    """Decode every utterance of an audio shard and write which can be used.

    Parameters
    ----------
    audio : path
        The audio shard.
    output : path
        Parquet, with a row an utterance, in the shard's order.
    options : Mapping
        ``clip_s``: so many seconds of an utterance are decoded, as training will.
    """
    rows = [
        _inspect(packed, options["clip_s"])
        for packed in progress(
            iterate_audio(audio), Path(audio).stem, unit="utterance", total=count_packed(audio)
        )
    ]
    made_by = MadeBy(
        stage=INSPECTION_STAGE,
        revision=stages.INSPECTIONS.revision,
        options=dict(options),
        digests={"members": seals.text_digest([row["member"] for row in rows])},
    )
    artefacts.write_table(output, pa.Table.from_pylist(rows, schema=INDEX_SCHEMA), made_by)
    logger.info(
        "%d of %d utterances can be decoded; wrote %s",
        sum(row["reason"] is None for row in rows),
        len(rows),
        output,
    )


def _inspect(packed: PackedAudio, clip_s: float) -> dict[str, Any]:
    try:
        waveform = load_waveform(packed.audio, max_duration_s=clip_s)
    except AudioError as error:
        logger.warning("%r cannot be used: %s", packed.member, error)
        return {"member": packed.member, "n_frames": 0, "duration_s": 0.0, "reason": str(error)}
    duration_s = len(waveform) / SAMPLE_RATE_HZ
    return {"member": packed.member, "n_frames": 0, "duration_s": duration_s, "reason": None}
