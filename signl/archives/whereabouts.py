"""Where the user's archives lie, and in which form they come, by file existence alone."""

import contextlib
import os
from collections import deque
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from signl.archives.descriptions import Archive, ArchiveSet, Form

#: How far it is looked for archives that lie elsewhere than they should.
_MAX_DEPTH: Final = 3
_MAX_NAMES: Final = 20_000


@dataclass(frozen=True, kw_only=True)
class LocatedArchive:
    """An archive and where it lies.

    Attributes
    ----------
    archive : Archive
        What it is.
    form : str
        The form in which the user has its set.
    paths : tuple of Path
        One per file, in the order of ``archive.files``: where it lies, or where it is missed.
    missing : tuple of Path
        Those of ``paths`` that do not exist.
    """

    archive: Archive
    form: str
    paths: tuple[Path, ...]
    missing: tuple[Path, ...] = ()

    @property
    def name(self) -> str:
        """Name of the archive."""
        return self.archive.name


def locate_set(
    archive_set: ArchiveSet, archives_folder: str | Path, *, subset: bool = False
) -> list[LocatedArchive]:
    """Find the archives of a set, in the first form that is there whole.

    Parameters
    ----------
    archive_set : ArchiveSet
        What is looked for.
    archives_folder : path
        Its subfolder of the set's name is looked at first, then the folder itself.
    subset : bool
        Whether a part of the archives will do: those that are missing are left out, unless
        none is there.

    Returns
    -------
    list of LocatedArchive
        Where no form is whole: the one of which something is there and least is missing, else
        the published one, with what is missing. Nothing, for an optional set that is not there.
    """
    folder = Path() if archive_set.is_given else Path(archives_folder)
    found = list(_found_forms(archive_set, folder))
    for located in found:
        if not any(archive.missing for archive in located):
            return located
    for located in found:
        present = [archive for archive in located if not archive.missing]
        if subset and present:
            return present
    begun = [
        located
        for located in found
        if any(len(archive.missing) < len(archive.paths) for archive in located)
    ]
    if not begun and archive_set.is_optional:
        return []
    return min(begun or found[:1], key=lambda located: sum(len(item.missing) for item in located))


def _found_forms(archive_set: ArchiveSet, folder: Path) -> Iterator[list[LocatedArchive]]:
    """Locate the set in every form in which it may come."""
    for form in archive_set.forms:
        ruled_out = any(_find(file, folder, form.archives[0]).exists() for file in form.unless)
        if not ruled_out:
            yield [_locate(archive, form, folder) for archive in form.archives]


def _locate(archive: Archive, form: Form, folder: Path) -> LocatedArchive:
    """Find the files of one archive, or the folder of an unpacked one by its markers."""
    if archive.markers:
        return _locate_unpacked(archive, form, folder)
    paths = tuple(_find(file, folder, archive) for file in archive.files)
    missing = tuple(path for path in paths if not path.is_file())
    return LocatedArchive(archive=archive, form=form.name, paths=paths, missing=missing)


def _locate_unpacked(archive: Archive, form: Form, folder: Path) -> LocatedArchive:
    """Find the folder of an unpacked archive, also where there is a folder too many or too few."""
    own = archive.files[0]
    for base in (folder / archive.folder, folder):
        for marker in archive.markers:
            if (base / marker).exists() or (base / own / marker).exists():
                return LocatedArchive(archive=archive, form=form.name, paths=(base / own,))
    path = folder / archive.folder / own
    if archive.root and any(
        (path.parent / marker.removeprefix(f"{archive.root}/")).exists()
        for marker in archive.markers
        if marker.startswith(f"{archive.root}/")
    ):
        # Unpacked without its own folder, into that of the corpus.
        return LocatedArchive(archive=archive, form=form.name, paths=(path.parent,))
    return LocatedArchive(archive=archive, form=form.name, paths=(path,), missing=(path,))


def lookalikes(names: Collection[str], folder: str | Path) -> list[Path]:
    """Return files and folders of such names, wherever they lie some folders deep.

    For messages: where archives are missed, they may be there, and only lie elsewhere. Looks at
    no more than some thousand names.
    """
    found: list[Path] = []
    n_seen = 0
    waiting = deque([(Path(folder), 0)])
    while waiting and n_seen < _MAX_NAMES:
        place, depth = waiting.popleft()
        with contextlib.suppress(OSError), os.scandir(place) as entries:
            for entry in islice(entries, _MAX_NAMES // 10):
                n_seen += 1
                if entry.name in names:
                    found.append(place / entry.name)
                elif depth < _MAX_DEPTH and entry.is_dir():
                    waiting.append((place / entry.name, depth + 1))
    return sorted(found)


def _find(file: str, folder: Path, archive: Archive) -> Path:
    """Return where a file lies; where it should, if it lies nowhere."""
    proper, direct = folder / archive.folder / file, folder / file
    return direct if not proper.exists() and direct.exists() else proper
