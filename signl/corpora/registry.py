"""The corpora that there are, and where their archives lie.

A corpus is a module of its own and a line here. This module is imported when a workflow is
parsed; it, and the modules of corpora, import nothing heavy.
"""

import importlib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Final

from signl.archives.descriptions import Archive, ArchiveSet
from signl.archives.whereabouts import LocatedArchive, locate_set
from signl.corpora.corpus import Corpus, CorpusOptions, Expected
from signl.errors import ConfigError
from signl.labels import PARTITIONS

__all__ = [
    "CORPORA",
    "Archive",
    "Corpus",
    "CorpusOptions",
    "Expected",
    "LocatedArchive",
    "archive_named",
    "corpus_named",
    "locate_archives",
    "locate_protocols",
    "set_named",
]

#: Where the description of each corpus stands; the first of those over the same archives owns them.
_DESCRIPTIONS: Final = (
    "signl.corpora.asvspoof2021:ASVSPOOF2021_DF",
    "signl.corpora.asvspoof5:ASVSPOOF5",
    "signl.corpora.asvspoof5_signl:ASVSPOOF5_SIGNL",
    "signl.corpora.cfad:CFAD",
    "signl.corpora.in_the_wild:IN_THE_WILD",
)


def _described(place: str) -> Corpus:
    module, _, attribute = place.partition(":")
    corpus: Corpus = getattr(importlib.import_module(module), attribute)
    return corpus


CORPORA: Final[Mapping[str, Corpus]] = {
    corpus.name: corpus for corpus in map(_described, _DESCRIPTIONS)
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


def set_named(name: str) -> ArchiveSet:
    """Return a set of archives by name.

    Raises
    ------
    ConfigError
        If there is no such set.
    """
    for corpus in CORPORA.values():
        for archive_set in corpus.sets:
            if archive_set.name == name:
                return archive_set
    raise ConfigError(f"set of archives {name!r} is of no corpus")


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
        Folder of the downloaded archives; see :func:`signl.archives.whereabouts.locate_set`.
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
