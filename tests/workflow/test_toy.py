"""The toy experiment: every stage, from archives to tables."""

import csv
import time

import pytest

pytestmark = pytest.mark.workflow


def rows_of(workflow, table):
    with (workflow.folder / "results" / table).open(encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


def test_tables_have_a_row_for_every_cell(toy):
    cells = {
        table: [
            (row["train_corpus"], row["eval_corpus"], row["protocol"])
            for row in rows_of(toy, table)
        ]
        for table in ("indomain.csv", "crossdomain.csv")
    }
    seen_unseen = ("all", "seen", "unseen")
    assert cells["indomain.csv"] == [("cfad", "cfad", protocol) for protocol in seen_unseen]
    assert cells["crossdomain.csv"] == [
        *[("asvspoof2021_df", "cfad", protocol) for protocol in seen_unseen],
        ("asvspoof2021_df", "in_the_wild", "all"),
        ("cfad", "in_the_wild", "all"),
    ]


def test_cells_count_their_trials(toy):
    counts = {
        (row["protocol"], int(row["n_bonafide"]), int(row["n_spoof"]))
        for row in rows_of(toy, "indomain.csv")
    }
    by_protocol = {protocol: (bonafide, spoof) for protocol, bonafide, spoof in counts}
    assert len(by_protocol) == 3
    for index in (0, 1):
        parts = by_protocol["seen"][index] + by_protocol["unseen"][index]
        assert by_protocol["all"][index] == parts > 0


def test_a_second_run_has_nothing_to_do(toy, toy_config):
    began = time.monotonic()
    said = toy.make(toy_config)
    assert "Nothing to be done" in said
    assert time.monotonic() - began < 15


def test_no_scratch_file_is_left(toy):
    assert not [
        path
        for path in (toy.folder / "results").rglob("*")
        if path.name.endswith((".part", ".ckpt"))
    ]


@pytest.mark.slow
def test_tables_do_not_depend_on_cores_or_folder(toy, toy_config, elsewhere):
    elsewhere.make(toy_config, "--cores", "1")
    for table in ("indomain.csv", "crossdomain.csv"):
        first = (toy.folder / "results" / table).read_bytes()
        assert (elsewhere.folder / "results" / table).read_bytes() == first
