"""The corpora: which archives hold them, what their partitions and protocols count.

This module is imported when a workflow is parsed and imports nothing heavy.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from signl.corpora.archives import Archive, ArchiveSet
from signl.corpora.published import (
    ASVSPOOF5_PROTOCOLS,
    CFAD,
    DF,
    DF_KEYS,
    FLAC_D,
    FLAC_D_RESPLIT,
    FLAC_E,
    FLAC_T,
    IN_THE_WILD,
    LA,
    SIGNL_SPLIT,
)
from signl.corpora.whereabouts import LocatedArchive, locate_set
from signl.errors import ConfigError
from signl.labels import DEV, EVAL, PARTITIONS, TRAIN

__all__ = [
    "CORPORA",
    "Archive",
    "Corpus",
    "Expected",
    "LocatedArchive",
    "archive_named",
    "corpus_named",
    "locate_archives",
    "locate_protocols",
]


@dataclass(frozen=True, kw_only=True)
class Expected:
    """How many trials some partitions, or a protocol, of a whole corpus hold.

    Attributes
    ----------
    partitions : tuple of str
        The partitions counted together.
    protocol : str, optional
        Count the trials of this protocol alone.
    total, bonafide, spoof : int, optional
        The counts; ``None``: not known.
    source : str
        Where the counts are stated.
    is_certain : bool
        Whether a manifest that differs is refused; otherwise it is only told of.
    when : Mapping
        Corpus options for which the counts hold.
    """

    partitions: tuple[str, ...]
    protocol: str | None = None
    total: int
    bonafide: int | None = None
    spoof: int | None = None
    source: str
    is_certain: bool = True
    when: Mapping[str, Any] = field(default_factory=dict)

    @property
    def what(self) -> str:
        """What is counted, for messages."""
        partitions = " + ".join(self.partitions)
        return f"{partitions}, protocol {self.protocol}" if self.protocol else partitions


@dataclass(frozen=True, kw_only=True)
class Corpus:
    """A corpus.

    Attributes
    ----------
    name : str
        As the configuration names it.
    sets : tuple of ArchiveSet
        The sets of archives that hold its audio and protocols.
    partitions : tuple of str
        The partitions it has.
    protocols : tuple of str
        Names of its sets of eval trials.
    expected : tuple of Expected
        Counts of the whole corpus.
    packed_by : str
        The corpus whose manifest says which audio is packed. Corpora over the same archives
        name one owner, whose trials include those of the others, so that audio is packed once.
    options : tuple of str
        Options that ``build_manifest`` takes for it, besides ``subset``.
    """

    name: str
    sets: tuple[ArchiveSet, ...]
    partitions: tuple[str, ...]
    protocols: tuple[str, ...]
    expected: tuple[Expected, ...]
    packed_by: str
    options: tuple[str, ...] = ()

    @property
    def archives(self) -> tuple[Archive, ...]:
        """Its archives as published, of audio and of protocols."""
        return tuple(archive for a_set in self.sets for archive in a_set.archives)


_LA_README: Final = "README.LA.txt and the protocols of ASVspoof 2019"
_DF_PAPER: Final = "Liu et al. (2023), ASVspoof 2021, and the released keys"
_ASVSPOOF5_README: Final = "README.txt of ASVspoof 5 (Zenodo 14498691)"
_CFAD_COUNTED: Final = "the files of the published archive, as counted by users"
_CFAD_PAPER: Final = "Ma et al. (2022), CFAD; only the sum of train and dev has been confirmed"

_ASVSPOOF5_TRAIN: Final = Expected(
    partitions=(TRAIN,), total=182_357, bonafide=18_797, spoof=163_560, source=_ASVSPOOF5_README
)

CORPORA: Final[Mapping[str, Corpus]] = {
    corpus.name: corpus
    for corpus in (
        Corpus(
            name="asvspoof2021_df",
            sets=(LA, DF, DF_KEYS),
            partitions=PARTITIONS,
            protocols=("eval", "all"),
            packed_by="asvspoof2021_df",
            expected=(
                Expected(
                    partitions=(TRAIN,),
                    total=25_380,
                    bonafide=2_580,
                    spoof=22_800,
                    source=_LA_README,
                ),
                Expected(
                    partitions=(DEV,), total=24_844, bonafide=2_548, spoof=22_296, source=_LA_README
                ),
                Expected(
                    partitions=(EVAL,),
                    protocol="eval",
                    total=533_928,
                    bonafide=14_869,
                    spoof=519_059,
                    source=_DF_PAPER,
                ),
                Expected(
                    partitions=(EVAL,),
                    protocol="all",
                    total=611_829,
                    bonafide=22_617,
                    spoof=589_212,
                    source=_DF_PAPER,
                ),
            ),
        ),
        Corpus(
            name="asvspoof5",
            sets=(FLAC_T, FLAC_D, FLAC_E, ASVSPOOF5_PROTOCOLS),
            partitions=PARTITIONS,
            protocols=("eval",),
            packed_by="asvspoof5",
            expected=(
                _ASVSPOOF5_TRAIN,
                Expected(
                    partitions=(DEV,),
                    total=140_950,
                    bonafide=31_334,
                    spoof=109_616,
                    source=_ASVSPOOF5_README,
                ),
                Expected(
                    partitions=(EVAL,),
                    protocol="eval",
                    total=680_774,
                    bonafide=138_688,
                    spoof=542_086,
                    source=_ASVSPOOF5_README,
                ),
            ),
        ),
        Corpus(
            name="asvspoof5_signl",
            sets=(FLAC_T, FLAC_D_RESPLIT, ASVSPOOF5_PROTOCOLS, SIGNL_SPLIT),
            partitions=PARTITIONS,
            protocols=("eval",),
            packed_by="asvspoof5",
            options=("seed",),
            expected=(
                _ASVSPOOF5_TRAIN,
                Expected(
                    partitions=(DEV,),
                    total=56_773,
                    bonafide=15_667,
                    spoof=41_106,
                    source="dev_meta_SIGNL.txt of the reference implementation",
                ),
                Expected(
                    partitions=(EVAL,),
                    protocol="eval",
                    total=84_177,
                    bonafide=15_667,
                    spoof=68_510,
                    source="the official dev partition less dev_meta_SIGNL.txt",
                ),
            ),
        ),
        Corpus(
            name="cfad",
            sets=(CFAD,),
            partitions=PARTITIONS,
            protocols=("seen", "unseen", "all"),
            packed_by="cfad",
            options=("version",),
            expected=(
                Expected(partitions=PARTITIONS, total=115_800, source=_CFAD_COUNTED),
                Expected(
                    partitions=(TRAIN,),
                    total=38_400,
                    bonafide=12_800,
                    spoof=25_600,
                    source=_CFAD_PAPER,
                    is_certain=False,
                ),
                Expected(
                    partitions=(DEV,),
                    total=14_400,
                    bonafide=4_800,
                    spoof=9_600,
                    source=_CFAD_PAPER,
                    is_certain=False,
                ),
                *(
                    Expected(
                        partitions=partitions,
                        protocol=protocol,
                        total=bonafide + spoof,
                        bonafide=bonafide,
                        spoof=spoof,
                        source=_CFAD_COUNTED,
                        when={"version": "clean"},
                    )
                    for partitions, protocol, bonafide, spoof in (
                        ((TRAIN, DEV), None, 17_600, 35_200),
                        ((EVAL,), "seen", 14_000, 28_000),
                        ((EVAL,), "unseen", 7_000, 14_000),
                        ((EVAL,), "all", 21_000, 42_000),
                    )
                ),
            ),
        ),
        Corpus(
            name="in_the_wild",
            sets=(IN_THE_WILD,),
            partitions=(EVAL,),
            protocols=("all",),
            packed_by="in_the_wild",
            expected=(
                Expected(
                    partitions=(EVAL,),
                    protocol="all",
                    total=31_779,
                    bonafide=19_963,
                    spoof=11_816,
                    source="meta.csv of release_in_the_wild.zip",
                ),
            ),
        ),
    )
}

_ARCHIVES: Final[Mapping[str, Archive]] = {
    archive.name: archive
    for corpus in reversed(list(CORPORA.values()))
    for archive_set in corpus.sets
    for form in reversed(archive_set.forms)
    for archive in form.archives
}


def corpus_named(name: str) -> Corpus:
    """Return a corpus by name.

    Raises
    ------
    ConfigError
        Names the corpora that there are.
    """
    if name not in CORPORA:
        raise ConfigError(f"corpus {name!r} is none of {sorted(CORPORA)}")
    return CORPORA[name]


def archive_named(name: str) -> Archive:
    """Return an archive by name, in the published form if several have the name.

    Raises
    ------
    ConfigError
        Names the archives that there are.
    """
    if name not in _ARCHIVES:
        raise ConfigError(f"archive {name!r} is none of {sorted(_ARCHIVES)}")
    return _ARCHIVES[name]


def locate_archives(
    corpus: str,
    archives_folder: str | Path,
    *,
    partitions: Collection[str] = PARTITIONS,
    subset: bool = False,
) -> list[LocatedArchive]:
    """Find the archives that hold the audio and the protocols of a corpus.

    Looks at file existence alone, a few times per archive.

    Parameters
    ----------
    corpus : str
        Name of the corpus.
    archives_folder : path
        Folder of the downloaded archives; see :func:`signl.corpora.whereabouts.locate_set`.
    partitions : collection of str
        Audio of these is looked for, and the protocols.
    subset : bool
        Whether a part of the archives of each set will do.

    Raises
    ------
    ConfigError
        If there is no such corpus.
    """
    return [
        located
        for archive_set in corpus_named(corpus).sets
        if archive_set.holds_protocols or set(partitions).intersection(archive_set.partitions)
        for located in locate_set(archive_set, archives_folder, subset=subset)
    ]


def locate_protocols(corpus: str, archives_folder: str | Path) -> list[LocatedArchive]:
    """Find the archives that :func:`signl.corpora.manifest.build_manifest` reads."""
    return [
        located
        for archive_set in corpus_named(corpus).sets
        if archive_set.holds_protocols
        for located in locate_set(archive_set, archives_folder)
    ]
