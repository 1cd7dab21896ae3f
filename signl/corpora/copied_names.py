"""Names in paths of copies: the archive that holds the originals, their corpus, the resynthesis."""

from typing import Final

#: Between the parts; no name of a corpus or of a resynthesis has it.
_BETWEEN: Final = "@"


def copied_archive(archive: str, corpus: str, resynthesis: str) -> str:
    """Return what stands in paths for the copies of a corpus's training utterances in an archive.

    Features of copies lie where those of an archive of this name would.
    """
    return _BETWEEN.join((archive, corpus, resynthesis))


def split_copied(text: str) -> tuple[str, str, str]:
    """Return archive, corpus and resynthesis of what stands in a path for copies."""
    archive, corpus, resynthesis = text.rsplit(_BETWEEN, 2)
    return archive, corpus, resynthesis


def is_copied(archive: str) -> bool:
    """Tell whether a name in a path is that of copies, not of an archive."""
    return _BETWEEN in archive
