"""Rule ``summarise``: one page of all that was found, which needs nothing else to be read."""

import csv
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import yaml

from signl.artefacts import write_text
from signl.corpora.pools import is_pool
from signl.evaluation.collected import read_collected
from signl.evaluation.comparisons import read_comparisons
from signl.evaluation.figures.domain_map import crossdomain
from signl.evaluation.figures.label_curves import label_efficiency
from signl.evaluation.page import charts, findings, provenance
from signl.evaluation.page.markup import csv_table, drawing, escaped, listed, page, paragraph, table

logger = logging.getLogger(__name__)

TITLE: Final = "Results of SIGNL-pipeline"
_NOTHING: Final = "There is nothing in this table."
_ACROSS: Final = (
    'Evaluated on another corpus than trained on. Rows of several corpora ("a+b", protocol '
    '"pooled") are of all their trials as one, with the raw scores of each classifier.'
)


class Tables(NamedTuple):
    """The tables that a page is made of.

    Attributes
    ----------
    metrics, comparisons : path
        Parquet files of the rules ``collect_metrics`` and ``compare_recipes``.
    indomain, crossdomain, compared, breakdown, pretraining, quarantine : path
        CSV files.
    """

    metrics: str
    comparisons: str
    indomain: str
    crossdomain: str
    compared: str
    breakdown: str
    pretraining: str
    quarantine: str


def summarise(
    tables: Tables,
    output: str | Path,
    *,
    results: str | Path,
    config: Mapping[str, Any],
    recipes: Sequence[str],
    published_as: Mapping[str, Mapping[str, str] | None],
    pretraining_pairs: Sequence[Sequence[str]],
) -> None:
    """Write the page.

    Parameters
    ----------
    tables : Tables
        What it tells of.
    output : path
        The HTML file; the same results and run times give the same bytes.
    results : path
        The results folder, whose headers and benchmarks say what was read and how long it took.
    config : Mapping
        The configuration.
    recipes : sequence of str
        All recipes of the experiment.
    published_as : Mapping
        Recipe -> the published system beside which its results stand.
    pretraining_pairs : sequence of pairs of str
        Recipes with a pre-training, and those that differ in it alone.

    Raises
    ------
    ArtefactError
        If a table is damaged or was made by something else.
    """
    cells = read_collected(tables.metrics).to_pandas()
    cells["perturbation"] = cells["perturbation"].fillna("")
    of_pool = cells["eval_corpus"].map(is_pool).astype(bool)
    cells, pools = cells[~of_pool], cells[of_pool]
    comparisons = read_comparisons(tables.comparisons).to_pylist()
    sections = [
        ("found", "What was found", _found(tables, cells, pools, comparisons, pretraining_pairs)),
        ("figures", "Figures", _figures(cells, recipes, published_as)),
        *_tables(tables),
        ("provenance", "How it was made", _provenance(results, config)),
    ]
    drawn = {} if cells.empty else {"module": charts.chart_script(), "notice": charts.NOTICE}
    write_text(output, page(TITLE, sections, **drawn))
    logger.info("told of %d cells and %d comparisons in %s", len(cells), len(comparisons), output)


def _found(
    tables: Tables,
    cells: Any,  # noqa: ANN401
    pools: Any,  # noqa: ANN401
    comparisons: Sequence[Mapping[str, Any]],
    pairs: Sequence[Sequence[str]],
) -> str:
    """Return the summary."""
    best = findings.best_rows(cells, comparisons)
    domains = [*_rows(tables.indomain), *_rows(tables.crossdomain)]
    parts = (
        ("Best recipes", findings.told_best(best)),
        ("All evaluation corpora beyond those of training, as one", findings.told_pooled(pools)),
        ("Differences", findings.told_comparisons(comparisons)),
        ("What pre-training brought", findings.told_pretraining(comparisons, pairs)),
        ("What labels brought", findings.told_labels(cells)),
        ("Collapses", findings.told_collapses(_rows(tables.pretraining))),
        ("Quarantine", findings.told_quarantine(_rows(tables.quarantine))),
        ("Beside the published figures", findings.told_published(domains)),
    )
    told = "".join(f"<h3>{escaped(title)}</h3>\n{listed(lines)}" for title, lines in parts)
    caption = paragraph(
        "The best recipe of each evaluation, by the mean EER over seeds, and the next. Low and "
        "high are the means of the ends of its seeds' 95 % intervals over trials; they do not "
        'hold the spread between trainings. Unless "differs" says yes, take both for equally good.'
    )
    named = f"<h3>{escaped('Evaluation by evaluation')}</h3>\n{caption}"
    return told + named + table("best", findings.BEST_HEADER, best, _NOTHING)


def _figures(
    cells: Any,  # noqa: ANN401
    recipes: Sequence[str],
    published_as: Mapping[str, Mapping[str, str] | None],
) -> str:
    """Return the figures that fit every experiment."""
    plain = cells[cells["perturbation"] == ""]
    curves = label_efficiency(plain, recipes=recipes, published_as=published_as)
    return drawing(
        curves,
        "EER against the share of labels",
        "Shows the mean EER over seeds, and one sample standard deviation to each side. It does "
        "not show whether recipes differ: bands of few seeds are no confidence intervals, and the "
        "table of comparisons is the place to look. In the chart, a click on a name in the legend "
        "singles a recipe out, more with the shift key; two clicks beside it show all again.",
        charts.label_chart(plain, recipes, published_as),
    ) + drawing(
        crossdomain(plain),
        "EER of every training corpus on every evaluation corpus",
        "Shows the mean EER over seeds in per cent; framed cells are in the domain of training. It "
        "does not show the spread over trials. 50 is chance.",
        charts.domain_chart(plain),
    )


def _tables(tables: Tables) -> list[tuple[str, str, str]]:
    """Return a section for each table, which is sorted by its headers and filtered by words."""
    return [
        (name, title, paragraph(caption) + csv_table(getattr(tables, name), _NOTHING))
        for name, title, caption in (
            ("indomain", "In domain", "Trained and evaluated on the same corpus. EER in per cent."),
            ("crossdomain", "Across domains", _ACROSS),
            (
                "compared",
                "Comparisons",
                "Every two recipes of the same training corpus and share of labels, on the same "
                'trials; difference in points of a per cent, first less second. Where "differs" '
                "says no, it may be chance.",
            ),
            (
                "breakdown",
                "By attack and codec",
                "EER in per cent; parts of few trials vary by chance.",
            ),
            ("pretraining", "Pre-training", 'A row for each; "collapsed" before all else.'),
            ("quarantine", "Quarantine", "Trials that no table counts."),
        )
    ]


def _provenance(results: str | Path, config: Mapping[str, Any]) -> str:
    """Return what the results were made of, and how long that took."""
    frontends = config.get("frontends", {})
    parts = (
        (
            "Archives, by the headers of what was read",
            provenance.ARCHIVES_HEADER,
            provenance.archive_rows(results),
        ),
        ("Speech models", ("front-end", "model", "revision"), provenance.models_of(frontends)),
        ("Run times, by the benchmarks", provenance.TIMES_HEADER, provenance.time_rows(results)),
        ("Versions of what made this page", ("package", "version"), provenance.versions()),
        ("Revisions of the stages", ("stage", "revision"), provenance.revisions()),
    )
    told = "".join(
        f"<h3>{escaped(title)}</h3>\n{table(title, header, rows, 'Nothing is known of it.')}"
        for title, header, rows in parts
    )
    text = yaml.safe_dump(dict(config), sort_keys=False, allow_unicode=True, width=110)
    return f"{told}<h3>Configuration</h3>\n<pre>{escaped(text)}</pre>\n"


def _rows(path: str | Path) -> list[dict[str, str]]:
    """Return the rows of a CSV file."""
    with Path(path).open(encoding="utf-8-sig", newline="") as handle:
        return list(csv.DictReader(handle))
