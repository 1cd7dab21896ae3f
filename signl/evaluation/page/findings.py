"""What was found, in words: computed of the tables, and of nothing that they do not hold.

No difference is called one unless it survives the correction of ``comparisons``.
"""

from collections.abc import Iterator, Mapping, Sequence
from statistics import fmean, median
from typing import Any, Final

import pandas as pd

#: What rows of ``metrics.parquet`` that compare have in common.
EVALUATION: Final = (*("train_corpus", "eval_corpus", "protocol", "perturbation", "label_percent"),)
BEST_HEADER: Final = (
    *("train_corpus", "eval_corpus", "perturbation", "label_percent", "best"),
    *("EER %", "low", "high", "seeds", "next", "next EER %", "differs"),
)
Row = Mapping[str, Any]


def percent(fraction: float) -> str:
    """Return a rate in per cent."""
    return f"{100 * fraction:.2f}"


def recipe_means(cells: pd.DataFrame) -> list[dict[str, Any]]:
    """Return of each recipe in each evaluation the means over seeds of EER and interval ends.

    Recipes of which a seed has no EER are left out.
    """
    means = []
    for key, seeds in cells.groupby([*EVALUATION, "recipe"], sort=True):
        if not seeds["eer"].isna().any():
            named = dict(zip((*EVALUATION, "recipe"), key, strict=True))
            figures = {name: fmean(seeds[name]) for name in ("eer", "eer_low", "eer_high")}
            means.append(named | figures | {"n_seeds": len(seeds)})
    return means


def best_rows(cells: pd.DataFrame, comparisons: Sequence[Row]) -> list[list[str]]:
    """Return the best recipe of each evaluation and the next, as rows of :data:`BEST_HEADER`.

    Parameters
    ----------
    cells : DataFrame
        Rows of ``metrics.parquet``.
    comparisons : sequence of Mapping
        Rows of ``comparisons.parquet``.
    """
    differs = {
        (*(row[name] for name in EVALUATION), frozenset((row["first"], row["second"]))): row
        for row in comparisons
    }
    by_evaluation: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for mean in recipe_means(cells):
        by_evaluation.setdefault(tuple(mean[name] for name in EVALUATION), []).append(mean)
    rows = []
    for key, means in by_evaluation.items():
        best, *others = sorted(means, key=lambda mean: (mean["eer"], mean["recipe"]))
        figures = [percent(best[name]) for name in ("eer", "eer_low", "eer_high")]
        row = [key[0], f"{key[1]} ({key[2]})", key[3], f"{key[4]:g}", best["recipe"], *figures]
        beside = ["", "", ""]
        if others:
            pair = differs.get((*key, frozenset((best["recipe"], others[0]["recipe"]))))
            word = "yes" if pair and pair["differs"] else "no"
            beside = [others[0]["recipe"], percent(others[0]["eer"]), word]
        rows.append([*row, str(best["n_seeds"]), *beside])
    return rows


def told_best(rows: Sequence[Sequence[str]]) -> list[str]:
    """Sum up which recipes are the best, and where that is more than chance."""
    if not rows:
        return ["No recipe has an EER: there is nothing to compare."]
    told = []
    for recipe in sorted({row[4] for row in rows}):
        own = [row for row in rows if row[4] == recipe]
        proven = sum(row[-1] == "yes" for row in own)
        lead = f"{recipe} has the lowest mean EER in {len(own)} of {len(rows)} evaluations"
        told.append(f"{lead}; in {proven} of them it differs from the next by more than chance.")
    if all(not row[-1] for row in rows):
        told = [f"There is one recipe, {rows[0][4]}, in each evaluation: nothing was compared."]
    if all(row[8] == "1" for row in rows):
        told.append("There is one seed: nothing is known of the spread between trainings.")
    return told


def told_pooled(pools: pd.DataFrame) -> list[str]:
    """Say which recipe has the lowest EER over several evaluation corpora as one; not tested."""
    told = [
        f"Trained on {row[0]} with {row[3]} % of the labels, on {row[1]}: {row[4]}, EER {row[5]} % "
        f"({row[6]} to {row[7]}), of {_count(row[8], 'seed')}."
        for row in best_rows(pools, [])
    ]
    return told or ["No classifier was evaluated on two corpora beyond those of its training."]


def _count(number: str, what: str) -> str:
    return f"{number} {what}" if number == "1" else f"{number} {what}s"


def told_comparisons(comparisons: Sequence[Row]) -> list[str]:
    """Say how many differences survive the correction, and for how many it is."""
    compared = [row for row in comparisons if row["p"] is not None]
    if not compared:
        return ["No two recipes were trained and evaluated alike: there is no comparison."]
    n_differ = sum(row["differs"] for row in compared)
    units = " or ".join(sorted({row["resampled"] for row in compared}))
    text = (
        f"{n_differ} of {len(compared)} differences survive the correction for their number (Holm, "
        f"for {max(row['n_compared'] for row in compared)} at the most; drawn by {units}). The "
        "others may be chance."
    )
    fewest = min(min(row["n_seeds_first"], row["n_seeds_second"]) for row in compared)
    few = f"Some have {fewest} seed{'s' if fewest > 1 else ''} only: for those p is too small."
    return [text, few] if fewest < 4 else [text]


def told_pretraining(comparisons: Sequence[Row], pairs: Sequence[Sequence[str]]) -> list[str]:
    """Say what pre-training brought: recipes that differ in it alone, with it and without.

    Parameters
    ----------
    comparisons : sequence of Mapping
        Rows of ``comparisons.parquet``.
    pairs : sequence of pairs of str
        A recipe with pre-training, and the one that differs from it in this alone.
    """
    told = []
    for trained, scratch in pairs:
        own = [row for row in comparisons if {row["first"], row["second"]} == {trained, scratch}]
        gains = [
            (row["difference"] if row["first"] == trained else -row["difference"], row["differs"])
            for row in own
            if row["difference"] is not None
        ]
        better = sum(differs and gain < 0 for gain, differs in gains)
        worse = sum(differs and gain > 0 for gain, differs in gains)
        told.append(
            f"{trained} against {scratch}, of {len(gains)} comparisons: pre-training lowers the "
            f"EER in {better}, raises it in {worse}, and nothing is shown in the others."
        )
    return told or ["No two recipes differ in pre-training alone: what it brings was not asked."]


def told_labels(cells: pd.DataFrame) -> list[str]:
    """Say how the mean EER moves from the fewest labels to the most; this is not tested."""
    told = []
    means = recipe_means(cells)
    for recipe in sorted({mean["recipe"] for mean in means}):
        own: dict[tuple[Any, ...], dict[float, float]] = {}
        for mean in means:
            if mean["recipe"] == recipe:
                key = tuple(mean[name] for name in EVALUATION[:-1])
                own.setdefault(key, {})[mean["label_percent"]] = mean["eer"]
        changes = [(min(by), max(by), by[max(by)] - by[min(by)]) for by in own.values()]
        changes = [change for change in changes if change[0] < change[1]]
        if changes:
            low, high = min(change[0] for change in changes), max(change[1] for change in changes)
            told.append(
                f"{recipe}: from {low:g} to {high:g} % of the labels the mean EER changes by "
                f"{100 * median(change[2] for change in changes):+.2f} points (median of "
                f"{len(changes)} evaluations; not tested)."
            )
    return told or ["There is one share of labels: what more of them bring was not asked."]


def told_collapses(rows: Sequence[Mapping[str, str]]) -> list[str]:
    """Say which pre-trainings collapsed; of rows of ``pretraining.csv``."""
    if not rows:
        return ["Nothing was pre-trained."]
    collapsed = [row for row in rows if row["collapsed"] == "yes"]
    if not collapsed:
        return [f"None of {len(rows)} pre-trainings collapsed."]
    told = [f"{len(collapsed)} of {len(rows)} pre-trainings collapsed in some epoch:"]
    for row in collapsed:
        kept = "the encoder that was kept is of such an epoch"
        other = "the encoder that was kept is not of such an epoch"
        told.append(
            f"{row['recipe']} on {row['train_corpus']}, seed {row['seed']}: "
            f"{kept if row['best_collapsed'] == 'yes' else other}."
        )
    return told


def told_quarantine(rows: Sequence[Mapping[str, str]]) -> list[str]:
    """Say what could not be decoded; of rows of ``quarantine.csv``."""
    found = [row for row in rows if int(row["n_quarantined"])]
    if not found:
        return ["No trial is in quarantine."]
    return [
        f"{row['frontend']}, {row['corpus']} ({row['partition']}): {row['n_quarantined']} trials "
        f"in quarantine, {row['n_usable']} usable. First reason: {row['first_reason']}"
        for row in found
    ]


def told_published(rows: Sequence[Mapping[str, str]]) -> list[str]:
    """Set our means beside published ones; of rows of the tables in and across domains."""
    return list(_published(rows)) or [
        "No row has a published figure beside it: none is of the paper's trials and shares of "
        "labels."
    ]


def _published(rows: Sequence[Mapping[str, str]]) -> Iterator[str]:
    for row in rows:
        if row["published_eer_mean"] and row["eer_mean"]:
            ours, theirs = float(row["eer_mean"]), float(row["published_eer_mean"])
            spread = f" ± {float(row['eer_std']):.2f}" if row["eer_std"] else ""
            published = f" ± {row['published_eer_std']}" if row["published_eer_std"] else ""
            yield (
                f"{row['recipe']}, {row['train_corpus']} to {row['eval_corpus']} "
                f"({row['protocol']}), {row['label_percent']} % of the labels: ours {ours:.2f}"
                f"{spread}, published {theirs:.2f}{published}, {ours - theirs:+.2f} points."
            )
