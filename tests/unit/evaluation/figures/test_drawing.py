"""The rules that draw: from files to files."""

from pathlib import Path

import numpy as np
import pytest

from signl.evaluation.collecting import collect_metrics
from signl.evaluation.figures import drawing
from signl.evaluation.scores import write_scores

#: Bona fide and spoof; the last two are in no protocol that is drawn.
TRIALS = [
    *((f"E_{n}", "bonafide", ["all"], None, "mp3") for n in range(8)),
    *((f"E_{n}", "spoof", ["all"], "A07", None) for n in range(8, 18)),
    ("E_18", "bonafide", ["other"], None, None),
    ("E_19", "spoof", ["other"], None, None),
]
RECIPES = {"recipes": ["signl", "unused"]}


@pytest.fixture
def collected(write_metrics, tmp_path):
    """The tables of one classifier of which there are scores."""
    attack = {"A07": {"eer": 0.2, "eer_interval": [0.1, 0.3], "n_bonafide": 8, "n_spoof": 10}}
    metrics = write_metrics(seed=1, eer=0.25, parts={"attacks": attack})
    paths = tmp_path / "metrics.parquet", tmp_path / "breakdown.parquet"
    collect_metrics([metrics], *paths)
    return paths


@pytest.fixture
def scored(write_trials, tmp_path):
    """Scores and trials, where the workflow has them."""
    trials = tmp_path / "usable" / "xlsr" / "in_the_wild" / "eval.parquet"
    trials.parent.mkdir(parents=True)
    write_trials(TRIALS).rename(trials)
    path = tmp_path / "scores" / "signl" / "cfad" / "labels-5" / "seed-1" / "in_the_wild.parquet"
    path.parent.mkdir(parents=True)
    values = np.random.default_rng(0).normal(size=len(TRIALS))
    write_scores(path, [name for name, *_ in TRIALS], values, options={})
    return [path], [trials]


@pytest.fixture
def outputs(tmp_path):
    """Return a function that names the files of a figure."""
    return lambda *names: [
        str(tmp_path / f"{name}.{form}") for form in ("svg", "pdf") for name in names
    ]


def are_written(paths):
    heads = {".svg": b"<?xml", ".pdf": b"%PDF-"}
    return all(Path(path).read_bytes()[:5] == heads[Path(path).suffix] for path in paths)


def test_figures_of_the_tables(collected, outputs):
    metrics, breakdown = collected
    files = outputs("label_efficiency"), outputs("crossdomain"), outputs("cfad-in_the_wild")
    drawing.draw_label_efficiency(metrics, files[0], published_as={}, **RECIPES)
    drawing.draw_crossdomain(metrics, files[1])
    drawing.draw_breakdown(breakdown, files[2], **RECIPES)
    assert all(map(are_written, files))


def test_figures_are_of_single_corpora(collected, write_metrics, outputs, tmp_path):
    pool = {"eval_corpus": "asvspoof5+in_the_wild", "protocol": "pooled", "eer": 0.4}
    paths = tmp_path / "more.parquet", tmp_path / "parts.parquet"
    collect_metrics([write_metrics(seed=1, eer=0.25), write_metrics(seed=1, **pool)], *paths)
    plain, more = outputs("plain"), outputs("more")
    drawing.draw_crossdomain(collected[0], plain)
    drawing.draw_crossdomain(paths[0], more)
    assert [Path(path).read_bytes() for path in plain] == [Path(path).read_bytes() for path in more]


def test_figures_of_scores(collected, scored, outputs, monkeypatch):
    drawn = {}
    for module, name in (
        (drawing.det_curves, "det"),
        (drawing.score_histograms, "histograms"),
        (drawing.attack_strips, "attack_histograms"),
        (drawing.reliability_curves, "reliability"),
    ):
        own = getattr(module, name)
        # What is handed to the figure, on the way to it.
        monkeypatch.setattr(
            module,
            name,
            lambda table, *others, own=own, name=name, **options: (
                drawn.update({(name, options["title"]): table}) or own(table, *others, **options)
            ),
        )
    files = outputs("cfad-in_the_wild")
    drawing.draw_det(*scored, collected[0], files, **RECIPES)
    assert are_written(files)
    points = drawn["det", "DET: trained on cfad, evaluated on in_the_wild"]
    # Eight bona fide trials of the protocol, not nine of the corpus.
    assert set(np.round(8 * points["miss"], 9)) == set(range(9))
    assert points[
        ["recipe", "label_percent", "seed", "protocol"]
    ].drop_duplicates().values.tolist() == [["signl", 5.0, 1, "all"]]
    drawing.draw_histograms(*scored, collected[0], files)
    (bins,) = [table for (name, _), table in drawn.items() if name == "histograms"]
    assert bins.groupby("label")["n_trials"].sum().to_dict() == {"bonafide": 9, "spoof": 11}
    drawing.draw_attacks(*scored, collected[0], files)
    (strips,) = [table for (name, _), table in drawn.items() if name == "attack_histograms"]
    counted = {"bona fide": 9, "A07": 10, "spoof, no attack named": 1}
    assert strips.groupby("name")["n_trials"].sum().to_dict() == counted
    drawing.draw_reliability(*scored, collected[0], files, **RECIPES)
    (points,) = [table for (name, _), table in drawn.items() if name == "reliability"]
    assert points[["n_bonafide", "n_spoof"]].sum().tolist() == [8, 10]
    # By the map of the metrics: slope 2, offset 0.5.
    values = np.random.default_rng(0).normal(size=len(TRIALS))[:18]
    promised = 1 / (1 + np.exp(-(2 * values + 0.5)))
    means = [promised[:8].mean(), promised[8:].mean()]
    weights = points["n_bonafide"] / 8 + points["n_spoof"] / 10
    total = (points["promised"] * weights).sum() / 100
    assert total == pytest.approx(sum(means))
    assert are_written(files)


def test_a_pair_without_scores_gets_a_figure_that_says_so(collected, scored, outputs):
    files = outputs("cfad-cfad")
    drawing.draw_det(*scored, collected[0], files, **RECIPES)
    assert are_written(files)
    drawing.draw_histograms(*scored, collected[0], files)
    drawing.draw_attacks(*scored, collected[0], files)
    drawing.draw_reliability(*scored, collected[0], files, **RECIPES)
    assert are_written(files)


def test_courses_of_no_training(outputs):
    files = outputs("pretraining", "classifiers-cfad")
    drawing.draw_training([], [], files, **RECIPES)
    assert are_written(files)
