"""Trials, as protocols list them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple


class Trial(NamedTuple):
    """One row of a protocol; a row of the manifest. ``None``: the protocol does not say.

    Attributes
    ----------
    utterance_id : str
        The protocol's identifier; of CFAD, where names repeat, the whole member path.
    archive : str
        Set of archives that holds the audio.
    member : str
        Path in the archive.
    partition : str
        ``train``, ``dev`` or ``eval``.
    protocols : tuple of str
        Of eval trials, the protocols that include it.
    label : str
        ``bonafide`` or ``spoof``.
    attack : str, optional
        The spoofing system; of bona fide speech ``None``.
    speaker : str, optional
        Speaker, or the one that is imitated.
    codec : str, optional
        Codec condition as the protocol spells it; ``None`` also where that says uncoded by
        ``-``.
    codec_quality : int, optional
        Quality setting of the codec; 0: uncoded.
    vocoder : str, optional
        Kind of vocoder of a spoof.
    source : str, optional
        Database the utterance comes from.
    subset : str, optional
        Published subset of the partition.
    gender : str, optional
        ``F`` or ``M``; of conversions between speakers the pair, source first.
    language : str, optional
        Letter of the language.
    trim : bool, optional
        Whether non-speech has been trimmed.
    """

    utterance_id: str
    archive: str
    member: str
    partition: str
    protocols: tuple[str, ...]
    label: str
    attack: str | None = None
    speaker: str | None = None
    codec: str | None = None
    codec_quality: int | None = None
    vocoder: str | None = None
    source: str | None = None
    subset: str | None = None
    gender: str | None = None
    language: str | None = None
    trim: bool | None = None


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What the protocols of a corpus say.

    Attributes
    ----------
    trials : sequence of Trial
        In the order of the protocols.
    notes : Mapping
        What the manifest's header is to say of how they were read.
    absent_partitions : tuple of str
        Partitions for which the form that the user has holds no protocol.
    """

    trials: Sequence[Trial]
    notes: Mapping[str, Any]
    absent_partitions: tuple[str, ...] = ()
