"""Rule ``audit``: whether a results folder holds what its headers say, and nothing else.

Each file is read in pieces, and one from which others were made once more: its seal, the checksums
of all of its data, the stage and the revision that made it, the place it was made for, and whether
it belongs to the files from which it was made. Nothing is written, and what has not been made yet
is no problem.
"""

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple

from signl import stages
from signl.artefacts import FOLDERS, remedy
from signl.audit_checks import Tables, check_artefact
from signl.errors import ArtefactError, SignlError
from signl.jobs import Job
from signl.progress import telling
from signl.staleness import stale_artefacts

_TABLES: Final = "tables"


class Problem(NamedTuple):
    """An artefact that is not what it should be; the message says how it is made anew."""

    path: str
    message: str


@dataclass
class Report:
    """What an audit found.

    Attributes
    ----------
    made, missing, n_bytes : Counter
        By folder: artefacts that are there, those that the experiment has yet to make, and the
        bytes of the former.
    problems : list of Problem
        One for each artefact that is not what it should be.
    leftovers : list of str
        Scratch files and checkpoints of jobs that run, or were killed.
    seconds : float
        How long it took.
    """

    made: Counter[str] = field(default_factory=Counter)
    missing: Counter[str] = field(default_factory=Counter)
    n_bytes: Counter[str] = field(default_factory=Counter)
    problems: list[Problem] = field(default_factory=list)
    leftovers: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def check(self) -> None:
        """Refuse results with problems.

        Raises
        ------
        ArtefactError
            Says how many there are; :func:`format_report` names them.
        """
        if self.problems:
            raise ArtefactError(f"{len(self.problems)} artefacts are not what they should be")


def audit(
    results: str | Path,
    jobs: Sequence[Job],
    *,
    published_as: Mapping[str, Any] | None = None,
    n_workers: int = 1,
) -> Report:
    """Check all artefacts in a results folder, also those of other experiments.

    Parameters
    ----------
    results : path
        The folder, which must have the name ``results``.
    jobs : sequence of Job
        What it should hold, and with which options made.
    published_as : Mapping, optional
        Recipe -> the published system beside which its results stand in tables.
    n_workers : int
        Files that are read side by side.
    """
    began = time.monotonic()
    root = Path(results).parent
    report = Report()
    # What the embedded experiment starts from has a folder of its own, which is not looked into.
    made_by = {
        output: job
        for job in jobs
        if job.stage not in (stages.DEMO_ARCHIVES, stages.DEMO_FRONTEND)
        and not job.stage.on_request
        for output in job.outputs
    }
    tables = Tables(jobs, published_as or {})
    found = {path.relative_to(root).as_posix() for path in _files(Path(results))}
    report.leftovers = sorted(name for name in found if _is_leftover(name))
    present = sorted(
        name
        for name in found.difference(report.leftovers)
        if _folder(name) != _TABLES or name in made_by
    )
    report.missing = Counter(_folder(name) for name in made_by.keys() - found)
    check = partial(_problem, root=root, tables=tables, made_by=made_by)
    sizes = {name: (root / name).stat().st_size for name in present}
    with (
        ThreadPoolExecutor(n_workers) as pool,
        telling("audit", unit="MB", total=sum(sizes.values()) / 1e6) as told,
    ):
        for name, problem in zip(present, pool.map(check, present), strict=True):
            report.made[_folder(name)] += 1
            report.n_bytes[_folder(name)] += sizes[name]
            report.problems += [problem] if problem else []
            told.advance(sizes[name] / 1e6)
    report.seconds = time.monotonic() - began
    return report


def format_report(report: Report) -> str:
    """Return what an audit found, for the terminal."""
    folders = [name for name in (*FOLDERS, _TABLES) if report.made[name] + report.missing[name]]
    wrong = Counter(_folder(problem.path) for problem in report.problems)
    lines = [f"{'results/':<12} {'made':>8} {'not made':>9} {'MB':>11} {'problems':>9}"]
    lines += [
        f"{name:<12} {report.made[name]:>8,} {report.missing[name]:>9,} "
        f"{report.n_bytes[name] / 1e6:>11,.1f} {wrong[name]:>9,}"
        for name in folders
    ]
    megabytes = report.n_bytes.total() / 1e6
    lines.append(
        f"{report.made.total():,} files, {megabytes:,.1f} MB in {report.seconds:.1f} s "
        f"({megabytes / max(report.seconds, 1e-9):,.0f} MB/s), {report.missing.total():,} not "
        f"made, {len(report.problems):,} problems"
    )
    lines += [f"of a job that runs or was killed: {name}" for name in report.leftovers]
    lines += [f"PROBLEM: {problem.message}" for problem in report.problems]
    return "".join(f"{line}\n" for line in lines)


def _files(results: Path) -> Iterator[Path]:
    """Yield the files in the folders of artefacts, and the tables beside them."""
    for name in FOLDERS:
        yield from (path for path in (results / name).rglob("*") if path.is_file())
    for pattern in ("*.csv", "*.parquet", "*.html"):
        yield from (path for path in results.glob(pattern) if path.is_file())


def _folder(name: str) -> str:
    parts = name.split("/")
    return parts[1] if len(parts) > 2 else _TABLES


def _is_leftover(name: str) -> bool:
    return name.rpartition("/")[2].startswith(".")


def _problem(
    name: str, *, root: Path, tables: Tables, made_by: Mapping[str, Job]
) -> Problem | None:
    """Check one file; say what is wrong with it."""
    path = root / name
    try:
        if _folder(name) == _TABLES:
            tables.check(path, root)
            return None
        check_artefact(path, stages.maker_of(name))
        own = [made_by[name]] if name in made_by else []
        for stale in stale_artefacts(own, only={name}, root=root):
            raise ArtefactError(f"{name} was made otherwise: {stale.reason}; {remedy(path)}")
    except (SignlError, OSError) as error:
        return Problem(name, str(error).replace(str(path), name))
    except (KeyError, TypeError, ValueError) as error:
        return Problem(name, f"{name} cannot be read ({error!r}); {remedy(path)}")
    return None
