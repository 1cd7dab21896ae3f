"""Paths of shards: ``.../{archive}/{shard}.{suffix}``."""

from collections.abc import Iterable
from pathlib import Path


def by_archive(paths: Iterable[str | Path]) -> dict[str, list[Path]]:
    """Return archive -> the paths of its shards, in order."""
    archives: dict[str, list[Path]] = {}
    for path in sorted(map(Path, paths)):
        archives.setdefault(path.parent.name, []).append(path)
    return archives
