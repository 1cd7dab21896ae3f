"""Members of archives: what readers give, and what they refuse.

Archives are taken for hostile until read: a name that would leave the folder, a link, a
device, or a size that no recording has is an error that names the archive and the member.
Nothing is ever written under a member's name, and names reach messages without control
characters. What systems and editors leave beside files is passed over.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple

from signl.errors import ArchiveError

#: No recording is larger: the largest known is 178 MB. Packing holds a few of them at once.
MAX_MEMBER_BYTES: Final = 200 << 20
#: No archive has more members: the largest known holds 681,872.
MAX_MEMBERS: Final = 1_000_000
#: Nothing published is compressed further: recordings to a half, protocols to a tenth.
MAX_RATIO: Final = 50
#: So much may come of any archive, however well it is compressed: silence, small protocols.
FREE_BYTES: Final = 64 << 20
#: No path in an archive is longer: systems allow 4,096 bytes.
MAX_NAME_LENGTH: Final = 4096

_FOREIGN_FOLDERS: Final = (
    *(r"__MACOSX", r"\.AppleDouble", r"\.Spotlight-V100", r"\.Trash(?:es|-\d+)", r"\.fseventsd"),
    *(r"@eaDir", r"\$RECYCLE\.BIN", r"System Volume Information", r"\.ipynb_checkpoints"),
)
_FOREIGN_FILES: Final = (
    *(r"\._[^/]*", r"\.DS_Store", r"Thumbs\.db", r"ehthumbs\.db", r"desktop\.ini"),
    # Locks, swap and backup files of editors; open files that a file server keeps.
    *(r"\.~lock\.[^/]*#", r"~\$[^/]*", r"\.#[^/]*", r"#[^/]*#", r"\.[^/]*\.sw[a-p]", r"[^/]*~"),
    *(r"\.nfs[0-9a-f]{8,}", r"\.fuse_hidden[0-9a-f]+"),
)
_FOREIGN_FOLDER: Final = re.compile(rf"(?:{'|'.join(_FOREIGN_FOLDERS)})$", re.IGNORECASE)
_FOREIGN_FILE: Final = re.compile(
    rf"(?:{'|'.join((*_FOREIGN_FOLDERS, *_FOREIGN_FILES))})$", re.IGNORECASE
)

GET_ANEW: Final = "download it again, or compare it with: snakemake verify_archives"
UNPUBLISHED: Final = "it is not as published; download it again from the corpus's own page"

#: Folders in which the published one may lie.
_MAX_FOLDERS_ABOVE: Final = 3

Wanted = Callable[[str], bool]


class Member(NamedTuple):
    """A file in an archive.

    Attributes
    ----------
    name : str
        Normalised: no ``./``, no doubled slash.
    size : int
        Bytes, decompressed.
    content : bytes or None
        ``None`` for a member that is not wanted, which is not read.
    """

    name: str
    size: int
    content: bytes | None


def normalise(name: str, archive: object) -> str:
    """Return a member's name without ``.`` and empty components.

    Raises
    ------
    ArchiveError
        If the name is absolute, climbs by ``..``, holds a NUL or is longer than any path.
    """
    if len(name) > MAX_NAME_LENGTH:
        raise ArchiveError(
            f"{shown(archive)}: member {name[:100]!r}... has a name of {len(name):,} characters; "
            f"{UNPUBLISHED}"
        )
    components = re.split(r"[/\\]", name) if "\\" in name else name.split("/")
    is_absolute = components[0] == "" or components[0].endswith(":")
    if is_absolute or ".." in components or "\0" in name:
        raise ArchiveError(
            f"{shown(archive)}: member {name!r} has a path that leaves the archive; {UNPUBLISHED}"
        )
    if "" not in components and "." not in components:
        return name
    return "/".join(part for part in components if part not in ("", "."))


def check_size(name: str, size: int, archive: object, max_bytes: int) -> None:
    """Refuse a member that claims more bytes than a published one has."""
    if size > max_bytes:
        raise ArchiveError(
            f"{shown(archive)}: member {name!r} claims {size:,} bytes, more than the "
            f"{max_bytes:,} that any published one has; {UNPUBLISHED}"
        )


def check_ratio(what: str, size: int, compressed_size: int, archive: object) -> None:
    """Refuse what claims far more bytes than it takes, as nothing published does."""
    if size > FREE_BYTES + MAX_RATIO * compressed_size:
        raise ArchiveError(
            f"{shown(archive)}: {what} would be {size:,} bytes, of {compressed_size:,} that are "
            f"compressed: more than {MAX_RATIO} times as many, as of nothing published; "
            f"{UNPUBLISHED}"
        )


def is_foreign(name: str) -> bool:
    """Tell whether a member is what a system or an editor left: ``._x``, ``.DS_Store``, locks."""
    folder, _, file = name.rpartition("/")
    return bool(_FOREIGN_FILE.match(file)) or _is_foreign_folder(folder)


@lru_cache(maxsize=64)
def _is_foreign_folder(folder: str) -> bool:
    """Tell it of a folder and those above it; hundreds of thousands of members lie in one."""
    return any(map(_FOREIGN_FOLDER.match, folder.split("/")))


def align(name: str, root: str) -> str:
    """Return a member's name as published, below ``root``; without one, the name itself.

    Copies of archives have a folder more (``LA/LA/...``) or less (``meta.csv`` at the top).
    """
    if not root or (name.startswith(f"{root}/") and not name.startswith(f"{root}/{root}/")):
        return name
    folders = name.split("/")[:-1]
    if root not in folders[:_MAX_FOLDERS_ABOVE]:
        return f"{root}/{name}"
    first = folders.index(root)
    while folders[first + 1 : first + 2] == [root]:
        first += 1
    return "/".join(name.split("/")[first:])


def shown(text: object) -> str:
    """Return a name or a path for a message: as it is, or quoted if it has control characters."""
    text = str(text)
    return text if text.isprintable() else repr(text)


def check_count(n_members: int, archive: object) -> None:
    """Refuse an archive of more members than any corpus has."""
    if n_members > MAX_MEMBERS:
        raise ArchiveError(
            f"{shown(archive)}: holds more than {MAX_MEMBERS:,} members; {UNPUBLISHED}"
        )


def refuse_kind(name: str, kind: str, archive: object) -> ArchiveError:
    """Return the error for a member that is neither file nor folder."""
    return ArchiveError(f"{shown(archive)}: member {name!r} is {kind}; {UNPUBLISHED}")


def damaged(archive: object, problem: str) -> ArchiveError:
    """Return the error for an archive that does not hold what it must."""
    return ArchiveError(f"{shown(archive)}: {problem}: it is truncated or damaged; {GET_ANEW}")


def changed(archive: object, problem: str = "changed while it was read") -> ArchiveError:
    """Return the error for a file that somebody writes to."""
    return ArchiveError(
        f"{shown(archive)} {problem}: wait until it has been copied or downloaded whole, and run "
        "the same command again"
    )


def is_twice(archive: Path, name: str) -> ArchiveError:
    """Return the error for two members of one name."""
    cure = "remove one of them" if archive.is_dir() else UNPUBLISHED
    return ArchiveError(f"{shown(archive)}: member {name!r} is there twice; {cure}")
