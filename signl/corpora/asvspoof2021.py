"""Protocols of ASVspoof 2021 DF (eval) and of 2019 LA, which is its train and dev."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from signl.corpora.published import DF, DF_KEYS, LA
from signl.corpora.rows import (
    NOTHING,
    RowChecker,
    count_columns,
    optional,
    read_lines,
    read_rows,
    split_columns,
)
from signl.corpora.streams import read_protocols, source_name
from signl.corpora.trials import Reading, Trial
from signl.corpora.whereabouts import LocatedArchive
from signl.errors import ArchiveError, ProtocolError
from signl.labels import BONAFIDE, DEV, EVAL, SPOOF, TRAIN

_LA_PROTOCOLS: Final = {
    TRAIN: "ASVspoof2019.LA.cm.train.trn.txt",
    DEV: "ASVspoof2019.LA.cm.dev.trl.txt",
}
#: The keys in full, and where the masked stage-1 keys have theirs.
_METADATA: Final = ("keys/DF/CM/trial_metadata.txt", "keys/CM/trial_metadata.txt")
_N_COLUMNS: Final = 13
_N_STAGE_1_COLUMNS: Final = 8

_CODECS: Final = frozenset(
    (
        "nocodec",
        "low_mp3",
        "high_mp3",
        "low_m4a",
        "high_m4a",
        "low_ogg",
        "high_ogg",
        "mp3m4a",
        "oggm4a",
    )
)
_SOURCES: Final = frozenset(("asvspoof", "vcc2018", "vcc2020"))
_TRIMS: Final = {"notrim": False, "trim": True}
_PROTOCOLS: Final = {"eval": ("eval", "all"), "progress": ("all",), "hidden": ("all",)}
_VOCODERS: Final = {
    BONAFIDE: ("bonafide",),
    SPOOF: (
        "neural_vocoder_autoregressive",
        "neural_vocoder_nonautoregressive",
        "traditional_vocoder",
        "unknown",
        "waveform_concatenation",
    ),
}


@dataclass(frozen=True, kw_only=True)
class Options:
    """Options of the manifest.

    Attributes
    ----------
    subset : bool
        Whether the archives hold a subset of the corpus, whose counts then differ.
    """

    subset: bool = False


def read_trials(archives: Sequence[LocatedArchive], options: Options) -> Reading:
    """Read the trials of train and dev from LA.zip, of eval from the keys of 2021 DF.

    Raises
    ------
    ArchiveError
        If a protocol is not in its archive, or the archive is damaged.
    ProtocolError
        If a row does not follow the published form, or the keys are those of stage 1.
    """
    del options
    by_set = {located.archive.set: located for located in archives}
    la, keys = by_set[LA.name], by_set[DF_KEYS.name]
    trials: list[Trial] = []
    files = read_protocols(la.paths, lambda name: name.endswith(tuple(_LA_PROTOCOLS.values())))
    for partition, basename in _LA_PROTOCOLS.items():
        matches = [name for name in files if name.rsplit("/", 1)[-1] == basename]
        if len(matches) != 1:
            raise ArchiveError(
                f"{la.paths[0]} holds {len(matches)} files {basename} instead of one; get it anew "
                f"from {la.archive.page}"
            )
        source = source_name(la.paths, matches[0])
        trials += parse_la_protocol(files[matches[0]], source, partition=partition)
    name, content = _read_metadata(keys)
    trials += parse_df_metadata(content, source_name(keys.paths, name))
    return Reading(trials=trials, notes={"protocols": [*_LA_PROTOCOLS.values(), name]})


def parse_la_protocol(content: bytes, source: str, *, partition: str) -> Iterator[Trial]:
    """Yield the trials of a countermeasure protocol of 2019 LA.

    Columns: speaker, utterance, ``-``, attack, key; one space apart, without a header.

    Parameters
    ----------
    content : bytes
        The protocol file.
    source : str
        The file, as messages are to name it.
    partition : str
        The partition that it lists.

    Raises
    ------
    ProtocolError
        Names the row that does not follow this form.
    """
    check = RowChecker(source)
    folder = f"LA/ASVspoof2019_LA_{partition}/flac"
    for number, (speaker, name, unused, attack, key) in read_rows(content, source, n_columns=5):
        check.identifier(number, name)
        check.one_of(number, "column 3", unused, (NOTHING,))
        label = check.label(number, key)
        yield Trial(
            utterance_id=name,
            archive=LA.name,
            member=f"{folder}/{name}.flac",
            partition=partition,
            protocols=(),
            label=label,
            attack=check.attack(number, attack, label),
            speaker=speaker,
        )


def parse_df_metadata(content: bytes, source: str) -> Iterator[Trial]:
    """Yield the trials of ``trial_metadata.txt`` of the full keys of 2021 DF.

    Columns: speaker, trial, codec, source, attack, label, trim, subset, vocoder, task, team,
    gender pair, language; one space apart, without a header.

    Parameters
    ----------
    content : bytes
        The protocol file.
    source : str
        The file, as messages are to name it.

    Raises
    ------
    ProtocolError
        Names the row that does not follow this form; or says that these are the keys of
        stage 1, which are masked.
    """
    if count_columns(content) == _N_STAGE_1_COLUMNS:
        raise ProtocolError(
            f"{source} has {_N_STAGE_1_COLUMNS} columns: these are the stage-1 keys, which are "
            f"masked; get the full keys, DF-keys-full.tar.gz, from {DF_KEYS.archives[0].page}"
        )
    check = RowChecker(source)
    # Rows differ in little but the trial: what else they say is read once for all alike.
    alike: dict[tuple[str, str], tuple[object, ...]] = {}
    for number, line in read_lines(content, source):
        speaker, _, tail = line.partition(" ")
        name, _, rest = tail.partition(" ")
        if (speaker, rest) not in alike:
            columns = split_columns(number, line, source, n_columns=_N_COLUMNS)
            alike[speaker, rest] = _parse_df_row(number, columns, check)[3:]
        check.identifier(number, name)
        member = f"ASVspoof2021_DF_eval/flac/{name}.flac"
        yield Trial._make((name, DF.name, member, *alike[speaker, rest]))


def _parse_df_row(number: int, columns: list[str], check: RowChecker) -> Trial:
    """Read what a row of the metadata says of its trial, but for its name."""
    speaker, _, codec, database, attack, key, trim, subset, vocoder = columns[:9]
    gender, language = columns[11:]
    label = check.label(number, key)
    check.one_of(number, "vocoder", vocoder, _VOCODERS[label])
    return Trial(
        utterance_id="",
        archive="",
        member="",
        partition=EVAL,
        protocols=_PROTOCOLS[check.one_of(number, "subset", subset, _PROTOCOLS)],
        label=label,
        attack=check.attack(number, attack, label),
        speaker=speaker,
        codec=check.one_of(number, "codec", codec, _CODECS),
        vocoder=None if label == BONAFIDE else vocoder,
        source=check.one_of(number, "source", database, _SOURCES),
        subset=subset,
        gender=optional(gender),
        language=optional(language),
        trim=_TRIMS[check.one_of(number, "trim", trim, _TRIMS)],
    )


def _read_metadata(keys: LocatedArchive) -> tuple[str, bytes]:
    """Return the name and the content of the metadata among the keys."""
    names = (*_METADATA, keys.paths[0].name)
    files = read_protocols(keys.paths, lambda name: name in names)
    for name in names:
        if name in files:
            return name, files[name]
    raise ArchiveError(
        f"{keys.paths[0]} holds no {_METADATA[0]}; get it anew from {keys.archive.page}"
    )
