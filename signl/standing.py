"""Where an experiment stands: what of it is done, what is made now, what is left.

Files and logs in a results folder are all that is looked at; nothing is locked or written. A job is
done where all of its outputs are there: whether they were made as the configuration asks is for a
run, or the audit, to find.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

from signl import stages
from signl.jobs import Job, by_process
from signl.locking import LOCK, holder_of
from signl.planning import Stage
from signl.training import lock

#: Bytes of a log's end in which its last words are looked for.
_END_BYTES: Final = 1 << 16
#: A record of :mod:`signl.logs`; what does not begin so continues the one before.
_RECORD: Final = re.compile(
    r"^\d{4}-\d\d-\d\d [\d:,]+ (?P<level>[A-Z]+) (?P<by>[\w.]+): (?P<text>.*)"
)
#: What a training says after an epoch (:class:`signl.training.run.Run`).
_EPOCH: Final = re.compile(
    r"epoch (?P<epoch>\d+): (?P<figures>.*?)(?P<best> \(best\))?(?:; (?P<pace>.*))?"
)
_TRAINER: Final = "signl.training.run"


class Epoch(NamedTuple):
    """What a training said of its last whole epoch.

    Attributes
    ----------
    epoch : int
        Its number, from 0.
    figures : dict
        Losses and rates, as the history names them.
    is_best : bool
        Whether it is the best so far.
    pace : str
        Seconds an epoch, and how long all that may come would take.
    """

    epoch: int
    figures: dict[str, float]
    is_best: bool
    pace: str


class Begun(NamedTuple):
    """A job that was begun and is not done.

    Attributes
    ----------
    rule : str
        Its rule.
    wildcards : dict
        What tells it from others of the rule.
    log : str
        Its log.
    written : datetime
        When that was last written to.
    told : str
        The last that it said, without what follows the first line; empty, if nothing yet.
    epoch : Epoch, optional
        Of a training that has told of an epoch.
    by : str
        Which process trains, where a lock says so.
    """

    rule: str
    wildcards: dict[str, str]
    log: str
    written: datetime
    told: str
    epoch: Epoch | None
    by: str


class Standing(NamedTuple):
    """Where an experiment stands.

    Attributes
    ----------
    run : str, optional
        Which process makes these results now; None, if none does.
    done : dict
        Rule -> number of its jobs that are done.
    running, failed : list of Begun
        Jobs that run now, and those whose log ends with an error.
    left : list of Job
        All that is not done, what runs or failed included; of a sweep, all parts.
    """

    run: str | None
    done: dict[str, int]
    running: list[Begun]
    failed: list[Begun]
    left: list[Job]


def standing_of(results: str | Path, jobs: Iterable[Job]) -> Standing:
    """Return where an experiment stands.

    Parameters
    ----------
    results : path
        The results folder.
    jobs : iterable of Job
        Those of the experiment; figures, which are made on request, are left out.
    """
    results = Path(results)
    run = holder_of(results / LOCK)
    began = (results / LOCK).stat().st_mtime if run is not None else 0.0
    standing = Standing(run, {}, [], [], [])
    for parts in by_process(job for job in jobs if not job.stage.on_request):
        rule = parts[0].stage.rule
        standing.done.setdefault(rule, 0)
        if all(_at(results, path).exists() for part in parts for path in part.outputs):
            standing.done[rule] += 1
            continue
        standing.left.extend(parts)
        _sort_in(standing, parts, results, began)
    return standing


def _sort_in(standing: Standing, parts: list[Job], results: Path, began: float) -> None:
    """Add a job that is not done to those that run, or have failed, if it is one."""
    log = _at(results, parts[0].log)
    if not log.is_file():
        return
    records = list(_records(log))
    level = records[-1]["level"] if records else ""
    if level == "ERROR":
        standing.failed.append(_begun(parts, log, records, results))
    elif standing.run is not None and log.stat().st_mtime >= began:
        standing.running.append(_begun(parts, log, records, results))


def _at(results: Path, path: str) -> Path:
    """Return where a file of the workflow lies in a results folder, whatever that is called."""
    return results / path.removeprefix(f"{stages.RESULTS}/")


def _records(log: Path) -> Iterator[dict[str, str]]:
    """Yield the first lines of the records at the end of a log."""
    with log.open("rb") as handle:
        handle.seek(max(0, log.stat().st_size - _END_BYTES))
        text = handle.read().decode("utf-8", errors="replace")
    for line in text.splitlines():
        if found := _RECORD.match(line):
            yield found.groupdict()


def _begun(parts: list[Job], log: Path, records: list[dict[str, str]], results: Path) -> Begun:
    """Describe a job, which may have many parts, by the end of its log."""
    job, trainers = parts[0], (_trainer_of(part, results) for part in parts)
    epochs = (
        _EPOCH.fullmatch(each["text"]) for each in reversed(records) if each["by"] == _TRAINER
    )
    epoch = next((_epoch(found) for found in epochs if found), None)
    return Begun(
        job.stage.rule,
        job.named,
        str(log),
        datetime.fromtimestamp(log.stat().st_mtime).astimezone(),
        records[-1]["text"] if records else "",
        epoch,
        next(filter(None, trainers), ""),
    )


def _epoch(found: re.Match[str]) -> Epoch:
    words = found["figures"].split()
    figures = {name: float(value) for name, value in zip(words[::2], words[1::2], strict=False)}
    return Epoch(int(found["epoch"]), figures, bool(found["best"]), found["pace"] or "")


def _trainer_of(job: Job, results: Path) -> str:
    """Return which process holds the lock of a training; empty, where none says so."""
    if "history" not in job.stage.outputs:
        return ""
    history = job.stage.outputs["history"].format(**job.wildcards)
    return holder_of(_at(results, history).with_name(lock.NAME)) or ""


def stage_rows(standing: Standing, plan: Iterable[Stage]) -> list[dict[str, Any]]:
    """Return a row for each rule of an experiment.

    Parameters
    ----------
    standing : Standing
        Where it stands.
    plan : iterable of Stage
        What the jobs that are left take (:func:`signl.planning.plan_experiment`).

    Returns
    -------
    list of dict
        ``rule``; its jobs: ``jobs`` in all, ``done``, ``running``, ``failed`` and ``left``; and
        the hours ``gpu_h`` and ``cpu_h`` that those which are left are estimated to take.
    """
    counts = {
        name: Counter(each.rule for each in begun)
        for name, begun in (("running", standing.running), ("failed", standing.failed))
    }
    estimated = {each.rule: each for each in plan}
    rows = []
    for rule, n_done in standing.done.items():
        left = estimated.get(rule, Stage(rule, 0))
        jobs = {"jobs": n_done + left.jobs, "done": n_done}
        jobs |= {name: counted[rule] for name, counted in counts.items()} | {"left": left.jobs}
        rows.append({"rule": rule, **jobs, "gpu_h": left.gpu_h, "cpu_h": left.cpu_h})
    return rows


def as_json(standing: Standing, rows: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return a standing as plain values, with the rows of :func:`stage_rows`."""
    return {
        "run": standing.run,
        "stages": list(rows),
        "running": [_plain(each) for each in standing.running],
        "failed": [_plain(each) for each in standing.failed],
    }


def _plain(begun: Begun) -> dict[str, Any]:
    epoch = begun.epoch._asdict() if begun.epoch else None
    return begun._asdict() | {"written": begun.written.isoformat("T", "seconds"), "epoch": epoch}
