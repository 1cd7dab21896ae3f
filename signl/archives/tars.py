"""Members of a tar, plain or gzip-compressed, streamed once from front to back.

Reads the POSIX (ustar, pax) and GNU formats. The standard library's tarfile would do, but in
its streaming mode it holds whatever an extended header claims in memory, and spends half a
pack's time in its own book-keeping.
"""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final, NamedTuple

from signl.archives.members import (
    MAX_MEMBER_BYTES,
    Member,
    Wanted,
    check_count,
    check_size,
    damaged,
    is_foreign,
    normalise,
    refuse_kind,
)
from signl.archives.sources import MAX_TRAILING_BYTES, Source, open_source

BLOCK_BYTES: Final = 512
#: No name or set of attributes is longer.
_MAX_EXTENSION_BYTES: Final = 1 << 20
#: The end mark has two blocks of zeros; most writers add more.
_MIN_END_BLOCKS: Final = 2
_MAGIC: Final = b"ustar"
_FILES: Final = (b"0", b"\0", b"7")
_FOLDER: Final = b"5"
_GNU_NAME: Final = b"L"
_GNU_LINK_NAME: Final = b"K"
_PAX: Final = b"x"
_PAX_GLOBAL: Final = b"g"
_OTHER_KINDS: Final = {
    b"1": "a hard link",
    b"2": "a symbolic link",
    b"3": "a character device",
    b"4": "a block device",
    b"6": "a named pipe",
    b"S": "a sparse file",
}


class Header(NamedTuple):
    """What a tar says of one member."""

    name: str
    size: int
    kind: bytes


def stream_tar(
    path: Path, is_wanted: Wanted, *, max_bytes: int = MAX_MEMBER_BYTES
) -> Iterator[Member]:
    """Yield the files of a tar in the order of the archive.

    Parameters
    ----------
    path : Path
        A tar, plain or gzip-compressed; which, its first bytes tell.
    is_wanted : callable
        Whether the content of a member of this name is read.
    max_bytes : int
        A member that claims more is refused.

    Raises
    ------
    ArchiveError
        If the tar is truncated or damaged, or holds what it should not.
    """
    with closing(open_source(path)) as source:
        for n_members, header in enumerate(_headers(source, path)):
            check_count(n_members, path)
            name = normalise(header.name, path)
            check_size(name, header.size, path, max_bytes)
            padding = -header.size % BLOCK_BYTES
            if is_wanted(name):
                content = source.read(header.size)
                source.skip(padding)
                yield Member(name, header.size, content)
            else:
                source.skip(header.size + padding)
                yield Member(name, header.size, None)
        source.finish()


def _blocks(source: Source, path: Path) -> Iterator[bytes]:
    """Yield the header blocks of a tar, and of those that ``cat`` joined to it."""
    block: bytes | None = source.read(BLOCK_BYTES)
    n_blocks = 0
    while block is not None:
        if any(block):
            n_blocks += 1
            check_count(n_blocks // 2, path)
            yield block
            block = source.read(BLOCK_BYTES)
        else:
            block = _next_tar(source, path)


def _next_tar(source: Source, path: Path) -> bytes | None:
    """Pass over the zeros of an end mark; return the header after them, if another tar follows."""
    n_zeros = 1
    while block := source.read_some(BLOCK_BYTES):
        if any(block):
            break
        n_zeros += 1
        if n_zeros * BLOCK_BYTES > MAX_TRAILING_BYTES:
            return None
    if n_zeros < _MIN_END_BLOCKS or len(block) < BLOCK_BYTES or block[257:262] != _MAGIC:
        return None
    return block


def _headers(source: Source, path: Path) -> Iterator[Header]:
    """Yield the headers of files; the caller reads or skips the content of each."""
    name: str | None = None
    size: int | None = None
    for block in _blocks(source, path):
        header = _parse(block, path)
        if header.kind in (_GNU_NAME, _GNU_LINK_NAME, _PAX, _PAX_GLOBAL):
            extension = _extension(source, header, path)
            if header.kind == _GNU_NAME:
                name = _text(extension)
            elif header.kind == _PAX:
                name, size = _parse_pax(extension, path, name, size)
            continue
        header = _extended(header, name, size)
        name = size = None
        if header.kind in _FILES and not header.name.endswith("/"):
            yield header
        elif header.kind not in (*_FILES, _FOLDER):
            if header.size == 0 and is_foreign(header.name):
                continue
            kind = _OTHER_KINDS.get(header.kind, f"of the unknown kind {header.kind!r}")
            raise refuse_kind(normalise(header.name or ".", path), kind, path)
        else:
            normalise(header.name.rstrip("/") or "/", path)


def _parse(block: bytes, path: Path) -> Header:
    """Read a header block and check its checksum."""
    claimed = _number(block[148:156], path)
    if claimed != sum(block) - sum(block[148:156]) + 8 * ord(" "):
        raise damaged(path, "a header block has a wrong checksum")
    name = _text(block[:100])
    if block[257:263] == b"ustar\0" and block[345]:
        name = f"{_text(block[345:500])}/{name}"
    return Header(name, _number(block[124:136], path), block[156:157])


def _extension(source: Source, header: Header, path: Path) -> bytes:
    """Read the content of a header that extends the next one."""
    if header.size > _MAX_EXTENSION_BYTES:
        raise damaged(path, f"a header claims {header.size:,} bytes for a name")
    content = source.read(header.size)
    source.skip(-header.size % BLOCK_BYTES)
    return content


def _extended(header: Header, name: str | None, size: int | None) -> Header:
    """Return a header with what those that extend it say, if there are any."""
    if name is None and size is None:
        return header
    return header._replace(
        name=header.name if name is None else name, size=header.size if size is None else size
    )


def _parse_pax(
    content: bytes, path: Path, name: str | None, size: int | None
) -> tuple[str | None, int | None]:
    """Read the name and the size from ``LENGTH KEY=VALUE`` records."""
    position = 0
    while position < len(content):
        length, space, _ = content[position : position + 20].partition(b" ")
        end = position + int(length) if length.isdigit() else 0
        record = content[position + len(length) + len(space) : end]
        key, equals, value = record.rstrip(b"\n").partition(b"=")
        if not position < end <= len(content) or not equals:
            raise damaged(path, "an extended header is malformed")
        if key == b"path":
            name = _text(value)
        elif key == b"size":
            if not value.isdigit() or len(value) > 20:
                raise damaged(path, f"an extended header gives {value[:30]!r} as a size")
            size = int(value)
        elif key.startswith(b"GNU.sparse"):
            raise refuse_kind(normalise(name or ".", path), _OTHER_KINDS[b"S"], path)
        position = end
    return name, size


def _number(field: bytes, path: Path) -> int:
    """Read an octal number, or a base-256 one of GNU tar."""
    if field[0] == 0x80:
        return int.from_bytes(field[1:], "big")
    digits = field.split(b"\0", 1)[0].strip()
    if not digits:
        return 0
    if digits.strip(b"01234567"):
        raise damaged(path, f"a header has {field!r} where a number must stand")
    return int(digits, 8)


def _text(field: bytes) -> str:
    """Read a name, up to its NUL; bytes that are not UTF-8 are written out."""
    return field.split(b"\0", 1)[0].decode("utf-8", "backslashreplace")
