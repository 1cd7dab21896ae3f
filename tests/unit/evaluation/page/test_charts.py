"""Charts: their numbers are those of the tables, their looks those of the fixed figures."""

import json
from itertools import product

import pandas as pd
import pytest
import vl_convert

from signl.evaluation.collected import read_collected
from signl.evaluation.collecting import collect_metrics
from signl.evaluation.figures.figure_style import looks_of
from signl.evaluation.page import charts
from signl.evaluation.published import PAPER_CORPORA, PublishedSystem, published_eer

CELL = ["train_corpus", "eval_corpus", "protocol", "recipe", "label_percent"]


@pytest.fixture
def cells(write_metrics, tmp_path):
    """Rows of a ``metrics.parquet`` of two recipes; one of them has no EER in a seed."""
    rates = iter((0.31, 0.27, 0.1, 0.16, 0.4, 0.44, 0.05, 0.07))
    axes = product(("a", "b"), (5, 100), (1, 2))
    metrics = [
        write_metrics(eer=next(rates), recipe=recipe, label_percent=percent, seed=seed)
        for recipe, percent, seed in axes
    ]
    other = {"recipe": "b", "label_percent": 5, "eval_corpus": "cfad"}
    metrics += [write_metrics(eer=eer, seed=seed, **other) for seed, eer in ((1, 0.2), (2, 0.3))]
    collect_metrics(metrics, tmp_path / "metrics.parquet", tmp_path / "breakdown.parquet")
    table = read_collected(tmp_path / "metrics.parquet").to_pandas()
    table.loc[(table["eval_corpus"] == "cfad") & (table["seed"] == 2), "eer"] = None
    return table


@pytest.mark.parametrize("kind", ["labels", "domains"])
def test_numbers_are_those_of_the_metrics(cells, kind):
    if kind == "labels":
        rows = charts.label_chart(cells, ["a", "b"], {})["layer"][1]["data"]["values"]
    else:
        rows = charts.domain_chart(cells)["data"]["values"]
    found = {(row["recipe"], row["evaluation"], row["percent"]): row for row in rows}
    expected = cells.groupby(CELL)["eer"].agg(list)
    assert len(found) == len(expected) == 5
    for (train, evaluated, protocol, recipe, percent), eers in expected.items():
        row = found[recipe, f"{train} → {evaluated} ({protocol})", percent]
        assert row["seeds"] == len(eers) == 2
        if any(pd.isna(eer) for eer in eers):
            assert row["eer"] is row["deviation"] is None
        else:
            assert row["eer"] == pytest.approx(50 * sum(eers), rel=1e-12)
            # Of a sample of two.
            assert row["deviation"] == pytest.approx(100 * abs(eers[0] - eers[1]) / 2**0.5)
    assert [row["own"] for row in rows] == [
        row["evaluation"].startswith("cfad → cfad") for row in rows
    ]


def test_recipes_look_as_in_the_fixed_figures(cells):
    chart = charts.label_chart(cells, ["0 is not here", "a", "b"], {})
    looks = looks_of(["0 is not here", "a", "b"])
    scale = chart["encoding"]["color"]["scale"]
    assert scale["domain"] == ["a", "b"]
    assert scale["range"] == [looks[name]["color"] for name in ("a", "b")]
    shapes = chart["layer"][2]["encoding"]["shape"]["scale"]["range"]
    assert shapes == ["square", "triangle-up"]


def test_axes_have_units_and_one_evaluation_is_shown_at_a_time(cells):
    chart = charts.label_chart(cells, ["a", "b"], {})
    drawn = vl_convert.vegalite_to_svg(chart)
    assert "labels (%)" in drawn
    assert "EER (%)" in drawn
    assert chart["params"][0]["bind"]["options"] == [
        "cfad → cfad (all)",
        "cfad → in_the_wild (all)",
    ]
    # Recipe a is not evaluated on cfad, which is chosen first; b has no mean there.
    assert drawn.count('aria-roledescription="point"') == 0
    other = {**chart, "params": [{**chart["params"][0], "value": "cfad → in_the_wild (all)"}]}
    assert vl_convert.vegalite_to_svg(other).count('aria-roledescription="point"') == 4


def test_published_figures_stand_beside(cells):
    system = PublishedSystem(model="lcnn", frontend="lfcc")
    size = PAPER_CORPORA["in_the_wild"].n_trials
    table = cells.assign(n_bonafide=10, n_spoof=size - 10)
    chart = charts.label_chart(table, ["a", "b"], {"a": system.dump(), "b": None})
    place = {"train_corpus": "cfad", "eval_corpus": "in_the_wild", "protocol": "all"}
    theirs = published_eer(system, **place, label_percent=5.0, n_trials=size)
    (row,) = [row for row in chart["layer"][4]["data"]["values"] if row["percent"] == 5]
    assert (row["recipe"], row["seeds"]) == ("a", "as published")
    assert (row["eer"], row["deviation"]) == theirs


def test_no_measurement_no_chart(cells):
    assert charts.label_chart(cells[:0], [], {}) is None
    assert charts.domain_chart(cells[:0]) is None


def test_the_same_results_give_the_same_chart_which_is_json(cells):
    first, second = (
        json.dumps(
            [charts.label_chart(cells, ["a", "b"], {}), charts.domain_chart(cells)], allow_nan=False
        )
        for _ in range(2)
    )
    assert first == second
    assert json.loads(first)[0]["title"] == "EER against the share of labels"


def test_names_that_cannot_be_printed_are_spelt_out(cells):
    rows = charts.domain_chart(cells.assign(recipe="a\u202eb"))["data"]["values"]
    assert {row["recipe"] for row in rows} == {"a\\u202eb"}
