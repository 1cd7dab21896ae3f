"""Names in paths of copies: the archive that holds the originals, their corpus, the resynthesis.

A resynthesis has two names in paths: its own stands for the copies of ``train``, and one with the
partition behind it for those of ``dev``.
"""

from typing import Final

from signl.labels import DEV, TRAIN

#: Between the parts; no name of a corpus or of a resynthesis has it.
_BETWEEN: Final = "@"


def copied_archive(archive: str, corpus: str, resynthesis: str) -> str:
    """Return what stands in paths for the copies of a corpus's training utterances in an archive.

    Features of copies lie where those of an archive of this name would.
    """
    return _BETWEEN.join((archive, corpus, resynthesis))


def split_copied(text: str) -> tuple[str, str, str]:
    """Return archive, corpus and resynthesis of what stands in a path for copies."""
    rest, partition = split_partition(text)
    archive, corpus, resynthesis = rest.rsplit(_BETWEEN, 2)
    return archive, corpus, of_partition(resynthesis, partition)


def of_partition(resynthesis: str, partition: str) -> str:
    """Return what stands in paths for the copies of ``train``, or of ``dev``, by a resynthesis."""
    return resynthesis if partition == TRAIN else f"{resynthesis}{_BETWEEN}{partition}"


def split_partition(text: str) -> tuple[str, str]:
    """Return what :func:`of_partition` was given."""
    name, _, partition = text.rpartition(_BETWEEN)
    return (name, DEV) if partition == DEV else (text, TRAIN)


def is_copied(archive: str) -> bool:
    """Tell whether a name in a path is that of copies, not of an archive."""
    return _BETWEEN in archive
