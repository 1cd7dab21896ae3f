"""What a corpus is: its archives, partitions, protocols, counts, options and parser.

Each corpus is described by a module of its own, which is imported when a workflow is parsed and
imports nothing heavy.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import Field

from signl.archives.descriptions import Archive, ArchiveSet
from signl.archives.whereabouts import LocatedArchive
from signl.corpora.trials import Reading
from signl.typed import Count, Options


class CorpusOptions(Options):
    """Options of a corpus; some corpora have more."""

    subset: bool = Field(
        default=False,
        description="whether only a part of the published corpus is there: its counts may then "
        "differ from the published ones, and missing archives are left out",
    )
    shards: dict[str, Count] = Field(
        default_factory=dict,
        description="archive -> the shards that its audio is packed into; by default as many as "
        "its published size asks for",
    )


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
    read_trials : callable
        Reads the trials from the located archives that hold protocols, by the options.
    options : type
        The options that it takes.
    """

    name: str
    sets: tuple[ArchiveSet, ...]
    partitions: tuple[str, ...]
    protocols: tuple[str, ...]
    expected: tuple[Expected, ...]
    packed_by: str
    read_trials: Callable[[Sequence[LocatedArchive], Any], Reading]
    options: type[CorpusOptions] = CorpusOptions

    @property
    def archives(self) -> tuple[Archive, ...]:
        """Its archives as published, of audio and of protocols."""
        return tuple(archive for a_set in self.sets for archive in a_set.archives)

    def n_trials(self, protocol: str) -> int:
        """Return how many trials a set of eval trials of the whole corpus has."""
        return next(each.total for each in self.expected if each.protocol == protocol)
