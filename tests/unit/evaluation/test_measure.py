"""Rule measure: what the JSON holds, and which scores it refuses."""

import json
from dataclasses import replace

import numpy as np
import pytest

from signl import stages
from signl.artefacts import MadeBy, write_document
from signl.errors import ArtefactError, ConfigError, ScoreError
from signl.evaluation.bootstrap import eer_interval
from signl.evaluation.calibration import calibrated_metrics
from signl.evaluation.development import DevFiles, measure_from_dev
from signl.evaluation.measure import (
    measure,
    read_metrics,
)
from signl.evaluation.scores import write_scores
from signl.metrics import (
    CostModel,
    Scores,
    act_dcf,
    cllr,
    equal_error_rate,
    min_dcf,
)
from signl.seeds import derive_seed

CELL = {
    "recipe": "signl",
    "frontend": "xlsr",
    "train_corpus": "cfad",
    "eval_corpus": "asvspoof2021_df",
    "label_percent": 5,
    "seed": 3,
}


def make_rows(n_trials=120):
    """Trials of which every third is outside the protocol ``eval``."""
    rows = []
    for number in range(n_trials):
        is_bonafide = number % 4 == 0
        rows.append(
            (
                f"DF_E_{number}",
                "bonafide" if is_bonafide else "spoof",
                ["all"] if number % 3 == 0 else ["eval", "all"],
                None if is_bonafide else f"A{number % 5}",
                ("mp3", "ogg", None)[number % 7 % 3],
            )
        )
    return rows


@pytest.fixture
def rows():
    return make_rows()


@pytest.fixture
def values(rows):
    generator = np.random.default_rng(8)
    return {row[0]: generator.normal(row[1] == "bonafide") for row in rows}


DEV = Scores(np.linspace(0.1, 2.2, 12), np.linspace(-2.0, 0.5, 14))


@pytest.fixture
def run(tmp_path, write_trials, write_dev):
    """Return a function that measures scores of trials and gives what it found by protocol."""

    def run_measure(rows, values, *, dev=DEV, protocols=("eval",), options=None):
        scores, output = tmp_path / "scores.parquet", tmp_path / "metrics" / "df.json"
        write_scores(scores, list(values), list(values.values()), options={})
        measure(
            scores,
            write_trials(rows),
            output,
            dev=write_dev(*dev) if dev else None,
            protocols=protocols,
            cell=CELL,
            options=options or {},
        )
        return read_metrics(output)["protocols"]

    return run_measure


def split(rows, values, protocol="eval"):
    members = [row for row in rows if protocol in row[2]]
    return [
        np.array([values[row[0]] for row in members if row[1] == label])
        for label in ("bonafide", "spoof")
    ]


@pytest.mark.parametrize("protocol", ["eval", "all"])
def test_measures_are_those_of_the_protocol(run, rows, values, protocol):
    document = run(rows, values, protocols=["eval", "all"])[protocol]
    bonafide, spoof = split(rows, values, protocol)
    eer = equal_error_rate(bonafide, spoof)
    assert (document["n_bonafide"], document["n_spoof"]) == (bonafide.size, spoof.size)
    assert (document["eer"], document["eer_threshold"]) == eer
    assert document["min_dcf"] == min_dcf(bonafide, spoof)
    assert document["act_dcf"] == act_dcf(bonafide, spoof)
    assert document["cllr"] == cllr(bonafide, spoof)
    seed = derive_seed(3, "bootstrap", "asvspoof2021_df", protocol)
    assert tuple(document["eer_interval"]) == eer_interval(bonafide, spoof, seed=seed)
    expected = measure_from_dev(DEV, Scores(bonafide, spoof), costs=CostModel())
    assert {name: document[name] for name in expected} == expected


def test_parts_are_those_of_the_protocol(run, rows, values):
    document = run(rows, values)["eval"]
    bonafide, _ = split(rows, values)
    members = [row for row in rows if "eval" in row[2]]
    assert list(document["attacks"]) == ["A0", "A1", "A2", "A3", "A4"]
    seed = derive_seed(3, "bootstrap", "asvspoof2021_df", "eval")
    for attack, part in document["attacks"].items():
        spoof = [values[row[0]] for row in members if row[3] == attack]
        own = derive_seed(seed, "attack", attack)
        assert part == {
            "eer_interval": list(eer_interval(bonafide, spoof, seed=own)),
            "eer": equal_error_rate(bonafide, spoof).rate,
            "n_bonafide": bonafide.size,
            "n_spoof": len(spoof),
        }
    assert list(document["codecs"]) == ["mp3", "ogg"]
    n_mp3 = sum(row[4] == "mp3" for row in members)
    assert document["codecs"]["mp3"]["n_bonafide"] + document["codecs"]["mp3"]["n_spoof"] == n_mp3


def test_families_of_attacks_are_measured_where_they_are_given(run, rows, values):
    assert "families" not in run(rows, values)["eval"]
    families = {"neural": ["A1", "A2"], "unseen": ["A2", "A3"]}
    document = run(rows, values, options={"families": families})["eval"]
    bonafide, _ = split(rows, values)
    for family, part in document["families"].items():
        spoof = [values[row[0]] for row in rows if "eval" in row[2] and row[3] in families[family]]
        assert part["eer"] == equal_error_rate(bonafide, spoof).rate
        assert part["n_spoof"] == len(spoof)
    message = r"attack_families has \['A7'\], which no trial is of; allowed are \['A0', .*'A4'\]"
    with pytest.raises(ScoreError, match=message):
        run(rows, values, options={"families": {"neural": ["A1", "A7"]}})


def test_options_reach_the_measures(run, rows, values, tmp_path):
    options = {"costs": {"p_spoof": 0.5, "c_false_alarm": 1.0}}
    document = run(rows, values, options=options)["eval"]
    bonafide, spoof = split(rows, values)
    costs = CostModel(p_spoof=0.5, c_false_alarm=1.0)
    assert document["min_dcf"] == min_dcf(bonafide, spoof, costs=costs)
    assert document["act_dcf"] == act_dcf(bonafide, spoof, costs=costs)
    calibrated = calibrated_metrics(DEV, Scores(bonafide, spoof), costs=costs)
    assert document["calibrated"]["act_dcf"] == calibrated.act_dcf
    header = options | {"protocols": ["eval"]}
    made_by = MadeBy(stage="measure", revision=stages.METRICS.revision, options=header)
    assert read_metrics(tmp_path / "metrics" / "df.json")["made_by"] == made_by


def test_protocols_share_a_file_and_do_not_hang_on_each_other(run, rows, values, tmp_path):
    both = run(rows, values, protocols=["eval", "all"])
    assert read_metrics(tmp_path / "metrics" / "df.json")["cell"] == CELL
    assert both == {**run(rows, values), **run(rows, values, protocols=["all"])}


def test_without_a_protocol_nothing_is_measured(run, rows, values):
    with pytest.raises(ConfigError, match="asvspoof2021_df is to be measured under no protocol"):
        run(rows, values, protocols=[])


def test_file_is_the_same_each_time_and_its_keys_are_sorted(run, rows, values, tmp_path):
    run(rows, values)
    path = tmp_path / "metrics" / "df.json"
    first = path.read_bytes()
    run(rows, dict(reversed(values.items())))
    assert path.read_bytes() == first
    assert list(json.loads(first)) == sorted(json.loads(first))


def test_scores_outside_the_protocol_may_be_absent(run, rows, values):
    inside = {row[0]: values[row[0]] for row in rows if "eval" in row[2]}
    assert run(rows, inside) == run(rows, values)


def test_trials_of_the_protocol_must_be_scored(run, rows, values):
    del values["DF_E_1"], values["DF_E_2"]
    with pytest.raises(ScoreError, match=r"trials without a score: 2 \('DF_E_1', 'DF_E_2'\)"):
        run(rows, values)


def test_scores_of_another_corpus_are_refused(run, rows, values):
    with pytest.raises(ScoreError, match=r"scores without a trial: 1 \('E_000'\)"):
        run(rows, {**values, "E_000": 0.0})


def test_protocol_without_trials_is_refused(run, rows, values):
    with pytest.raises(ScoreError, match=r"'hidden'; there are \['all', 'eval'\]"):
        run(rows, values, protocols=["hidden"])


def test_protocol_of_one_class_is_refused(run, rows, values):
    spoofs = [row for row in rows if row[1] == "spoof"]
    with pytest.raises(ScoreError, match="got 0 bona fide"):
        run(spoofs, {row[0]: values[row[0]] for row in spoofs})


def test_labels_of_no_class_are_refused(run, rows, values):
    rows[1] = (rows[1][0], "fake", *rows[1][2:])
    with pytest.raises(ScoreError, match="fake"):
        run(rows, values)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"label_percent": "5"}, "label_percent"),
        ({"label_percent": 0}, "label_percent"),
        ({"seed": "3"}, "seed"),
        ({"colour": "red"}, "colour"),
        ({"protocol": "all"}, "protocol"),
    ],
)
def test_cell_must_be_whole_and_right(tmp_path, wrong, message):
    with pytest.raises(ConfigError, match=message):
        measure(
            tmp_path / "scores.parquet",
            tmp_path / "trials.parquet",
            tmp_path / "metrics.json",
            dev=DevFiles(*(tmp_path / name for name in DevFiles._fields)),
            protocols=["eval"],
            cell={**CELL, **wrong},
            options={},
        )


def test_dev_scores_that_fix_nothing_are_told_of(run, rows, values, caplog):
    document = run(rows, values, dev=Scores(np.array([2.0, 3.0]), np.array([-1.0, 0.0])))["eval"]
    (remark,) = document["dev"]["remarks"]
    assert remark.startswith("dev has no error")
    assert remark in caplog.text
    assert document["calibrated"]["cllr"] is None
    assert all(reason in caplog.text for reason in document["calibrated"]["remarks"])


def test_equal_scores_have_no_eer(run, rows, values, caplog):
    document = run(rows, dict.fromkeys(values, 0.5))["eval"]
    assert [document[name] for name in ("eer", "eer_threshold", "eer_interval")] == [None] * 3
    assert {part["eer"] for part in document["attacks"].values()} == {None}
    (remark,) = document["remarks"]
    assert remark.startswith("all scores are equal: the EER is not defined")
    assert remark in caplog.text


def test_ties_at_the_threshold_are_told_of(run, rows, values):
    assert run(rows, values)["eval"]["remarks"] == []
    rounded = {name: float(round(value)) for name, value in values.items()}
    (remark,) = run(rows, rounded)["eval"]["remarks"]
    assert "spoof scores are equal at the threshold of the EER: ties count against" in remark


def test_a_given_classifier_is_measured_without_dev(run, rows, values, caplog):
    document = run(rows, values, dev=None)["eval"]
    assert document["eer"] == run(rows, values)["eval"]["eer"]
    assert (document["transfer"], document["calibrated"]) == (None, None)
    assert document["dev"]["remarks"] == [
        "the classifier is given, not trained here: it has no dev scores"
    ]
    assert "it has no dev scores" in caplog.text


def test_unknown_options_are_refused(run, rows, values):
    with pytest.raises(ConfigError, match="n_resample"):
        run(rows, values, options={"n_resample": 10})


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"made_by": {"stage": "score"}}'])
def test_damaged_metrics_are_refused(tmp_path, text):
    path = tmp_path / "metrics.json"
    path.write_text(text)
    with pytest.raises(ArtefactError, match="make it anew"):
        read_metrics(path)


def test_metrics_of_another_revision_are_refused(run, rows, values, tmp_path):
    run(rows, values)
    path = tmp_path / "metrics" / "df.json"
    document = json.loads(path.read_text())
    made_by = MadeBy.from_mapping(document["made_by"])
    write_document(path, document, replace(made_by, revision=made_by.revision + 1))
    with pytest.raises(ArtefactError, match="revision"):
        read_metrics(path)
