"""Tables of recordings, and configurations that name them."""

import numpy as np
import pytest
from table_corpora import config_of

from signl.corpora.table.options import TableOptions
from signl.corpora.table.table_files import parse_text
from signl.corpora.table.table_rows import parse_table
from signl.demo.encoding import wav_bytes
from signl.typed import build


@pytest.fixture(scope="session")
def options_of():
    """Return a function that gives the options of a table."""
    return lambda **given: build(TableOptions, {"table": "mine.csv", **given}, "corpora.mine")


@pytest.fixture(scope="session")
def parsed(options_of):
    """Return a function that parses a table of text."""

    def parse(text, **given):
        table = parse_text(text.encode(), "mine.csv")
        return parse_table(table, options_of(**given), "mine.csv", "table-mine")

    return parse


@pytest.fixture
def recordings(tmp_path, monkeypatch):
    """A folder with twelve recordings of four speakers and their table; the working folder."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "data" / "wavs"
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    rows = ["file,class,speaker\n"]
    for number in range(12):
        waveform = 0.1 * rng.standard_normal(800 * (number + 1))
        (folder / f"{number}.wav").write_bytes(wav_bytes(waveform))
        rows.append(f"{number}.wav,{'fake' if number % 2 else 'real'},S{number // 3}\n")
    (tmp_path / "data" / "mine.csv").write_text("".join(rows))
    return tmp_path


@pytest.fixture
def entry():
    """The entry of the configuration that describes these recordings."""
    return {
        "kind": "table",
        "table": "data/mine.csv",
        "audio": "data/wavs",
        "columns": {"path": "file", "label": "class"},
        "labels": {"real": "bonafide", "fake": "spoof"},
    }


@pytest.fixture
def config(entry):
    """A configuration of an experiment on them."""
    return config_of(entry)
