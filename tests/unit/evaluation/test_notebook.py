"""docs/notebook.ipynb, run as it stands: what it draws is what the table says."""

import json
import re

import pandas as pd
import pytest

LINES = 10


@pytest.fixture
def program(repository):
    """The code of the notebook, which has no outputs."""
    notebook = json.loads((repository / "docs" / "notebook.ipynb").read_text(encoding="utf-8"))
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert not any(cell["outputs"] or cell["execution_count"] for cell in cells)
    return "".join("".join(cell["source"]) for cell in cells)


@pytest.fixture
def cells():
    """Two recipes, two shares of labels, two seeds; half of it of another corpus."""
    rows = [
        {
            "recipe": recipe,
            "train_corpus": corpus,
            "eval_corpus": "cfad",
            "protocol": "all",
            "label_percent": percent,
            "frontend": "logmel",
            "perturbation": "",
            "seed": seed,
            "eer": eer + 0.02 * seed,
        }
        for corpus, shift in (("cfad", 0.0), ("asvspoof5", 0.3))
        for recipe, percent, eer in (
            ("mean", 5.0, 0.4 + shift / 10),
            ("mean", 100.0, 0.2),
            ("signl", 5.0, 0.3),
            ("signl", 100.0, 0.1),
        )
        for seed in (1, 2)
    ]
    return pd.DataFrame(rows)


def test_the_page_shows_the_notebook(program, repository):
    page = (repository / "docs" / "notebook.md").read_text(encoding="utf-8")
    assert re.findall(r"^```python\n(.*?)\n```$", page, re.MULTILINE | re.DOTALL) == [program]
    assert len([line for line in program.splitlines() if line]) <= LINES


def test_lines_of_its_figure_are_the_means_of_the_table(program, cells, tmp_path, monkeypatch):
    (tmp_path / "results").mkdir()
    cells.to_parquet(tmp_path / "results" / "metrics.parquet")
    monkeypatch.chdir(tmp_path)
    names = {}
    exec(compile(program, "docs/notebook.ipynb", "exec"), names)
    assert (tmp_path / "efficiency.svg").stat().st_size > 1000
    (axes,) = [each for each in names["figure"].axes if each.lines]
    drawn = {
        tuple((round(float(x), 6), round(float(y), 6)) for x, y in line.get_xydata())
        for line in axes.lines
    }
    own = cells[cells["train_corpus"] == "cfad"]
    for _, of_recipe in own.groupby("recipe"):
        means = 100 * of_recipe.groupby("label_percent")["eer"].mean()
        assert tuple((x, round(y, 6)) for x, y in means.items()) in drawn
