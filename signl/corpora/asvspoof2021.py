"""ASVspoof 2021 DF: its evaluation audio and keys; train and dev are those of 2019 LA.

Marks at the facts: [C] from an official document or file, [R] reported by people who handled
the archives, [I] inferred.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from signl.archives.descriptions import (
    LOOSE,
    PUBLISHED,
    STAGE_1,
    UNPACKED,
    Archive,
    ArchiveSet,
    Form,
    one_form,
)
from signl.archives.streams import read_protocols, source_name
from signl.archives.whereabouts import LocatedArchive
from signl.corpora.asvspoof2019 import LA, LA_EXPECTED, LA_PROTOCOLS, read_la_trials
from signl.corpora.corpus import Corpus, CorpusOptions, Expected
from signl.corpora.rows import RowChecker, count_columns, optional, read_lines, split_columns
from signl.corpora.trials import Reading, Trial
from signl.errors import ArchiveError, ProtocolError
from signl.labels import BONAFIDE, EVAL, PARTITIONS, SPOOF

_PAGE: Final = "https://zenodo.org/records/4835108"
_KEYS_PAGE: Final = "https://www.asvspoof.org/asvspoof2021/DF-keys-full.tar.gz"
_PAPER: Final = "Liu et al. (2023), ASVspoof 2021, and the released keys"
#: Recordings, and trials of the protocol all.
_N_ALL: Final = 611_829

# Files [R], bytes [R], md5 (two sources agree; of part 03 they differ in one digit, so that it
# is not given here) and sha256 [R].
_DF_PARTS: Final = (
    (
        152_955,
        8_637_050_238,
        "4f2cbae07cf3ede2a1dde3b8d2ee55ea",
        "99273ef077604afa8f79f25070755bf99f3524f9fc55397e59ab0c00661165ea",
    ),
    (
        152_958,
        8_624_944_890,
        "1578c89ab433c2b60b1dce93bdf8fbec",
        "5c3c749c47ba60808c4e088e36d865984a65cd0a436bc656f3fd9b8f4a670e17",
    ),
    (
        152_958,
        8_616_337_195,
        "5497a35f0126e94a1d7a7d26db57b4f7",
        "04f2fb7a057363483892132f075feeabc41e1debfdbe69e783c5ca258d81ae97",
    ),
    (
        152_958,
        8_656_151_261,
        None,
        "a45bdae8ce6f35e3d03b24eae8d70cb486d4cc0d7d75225d8ba6e9cd371ec7ab",
    ),
)


def _df(name: str, file: str, n_utterances: int, **facts: object) -> Archive:
    return Archive(
        name=name,
        files=(file,),
        set="ASVspoof2021_DF_eval",
        folder="ASVspoof2021",
        page=_PAGE,
        n_utterances=n_utterances,
        partitions=(EVAL,),
        root="ASVspoof2021_DF_eval",
        **facts,  # type: ignore[arg-type]
    )


def _unpacked_part(part: int) -> Archive:
    name = f"ASVspoof2021_DF_eval_part{part:02d}"
    markers = (f"{name}/ASVspoof2021_DF_eval/flac", f"{name}/flac")
    return _df(name, name, _DF_PARTS[part][0], markers=markers)


#: ASVspoof 2021 deepfake, evaluation audio: four complete, independent tars.
DF: Final = ArchiveSet(
    name="ASVspoof2021_DF_eval",
    n_bytes=34.53e9,
    n_files=_N_ALL,
    mean_s=3.1,  # assumed, from bytes at 18.5 kB/s
    forms=(
        Form(
            name=PUBLISHED,
            archives=tuple(
                _df(
                    f"ASVspoof2021_DF_eval_part{part:02d}",
                    f"ASVspoof2021_DF_eval_part{part:02d}.tar.gz",
                    n_files,
                    size_bytes=size,
                    md5=md5,
                    sha256=sha256,
                )
                for part, (n_files, size, md5, sha256) in enumerate(_DF_PARTS)
            ),
        ),
        one_form(
            UNPACKED,
            _df(
                "ASVspoof2021_DF_eval",
                "ASVspoof2021_DF_eval",
                _N_ALL,
                markers=("ASVspoof2021_DF_eval/flac",),
            ),
        ),
        # Each part in a folder of its own name, with the published one in it or without.
        Form(name=UNPACKED, archives=tuple(map(_unpacked_part, range(len(_DF_PARTS))))),
    ),
)


def _df_keys(file: str, **facts: object) -> Archive:
    return Archive(
        name="DF-keys-full",
        files=(file,),
        set="DF-keys-full",
        folder="ASVspoof2021",
        page=_KEYS_PAGE,
        root="keys",
        **facts,  # type: ignore[arg-type]
    )


#: Keys of 2021 DF. The stage-1 keys are known so that they can be refused by name.
DF_KEYS: Final = ArchiveSet(
    name="DF-keys-full",
    holds_protocols=True,
    forms=(
        one_form(
            PUBLISHED,
            _df_keys(
                "DF-keys-full.tar.gz",
                md5="dabbc5628de4fcef53036c99ac7ab93a",
                sha256="426f93e1cdaf507bf36c355c00c0567137ba1fe8bc177b17281eeae6f4d870a6",
            ),
        ),
        one_form(UNPACKED, _df_keys("keys", markers=("keys/DF/CM/trial_metadata.txt",))),
        one_form(LOOSE, _df_keys("trial_metadata.txt")),
        one_form(STAGE_1, _df_keys("DF-keys-stage-1.tar.gz")),
        one_form(STAGE_1, _df_keys("keys", markers=("keys/CM/trial_metadata.txt",))),
    ),
)

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


def read_trials(archives: Sequence[LocatedArchive], options: CorpusOptions) -> Reading:
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
    keys = by_set[DF_KEYS.name]
    trials = read_la_trials(by_set[LA.name])
    name, content = _read_metadata(keys)
    trials += parse_df_metadata(content, source_name(keys.paths, name))
    return Reading(trials=trials, notes={"protocols": [*LA_PROTOCOLS.values(), name]})


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
    files = read_protocols(keys, lambda name: name in names)
    for name in names:
        if name in files:
            return name, files[name]
    raise ArchiveError(
        f"{keys.paths[0]} holds no {_METADATA[0]}; get it anew from {keys.archive.page}"
    )


ASVSPOOF2021_DF: Final = Corpus(
    name="asvspoof2021_df",
    sets=(LA, DF, DF_KEYS),
    partitions=PARTITIONS,
    protocols=("eval", "all"),
    packed_by="asvspoof2021_df",
    read_trials=read_trials,
    expected=(
        *LA_EXPECTED,
        Expected(
            partitions=(EVAL,),
            protocol="eval",
            total=533_928,
            bonafide=14_869,
            spoof=519_059,
            source=_PAPER,
        ),
        Expected(
            partitions=(EVAL,),
            protocol="all",
            total=_N_ALL,
            bonafide=22_617,
            spoof=589_212,
            source=_PAPER,
        ),
    ),
)
