"""The corpora that there are, and where their archives lie.

A corpus is a module of its own and a line here; one that a table of the user's describes is an
entry of the configuration, whose options are asked for what it is. This module is imported when a
workflow is parsed; it, and the modules of corpora, import nothing heavy.
"""

import importlib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Final

from signl.archives.descriptions import Archive, ArchiveSet
from signl.archives.whereabouts import LocatedArchive, locate_set
from signl.corpora.corpus import Corpus, CorpusOptions, Expected
from signl.corpora.table.description import PREFIX, audio_set, describe
from signl.corpora.table.options import KIND, TableOptions
from signl.errors import ConfigError
from signl.labels import PARTITIONS
from signl.typed import build

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
    "options_of",
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


def options_of(name: str, values: object) -> type[CorpusOptions] | None:
    """Return the options class of an entry of the configuration; none, if it is of no corpus."""
    if name in CORPORA:
        return CORPORA[name].options
    is_table = isinstance(values, Mapping) and values.get("kind") == KIND
    return TableOptions if is_table or isinstance(values, TableOptions) else None


def corpus_named(name: str, options: CorpusOptions | Mapping[str, Any] | None = None) -> Corpus:
    """Return a corpus by name.

    Parameters
    ----------
    name : str
        Its name.
    options : CorpusOptions or Mapping, optional
        Its options: they say what a corpus is that a table describes.

    Raises
    ------
    ConfigError
        Names the corpora that there are.
    """
    if name in CORPORA:
        return CORPORA[name]
    if options is None or options_of(name, options) is not TableOptions:
        raise ConfigError(f"corpus {name!r} is none of {sorted(CORPORA)}")
    values: Any = options
    return describe(name, build(TableOptions, values, f"corpora.{name}"))


def archive_named(name: str) -> Archive:
    """Return an archive by name, in the published form if several have the name.

    The audio of a corpus that a table describes is described without its place.

    Raises
    ------
    ConfigError
        Names the archives that there are.
    """
    if name.startswith(PREFIX):
        return audio_set(name.removeprefix(PREFIX)).archives[0]
    if name not in _ARCHIVES:
        raise ConfigError(f"archive {name!r} is none of {sorted(_ARCHIVES)}")
    return _ARCHIVES[name]


def set_named(name: str) -> ArchiveSet:
    """Return a set of archives by name; that of a table's audio without its place.

    Raises
    ------
    ConfigError
        If there is no such set.
    """
    if name.startswith(PREFIX):
        return audio_set(name.removeprefix(PREFIX))
    for corpus in CORPORA.values():
        for archive_set in corpus.sets:
            if archive_set.name == name:
                return archive_set
    raise ConfigError(f"set of archives {name!r} is of no corpus")


def locate_archives(
    corpus: str | Corpus,
    archives_folder: str | Path,
    *,
    partitions: Collection[str] = PARTITIONS,
    subset: bool = False,
) -> list[LocatedArchive]:
    """Find the archives that hold the audio and the protocols of a corpus.

    Looks at file existence alone, a few times per archive.

    Parameters
    ----------
    corpus : str or Corpus
        The corpus, or the name of a published one.
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
        for archive_set in _of(corpus).sets
        if archive_set.holds_protocols or set(partitions).intersection(archive_set.partitions)
        for located in locate_set(archive_set, archives_folder, subset=subset)
    ]


def _of(corpus: str | Corpus) -> Corpus:
    return corpus_named(corpus) if isinstance(corpus, str) else corpus


def locate_protocols(corpus: str | Corpus, archives_folder: str | Path) -> list[LocatedArchive]:
    """Find the archives that :func:`signl.corpora.manifest.build_manifest` reads."""
    return [
        located
        for archive_set in _of(corpus).sets
        if archive_set.holds_protocols
        for located in locate_set(archive_set, archives_folder)
    ]
