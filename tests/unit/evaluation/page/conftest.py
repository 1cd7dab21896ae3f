"""Results of simulated systems, from which pages are made."""

from itertools import product

import numpy as np
import pytest

from signl.evaluation.collecting import collect_metrics
from signl.evaluation.comparisons import compare_recipes
from signl.evaluation.page.summary import Tables, summarise
from signl.evaluation.pretraining import COLUMNS as PRETRAINING
from signl.evaluation.scores import write_scores
from signl.evaluation.tables import tabulate, tabulate_breakdown
from signl.metrics import equal_error_rate
from signl.spreadsheets import write_rows

N_BONAFIDE, N_TRIALS = 60, 160
LABELS = ["bonafide"] * N_BONAFIDE + ["spoof"] * (N_TRIALS - N_BONAFIDE)
QUARANTINE = ("frontend", "corpus", "partition", "n_usable", "n_quarantined", "first_reason")


@pytest.fixture
def make_page(tmp_path, write_trials, write_metrics):
    """Return a function that makes a page of recipes, each with the distance of its classes."""

    def make(
        distances,
        *,
        percents=(5, 100),
        seeds=(1, 2),
        corpora=("cfad", "in_the_wild"),
        collapsed=(),
        n_quarantined=0,
        config=None,
        pairs=(),
        attack="A01",
        pool="",
    ):
        root = tmp_path / "results"
        root.mkdir(exist_ok=True)
        trials = write_trials(
            [(f"E_{n}", name, ["all"], None, None) for n, name in enumerate(LABELS)]
        )
        is_bonafide = np.array(LABELS) == "bonafide"
        rng = np.random.default_rng(0)
        common = rng.normal(size=N_TRIALS)
        scores, metrics = [], []
        for recipe, percent, seed, corpus in product(distances, percents, seeds, corpora):
            distance = distances[recipe] * (0.6 + percent / 250)
            values = distance * is_bonafide + common + 0.5 * rng.normal(size=N_TRIALS)
            name = f"{recipe}/cfad/labels-{percent}/seed-{seed}/{corpus}.parquet"
            path = root / "scores" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            write_scores(path, [f"E_{n}" for n in range(N_TRIALS)], values, options={})
            scores.append(path)
            eer = equal_error_rate(values[is_bonafide], values[~is_bonafide]).rate
            part = {"eer": eer, "eer_interval": [0.9 * eer, 1.1 * eer]}
            cell = {"recipe": recipe, "label_percent": percent, "seed": seed, "eval_corpus": corpus}
            counts = {"n_bonafide": N_BONAFIDE, "n_spoof": 100}
            counts["parts"] = {"attacks": {attack: part | counts}}
            metrics.append(write_metrics(eer=eer, **cell, **counts))
        for recipe, seed in product(distances if pool else (), seeds):
            cell = {"recipe": recipe, "seed": seed, "eval_corpus": pool, "protocol": "pooled"}
            metrics.append(write_metrics(eer=1 / (2 + distances[recipe]), **cell))
        tables = Tables(
            **{
                name: str(
                    root / f"{name}.{'parquet' if name in ('metrics', 'comparisons') else 'csv'}"
                )
                for name in Tables._fields
            }
        )
        collect_metrics(metrics, tables.metrics, root / "breakdown.parquet")
        protocols = {corpus: ["all"] for corpus in corpora}
        options = {"protocols": protocols, "options": {"n_resamples": 200}}
        compare_recipes(
            scores, [trials] * len(scores), tables.comparisons, tables.compared, **options
        )
        for table in ("indomain", "crossdomain"):
            tabulate(tables.metrics, getattr(tables, table), table=table, options={})
        tabulate_breakdown(root / "breakdown.parquet", tables.breakdown)
        blank = dict.fromkeys(PRETRAINING, "1")
        rows = [
            blank
            | {"recipe": recipe, "train_corpus": "cfad", "collapsed": word, "best_collapsed": word}
            for recipe in distances
            for word in ["yes" if recipe in collapsed else "no"]
        ]
        write_rows(tables.pretraining, PRETRAINING, rows)
        counted = ["logmel", "cfad", "eval", "160", str(n_quarantined), "cannot be decoded"]
        write_rows(tables.quarantine, QUARANTINE, [dict(zip(QUARANTINE, counted, strict=True))])
        output = root / "summary.html"
        summarise(
            tables,
            output,
            results=root,
            config=config or {"archives": "somewhere"},
            recipes=list(distances),
            published_as={},
            pretraining_pairs=pairs,
        )
        return output

    return make
