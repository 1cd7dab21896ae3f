"""What results were made of: archives, models, versions, and how long it took."""

import csv
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from signl import __version__, stages
from signl.archives.facts import recorded_header
from signl.features.frontends import with_parts

PACKAGES: Final = ("torch", "torchaudio", "transformers", "numpy", "pandas", "scikit-learn")
ARCHIVES_HEADER: Final = ("read as", "archive", "bytes", "digest of what was read")
TIMES_HEADER: Final = ("rule", "jobs", "hours", "longest s", "most memory MB")


def versions() -> list[list[str]]:
    """Return names and versions of what computes the figures of the page."""
    return [["signl", __version__], *([name, version(name)] for name in PACKAGES)]


def archive_rows(results: str | Path) -> list[list[str]]:
    """Return what the headers of manifests and packed audio say of archives, a row each.

    Parameters
    ----------
    results : path
        The results folder; what is not there is left out.
    """
    root = Path(results)
    places = [*sorted(root.glob("manifests/*.parquet")), *sorted(root.glob("audio/*/0000-of-*"))]
    found = []
    for path in places:
        header = recorded_header(path) or {}
        name = path.stem if path.parent.name == "manifests" else path.parent.name
        for each in header.get("archives", []):
            digest = str(header.get("digest", ""))
            found.append([name, Path(each["path"]).name, str(each["size"]), digest])
    return found


def time_rows(results: str | Path) -> list[list[str]]:
    """Return how long the jobs of each rule took, of the benchmarks in a results folder."""
    rows = []
    for folder in sorted(Path(results, "benchmarks").glob("*")):
        files = sorted(folder.rglob("*.tsv")) if folder.is_dir() else [folder]
        jobs = [job for path in files for job in _benchmark(path)]
        seconds = [float(job["s"]) for job in jobs]
        memory = [float(job["max_rss"]) for job in jobs if _is_number(job["max_rss"])]
        if seconds:
            figures = [f"{sum(seconds) / 3600:.3f}", f"{max(seconds):.1f}"]
            most = f"{max(memory):.0f}" if memory else ""
            rows.append([folder.stem, str(len(jobs)), *figures, most])
    return rows


def _benchmark(path: Path) -> Iterator[Mapping[str, str]]:
    """Yield the rows of a benchmark that tell of a job."""
    with path.open(encoding="utf-8", newline="") as handle:
        for row in csv.DictReader(handle, delimiter="\t"):
            if _is_number(row.get("s")):
                yield row


def _is_number(text: object) -> bool:
    try:
        float(str(text))
    except ValueError:
        return False
    return True


def revisions() -> list[list[str]]:
    """Return the stages and their revisions."""
    return [[stage.rule, str(stage.revision)] for stage in stages.STAGES if not stage.on_request]


def models_of(frontends: Mapping[str, Mapping[str, Any]]) -> list[list[str]]:
    """Return the speech models of front-ends, as configured: name, model, revision."""
    with_options: Any = with_parts(frontends)
    return [
        [name, str(part["model"]), str(part.get("revision") or "")]
        for name, options in sorted(with_options.items())
        for part in (options, *options.get("parts", ()))
        if part.get("model")
    ]
