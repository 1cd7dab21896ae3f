"""Loggers of Fabric tell what the history does, also of a training that was killed."""

import csv
import json

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from signl.training.metric_logs import MetricLog, figures
from signl.training.run import Run


def test_what_is_a_number_is_logged():
    record = {"epoch": 3, "loss": 0.5, "collapsed": True, "eer": float("nan"), "kind": "a"}
    assert figures(record) == {"loss": 0.5, "collapsed": 1.0}


def test_without_a_kind_nothing_is_logged():
    assert MetricLog.of(None, "results/logs/train_classifier/seed-1.log") is None
    found = MetricLog.of("csv", "results/logs/train_classifier/seed-1.log")
    assert str(found.folder) == "results/logs/train_classifier/seed-1"


def logged(log):
    """Figure -> value by epoch, as the logger's own reader has it."""
    if log.kind == "csv":
        with (log.folder / "metrics.csv").open() as handle:
            rows = list(csv.DictReader(handle))
        return {
            name: {int(row["step"]): float(row[name]) for row in rows}
            for name in rows[0]
            if name != "step"
        }
    events = EventAccumulator(str(log.folder))
    events.Reload()
    return {
        name: {event.step: event.value for event in events.Scalars(name)}
        for name in events.Tags()["scalars"]
    }


def told(history):
    records = [json.loads(line) for line in history.read_text().splitlines()]
    return {
        name: {record["epoch"]: pytest.approx(float(record[name])) for record in records}
        for name in records[0]
        if name != "epoch"
    }


class KilledError(Exception):
    pass


@pytest.mark.parametrize("kind", ["csv", "tensorboard"])
def test_a_killed_training_goes_on_in_the_same_log(kind, pretrain, tmp_path, monkeypatch):
    log = MetricLog.of(kind, tmp_path / "logs" / "seed-1.log")
    ended = Run.end_epoch

    def end_epoch(run, *arguments, **options):
        ended(run, *arguments, **options)
        if run.next_epoch == 2 and not log.folder.with_name("killed").exists():
            log.folder.with_name("killed").touch()
            raise KilledError

    monkeypatch.setattr(Run, "end_epoch", end_epoch)
    with pytest.raises(KilledError):
        pretrain("resumed", epochs=3, metric_log=log)
    output = pretrain("resumed", epochs=3, metric_log=log)
    assert logged(log) == told(output.history)
    assert len(next(iter(logged(log).values()))) == 3
    # It changes nothing of what is trained.
    plain = pretrain("plain", epochs=3)
    assert output.history.read_bytes() == plain.history.read_bytes()
    assert output.model.read_bytes() == plain.model.read_bytes()
