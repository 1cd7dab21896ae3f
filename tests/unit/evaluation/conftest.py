"""Fixtures of the evaluation's tests."""

import itertools

import numpy as np
import pyarrow as pa
import pytest

from signl import stages
from signl.artefacts import MadeBy, write_document, write_table
from signl.evaluation.development import WITHOUT_DEV, DevFiles
from signl.evaluation.scores import write_scores
from signl.training.label_subsets import COLUMNS

USABLE_SCHEMA = pa.schema(
    [
        ("utterance_id", pa.string()),
        ("label", pa.string()),
        ("protocols", pa.list_(pa.string())),
        ("attack", pa.string()),
        ("codec", pa.string()),
    ]
)


@pytest.fixture
def write_trials(tmp_path):
    """Return a function that writes a table of usable evaluation trials and gives its path."""

    def write(rows):
        path = tmp_path / "usable" / "eval.parquet"
        table = pa.Table.from_pylist(
            [dict(zip(USABLE_SCHEMA.names, row, strict=True)) for row in rows],
            schema=USABLE_SCHEMA,
        )
        made_by = MadeBy(stage="gather_utterances", revision=stages.USABLE.revision, options={})
        write_table(path, table, made_by)
        return path

    return write


@pytest.fixture
def write_dev(tmp_path):
    """Return a function that writes scores of labelled dev utterances, by class, and their tables.

    Every utterance of ``unlabelled`` is usable but of no known label, and has no score.
    """

    def write(bonafide, spoof, *, unlabelled=()):
        values = [*bonafide, *spoof]
        labels = ["bonafide"] * len(bonafide) + ["spoof"] * len(spoof)
        ids = [f"D_{number}" for number in range(len(values))]
        files = DevFiles(*(tmp_path / "dev" / f"{name}.parquet" for name in DevFiles._fields))
        write_scores(files.scores, ids, np.array(values, dtype=float), options={})
        usable = {
            "utterance_id": [*ids, *unlabelled],
            "label": [*labels, *("spoof" for _ in unlabelled)],
        }
        made_by = MadeBy(stage="gather_utterances", revision=stages.USABLE.revision, options={})
        write_table(files.trials, pa.table(usable), made_by)
        columns = (ids, ["dev"] * len(ids), labels, [None] * len(ids))
        subset = pa.table([pa.array(column, pa.string()) for column in columns], COLUMNS)
        made_by = MadeBy(stage="sample_labels", revision=stages.LABELS.revision, options={})
        write_table(files.labels, subset, made_by)
        return files

    return write


@pytest.fixture
def write_metrics(tmp_path):
    """Return a function that writes metrics of one cell and protocol and gives their path."""
    numbers = itertools.count()

    def write(
        *,
        protocol="all",
        eer=0.1,
        min_dcf=0.5,
        n_bonafide=10,
        n_spoof=20,
        has_dev=True,
        remarks=(),
        parts=None,
        **cell,
    ):
        metrics = {
            "n_bonafide": n_bonafide,
            "n_spoof": n_spoof,
            "remarks": [],
            "eer": eer,
            "eer_threshold": -1.5,
            "eer_interval": [0.9 * eer, 1.1 * eer],
            "min_dcf": min_dcf,
            "act_dcf": 2 * min_dcf,
            "cllr": 3 * min_dcf,
            "calibrated": {
                "slope": 2.0,
                "offset": 0.5,
                "act_dcf": 0.5 * min_dcf,
                "cllr": 0.2 * min_dcf,
                "remarks": [],
            },
            "transfer": {
                "threshold": -1.25,
                "miss": eer / 2,
                "false_alarm": 2 * eer,
                "hter": 1.25 * eer,
            },
            "dev": {"n_bonafide": 4, "n_spoof": 6, "eer": eer / 10, "remarks": list(remarks)},
            "attacks": {},
            "codecs": {},
            **(parts or {}),
        }
        if not has_dev:
            metrics |= WITHOUT_DEV
        described = {
            "recipe": "signl",
            "frontend": "xlsr",
            "train_corpus": "cfad",
            "eval_corpus": "in_the_wild",
            "label_percent": 5,
            "seed": 0,
            **cell,
        }
        path = tmp_path / f"metrics-{next(numbers)}.json"
        made_by = MadeBy(stage="measure", revision=stages.METRICS.revision, options={})
        write_document(path, {"cell": described, "protocols": {protocol: metrics}}, made_by)
        return path

    return write
