"""ASVspoof 5, track 1.

Marks at the facts: [C] from an official document or file, [R] reported by people who handled
the archives, [I] inferred.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final

from signl.archives.descriptions import (
    CHALLENGE,
    LOOSE,
    PUBLISHED,
    UNCOMPRESSED,
    UNPACKED,
    Archive,
    ArchiveSet,
    Form,
    one_form,
)
from signl.archives.streams import read_protocols, source_name
from signl.archives.whereabouts import LocatedArchive
from signl.corpora.corpus import Corpus, CorpusOptions, Expected
from signl.corpora.rows import RowChecker, count_columns, optional, read_rows
from signl.corpora.trials import Reading, Trial
from signl.errors import ArchiveError
from signl.labels import DEV, EVAL, PARTITIONS, TRAIN

_PAGE: Final = "https://zenodo.org/records/14498691"
_README: Final = "README.txt of ASVspoof 5 (Zenodo 14498691)"

# Audio files of each part and md5, both [C].
_FLAC_T: Final = (
    (36_500, "b0cc86b14826a7701b52aad4f53daf9c"),
    (36_500, "d05be3f4be7a343fdbdd0ed29fdff2e1"),
    (36_500, "70d1ba4ad75a20aef3dae541fbd321e3"),
    (36_500, "c9bb56af2cc410d98338d74babcb95c9"),
    (36_357, "a3969816982f3e52300d6147ad796df7"),
)
_FLAC_D: Final = (
    (47_400, "df0be44957623991028cce59792beb17"),
    (47_400, "1e8cd685d89b64502692f1bcf1a13db3"),
    (47_334, "5e0031f08c30e4bdbf0c59f91b2d662b"),
)
_FLAC_E: Final = (
    (68_188, "a8c800766f3d4ef87971e2b4f29663e2"),
    (68_188, "c35064188f54f07c87aba58de22534a0"),
    (68_188, "ed7cbcd1b2847998b72472ddf6b445e3"),
    (68_188, "626a080e994b05df49c577d7b3dede8d"),
    (68_188, "05f19a5e64fa556714ae1b38eb2ea70b"),
    (68_188, "2ca2f52a3bbf827f7ec155ecb47e85d6"),
    (68_188, "671200b5de2fc1e74a563b07b057af8f"),
    (68_188, "eaf885b1299a61eb07f71e82e96dba37"),
    (68_188, "b2625683bf440abae2af901a45542ad9"),
    (68_180, "c50281c8233af6f3b0899604d21ade44"),
)


def flac_set(
    letter: str,
    partitions: tuple[str, ...],
    folder: str,
    parts: tuple[tuple[int, str], ...],
    *,
    n_bytes: float,
    mean_s: float,
) -> ArchiveSet:
    """Return one of the three sets of ASVspoof 5 audio; ``folder`` is its top directory."""
    name = f"flac_{letter}"
    total = sum(n_files for n_files, _ in parts)

    def archive(suffix: str, file: str, n_utterances: int, **facts: object) -> Archive:
        return Archive(
            name=name + suffix,
            files=(file,),
            set=name,
            folder="ASVspoof5",
            page=_PAGE,
            n_utterances=n_utterances,
            partitions=partitions,
            root=folder,
            **facts,  # type: ignore[arg-type]
        )

    published = tuple(
        archive(f"_a{last}", f"{name}_a{last}.tar", n_files, md5=md5)
        for last, (n_files, md5) in zip("abcdefghij", parts, strict=False)
    )
    return ArchiveSet(
        name=name,
        n_bytes=n_bytes,
        n_files=total,
        mean_s=mean_s,
        forms=(
            Form(name=PUBLISHED, archives=published),
            one_form(CHALLENGE, archive("", f"{name}.tar", total)),
            one_form(UNPACKED, archive("", folder, total, markers=(folder,))),
        ),
    )


# Bytes [R]; seconds assumed, from bytes at 18.5 kB/s.
FLAC_T: Final = flac_set("T", (TRAIN,), "flac_T", _FLAC_T, n_bytes=37.5e9, mean_s=11.1)
FLAC_D: Final = flac_set("D", (DEV,), "flac_D", _FLAC_D, n_bytes=20.0e9, mean_s=7.6)
FLAC_E: Final = flac_set("E", (EVAL,), "flac_E_eval", _FLAC_E, n_bytes=84.8e9, mean_s=6.7)


def _asvspoof5_protocols(*files: str, **facts: object) -> Archive:
    return Archive(
        name="ASVspoof5_protocols",
        files=files,
        set="ASVspoof5_protocols",
        folder="ASVspoof5",
        page=_PAGE,
        **facts,  # type: ignore[arg-type]
    )


#: Protocols of ASVspoof 5. Checksum [C], size [R].
ASVSPOOF5_PROTOCOLS: Final = ArchiveSet(
    name="ASVspoof5_protocols",
    holds_protocols=True,
    forms=(
        one_form(
            PUBLISHED,
            _asvspoof5_protocols(
                "ASVspoof5_protocols.tar.gz",
                size_bytes=20_669_392,
                md5="865d0e894ea9f686f0f37e5ae3ae3616",
            ),
        ),
        one_form(UNCOMPRESSED, _asvspoof5_protocols("ASVspoof5_protocols.tar")),
        one_form(
            UNPACKED,
            _asvspoof5_protocols(
                "ASVspoof5_protocols", markers=("ASVspoof5_protocols/ASVspoof5.train.tsv",)
            ),
        ),
        one_form(
            LOOSE,
            _asvspoof5_protocols(
                "ASVspoof5.train.tsv", "ASVspoof5.dev.track_1.tsv", "ASVspoof5.eval.track_1.tsv"
            ),
        ),
        *(
            one_form(
                CHALLENGE,
                _asvspoof5_protocols(
                    f"ASVspoof5.train.{kind}.txt", f"ASVspoof5.dev.{kind}.txt", *of_eval
                ),
            )
            for kind in ("metadata", "metainfor")
            for of_eval in (
                ("ASVspoof5.eval.track_1.tsv",),
                (f"ASVspoof5.eval.{kind}.txt",),
                (),
            )
        ),
    ),
)

_KINDS: Final = ("metadata.txt", "metainfor.txt")
#: Names of the protocol of each partition; those of the challenge-time release last.
_FILES: Final[Mapping[str, tuple[str, ...]]] = {
    TRAIN: ("ASVspoof5.train.tsv", *(f"ASVspoof5.train.{kind}" for kind in _KINDS)),
    DEV: ("ASVspoof5.dev.track_1.tsv", *(f"ASVspoof5.dev.{kind}" for kind in _KINDS)),
    EVAL: ("ASVspoof5.eval.track_1.tsv", *(f"ASVspoof5.eval.{kind}" for kind in _KINDS)),
}
_SETS: Final = {TRAIN: FLAC_T.name, DEV: FLAC_D.name, EVAL: FLAC_E.name}
_FOLDERS: Final = {TRAIN: "flac_T", DEV: "flac_D", EVAL: "flac_E_eval"}
_N_COLUMNS: Final = 10
_N_CHALLENGE_COLUMNS: Final = 6
_GENDERS: Final = ("F", "M")
_CODECS: Final = frozenset(("-", *(f"C{number:02d}" for number in range(1, 12))))
_QUALITIES: Final = {"-": None, **{str(quality): quality for quality in range(9)}}
_TAGS: Final = ("-", "AC1", "AC2", "AC3")


def read_trials(archives: Sequence[LocatedArchive], options: CorpusOptions) -> Reading:
    """Read the trials of the official partitions.

    The challenge-time release has no protocol of eval: unless one of eval lies beside it, there
    are no eval trials.

    Raises
    ------
    ArchiveError
        If a protocol is not in its archive, or the archive is damaged.
    ProtocolError
        If a row does not follow a published form.
    """
    del options
    located = next(item for item in archives if item.archive.set == ASVSPOOF5_PROTOCOLS.name)
    trials: list[Trial] = []
    names = []
    has_eval = located.form != CHALLENGE or len(located.paths) == len(_FILES)
    partitions = (TRAIN, DEV, EVAL) if has_eval else (TRAIN, DEV)
    basenames = {name for partition in partitions for name in _FILES[partition]}
    files = read_protocols(located, lambda name: name.rsplit("/", 1)[-1] in basenames)
    for partition in partitions:
        name = _choose(files, partition, located)
        names.append(name.rsplit("/", 1)[-1])
        source = source_name(located.paths, name)
        trials += parse_protocol(files[name], source, partition=partition)
    absent = () if EVAL in partitions else (EVAL,)
    return Reading(trials=trials, notes={"protocols": names}, absent_partitions=absent)


def _choose(files: Collection[str], partition: str, located: LocatedArchive) -> str:
    """Return the name of the one protocol of a partition."""
    for basename in _FILES[partition]:
        matches = [name for name in files if name.rsplit("/", 1)[-1] == basename]
        if len(matches) == 1:
            return matches[0]
        if matches:
            raise ArchiveError(f"{located.paths[0]} holds {basename} {len(matches)} times")
    raise ArchiveError(
        f"{located.paths[0]} holds no {_FILES[partition][0]}; get it anew from "
        f"{located.archive.page}"
    )


def parse_protocol(content: bytes, source: str, *, partition: str) -> Iterator[Trial]:
    """Yield the trials of a protocol in the public or the challenge-time form.

    Public columns: speaker, utterance, gender, codec, codec quality, codec seed, attack tag,
    attack, key, ``-``. Challenge-time columns: speaker, utterance, gender, codec, attack, key.
    One space apart (although named ``.tsv``), without a header.

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
    is_public = count_columns(content) != _N_CHALLENGE_COLUMNS
    n_columns = _N_COLUMNS if is_public else _N_CHALLENGE_COLUMNS
    for number, columns in read_rows(content, source, n_columns=n_columns):
        speaker, name, gender, codec = columns[:4]
        attack, key = columns[7:9] if is_public else columns[4:6]
        quality, tag = (columns[4], columns[6]) if is_public else ("-", "-")
        check.identifier(number, name)
        check.one_of(number, "attack tag", tag, _TAGS)
        label = check.label(number, key)
        yield Trial(
            utterance_id=name,
            archive=_SETS[partition],
            member=f"{_FOLDERS[partition]}/{name}.flac",
            partition=partition,
            protocols=("eval",) if partition == EVAL else (),
            label=label,
            attack=check.attack(number, attack, label, bonafide="bonafide"),
            speaker=speaker,
            codec=optional(check.one_of(number, "codec", codec, _CODECS)),
            codec_quality=_QUALITIES[check.one_of(number, "quality", quality, _QUALITIES)],
            gender=check.one_of(number, "gender", gender, _GENDERS),
        )


ASVSPOOF5_TRAIN: Final = Expected(
    partitions=(TRAIN,), total=182_357, bonafide=18_797, spoof=163_560, source=_README
)
ASVSPOOF5: Final = Corpus(
    name="asvspoof5",
    sets=(FLAC_T, FLAC_D, FLAC_E, ASVSPOOF5_PROTOCOLS),
    partitions=PARTITIONS,
    protocols=("eval",),
    packed_by="asvspoof5",
    read_trials=read_trials,
    expected=(
        ASVSPOOF5_TRAIN,
        Expected(partitions=(DEV,), total=140_950, bonafide=31_334, spoof=109_616, source=_README),
        Expected(
            partitions=(EVAL,),
            protocol="eval",
            total=680_774,
            bonafide=138_688,
            spoof=542_086,
            source=_README,
        ),
    ),
)
