"""Members of archives: what readers give, and what they refuse.

Archives are taken for hostile until read: a name that would leave the folder, a link, a
device, or a size that no recording has is an error that names the archive and the member.
Nothing is ever written under a member's name.
"""

import re
from collections.abc import Callable
from typing import Final, NamedTuple

from signl.errors import ArchiveError

#: No recording is larger: the largest known is 178 MB.
MAX_MEMBER_BYTES: Final = 1 << 30
#: No archive has more members: the largest known holds 681,872.
MAX_MEMBERS: Final = 2_000_000
#: No path in an archive is longer: systems allow 4,096 bytes.
MAX_NAME_LENGTH: Final = 4096

GET_ANEW: Final = "download it again, or compare it with: snakemake verify_archives"
UNPUBLISHED: Final = "it is not as published; download it again from the corpus's own page"

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
            f"{archive}: member {name[:100]!r}... has a name of {len(name):,} characters; "
            f"{UNPUBLISHED}"
        )
    components = re.split(r"[/\\]", name) if "\\" in name else name.split("/")
    is_absolute = components[0] == "" or components[0].endswith(":")
    if is_absolute or ".." in components or "\0" in name:
        raise ArchiveError(
            f"{archive}: member {name!r} has a path that leaves the archive; {UNPUBLISHED}"
        )
    if "" not in components and "." not in components:
        return name
    return "/".join(part for part in components if part not in ("", "."))


def check_size(name: str, size: int, archive: object, max_bytes: int) -> None:
    """Refuse a member that claims more bytes than a published one has."""
    if size > max_bytes:
        raise ArchiveError(
            f"{archive}: member {name!r} claims {size:,} bytes, more than the {max_bytes:,} that "
            f"any published one has; {UNPUBLISHED}"
        )


def check_count(n_members: int, archive: object) -> None:
    """Refuse an archive of more members than any corpus has."""
    if n_members > MAX_MEMBERS:
        raise ArchiveError(f"{archive}: holds more than {MAX_MEMBERS:,} members; {UNPUBLISHED}")


def refuse_kind(name: str, kind: str, archive: object) -> ArchiveError:
    """Return the error for a member that is neither file nor folder."""
    return ArchiveError(f"{archive}: member {name!r} is {kind}; {UNPUBLISHED}")


def damaged(archive: object, problem: str) -> ArchiveError:
    """Return the error for an archive that does not hold what it must."""
    return ArchiveError(f"{archive}: {problem}: it is truncated or damaged; {GET_ANEW}")
