"""Tables and breakdown: means over seeds, order and bytes."""

import csv
import statistics

import pytest

from signl.errors import ConfigError
from signl.evaluation.collecting import collect_metrics
from signl.evaluation.tables import BREAKDOWN_COLUMNS, COLUMNS, tabulate, tabulate_breakdown


def part(eer, n_bonafide=10, n_spoof=4):
    interval = None if eer is None else [0.5 * eer, 1.5 * eer]
    counts = {"n_bonafide": n_bonafide, "n_spoof": n_spoof}
    return {"eer": eer, "eer_interval": interval, **counts}


@pytest.fixture
def collect(tmp_path):
    """Return a function that collects files and gives the paths of the two tables."""

    def run(metrics):
        paths = tmp_path / "metrics.parquet", tmp_path / "breakdown.parquet"
        collect_metrics(metrics, *paths)
        return paths

    return run


@pytest.fixture
def table(tmp_path, collect):
    """Return a function that tabulates files and gives the rows."""

    def run(metrics, table="crossdomain", **options):
        output = tmp_path / "table.csv"
        tabulate(collect(metrics)[0], output, table=table, options=options)
        with output.open(newline="") as handle:
            return list(csv.DictReader(handle))

    return run


def test_row_holds_mean_and_sample_deviation_over_seeds(write_metrics, table):
    rates, costs = [0.0671, 0.0705, 0.0688], [0.3, 0.2, 0.25]
    paths = [
        write_metrics(seed=seed, eer=eer, min_dcf=cost)
        for seed, (eer, cost) in enumerate(zip(rates, costs, strict=True))
    ]
    (row,) = table(paths)
    assert tuple(row) == COLUMNS
    percent = [100 * rate for rate in rates]
    assert row == {
        "recipe": "signl",
        "frontend": "xlsr",
        "train_corpus": "cfad",
        "eval_corpus": "in_the_wild",
        "protocol": "all",
        "label_percent": "5",
        "n_seeds": "3",
        "n_bonafide": "10",
        "n_spoof": "20",
        "eer_mean": f"{statistics.mean(percent):.4f}",
        "eer_std": f"{statistics.stdev(percent):.4f}",
        "eer_low_mean": f"{0.9 * statistics.mean(percent):.4f}",
        "eer_high_mean": f"{1.1 * statistics.mean(percent):.4f}",
        "min_dcf_mean": "0.2500",
        "min_dcf_std": "0.0500",
        "act_dcf_mean": "0.5000",
        "cllr_mean": "0.7500",
        "calibrated_act_dcf_mean": "0.1250",
        "calibrated_cllr_mean": "0.0500",
        "transfer_miss_mean": "3.4400",
        "transfer_false_alarm_mean": "13.7600",
        "transfer_hter_mean": "8.6000",
        "dev_eer_mean": "0.6880",
        "n_dev_remarks": "0",
        "published_eer_mean": "",
        "published_eer_std": "",
    }


def test_seeds_whose_dev_scores_fix_nothing_are_counted(write_metrics, table):
    remarks = [(), ("dev has no error",), ("dev has no error", "all dev scores are equal")]
    paths = [write_metrics(seed=seed, remarks=said) for seed, said in enumerate(remarks)]
    (row,) = table(paths)
    assert row["n_dev_remarks"] == "2"


def test_a_given_classifier_has_no_dev_columns_and_a_remark(write_metrics, table):
    (row,) = table([write_metrics(has_dev=False)])
    empty = [name for name in COLUMNS if name.startswith(("calibrated_", "transfer_", "dev_"))]
    assert len(empty) == 6
    assert {row[name] for name in empty} == {""}
    assert (row["n_dev_remarks"], row["eer_mean"]) == ("1", "10.0000")


def test_single_seed_has_no_deviation(write_metrics, table):
    (row,) = table([write_metrics()])
    assert (row["eer_mean"], row["eer_std"], row["min_dcf_std"]) == ("10.0000", "", "")


def test_bytes_do_not_depend_on_the_order_of_inputs(write_metrics, collect, tmp_path):
    paths = [
        write_metrics(recipe=recipe, label_percent=percent, seed=seed, eer=0.1 * (seed + 0.37))
        for recipe in ("signl", "supervised")
        for percent in (5, 100, 30.0)
        for seed in range(3)
    ]
    outputs = tmp_path / "forwards.csv", tmp_path / "backwards.csv"
    for output, ordered in zip(outputs, (paths, paths[::-1]), strict=True):
        tabulate(collect(ordered)[0], output, table="crossdomain", options={})
    assert outputs[0].read_bytes() == outputs[1].read_bytes()


def test_rows_are_sorted_and_percentages_as_numbers(write_metrics, table):
    cells = [("b", 100), ("b", 5), ("a", 30), ("b", 30.0), ("a", 2.5)]
    rows = table([write_metrics(recipe=name, label_percent=value) for name, value in cells])
    found = [(row["recipe"], row["label_percent"]) for row in rows]
    assert found == [("a", "2.5"), ("a", "30"), ("b", "5"), ("b", "30"), ("b", "100")]


@pytest.mark.parametrize(
    "other",
    [
        {"recipe": "other"},
        {"frontend": "other"},
        {"train_corpus": "other"},
        {"eval_corpus": "other"},
        {"protocol": "other"},
        {"label_percent": 10},
    ],
)
def test_nothing_but_seeds_is_averaged(write_metrics, table, other):
    rows = table([write_metrics(), write_metrics(**other, n_spoof=7)])
    assert [row["n_seeds"] for row in rows] == ["1", "1"]


def test_published_numbers_stand_beside_the_same_cell(write_metrics, table):
    paths = [
        write_metrics(
            protocol=protocol,
            train_corpus=train,
            eval_corpus="asvspoof2021_df",
            n_bonafide=22_617,
            n_spoof=589_212,
        )
        for protocol in ("eval", "all")
        for train in ("asvspoof2021_df", "cfad")
    ]
    published_as = {"signl": {"model": "lcnn", "frontend": "lfcc"}}
    found = {
        (row["train_corpus"], row["protocol"]): (
            row["published_eer_mean"],
            row["published_eer_std"],
        )
        for name in ("indomain", "crossdomain")
        for row in table(paths, name, published_as=published_as)
    }
    assert found.pop(("asvspoof2021_df", "all")) == ("30.26", "2.03")
    assert set(found.values()) == {("", "")}


def test_in_domain_is_what_is_trained_and_evaluated_on_one_corpus(write_metrics, table):
    paths = [write_metrics(train_corpus=name) for name in ("cfad", "in_the_wild")]
    assert [row["train_corpus"] for row in table(paths, "indomain")] == ["in_the_wild"]
    assert [row["train_corpus"] for row in table(paths, "crossdomain")] == ["cfad"]


def test_a_figure_that_a_seed_lacks_has_no_mean(write_metrics, table):
    calibrated = dict.fromkeys(("slope", "offset", "cllr", "act_dcf")) | {"remarks": ["few"]}
    paths = [write_metrics(seed=0), write_metrics(seed=1, parts={"calibrated": calibrated})]
    (row,) = table(paths)
    assert (row["calibrated_cllr_mean"], row["calibrated_act_dcf_mean"]) == ("", "")
    assert row["transfer_hter_mean"] != ""
    equal = dict.fromkeys(("eer", "eer_threshold", "eer_interval"))
    (row,) = table([write_metrics(seed=0), write_metrics(seed=1, parts=equal)])
    assert (row["eer_mean"], row["eer_std"], row["min_dcf_mean"]) == ("", "", "0.5000")


def test_names_that_others_wrote_are_no_formulas(write_metrics, breakdown):
    parts = {"attacks": {"=HYPERLINK(1)": part(0.1), "A09": part(0.1)}, "codecs": {"-1": part(0.1)}}
    found = [row["name"] for row in breakdown([write_metrics(parts=parts)])]
    assert found == ["'=HYPERLINK(1)", "A09", "-1"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"published": {}}, "unknown keys"),
        ({"published_as": {"signl": {"model": "signl"}}}, "published_as.frontend is missing"),
        ({"published_as": {"signl": {"model": "signal", "frontend": "raw"}}}, "no signal/raw"),
    ],
)
def test_wrong_options_are_refused(table, options, message):
    with pytest.raises(ConfigError, match=message):
        table([], **options)


def test_perturbed_cells_stand_by_themselves_in_a_column_of_their_own(write_metrics, table):
    published_as = {"signl": {"model": "lcnn", "frontend": "lfcc"}}
    name = "asvspoof2021_df"
    paths = [
        write_metrics(
            seed=seed,
            eer=eer,
            train_corpus=name,
            eval_corpus=f"{name}{perturbed}",
            n_bonafide=22_617,
            n_spoof=589_212,
        )
        for perturbed, eer in (("", 0.1), ("@noise-10dB", 0.2))
        for seed in (0, 1)
    ]
    clean, noisy = table(paths, "indomain", published_as=published_as)
    assert tuple(clean) == tuple(noisy) == (*COLUMNS, "perturbation")
    assert [row["perturbation"] for row in (clean, noisy)] == ["", "noise-10dB"]
    assert [row["eval_corpus"] for row in (clean, noisy)] == [name] * 2
    assert [row["eer_mean"] for row in (clean, noisy)] == ["10.0000", "20.0000"]
    # The others are as they were, but for that column; only they have a published neighbour.
    (alone,) = table(paths[:2], "indomain", published_as=published_as)
    assert {name: clean[name] for name in COLUMNS} == alone
    assert (clean["published_eer_mean"], noisy["published_eer_mean"]) == ("30.26", "")


def test_empty_table_is_a_header(tmp_path, table):
    assert table([]) == []
    assert (tmp_path / "table.csv").read_text() == ",".join(COLUMNS) + "\n"


@pytest.fixture
def breakdown(tmp_path, collect):
    """Return a function that tabulates the parts of files and gives the rows."""

    def run(metrics):
        output = tmp_path / "breakdown.csv"
        tabulate_breakdown(collect(metrics)[1], output)
        with output.open(newline="") as handle:
            return list(csv.DictReader(handle))

    return run


def test_breakdown_has_a_row_for_every_attack_and_codec(write_metrics, breakdown):
    paths = [
        write_metrics(
            seed=seed,
            parts={
                "attacks": {"A10": part(eer), "A09": part(2 * eer, n_spoof=16)},
                "codecs": {"mp3": part(3 * eer, 5, 5)},
            },
        )
        for seed, eer in enumerate((0.1, 0.12))
    ]
    rows = breakdown(paths)
    assert all(tuple(row) == BREAKDOWN_COLUMNS for row in rows)
    assert rows[0] == {
        "recipe": "signl",
        "frontend": "xlsr",
        "train_corpus": "cfad",
        "eval_corpus": "in_the_wild",
        "protocol": "all",
        "label_percent": "5",
        "part": "attack",
        "name": "A09",
        "n_seeds": "2",
        "n_bonafide": "10",
        "n_spoof": "16",
        "eer_mean": "22.0000",
        "eer_std": f"{statistics.stdev([20, 24]):.4f}",
        "eer_low_mean": "11.0000",
        "eer_high_mean": "33.0000",
    }
    found = [(row["part"], row["name"], row["eer_mean"], row["n_spoof"]) for row in rows[1:]]
    assert found == [("attack", "A10", "11.0000", "4"), ("codec", "mp3", "33.0000", "5")]


def test_a_part_of_one_class_has_counts_and_no_rate(write_metrics, breakdown):
    parts = {"codecs": {"mp3": part(None, 0, 7)}}
    (row,) = breakdown([write_metrics(seed=seed, parts=parts) for seed in (1, 2)])
    assert (row["n_bonafide"], row["n_spoof"]) == ("0", "7")
    assert (row["eer_mean"], row["eer_std"]) == ("", "")


def test_breakdown_has_perturbed_parts_in_a_column_of_their_own(write_metrics, breakdown):
    parts = {"attacks": {"A07": part(0.1)}, "codecs": {}}
    paths = [
        write_metrics(eval_corpus=f"in_the_wild{perturbed}", parts=parts)
        for perturbed in ("", "@mp3")
    ]
    rows = breakdown(paths)
    assert tuple(rows[0]) == (*BREAKDOWN_COLUMNS, "perturbation")
    assert [(row["name"], row["perturbation"]) for row in rows] == [("A07", ""), ("A07", "mp3")]
    assert tuple(breakdown(paths[:1])[0]) == BREAKDOWN_COLUMNS


def test_breakdown_is_sorted_as_the_tables_are(write_metrics, breakdown):
    parts = {"attacks": {"A1": part(0.1)}}
    cells = [("b", 100), ("b", 5), ("a", 30)]
    paths = [write_metrics(recipe=name, label_percent=value, parts=parts) for name, value in cells]
    found = [(row["recipe"], row["label_percent"]) for row in breakdown(paths)]
    assert found == [("a", "30"), ("b", "5"), ("b", "100")]
    assert breakdown(paths) == breakdown(paths[::-1])


def test_corpora_without_parts_have_no_rows(write_metrics, breakdown):
    assert breakdown([write_metrics()]) == []
