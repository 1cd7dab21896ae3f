"""Tables of public corpora, made of small trees that lie as those do."""

import csv
import re
import zipfile

import pytest

from signl.corpora.table.options import COLUMNS
from signl.corpora.table.table_files import read_table_file
from signl.corpora.table.table_making import layouts, make_table
from signl.errors import ArchiveError, ConfigError, ProtocolError

#: Layout -> files of a small tree, and the rows of its table.
TREES = {
    "fakeorreal": (
        {"training/real/a.wav": "", "validation/fake/b.mp3": "", "testing/fake/c.wav": ""},
        {
            "testing/fake/c.wav": {"label": "spoof", "partition": "eval", "language": "en"},
            "training/real/a.wav": {"label": "bonafide", "partition": "train", "language": "en"},
            "validation/fake/b.mp3": {"label": "spoof", "partition": "dev", "language": "en"},
        },
    ),
    "wavefake": (
        {
            "generated_audio/ljspeech_melgan/LJ001-0001_gen.wav": "",
            "generated_audio/jsut_parallel_wavegan/B_gen.wav": "",
            "LJSpeech-1.1/wavs/LJ001-0001.wav": "",
            "LJSpeech-1.1/metadata.csv": "",
        },
        {
            "LJSpeech-1.1/wavs/LJ001-0001.wav": {"label": "bonafide", "language": "en"},
            "generated_audio/jsut_parallel_wavegan/B_gen.wav": {
                "label": "spoof",
                "attack": "jsut_parallel_wavegan",
                "language": "ja",
            },
            "generated_audio/ljspeech_melgan/LJ001-0001_gen.wav": {
                "label": "spoof",
                "attack": "ljspeech_melgan",
                "language": "en",
            },
        },
    ),
    "librisevoc": (
        {"gt/8580_287363_11_0.wav": "", "melgan/8580_287363_11_0_gen.wav": ""},
        {
            "gt/8580_287363_11_0.wav": {"label": "bonafide", "speaker": "8580", "language": "en"},
            "melgan/8580_287363_11_0_gen.wav": {
                "label": "spoof",
                "speaker": "8580",
                "attack": "melgan",
                "language": "en",
            },
        },
    ),
    "mlaad": (
        {
            "fake/ar/tts_models_bark/x.wav": "",
            "fake/ar/tts_models_bark/meta.csv": "",
            "de_DE/by_book/male/karlsson/maedchen/wavs/m_01.wav": "",
            "en_US/by_book/mix/some_book/wavs/s_01.wav": "",
        },
        {
            "de_DE/by_book/male/karlsson/maedchen/wavs/m_01.wav": {
                "label": "bonafide",
                "speaker": "karlsson",
                "language": "de",
            },
            "en_US/by_book/mix/some_book/wavs/s_01.wav": {"label": "bonafide", "language": "en"},
            "fake/ar/tts_models_bark/x.wav": {
                "label": "spoof",
                "attack": "tts_models_bark",
                "language": "ar",
            },
        },
    ),
    "add2023": (
        {
            "Track1.2/testR2/label.txt": "a.wav genuine\nb.wav fake\nlost.wav fake\n",
            "Track1.2/testR2/wav/a.wav": "",
            "Track1.2/testR2/wav/b.wav": "",
        },
        {
            "Track1.2/testR2/wav/a.wav": {
                "label": "bonafide",
                "partition": "eval",
                "language": "zh",
                "protocol": "testr2",
            },
            "Track1.2/testR2/wav/b.wav": {
                "label": "spoof",
                "partition": "eval",
                "language": "zh",
                "protocol": "testr2",
            },
        },
    ),
    "codecfake": (
        {
            "label/train.txt": "file label method\nS1.wav real 0\nF01_S1.wav fake 1\n",
            "label/C7.txt": "F07_S2.wav fake 7\n",
            "train/S1.wav": "",
            "train/F01_S1.wav": "",
            "C7/F07_S2.wav": "",
        },
        {
            "C7/F07_S2.wav": {
                "label": "spoof",
                "partition": "eval",
                "attack": "F07",
                "protocol": "c7",
            },
            "train/F01_S1.wav": {"label": "spoof", "partition": "train", "attack": "F01"},
            "train/S1.wav": {"label": "bonafide", "partition": "train"},
        },
    ),
}


def write_tree(folder, files):
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def rows_of(path):
    with path.open(encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    return {row.pop("path"): {key: value for key, value in row.items() if value} for row in rows}


def test_every_layout_has_a_tree_here():
    assert layouts().keys() == TREES.keys()


@pytest.mark.parametrize("above", ["", "for-norm/"])
@pytest.mark.parametrize("layout", TREES)
def test_a_tree_gives_its_table(tmp_path, layout, above, parsed):
    files, expected = TREES[layout]
    write_tree(tmp_path / "audio" / above, files)
    counts = make_table(layout, tmp_path / "audio", tmp_path / "mine.csv")
    rows = rows_of(tmp_path / "mine.csv")
    assert rows == {f"{above}{name}": row for name, row in expected.items()}
    assert counts.total() == len(expected)
    header = read_table_file(tmp_path / "mine.csv").header
    assert set(header) <= set(COLUMNS)
    found = parsed((tmp_path / "mine.csv").read_text())
    assert (found.problems, len(found.trials)) == ([], len(expected))


def test_an_archive_gives_the_table_of_its_folder(tmp_path):
    files, _ = TREES["codecfake"]
    write_tree(tmp_path / "audio", files)
    with zipfile.ZipFile(tmp_path / "audio.zip", "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    for name in ("audio", "audio.zip"):
        make_table("codecfake", tmp_path / name, tmp_path / f"{name}.csv")
    assert (tmp_path / "audio.zip.csv").read_bytes() == (tmp_path / "audio.csv").read_bytes()


def test_what_does_not_lie_so_is_refused(tmp_path):
    write_tree(tmp_path / "audio", {"gt/notes.txt": ""})
    with pytest.raises(ProtocolError, match="none of its 1 files lies as in librisevoc"):
        make_table("librisevoc", tmp_path / "audio", tmp_path / "mine.csv")
    with pytest.raises(ConfigError, match=r"layout 'timit' is none of \['add2023', 'codecfake'"):
        make_table("timit", tmp_path / "audio", tmp_path / "mine.csv")
    with pytest.raises(ArchiveError, match="cannot be read"):
        make_table("librisevoc", tmp_path / "none", tmp_path / "mine.csv")
    assert not (tmp_path / "mine.csv").exists()


def test_a_line_of_a_list_that_is_none_is_named(tmp_path):
    text = "a.wav genuine\nb.wav maybe\n"
    write_tree(tmp_path / "audio", {"test/label.txt": text, "test/wav/a.wav": ""})
    words = "test/label.txt, row 2: 'b.wav maybe'; allowed are file word, with a word of genuine, f"
    with pytest.raises(ProtocolError, match=re.escape(words)):
        make_table("add2023", tmp_path / "audio", tmp_path / "mine.csv")
