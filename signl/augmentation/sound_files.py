"""The sounds of a folder that the user names: which there are, and whether they are the same."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from signl.errors import ConfigError
from signl.seals import text_digest

#: How the names of sounds end; other files of a folder are passed over.
SUFFIXES: Final = frozenset(
    {".aac", ".aif", ".aiff", ".flac", ".m4a", ".mp3", ".ogg", ".opus", ".sph", ".wav", ".wv"}
)


def find_sounds(folder: str | Path) -> list[Path]:
    """Return the sounds in a folder and below it, sorted by their path within it.

    Links to files are followed, links to folders are not.

    Raises
    ------
    ConfigError
        If there is none.
    """
    top = Path(folder)
    check_folder(top)
    return sorted(_walk(top), key=lambda path: path.relative_to(top).as_posix())


def check_folder(folder: str | Path) -> None:
    """Refuse a folder without a sound; looks no further than the first.

    Raises
    ------
    ConfigError
        Names the folder.
    """
    top = Path(folder)
    if not top.is_dir():
        raise ConfigError(f"folder is {str(folder)!r}, which is no folder here")
    if next(_walk(top), None) is None:
        raise ConfigError(
            f"folder is {str(folder)!r}, which has no sound; known are {sorted(SUFFIXES)}"
        )


def folder_seal(folder: str | Path) -> str:
    """Return a digest of the names and sizes of a folder's sounds; their contents are not read."""
    top = Path(folder)
    return text_digest(
        [f"{path.relative_to(top).as_posix()} {path.stat().st_size}" for path in find_sounds(top)]
    )


def _walk(top: Path) -> Iterator[Path]:
    for root, _, names in os.walk(top):
        for name in names:
            path = Path(root, name)
            # Some systems leave files of the user's name with a point before it in any folder.
            if path.suffix.lower() in SUFFIXES and not name.startswith("."):
                yield path
