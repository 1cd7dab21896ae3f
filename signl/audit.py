"""Rule ``audit``: whether a results folder holds what its headers say, and nothing else.

Each file is read in pieces, and one from which others were made once more: its seal, the checksums
of all of its data, the stage and the revision that made it, the place it was made for, and whether
it belongs to the files from which it was made. Nothing is written, and what has not been made yet
is no problem.
"""

import json
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import Any, Final, NamedTuple

import pyarrow.parquet as pq
from safetensors import SafetensorError, safe_open
from tqdm import tqdm

from signl import revisions
from signl.artefacts import (
    FOLDERS,
    HEADER,
    MadeBy,
    check_made_by,
    check_table_data,
    check_tensor_data,
    place_of,
    read_document,
    remedy,
    table_made_by,
)
from signl.errors import ArtefactError, SignlError
from signl.evaluation.collecting import collect_metrics
from signl.evaluation.pretraining import tabulate_pretraining
from signl.evaluation.tables import tabulate, tabulate_breakdown
from signl.features.index import INSPECTION_STAGE
from signl.models.card import model_card
from signl.seals import file_digest


class Kind(NamedTuple):
    """What makes the artefacts of a folder, and its revision."""

    stage: str
    revision: int


KINDS: Final[Mapping[str, Kind]] = {
    "manifests": Kind("build_manifest", revisions.MANIFEST),
    "audio": Kind("pack_audio", revisions.AUDIO),
    "trials": Kind("locate_trials", revisions.TRIALS),
    "features": Kind("extract_features", revisions.FEATURES),
    "inspected": Kind(INSPECTION_STAGE, revisions.INSPECTIONS),
    "usable": Kind("gather_utterances", revisions.USABLE),
    "labels": Kind("sample_labels", revisions.LABELS),
    "encoders": Kind("pretrain_encoder", revisions.PRETRAINING),
    "classifiers": Kind("train_classifier", revisions.FINETUNING),
    "scores": Kind("score", revisions.SCORES),
    "dev_scores": Kind("score", revisions.SCORES),
    "metrics": Kind("measure", revisions.METRICS),
}
_TABLES: Final = "tables"
#: The tables that all metrics are collected in.
_COLLECTED: Final = ("metrics.parquet", "breakdown.parquet")
_COLLECTION: Final = Kind("collect_metrics", revisions.COLLECTIONS)


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
    expected: Sequence[str],
    *,
    tables: Mapping[str, Sequence[str]],
    table_options: Mapping[str, Any],
    n_workers: int = 1,
) -> Report:
    """Check all artefacts in a results folder, also those of other experiments.

    Parameters
    ----------
    results : path
        The folder, which must have the name ``results``.
    expected : sequence of str
        What the experiment makes: ``results/...``.
    tables : Mapping
        Each table of results to the files that it is made of.
    table_options : Mapping
        With which options.
    n_workers : int
        Files that are read side by side.
    """
    began = time.monotonic()
    root = Path(results).parent
    report = Report()
    found = {path.relative_to(root).as_posix() for path in _files(Path(results))}
    report.leftovers = sorted(name for name in found if _is_leftover(name))
    present = sorted((found - set(report.leftovers)) | {name for name in tables if name in found})
    report.missing = Counter(_folder(name) for name in {*expected, *tables} - found)
    check = partial(_problem, root=root, tables=tables, table_options=table_options)
    sizes = {name: (root / name).stat().st_size for name in present}
    with (
        ThreadPoolExecutor(n_workers) as pool,
        tqdm(
            total=sum(sizes.values()), unit="B", unit_scale=True, desc="audit", disable=None
        ) as bar,
    ):
        for name, problem in zip(present, pool.map(check, present), strict=True):
            report.made[_folder(name)] += 1
            report.n_bytes[_folder(name)] += sizes[name]
            report.problems += [problem] if problem else []
            bar.update(sizes[name])
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
    for pattern in ("*.csv", "*.parquet"):
        yield from (path for path in results.glob(pattern) if path.is_file())


def _folder(name: str) -> str:
    parts = name.split("/")
    return parts[1] if len(parts) > 2 else _TABLES


def _is_leftover(name: str) -> bool:
    return name.rpartition("/")[2].startswith(".")


def _problem(
    name: str,
    *,
    root: Path,
    tables: Mapping[str, Sequence[str]],
    table_options: Mapping[str, Any],
) -> Problem | None:
    """Check one file; say what is wrong with it."""
    path = root / name
    try:
        if _folder(name) == _TABLES:
            _check_results_table(
                path, [root / each for each in tables.get(name, [])], table_options
            )
        else:
            _CHECKS.get(path.suffix, _check_unknown)(path, KINDS[_folder(name)])
    except (SignlError, OSError) as error:
        return Problem(name, str(error).replace(str(path), name))
    except (KeyError, TypeError, ValueError) as error:
        return Problem(name, f"{name} cannot be read ({error!r}); {remedy(path)}")
    return None


def _check_unknown(path: Path, kind: Kind) -> None:
    raise ArtefactError(f"{path} is no file that {kind.stage} makes; take it away")


def _check_table(path: Path, kind: Kind) -> None:
    made_by = table_made_by(path)
    check_made_by(made_by, path, stage=kind.stage, revision=kind.revision)
    check_table_data(path)
    results = _results_of(path)
    if kind.stage in ("extract_features", INSPECTION_STAGE):
        _check_members(path, made_by.digests.get("members", ""), results)
    for shard, digest in made_by.digests.items():
        if kind.stage == "gather_utterances" and "/" in shard:
            _compare(path, digest, results / "audio" / f"{shard}.parquet")
    _check_sources(path, made_by)


@cache
def _digest_of(path: Path, _mtime_ns: int) -> str:
    """Return the digest of a file from which others were made: a classifier has many scores."""
    return file_digest(path)


def _check_sources(path: Path, made_by: MadeBy) -> None:
    """Check that the files with which an artefact was made are still there as they were."""
    for place, digest in made_by.digests.items():
        source = _results_of(path).parent / place
        is_file = place_of(place) == place and source.is_file()
        if is_file and _digest_of(source, source.stat().st_mtime_ns) != digest:
            raise ArtefactError(f"{path} was made with another {place}; {remedy(path)}")


def _check_tensors(path: Path, kind: Kind) -> None:
    made_by = _tensors_made_by(path)
    check_tensor_data(path)
    if kind.stage == "extract_features":
        check_made_by(made_by, path, stage=kind.stage, revision=kind.revision)
        _check_members(path, made_by.digests.get("members", ""), _results_of(path))
        return
    config = path.with_name("config.json")
    document = _whole_document(config, kind)
    expected = document["made_by"] if document else made_by
    # Weights are made for where their configuration lies.
    if made_by != expected or made_by.made_for != place_of(config):
        raise ArtefactError(
            f"{path} was made by {made_by}, which is not what made {config.name} beside it; "
            f"{remedy(path)}"
        )
    if (made_by.stage, made_by.revision) != kind:
        raise ArtefactError(
            f"{path} was made by {made_by.stage} revision {made_by.revision}, expected "
            f"{kind.stage} revision {kind.revision}; {remedy(path)}"
        )


def _whole_document(path: Path, kind: Kind) -> dict[str, Any] | None:
    """Return a document; nothing, where it is missing or has a problem of its own."""
    try:
        return read_document(path, stage=kind.stage, revision=kind.revision)
    except (ArtefactError, FileNotFoundError):
        return None


def _stated_digest(path: Path, name: str) -> str | None:
    """Return a digest in a table's header; nothing, as :func:`_whole_document`."""
    try:
        return table_made_by(path).digests.get(name, "")
    except (ArtefactError, FileNotFoundError):
        return None


def _check_document(path: Path, kind: Kind) -> None:
    document = read_document(path, stage=kind.stage, revision=kind.revision)
    _check_sources(path, document["made_by"])


def _check_history(path: Path, kind: Kind) -> None:
    """Check that epochs follow each other, and that the one that was kept is among them."""
    try:
        text = path.read_text(encoding="utf-8")
        records = [json.loads(line) for line in text.split("\n")[:-1]]
        epochs = [record["epoch"] for record in records]
    except (ValueError, KeyError, TypeError) as error:
        raise ArtefactError(f"{path} is no history ({error!r}); {remedy(path)}") from error
    if not text.endswith("\n") or epochs != list(range(len(epochs))):
        raise ArtefactError(f"{path} holds the epochs {epochs[:20]}; {remedy(path)}")
    document = _whole_document(path.with_name("config.json"), kind)
    if document is None:
        return
    kept = document.get("card", {}).get("dev")
    if kept and kept not in records:
        raise ArtefactError(
            f"{path} is not the history that config.json beside it tells of; {remedy(path)}"
        )


def _check_card(path: Path, kind: Kind) -> None:
    """Check that a model card is of the model beside it."""
    document = _whole_document(path.with_name("config.json"), kind)
    if document is not None and path.read_bytes() != model_card(document).encode():
        raise ArtefactError(f"{path} is not the card of the model beside it; {remedy(path)}")


def _check_quarantine(path: Path, kind: Kind) -> None:
    usable = path.with_name(path.name.replace(".quarantine.csv", ".parquet"))
    if _stated_digest(usable, "quarantine") not in (None, file_digest(path)):
        raise ArtefactError(
            f"{path} is not the quarantine that was written with {usable.name}; {remedy(path)}"
        )


_CHECKS: Final = {
    ".parquet": _check_table,
    ".safetensors": _check_tensors,
    ".json": _check_document,
    ".jsonl": _check_history,
    ".csv": _check_quarantine,
    ".md": _check_card,
}


def _check_results_table(path: Path, sources: Sequence[Path], options: Mapping[str, Any]) -> None:
    """Check that a table is what its sources give, where all of these are there."""
    if path.suffix == ".parquet":
        _check_table(path, _COLLECTION)
    if not sources or not all(each.is_file() for each in sources):
        return
    with tempfile.TemporaryDirectory() as folder:
        anew = Path(folder, path.name)
        _make_table(anew, sources, options)
        differs = _content_of(anew) != _content_of(path)
    if differs:
        raise ArtefactError(f"{path} is not what its sources give; {remedy(path)}")


def _make_table(path: Path, sources: Sequence[Path], options: Mapping[str, Any]) -> None:
    """Make a table of results from its sources."""
    if path.name in _COLLECTED:
        collect_metrics(sources, *(path.with_name(name) for name in _COLLECTED))
    elif path.name == "pretraining.csv":
        tabulate_pretraining(sources, path)
    elif path.name == "breakdown.csv":
        tabulate_breakdown(sources[0], path)
    else:
        table: Any = path.stem
        tabulate(sources[0], path, table=table, options=options)


def _content_of(table: Path) -> object:
    """Return what two equal tables have in common: Parquet holds the version of its writer too."""
    if table.suffix == ".parquet":
        return pq.read_table(table).to_pylist()
    return table.read_bytes()


def _tensors_made_by(path: Path) -> MadeBy:
    try:
        with safe_open(path, framework="numpy") as file:
            return MadeBy.from_json((file.metadata() or {})[HEADER])
    except (SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
        raise ArtefactError(
            f"{path} is not a whole file of tensors of this project ({error}); {remedy(path)}"
        ) from error


def _results_of(path: Path) -> Path:
    """Return the results folder in which an artefact lies."""
    return path.parents[place_of(path).count("/") - 1]


def _check_members(path: Path, digest: str, results: Path) -> None:
    """Check that a file of features is of the utterances of its audio shard."""
    audio = results / "audio" / path.parent.name / f"{path.stem}.parquet"
    _compare(path, digest, audio)


def _compare(path: Path, digest: str, audio: Path) -> None:
    if _stated_digest(audio, "members") not in (None, digest):
        raise ArtefactError(
            f"{path} was made of other utterances than {place_of(audio)} holds; {remedy(path)}"
        )
