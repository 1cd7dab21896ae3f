"""The numbers of the lines: those of the tables."""

import csv

import numpy as np
import pandas as pd
import pytest

from signl.evaluation.collected import read_collected
from signl.evaluation.collecting import collect_metrics
from signl.evaluation.figures import label_efficiency
from signl.evaluation.figures.label_curves import mean_over_seeds
from signl.evaluation.published import PAPER_CORPORA, PublishedSystem, published_eer
from signl.evaluation.tables import tabulate


def line_of(axes, recipe):
    (line,) = [line for line in axes.lines if line.get_label() == recipe]
    return line


def test_a_line_holds_what_the_table_does(write_metrics, tmp_path):
    paths = [
        write_metrics(recipe=recipe, label_percent=percent, seed=seed, eer=eer)
        for recipe, percent, seed, eer in (
            ("a", 5, 1, 0.31),
            ("a", 5, 2, 0.27),
            ("a", 100, 1, 0.12),
            ("a", 100, 2, 0.13),
            ("b", 5, 1, 0.44),
        )
    ]
    metrics = tmp_path / "metrics.parquet"
    collect_metrics(paths, metrics, tmp_path / "breakdown.parquet")
    tabulate(metrics, tmp_path / "table.csv", table="crossdomain", options={})
    with (tmp_path / "table.csv").open(newline="") as handle:
        rows = list(csv.DictReader(handle))
    figure = label_efficiency(read_collected(metrics).to_pandas())
    (axes,) = figure.axes
    for recipe in ("a", "b"):
        own = [row for row in rows if row["recipe"] == recipe]
        drawn = line_of(axes, recipe).get_xydata()
        tabled = [(float(row["label_percent"]), float(row["eer_mean"])) for row in own]
        np.testing.assert_allclose(drawn, tabled, atol=5e-5)
    (row,) = [row for row in rows if (row["recipe"], row["label_percent"]) == ("a", "5")]
    mean, deviation = float(row["eer_mean"]), float(row["eer_std"])
    band = axes.collections[0].get_paths()[0].vertices
    at_5 = band[band[:, 0] == 5, 1]
    np.testing.assert_allclose(
        [at_5.min(), at_5.max()], [mean - deviation, mean + deviation], atol=1e-4
    )


def test_there_is_a_panel_per_pair_and_protocol(cells):
    figure = label_efficiency(cells)
    assert [axes.get_title() for axes in figure.axes] == [
        "cfad →\ncfad (all)",
        "cfad →\nin_the_wild (all)",
    ]
    assert figure.axes[0].get_ylabel() == "EER (%)"
    assert figure.axes[1].get_xlabel() == "labels (%)"


def test_published_figures_stand_beside_ours(cell):
    system = PublishedSystem(model="lcnn", frontend="lfcc")
    corpus = "asvspoof2021_df"
    size = PAPER_CORPORA[corpus].n_trials
    place = {"train_corpus": corpus, "eval_corpus": corpus, "protocol": "all"}
    trials = {"n_bonafide": 10, "n_spoof": size - 10}
    cells = pd.DataFrame([cell(**place, **trials), cell("b", **place, **trials)])
    figure = label_efficiency(cells, published_as={"a": system.dump(), "b": None})
    theirs = published_eer(system, **place, label_percent=5.0, n_trials=size)
    (bars,) = figure.axes[0].containers
    assert bars.lines[0].get_xydata().tolist() == [[5.0, theirs.mean]]
    ends = np.array(bars.lines[2][0].get_segments()[0])[:, 1]
    np.testing.assert_allclose(
        ends, [theirs.mean - theirs.deviation, theirs.mean + theirs.deviation]
    )


def test_a_seed_without_an_eer_leaves_a_gap(cells, told):
    cells.loc[(cells["recipe"] == "a") & (cells["label_percent"] == 5), "eer"] = np.nan
    figure = label_efficiency(cells)
    assert np.isnan(line_of(figure.axes[0], "a").get_ydata()[0])
    assert "No point where a seed has no EER" in told(figure)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("seed == 0", "No classifier has been measured"),
        ("seed == 1", "One seed: there is no band"),
        ("label_percent == 5", "One share of labels"),
        ("recipe == 'b'", "2 seeds"),
    ],
)
def test_a_figure_says_what_it_lacks(cells, told, query, words):
    assert words in told(label_efficiency(cells.query(query)))


def test_means_are_over_seeds_alone(cells):
    means = mean_over_seeds(cells, ["recipe", "label_percent", "eval_corpus"])
    assert means["n_seeds"].tolist() == [2] * 8
    own = means[(means["recipe"] == "a") & (means["eval_corpus"] == "cfad")]
    np.testing.assert_allclose(own["mean"], [25, 12])
    np.testing.assert_allclose(own["deviation"], [50**0.5, 8**0.5])
