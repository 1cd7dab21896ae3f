"""What a corpus is that a table describes: its table and its audio, as sets of archives.

Imported when a workflow is parsed; imports nothing heavy, and looks at no table.
"""

from collections.abc import Sequence
from functools import partial
from typing import Final

from signl.archives.descriptions import BARE, GIVEN, Archive, ArchiveSet, one_form
from signl.corpora.corpus import Corpus
from signl.corpora.table.options import TableOptions
from signl.corpora.table.table_rows import read_table_trials
from signl.labels import PARTITIONS

#: The audio of a corpus that a table describes is an archive of this and the corpus's name.
PREFIX: Final = "table-"
#: Nothing is published of a recording's length and bytes: for the estimates of a plan.
_MEAN_S, _MEAN_BYTES = 4.0, 128_000


def audio_set(corpus: str, place: str = "", partitions: Sequence[str] = PARTITIONS) -> ArchiveSet:
    """Return the set of the one archive that holds the audio of a corpus.

    Parameters
    ----------
    corpus : str
        Name of the corpus.
    place : str
        Path of the audio; left out where only the name of the set, or what its members' names
        are, matters.
    partitions : sequence of str
        Those that the corpus may have.
    """
    name = f"{PREFIX}{corpus}"
    audio = Archive(
        name=name,
        files=(place,),
        set=name,
        folder="",
        page=f"what corpora.{corpus}.audio names",
        n_utterances=1,  # how many is not known: they become one shard
        partitions=tuple(partitions),
        markers=(place,),
        root=BARE,
    )
    return ArchiveSet(
        name=name,
        forms=(one_form(GIVEN, audio),),
        is_given=True,
        n_bytes=_MEAN_BYTES,
        n_files=1,
        mean_s=_MEAN_S,
    )


def describe(corpus: str, options: TableOptions) -> Corpus:
    """Return the description of a corpus that a table describes."""
    partitions = options.possible_partitions
    audio = audio_set(corpus, options.audio_place, partitions)
    of_table = f"{PREFIX}{corpus}:table"
    table = Archive(
        name=of_table,
        files=(options.table,),
        set=of_table,
        folder="",
        page=f"what corpora.{corpus}.table names",
    )
    return Corpus(
        name=corpus,
        sets=(
            audio,
            ArchiveSet(
                name=of_table,
                forms=(one_form(GIVEN, table),),
                holds_protocols=True,
                is_given=True,
            ),
        ),
        partitions=partitions,
        protocols=options.protocols,
        packed_by=corpus,
        read_trials=partial(read_table_trials, archive=audio.name),
        options=TableOptions,
        expected=(),
    )
