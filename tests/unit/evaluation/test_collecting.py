"""Rule collect_metrics: a tidy row for each cell, seed and protocol, and what it refuses."""

import pandas as pd
import pytest

from signl import stages
from signl.artefacts import MadeBy, table_made_by
from signl.errors import ArtefactError, ScoreError
from signl.evaluation.collected import SCHEMA, read_collected
from signl.evaluation.collecting import collect_metrics


@pytest.fixture
def collect(tmp_path):
    """Return a function that collects files and gives the two tables."""

    def run(metrics):
        paths = tmp_path / "results" / "metrics.parquet", tmp_path / "results" / "breakdown.parquet"
        collect_metrics(metrics, *paths)
        return [read_collected(path).to_pandas() for path in paths]

    return run


def part(eer, n_bonafide=10, n_spoof=4):
    interval = None if eer is None else [0.5 * eer, 1.5 * eer]
    counts = {"n_bonafide": n_bonafide, "n_spoof": n_spoof}
    return {"eer": eer, "eer_interval": interval, **counts}


def test_a_row_holds_all_figures_as_numbers_and_remarks_as_text(write_metrics, collect):
    cells, parts = collect([write_metrics(remarks=["dev has no error", "another"])])
    (row,) = cells.to_dict("records")
    assert row == {
        "recipe": "signl",
        "train_corpus": "cfad",
        "eval_corpus": "in_the_wild",
        "protocol": "all",
        "label_percent": 5.0,
        "frontend": "xlsr",
        "perturbation": "",
        "resynthesis": "",
        "seed": 0,
        "n_bonafide": 10,
        "n_spoof": 20,
        "eer": 0.1,
        "eer_threshold": -1.5,
        "eer_low": 0.9 * 0.1,
        "eer_high": 1.1 * 0.1,
        "min_dcf": 0.5,
        "act_dcf": 1.0,
        "cllr": 1.5,
        "transfer_threshold": -1.25,
        "transfer_miss": 0.05,
        "transfer_false_alarm": 0.2,
        "transfer_hter": 0.125,
        "calibrated_slope": 2.0,
        "calibrated_offset": 0.5,
        "calibrated_act_dcf": 0.25,
        "calibrated_cllr": 0.1,
        "dev_n_bonafide": 4,
        "dev_n_spoof": 6,
        "dev_eer": 0.01,
        "remarks": "",
        "dev_remarks": "dev has no error; another",
        "calibrated_remarks": "",
    }
    assert list(row) == SCHEMA.names
    assert parts.empty


def test_a_classifier_without_dev_scores_has_no_figures_of_them(write_metrics, collect):
    cells, _ = collect([write_metrics(has_dev=False)])
    (row,) = cells.to_dict("records")
    missing = {name for name, value in row.items() if pd.isna(value)}
    assert missing == {
        *(f"transfer_{name}" for name in ("threshold", "miss", "false_alarm", "hter")),
        *(f"calibrated_{name}" for name in ("slope", "offset", "act_dcf", "cllr")),
        "dev_eer",
    }
    assert row["dev_remarks"].startswith("the classifier is given")


def test_parts_have_rows_of_their_own(write_metrics, collect):
    parts = {
        "attacks": {"A10": part(0.1), "A09": part(0.2)},
        "families": {"seen": part(0.15)},
        "codecs": {"mp3": part(None, 0)},
    }
    _, found = collect([write_metrics(parts=parts, seed=seed) for seed in (2, 1)])
    assert list(found["seed"]) == [1, 1, 1, 1, 2, 2, 2, 2]
    assert list(found["name"][:4]) == ["A09", "A10", "seen", "mp3"]
    assert list(found["part"][:4]) == ["attack", "attack", "family", "codec"]
    assert list(found["eer"].isna()) == 2 * [False, False, False, True]
    assert list(found["eer_low"][:2]) == [0.1, 0.05]
    assert list(found["eer_high"].isna()) == 2 * [False, False, False, True]
    assert found["n_bonafide"].dtype == "int64"


def test_a_perturbed_corpus_is_another_cell_of_the_same_corpus(write_metrics, collect):
    paths = [write_metrics(), write_metrics(eval_corpus="in_the_wild@noise-10dB", n_spoof=30)]
    cells, _ = collect(paths)
    assert cells["eval_corpus"].tolist() == ["in_the_wild"] * 2
    assert cells["perturbation"].tolist() == ["", "noise-10dB"]


def test_the_tables_are_artefacts(write_metrics, collect, tmp_path):
    metrics = write_metrics()
    collect([metrics])
    for name in ("metrics", "breakdown"):
        path = tmp_path / "results" / f"{name}.parquet"
        assert table_made_by(path) == MadeBy(
            stage="collect_metrics",
            revision=stages.COLLECTED.revision,
            options={"metrics": [str(metrics)]},
            made_for=f"results/{name}.parquet",
        )
    path.rename(path.with_name("metrics.parquet"))
    with pytest.raises(ArtefactError, match="another file has taken its place"):
        read_collected(path.with_name("metrics.parquet"))


def test_bytes_do_not_depend_on_the_order_of_inputs(write_metrics, collect, tmp_path):
    paths = [write_metrics(seed=seed, protocol=name) for seed in (1, 2) for name in ("all", "eval")]
    collect(paths)
    first = (tmp_path / "results" / "metrics.parquet").read_bytes()
    collect(paths[::-1])
    assert (tmp_path / "results" / "metrics.parquet").read_bytes() == first


def test_without_metrics_the_tables_are_headers(collect):
    assert [len(table) for table in collect([])] == [0, 0]


def test_differing_trials_are_refused_and_named(write_metrics, collect):
    paths = [write_metrics(seed=0), write_metrics(seed=1, n_spoof=19)]
    with pytest.raises(ScoreError, match=r"\(10, 20\) in .*-0.json, \(10, 19\) in .*-1.json"):
        collect(paths)


def test_a_seed_given_twice_is_refused_and_named(write_metrics, collect):
    paths = [write_metrics(seed=4), write_metrics(seed=4)]
    with pytest.raises(ScoreError, match=r"-0.json and .*-1.json .* seed, 4"):
        collect(paths)


@pytest.mark.parametrize("other", [{"A1": part(0.2, n_spoof=5)}, {"A2": part(0.2)}, {}])
def test_seeds_of_differing_parts_are_refused_and_named(write_metrics, collect, other):
    paths = [
        write_metrics(seed=seed, parts={"attacks": attacks})
        for seed, attacks in enumerate([{"A1": part(0.1)}, other])
    ]
    with pytest.raises(ScoreError, match=r"by attack: .*-0.json and .*-1.json"):
        collect(paths)
