"""What an inspection tells of a table and its audio."""

import re
import shutil
from pathlib import Path

import pytest

from signl.corpora.table.inspecting import format_inspection, inspect_table
from signl.corpora.table.options import TableOptions
from signl.typed import build


def inspect(entry, *, limit=100, **options):
    return inspect_table(build(TableOptions, entry | options, ""), limit=limit)


def told(found, n_problems=100):
    return format_inspection(found, n_problems=n_problems)


def test_a_sound_table_is_counted_and_measured(recordings, entry):
    found = inspect(entry)
    assert found.is_sound
    # Recording n has 800 (n + 1) samples at 16 kHz.
    assert sorted(found.durations) == pytest.approx([0.05 * n for n in range(1, 13)])
    text = told(found)
    assert "data/mine.csv: 12 rows; says path (column file), label (column class), spea" in text
    assert re.search(r"partition +bonafide +spoof +unlabelled +speakers\n", text)
    assert "recordings of speakers: S0 3, S1 3, S2 3, S3 3" in text
    assert "12 of 12 recordings are there; 0 other files" in text
    assert "12 were decoded: 0.05 to 0.60 s, median 0.32 s, together 0.001 h; 12 at 16,000" in text
    assert text.endswith("nothing is wrong")


def test_a_limit_holds_for_decoding_alone(recordings, entry):
    found = inspect(entry, limit=5)
    assert (len(found.durations), found.n_audio) == (5, 12)
    assert "were decoded" not in told(inspect(entry, limit=0))


def test_what_is_wrong_is_told_row_by_row(recordings, entry):
    table = Path("data/mine.csv")
    table.write_text(table.read_text().replace("4.wav,real", "4.wav,genuine") + "12.wav,fake,S3\n")
    Path("data/wavs/2.wav").write_bytes(b"RIFF no audio")
    Path("data/wavs/more").mkdir()
    shutil.move("data/wavs/7.wav", "data/wavs/more/7.wav")
    Path("data/wavs/notes.txt").write_text("mine")
    found = inspect(entry)
    lines = told(found).split("\n")
    assert not found.is_sound
    assert [problem.row for problem in found.problems] == [4, 6, 9, 14]
    assert "12.wav" in lines[-1]
    text = "\n".join(lines)
    assert "row 4, column file: '2.wav'; allowed is a recording that can be decoded (" in text
    assert "row 6, column class: 'genuine'; allowed is one of real, fake, or nothing in" in text
    assert "row 9, column file: '7.wav'; allowed is a recording in data/wavs, such as 'more/7" in (
        text
    )
    assert "11 of 13 recordings are there; 2 other files" in text
    assert told(found, 2).endswith("  ... and 2 more")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"audio": "data/none"}, "data/none cannot be read (No such file or directory)"),
        ({"protocols": ["all", "hard"]}, "eval, protocol hard has 0 bona fide recordings and 0 s"),
        ({"shares": {"train": 0.2, "dev": 0.8}, "labels": {"real": "spoof", "fake": "spoof"}}, ""),
        ({"split_by": "utterance", "shares": {"train": 0.9, "dev": 0.1}}, None),
        ({"columns": {"path": "file", "label": "class", "partition": "speaker"}}, "'S0'; allowed"),
    ],
)
def test_what_is_wrong_with_the_whole_is_told(recordings, entry, options, words):
    found = inspect(entry, **options)
    assert found.is_sound == (words is None)
    assert (words or "") in told(found)


def test_one_class_in_train_or_dev_is_told(recordings, entry):
    found = inspect(entry, labels={"real": "spoof", "fake": "spoof"})
    assert [remark.split(" has ")[0] for remark in found.remarks] == [
        "train",
        "dev",
        "eval, protocol all",
    ]


def test_speakers_of_several_partitions_are_told(recordings, entry):
    text = told(inspect(entry, split_by="utterance"))
    assert "speakers of several partitions:" in text
    assert "speakers of several partitions:" not in told(inspect(entry))


def test_names_of_others_reach_the_terminal_escaped(recordings, entry):
    table = Path("data/mine.csv")
    table.write_text(table.read_text() + "\x1b[2J.wav,fake,S1\n")
    assert all(line.isprintable() for line in told(inspect(entry)).split("\n"))
