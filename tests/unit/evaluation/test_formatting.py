"""Tables for the terminal: aligned, compact where wide, and safe to print."""

import pyarrow.parquet as pq
import pytest

from signl import stages
from signl.artefacts import MadeBy, write_table
from signl.errors import ArtefactError
from signl.evaluation.collecting import collect_metrics
from signl.evaluation.formatting import format_table
from signl.evaluation.scores import write_scores
from signl.evaluation.tables import tabulate


@pytest.fixture
def wide(tmp_path):
    """Return a function that tabulates files and gives the path of the table."""

    def write(metrics, **options):
        paths = tmp_path / "metrics.parquet", tmp_path / "breakdown.parquet"
        collect_metrics(metrics, *paths)
        output = tmp_path / "table.csv"
        tabulate(paths[0], output, table="crossdomain", options=options)
        return output

    return write


def test_text_is_aligned_and_compact(write_metrics, wide):
    paths = [write_metrics(seed=seed, eer=eer) for seed, eer in enumerate((0.06, 0.07))]
    paths.append(
        write_metrics(recipe="supervised_baseline", label_percent=100, n_spoof=31_769, eer=0.5)
    )
    published_as = {"signl": {"model": "signl", "frontend": "wav2vec2"}}
    output = wide(paths, published_as=published_as)
    header, first, second = format_table(output).splitlines()
    assert first.split("  ")[0] == "signl"
    assert "in_the_wild (all)" in first
    assert "6.50 ± 0.71" in first
    assert second.split() == [
        "supervised_baseline", "cfad", "in_the_wild", "(all)", "100", "1", "31,779",
        "50.00", "0.500", "-",
    ]  # fmt: skip
    for name, value in (("trials", "31,779"), ("EER %", "50.00"), ("minDCF", "0.500")):
        assert header.index(name) + len(name) == second.index(value) + len(value)


def test_an_empty_table_is_a_header(wide):
    assert format_table(wide([])).count("\n") == 1


def test_other_tables_have_all_their_columns(tmp_path):
    path = tmp_path / "breakdown.csv"
    path.write_text("name,n_spoof,eer_mean\nmp3,4,2.5000\nA-long-name,116,\n")
    assert format_table(path) == (
        "name         n_spoof  eer_mean\nmp3                4    2.5000\nA-long-name      116\n"
    )


def test_collected_metrics_are_shown_as_numbers(write_metrics, wide, tmp_path):
    wide([write_metrics(eer=1 / 3, has_dev=False)])
    header, row = format_table(tmp_path / "metrics.parquet").splitlines()
    assert header.split()[:8] == [
        *("recipe", "train_corpus", "eval_corpus", "protocol", "label_percent", "frontend"),
        *("perturbation", "resynthesis"),
    ]
    assert "0.333333" in row
    assert "nan" not in row


def test_what_would_move_the_cursor_is_escaped(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("name\n\x1b[2Jevil\n")
    assert format_table(path) == "name\n\\x1b[2Jevil\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "table.csv is empty"),
        (b"\xff\xfe", "table.csv is no table in CSV"),
        (b"a,b\n1,2\n1\n", "row 3 has 1 columns, its header has 2"),
        (b'a,b\n"1,2\n', "table.csv is no table in CSV"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path, content, message):
    path = tmp_path / "table.csv"
    path.write_bytes(content)
    with pytest.raises(ArtefactError, match=message):
        format_table(path)


def test_parquet_of_another_stage_is_refused(tmp_path):
    path = tmp_path / "scores.parquet"
    write_scores(path, ["a"], [0.5], options={})
    with pytest.raises(ArtefactError, match=r"made by score, .*; allowed are CSV files, metrics"):
        format_table(path)


def test_parquet_of_another_revision_is_refused(write_metrics, wide, tmp_path):
    wide([write_metrics()])
    path = tmp_path / "metrics.parquet"

    made_by = MadeBy(stage="collect_metrics", revision=stages.COLLECTED.revision + 1, options={})
    write_table(path, pq.read_table(path), made_by)
    with pytest.raises(ArtefactError, match="revision"):
        format_table(path)


@pytest.fixture
def compared(write_metrics, wide):
    """A table of two recipes, of which the second has the smaller EER with 5 % of the labels."""
    rows = [("plain_one", 0.08), ("plain_one", 0.1), ("b|c", 0.07)]
    paths = [write_metrics(recipe=name, seed=n, eer=eer) for n, (name, eer) in enumerate(rows)]
    paths.append(write_metrics(recipe="plain_one", label_percent=100, eer=0.5))
    return wide(paths)


def test_markdown_has_the_best_in_bold_where_recipes_compare(compared):
    lines = format_table(compared, "markdown").splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
    assert cells[1] == ["---"] * 3 + ["---:"] * 6
    assert [row[0] for row in cells[2:]] == [r"b\|c", "plain_one", "plain_one"]
    assert [row[6] for row in cells[2:]] == ["**7.00**", "9.00 ± 1.41", "50.00"]


def test_latex_is_escaped_and_aligned(compared):
    text = format_table(compared, "latex")
    assert text.startswith(
        "\\begin{tabular}{lllrrrrrr}\n\\toprule\nrecipe & train & evaluate on & labels"
    )
    assert r"labels \% & seeds" in text
    assert r"plain\_one & cfad & in\_the\_wild (all) & 5 & 2 &" in text
    assert r"& \textbf{7.00} &" in text
    assert r"9.00 $\pm$ 1.41" in text


def test_csv_and_columns_by_name(compared):
    lines = format_table(compared, "csv", columns=["eer_mean", "recipe"]).splitlines()
    assert lines == ["eer_mean,recipe", "7.0000,b|c", "9.0000,plain_one", "50.0000,plain_one"]
    with pytest.raises(ArtefactError, match="has no column 'eer'; allowed are recipe, "):
        format_table(compared, columns=["eer"])
