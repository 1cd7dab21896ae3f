"""Comparisons of recipes: against resamples drawn whole, and what they must and must not find."""

import csv
import itertools
import math

import numpy as np
import pytest

from signl.artefacts import MadeBy, write_table
from signl.evaluation.comparisons import compare_recipes, read_comparisons, tabulate_comparisons
from signl.evaluation.scores import write_scores
from signl.evaluation.significance import seed_weights
from signl.metrics import equal_error_rate
from signl.seeds import derive_seed

N_BONAFIDE, N_SPOOF = 20, 30
TRIALS = [
    *((f"E_{n:03d}", "bonafide", ["all"], None, None) for n in range(N_BONAFIDE)),
    *((f"E_{n:03d}", "spoof", ["all"], f"A{n % 5}", None) for n in range(20, 20 + N_SPOOF)),
]
IS_BONAFIDE = np.arange(N_BONAFIDE + N_SPOOF) < N_BONAFIDE


@pytest.fixture
def compare(write_trials, tmp_path):
    """Return a function that writes scores, compares, and gives the rows."""
    numbers = itertools.count()

    def run(systems, *, trials=None, **options):
        """``systems``: recipe, seed, also percent -> scores; ``trials``: recipe -> rows."""
        root = tmp_path / str(next(numbers))
        scores, tables = [], []
        for (recipe, seed, *own), values in systems.items():
            percent = own[0] if own else 5
            rows = (trials or {}).get(recipe, TRIALS)
            table = root / "usable" / recipe / "eval.parquet"
            table.parent.mkdir(parents=True, exist_ok=True)
            write_trials(rows).rename(table)
            path = root / "scores" / recipe / "cfad" / f"labels-{percent}" / f"seed-{seed}"
            path.mkdir(parents=True)
            write_scores(path / "in_the_wild.parquet", [row[0] for row in rows], values, options={})
            scores.append(path / "in_the_wild.parquet")
            tables.append(table)
        outputs = root / "comparisons.parquet", root / "comparisons.csv"
        protocols = {"in_the_wild": ["all"]}
        compare_recipes(scores, tables, *outputs, protocols=protocols, options=options)
        with outputs[1].open(newline="") as handle:
            return read_comparisons(outputs[0]).to_pylist(), list(csv.DictReader(handle))

    return run


def simulated(rng, shift=0.0, common=None):
    """Scores of a system: what all systems find easy or hard, and what is its own."""
    base = rng.normal(size=IS_BONAFIDE.size) if common is None else common
    return (1.5 + shift) * IS_BONAFIDE + base + rng.normal(size=IS_BONAFIDE.size)


@pytest.fixture
def systems():
    rng = np.random.default_rng(4)
    common = rng.normal(size=IS_BONAFIDE.size)
    return {
        (recipe, seed): simulated(rng, shift, common)
        for recipe, shift in (("ours", 1.0), ("theirs", 0.0))
        for seed in (1, 2, 3)
    }


def test_a_comparison_is_that_of_resamples_that_are_drawn_whole(compare, systems):
    ((row,), _) = compare(systems, n_resamples=200)
    generator = np.random.default_rng(derive_seed(0, "comparisons", "in_the_wild", "all"))
    members = np.flatnonzero(IS_BONAFIDE), np.flatnonzero(~IS_BONAFIDE)
    weights = seed_weights([1, 2, 3], 200)
    differences = []
    for resample in range(200):
        drawn = [own[generator.integers(own.size, size=own.size)] for own in members]
        means = {
            recipe: math.fsum(
                weights[place, resample]
                * equal_error_rate(*(systems[recipe, seed][own] for own in drawn)).rate
                for place, seed in enumerate((1, 2, 3))
            )
            for recipe in ("ours", "theirs")
        }
        differences.append(means["ours"] - means["theirs"])
    assert (row["low"], row["high"]) == pytest.approx(
        tuple(np.quantile(differences, [0.025, 0.975]))
    )
    observed = {
        recipe: np.mean(
            [
                equal_error_rate(values[IS_BONAFIDE], values[~IS_BONAFIDE]).rate
                for (name, _), values in systems.items()
                if name == recipe
            ]
        )
        for recipe in ("ours", "theirs")
    }
    assert row["eer_first"] == pytest.approx(observed["ours"])
    assert row["difference"] == pytest.approx(observed["ours"] - observed["theirs"])
    z = abs(row["difference"]) / np.std(differences, ddof=1)
    assert row["p"] == pytest.approx(math.erfc(z / math.sqrt(2)))
    assert row["p_corrected"] == row["p"]  # one comparison


def test_columns_say_what_was_compared(compare, systems):
    ((row,), (text,)) = compare(systems, n_resamples=100)
    assert {
        name: row[name] for name in ("first", "second", "protocol", "n_bonafide", "n_spoof")
    } == {
        "first": "ours",
        "second": "theirs",
        "protocol": "all",
        "n_bonafide": N_BONAFIDE,
        "n_spoof": N_SPOOF,
    }
    assert (row["n_seeds_first"], row["n_seeds_second"], row["n_compared"]) == (3, 3, 1)
    assert float(text["difference"]) == pytest.approx(100 * row["difference"], abs=1e-4)
    assert text["label_percent"] == "5"
    assert "perturbation" not in text


def test_a_recipe_does_not_differ_from_itself(compare, systems):
    ours = {seed: values for (recipe, seed), values in systems.items() if recipe == "ours"}
    same = {(name, seed): values for name in ("a", "b") for seed, values in ours.items()}
    ((row,), (text,)) = compare(same, n_resamples=100)
    assert (row["difference"], row["low"], row["high"], row["p"]) == (0, 0, 0, 1)
    assert (row["p_corrected"], text["differs"]) == (1, "no")


def test_a_large_difference_survives_the_correction_and_a_small_one_does_not(compare):
    rng = np.random.default_rng(0)
    common = rng.normal(size=IS_BONAFIDE.size)
    shifts = {"bad": -1.5, "good": 8.0, "other": -1.4}
    systems = {(name, 1): simulated(rng, shift, common) for name, shift in shifts.items()}
    rows, _ = compare(systems, n_resamples=400)
    differ = {(row["first"], row["second"]): row["differs"] for row in rows}
    assert differ == {("bad", "good"): True, ("bad", "other"): False, ("good", "other"): True}
    assert all(row["n_compared"] == 3 for row in rows)
    assert all(row["p_corrected"] >= row["p"] for row in rows)


def test_p_is_uniform_where_there_is_no_difference(compare):
    """Kolmogorov-Smirnov: of equally good systems p departs from uniform by chance alone."""
    rng = np.random.default_rng(1)
    trials = [
        (f"E_{n}", "bonafide" if n < 200 else "spoof", ["all"], None, None) for n in range(500)
    ]
    is_bonafide = np.arange(500) < 200
    systems = {}
    for percent in range(1, 101):
        common = 2 * is_bonafide + rng.normal(size=500)
        systems |= {(name, 1, percent): common + rng.normal(size=500) for name in ("a", "b")}
    rows, _ = compare(systems, trials=dict.fromkeys(("a", "b"), trials), n_resamples=200)
    ps = np.sort([row["p"] for row in rows])
    assert ps.size == 100
    steps = np.arange(101) / 100
    distance = max(np.abs(ps - steps[1:]).max(), np.abs(ps - steps[:-1]).max())
    assert distance < 1.63 / math.sqrt(100)  # the 1 % point
    assert not any(row["differs"] for row in rows)


def test_recipes_of_differing_trials_are_compared_on_those_of_both(compare, systems):
    fewer = [TRIALS[0], *TRIALS[3:-4]]
    own = {
        key: values if key[0] == "ours" else np.concatenate([values[:1], values[3:-4]])
        for key, values in systems.items()
    }
    ((row,), _) = compare(own, trials={"theirs": fewer}, n_resamples=100)
    assert (row["n_bonafide"], row["n_spoof"]) == (N_BONAFIDE - 2, N_SPOOF - 4)
    cut = {key: np.concatenate([values[:1], values[3:-4]]) for key, values in systems.items()}
    ((expected,), _) = compare(
        cut, trials=dict.fromkeys(("ours", "theirs"), fewer), n_resamples=100
    )
    assert row == expected


def test_attacks_are_drawn_where_that_is_asked_for(compare, systems):
    ((row,), _) = compare(systems, n_resamples=100, unit="attack")
    ((by_trial,), _) = compare(systems, n_resamples=100)
    assert (row["resampled"], by_trial["resampled"]) == ("attack", "trial")
    assert row["difference"] == by_trial["difference"]
    assert row["low"] != by_trial["low"]


def test_one_recipe_gives_a_table_without_rows(compare, systems):
    alone = {key: values for key, values in systems.items() if key[0] == "ours"}
    assert compare(alone, n_resamples=100) == ([], [])


def test_what_has_no_eer_is_not_compared(compare, systems):
    constant = systems | {("none", 1): np.zeros(IS_BONAFIDE.size)}
    rows, texts = compare(constant, n_resamples=100)
    by_pair = {(row["first"], row["second"]): row for row in rows}
    assert by_pair["none", "ours"]["p"] is None
    assert by_pair["none", "ours"]["differs"] is False
    assert by_pair["ours", "theirs"]["n_compared"] == 1
    assert {text["difference"] for text in texts if text["first"] == "none"} == {""}


def test_families_may_be_those_of_an_evaluation(compare, systems):
    ((row,), _) = compare(systems, n_resamples=100, family="evaluation")
    assert row["n_compared"] == 1


def test_the_same_inputs_give_the_same_bytes_and_hostile_names_stay_text(tmp_path):
    import pyarrow as pa

    from signl.evaluation.comparisons import SCHEMA, STAGE
    from signl.stages import COMPARISONS

    row = dict.fromkeys(SCHEMA.names) | {"first": "=cmd()", "differs": False}
    made_by = MadeBy(stage=STAGE, revision=COMPARISONS.revision, options={})
    path = tmp_path / "comparisons.parquet"
    write_table(path, pa.Table.from_pylist([row], schema=SCHEMA), made_by)
    tabulate_comparisons(path, tmp_path / "a.csv")
    tabulate_comparisons(path, tmp_path / "b.csv")
    text = (tmp_path / "a.csv").read_text()
    assert text == (tmp_path / "b.csv").read_text()
    assert "'=cmd()" in text
