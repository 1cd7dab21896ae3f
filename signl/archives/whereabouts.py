"""Where the user's archives lie, and in which form they come, by file existence alone."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from signl.archives.descriptions import Archive, ArchiveSet, Form


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
    folder = Path(archives_folder)
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
    """Find the folder of an unpacked archive."""
    for base in (folder / archive.folder, folder):
        if any((base / marker).exists() for marker in archive.markers):
            path = base / archive.files[0]
            return LocatedArchive(archive=archive, form=form.name, paths=(path,))
    path = folder / archive.folder / archive.files[0]
    return LocatedArchive(archive=archive, form=form.name, paths=(path,), missing=(path,))


def _find(file: str, folder: Path, archive: Archive) -> Path:
    """Return where a file lies; where it should, if it lies nowhere."""
    proper, direct = folder / archive.folder / file, folder / file
    return direct if not proper.exists() and direct.exists() else proper
