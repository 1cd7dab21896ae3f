"""Whether the archives are there, and whether they are what was published."""

import hashlib
import json
import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from signl.archives.members import shown
from signl.archives.whereabouts import LocatedArchive, lookalikes
from signl.corpora.registry import corpus_named, locate_archives
from signl.errors import ArchiveError
from signl.progress import telling
from signl.whole_files import write_text

logger = logging.getLogger(__name__)

_CHUNK_BYTES: Final = 1 << 20
_N_NAMED: Final = 10


class ArchiveRow(NamedTuple):
    """One file of an archive that a corpus needs.

    Attributes
    ----------
    corpus : str
        The corpus that needs it.
    file : str
        Its name.
    needed_for : str
        Partitions whose audio it holds; ``protocols``, if none.
    path : Path
        Where it lies, or is missed.
    is_present : bool
        Whether it is there.
    size : int or None
        Bytes, of a file that is there.
    published_size : int or None
        Bytes as published, where known.
    page : str
        Where to get it.
    root : str
        The folder that it is unpacked to.
    """

    corpus: str
    file: str
    needed_for: str
    path: Path
    is_present: bool
    size: int | None
    published_size: int | None
    page: str
    root: str = ""


class Verified(NamedTuple):
    """The outcome for one file.

    Attributes
    ----------
    path : Path
        The file.
    outcome : str
        ``matches``, ``differs`` or ``no checksum is published``.
    detail : str
        Of a file that differs, how.
    """

    path: Path
    outcome: str
    detail: str = ""


def check_archives(
    corpora: Mapping[str, Collection[str]],
    archives_folder: str | Path,
    *,
    subsets: Collection[str] = (),
    tables: Mapping[str, Mapping[str, Any]] | None = None,
) -> list[ArchiveRow]:
    """List the files that corpora need, each once, and whether they are there.

    Parameters
    ----------
    corpora : Mapping
        Name of a corpus -> the partitions of it that are wanted.
    archives_folder : path
        Folder of the downloaded archives.
    subsets : collection of str
        Corpora of which a part of the archives of each set will do.
    tables : Mapping, optional
        Name -> options of the corpora that a table describes.

    Raises
    ------
    ConfigError
        If there is no such corpus.
    """
    rows: dict[Path, ArchiveRow] = {}
    for corpus, partitions in corpora.items():
        described = corpus_named(corpus, (tables or {}).get(corpus))
        for located in locate_archives(
            described, archives_folder, partitions=partitions, subset=corpus in subsets
        ):
            for row in _rows_of(located, corpus):
                rows.setdefault(row.path, row)
    return list(rows.values())


def format_archives(rows: Iterable[ArchiveRow]) -> str:
    """Return a table of archives for the terminal: a line for each file."""
    lines = [
        (
            row.file,
            "present" if row.is_present else "MISSING",
            f"{row.size / 1e9:.2f} GB" if row.size is not None else "-",
            f"{row.corpus} ({row.needed_for})",
            str(row.path),
            row.page,
        )
        for row in rows
    ]
    lines.insert(0, ("file", "state", "size", "needed for", "looked for at", "page"))
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "".join(
        "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip()
        + "\n"
        for line in lines
    )


def _rows_of(located: LocatedArchive, corpus: str) -> list[ArchiveRow]:
    """Return a row for each file of an archive."""
    archive = located.archive
    return [
        ArchiveRow(
            corpus=corpus,
            file=file,
            needed_for=", ".join(archive.partitions) or "protocols",
            path=path,
            is_present=path not in located.missing,
            size=path.stat().st_size if path.is_file() else None,
            published_size=archive.size_bytes,
            page=archive.page,
            root=archive.root,
        )
        for file, path in zip(archive.files, located.paths, strict=True)
    ]


def missing_message(rows: Sequence[ArchiveRow], archives_folder: str | Path = "") -> str:
    """Name all files that are missing, where they are looked for and where to get them.

    Returns
    -------
    str
        Empty if nothing is missing.
    """
    missing = [row for row in rows if not row.is_present]
    if not missing:
        return ""
    lines = [
        f"  {shown(row.path)}  ({row.corpus}: {row.needed_for}; from {row.page})" for row in missing
    ]
    where = f" in {archives_folder}" if archives_folder else ""
    return "\n".join(
        [
            f"{len(missing)} archive files are missing{where}; download them, or correct the "
            "folder that the configuration names as archives:",
            *lines,
            *_elsewhere(missing, archives_folder),
            "  Archives that were unpacked or joined are read too, in the folders that "
            "docs/corpora.md lists.",
        ]
    )


def _elsewhere(missing: Sequence[ArchiveRow], archives_folder: str | Path) -> list[str]:
    """Say where else something of the names of what is missing lies."""
    if not archives_folder:
        return []
    names = {row.file for row in missing} | {row.root for row in missing if row.root}
    names |= {name.removesuffix(".tar.gz").removesuffix(".zip") for name in names}
    # The folder of a corpus may have the name of its archive: what is missed is missed in it.
    places = {row.path.parent for row in missing}
    found = [path for path in lookalikes(names, archives_folder) if path not in places]
    if not found:
        return []
    shortened = ", ".join(map(shown, found[:_N_NAMED]))
    return [
        f"  There is {shortened}{', ...' if len(found) > _N_NAMED else ''}: if it is what is "
        "missing, move it to the place above, or unpack it there."
    ]


def missing_archives_message(
    corpus: str, archives: Iterable[LocatedArchive], archives_folder: str | Path
) -> str:
    """Return the message of :func:`missing_message` for archives of one corpus."""
    rows = [row for located in archives for row in _rows_of(located, corpus)]
    return missing_message(rows, archives_folder)


def verify_archives(
    corpora: Iterable[str], archives_folder: str | Path, *, memory: str | Path
) -> list[Verified]:
    """Compare archives with their published sizes and checksums.

    Parameters
    ----------
    corpora : iterable of str
        Names of corpora; archives that are missing are passed over.
    archives_folder : path
        Folder of the downloaded archives.
    memory : path
        JSON file that remembers checksums by path, size and time of change, so that an archive
        is read once; where it cannot be written, it is read each time.

    Raises
    ------
    ArchiveError
        Names every file that differs, and where to get it anew.
    """
    located = {
        item.paths: item
        for corpus in corpora
        for item in locate_archives(corpus, archives_folder)
        if not item.missing
    }
    known = _read_memory(Path(memory))
    results = []
    for item in located.values():
        results += [_verify(path, item, known) for path in item.paths]
        _remember(memory, known)
    if differing := [result for result in results if result.outcome == "differs"]:
        pages = {path: item.archive.page for item in located.values() for path in item.paths}
        lines = [
            f"  {row.path}: {row.detail}; get it anew from {pages[row.path]}" for row in differing
        ]
        raise ArchiveError("\n".join(["archives that are not as published:", *lines]))
    return results


def _verify(path: Path, located: LocatedArchive, known: dict[str, dict[str, str]]) -> Verified:
    """Compare one file with what is published of it."""
    archive = located.archive
    published = {
        kind: value for kind, value in (("md5", archive.md5), ("sha256", archive.sha256)) if value
    }
    if not published or path.is_dir():
        return Verified(path, "no checksum is published")
    size = path.stat().st_size
    if archive.size_bytes not in (None, size):
        return Verified(path, "differs", f"{size:,} bytes instead of {archive.size_bytes:,}")
    key = f"{path.resolve()}:{size}:{path.stat().st_mtime_ns}"
    digests = known.get(key, {})
    if not published.keys() <= digests.keys():
        digests = known[key] = hash_file(path, published)
    for kind, value in published.items():
        if digests[kind] != value:
            return Verified(path, "differs", f"{kind} {digests[kind]} instead of {value}")
    logger.info("%s is as published", path)
    return Verified(path, "matches")


def hash_file(path: Path, kinds: Iterable[str]) -> dict[str, str]:
    """Return checksums of a file by kind, for example ``md5``, in one reading."""
    hashes = {kind: hashlib.new(kind, usedforsecurity=False) for kind in kinds}
    with (
        path.open("rb", buffering=0) as handle,
        telling(path.name, unit="MB", total=path.stat().st_size / 1e6) as told,
    ):
        while chunk := handle.read(_CHUNK_BYTES):
            for hasher in hashes.values():
                hasher.update(chunk)
            told.advance(len(chunk) / 1e6)
    return {kind: hasher.hexdigest() for kind, hasher in hashes.items()}


def _remember(path: str | Path, known: Mapping[str, Mapping[str, str]]) -> None:
    """Write checksums; of a folder that is read-only they are told all the same."""
    try:
        write_text(path, json.dumps(known, indent=1, sort_keys=True) + "\n")
    except OSError as error:
        logger.warning("checksums cannot be remembered: %s", error)


def _read_memory(path: Path) -> dict[str, dict[str, str]]:
    """Read remembered checksums; none, if there are none or they cannot be read."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError):
        logger.warning("%s cannot be read; archives are read anew", path)
        return {}
    is_memory = isinstance(content, Mapping) and all(
        isinstance(value, Mapping) for value in content.values()
    )
    return {key: dict(value) for key, value in content.items()} if is_memory else {}
