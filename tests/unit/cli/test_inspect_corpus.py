"""signl corpus inspect, as a user calls it."""

import re

import numpy as np
import pytest
import yaml

from signl.demo.encoding import wav_bytes


@pytest.fixture
def table(tmp_path):
    """A table of six recordings, beside them."""
    rng = np.random.default_rng(0)
    rows = ["file,class\n"]
    for number in range(6):
        waveform = 0.1 * rng.standard_normal(1600)
        (tmp_path / f"{number}.wav").write_bytes(wav_bytes(waveform))
        rows.append(f"{number}.wav,{'fake' if number % 2 else 'real'}\n")
    path = tmp_path / "mine.csv"
    path.write_text("".join(rows))
    return path


WORDS = ("--column", "path=file", "--column", "label=class", "--label", "real=bonafide")


def test_a_sound_table_ends_with_0_and_a_wrong_one_with_1(signl, table):
    done = signl("corpus", "inspect", table, *WORDS, "--label", "fake=spoof")
    assert (done.returncode, done.stderr) == (0, "")
    assert "nothing is wrong" in done.stdout
    done = signl("corpus", "inspect", table, *WORDS, "--problems", "2")
    assert done.returncode == 1
    assert "row 3, column class: 'fake'; allowed is one of real, or nothing in train" in done.stdout
    assert "... and 1 more" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "has no column path, but file, class; name the one that says it"),
        (("--label", "fake"), "--label is 'fake'; allowed is WORD=MEANING, each word once"),
        (("--label", "fake=real"), "labels.fake is 'real'; allowed is"),
        (("--column", "file=path"), "columns.file"),
    ],
)
def test_what_is_said_wrong_is_told(signl, table, arguments, words):
    done = signl("corpus", "inspect", table, *arguments)
    assert done.returncode == 1
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_a_corpus_of_a_configuration_is_inspected_by_its_name(signl, table, repository, tmp_path):
    config = yaml.safe_load((repository / "config.yaml").read_text(encoding="utf-8"))
    config["corpora"]["mine"] = {
        "kind": "table",
        "table": str(table),
        "columns": {"path": "file", "label": "class"},
        "labels": {"real": "bonafide", "fake": "spoof"},
    }
    path = tmp_path / "config.test.yaml"
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
    done = signl("corpus", "inspect", "mine", "--config", path)
    assert done.returncode == 0, done.stderr
    assert "6 of 6 recordings are there" in done.stdout
    done = signl("corpus", "inspect", "cfad", "--config", path)
    assert "corpus 'cfad' is no corpus of kind table; known are ['mine']" in done.stderr
    assert done.returncode == 1


def test_a_table_is_made_of_a_layout(signl, tmp_path):
    for name in ("gt/1_2_3.wav", "melgan/1_2_3_gen.wav"):
        path = tmp_path / "LibriSeVoc" / name
        path.parent.mkdir(parents=True)
        path.write_bytes(wav_bytes(np.zeros(1600)))
    arguments = ("corpus", "table", "librisevoc", tmp_path / "LibriSeVoc", tmp_path / "mine.csv")
    done = signl(*arguments)
    assert (done.returncode, done.stderr) == (0, "")
    assert re.findall(r"(\w+) +1\n", done.stdout) == ["bonafide", "spoof"]
    done = signl(*arguments)
    assert (done.returncode, "is there already" in done.stderr) == (1, True)
