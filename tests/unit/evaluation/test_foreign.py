"""Score files and keys as other projects publish them."""

from collections import Counter

import pyarrow as pa
import pytest

from signl.errors import ScoreError
from signl.evaluation.foreign import matched_names, read_foreign_key, read_foreign_scores
from signl.evaluation.score_file_options import KeyFileOptions, ScoreFileOptions
from signl.evaluation.scores import read_scores, write_scores

#: Lines as the official keys have them, and what they say: trial, label, attack, codec.
KEYS = {
    "ASVspoof2019.LA.cm.eval.trl.txt": (
        "LA_0039 LA_E_2834763 - A11 spoof\nLA_0014 LA_E_8877452 - - bonafide\n",
        [("LA_E_2834763", "spoof", "A11"), ("LA_E_8877452", "bonafide", None)],
    ),
    "LA/trial_metadata.txt": (
        "LA_0009 LA_E_9332881 alaw ita_tx A07 spoof notrim eval\n"
        "LA_0020 LA_E_6866159 g722 loc_tx bonafide bonafide notrim progress\n",
        [("LA_E_9332881", "spoof", "A07"), ("LA_E_6866159", "bonafide", None)],
    ),
    "DF/trial_metadata.txt": (
        "LA_0023 DF_E_2000011 nocodec asvspoof A14 spoof notrim progress traditional_vocoder"
        " - - - -\n"
        "TEF2 DF_E_2000013 low_m4a vcc2020 - bonafide notrim eval bonafide Task1 team F-F E\n",
        [("DF_E_2000011", "spoof", "A14"), ("DF_E_2000013", "bonafide", None)],
    ),
    "ASVspoof5.eval.track_1.tsv": (
        "E_1607 E_0009538969 F C03 5 - AC1 A27 spoof -\n"
        "E_0443 E_0001188352 M - - - - bonafide bonafide -\n",
        [("E_0009538969", "spoof", "A27"), ("E_0001188352", "bonafide", None)],
    ),
    "ASVspoof5.dev.metadata.txt": (
        "D_0062 D_0000000001 F - A11 spoof\nD_0755 D_0000000022 F - bonafide bonafide\n",
        [("D_0000000001", "spoof", "A11"), ("D_0000000022", "bonafide", None)],
    ),
}


def read_key(path, text, subset=(), by=(), **options):
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return read_foreign_key(path, KeyFileOptions(**options), subset=subset, by=by)


def rows(table):
    return [tuple(row.values()) for row in table.to_pylist()]


@pytest.mark.parametrize("name", KEYS)
def test_official_keys_are_read_as_they_are(tmp_path, name):
    text, expected = KEYS[name]
    key = read_key(tmp_path / name, text, by=["attack"])
    assert rows(key.trials) == expected
    assert len(key.others) == 0


@pytest.mark.parametrize(
    "text",
    [
        "filename\tcm-label\na\tbonafide\nb\tspoof\n",
        "a bonafide\nb spoof\n",
        "\ufeffa bona-fide\r\nb spoof",
        "- a - - - bonafide\n- b - - A1 spoof\n",
    ],
)
def test_keys_of_trial_and_label_are_read(tmp_path, text):
    key = read_key(tmp_path / "key.txt", text)
    assert rows(key.trials) == [("a", "bonafide"), ("b", "spoof")]


def test_meta_csv_of_in_the_wild_is_read(tmp_path):
    text = 'file,speaker,label\n0.wav,Alec Guinness,spoof\n1.wav,"Obama, Barack",bona-fide\n'
    key = read_key(tmp_path / "meta.csv", text, by=["speaker"])
    assert rows(key.trials) == [
        ("0.wav", "spoof", "Alec Guinness"),
        ("1.wav", "bonafide", "Obama, Barack"),
    ]


def test_a_subset_leaves_the_others(tmp_path):
    name = "DF/trial_metadata.txt"
    path = tmp_path / name
    for subset in ([("phase", "eval")], [("8", "eval"), ("codec", "low_m4a")]):
        key = read_key(path, KEYS[name][0], subset=subset)
        assert rows(key.trials) == [("DF_E_2000013", "bonafide")]
        assert key.others.to_pylist() == ["DF_E_2000011"]
    both = read_key(path, KEYS[name][0], subset=[("phase", "eval"), ("phase", "progress")])
    assert len(both.trials) == 2
    with pytest.raises(ScoreError, match="no trial has 'hidden' in column 8; allowed are 'eval', "):
        read_key(path, KEYS[name][0], subset=[("phase", "hidden")])
    with pytest.raises(ScoreError, match="no trial is in the subset"):
        read_key(path, KEYS[name][0], subset=[("phase", "eval"), ("codec", "nocodec")])
    with pytest.raises(ScoreError, match="no column 'phases'; allowed are 'speaker', 'trial', "):
        read_key(path, KEYS[name][0], subset=[("phases", "eval")])


def test_columns_and_words_are_as_they_are_named(tmp_path):
    text = "truth;utt;set\nreal;a;1\nfake;b;2\n"
    options = {"trial": "utt", "label": "truth", "bonafide": ("real",), "spoof": ("fake",)}
    key = read_key(tmp_path / "key.csv", text, **options)
    assert rows(key.trials) == [("a", "bonafide"), ("b", "spoof")]
    options = {"trial": 1, "label": "3", "bonafide": ("1",), "spoof": ("0",)}
    key = read_key(tmp_path / "key.txt", "a x 1\nb y 0\n", **options)
    assert rows(key.trials) == [("a", "bonafide"), ("b", "spoof")]


def test_the_published_keys_are_read(shared, tmp_path):
    folder = shared / "protocols"
    wild = read_foreign_key(folder / "in_the_wild/in_the_wild_key.txt", KeyFileOptions())
    assert Counter(wild.trials["label"].to_pylist()) == {"bonafide": 19_963, "spoof": 11_816}
    la = folder / "asvspoof2019_la/ASVspoof2019.LA.cm.dev.trl.txt"
    dev = read_foreign_key(la, KeyFileOptions(), by=["attack"], subset=[("attack", "A01")])
    assert (len(dev.trials), len(dev.others)) == (3_716, 24_844 - 3_716)
    options = KeyFileOptions(bonafide=("real",), spoof=("fake",))
    five = read_foreign_key(folder / "asvspoof5/dev_meta_SIGNL.txt", options, by=["vocoder"])
    assert len(five.trials) == 56_773
    assert {*five.trials["label"].to_pylist()} == {"bonafide", "spoof"}


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ("a real\nb fake\n", {}, "two columns or more|taken for a header, 'a real', which has no"),
        ("a spoof\n\nb spoof\n", {}, "key.txt:2: 0 columns where line 1 has 2"),
        ("a spoof\nb fake\n", {}, "key.txt:2: expected a name in column 1 and one of"),
        ("a x spoof\nb y bonafide\n", {}, "is none of the forms with .* columns"),
        ("a spoof\na bonafide\n", {}, r"trials listed more than once: 1 \('a'\)"),
        ("a spoof\n", {"spoof": ("x",), "bonafide": ("x",)}, r"\['x'\] are given for bona fide"),
        ("a spoof\n", {"label": 3}, "no column '3'; allowed are 'trial', 'label' and the numbers"),
    ],
)
def test_what_is_no_key_is_refused(tmp_path, text, options, message):
    with pytest.raises(ScoreError, match=message):
        read_key(tmp_path / "key.txt", text, **options)


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("a 0.5\nb -1\n", {}),
        ("filename\tcm-score\na\t0.5\nb\t-1\n", {}),
        ("score,path\n0.5,a\n-1,b\n", {}),
        ("a A11 spoof 0.5\nb - bonafide -1\n", {}),
        ("x,a,0.5,7\ny,b,-1,7\n", {"trial": 2, "score": 3}),
        ("a|0.5\nb|-1\n", {"delimiter": "bar"}),
        ("a -0.5\nb 1\n", {"higher": "spoof"}),
    ],
)
def test_scores_are_read_in_any_form(tmp_path, text, options):
    path = tmp_path / "scores.txt"
    path.write_text(text)
    table = read_foreign_scores(path, ScoreFileOptions(**options))
    assert rows(table) == [("a", 0.5), ("b", -1.0)]


def test_a_score_table_of_ours_is_read(tmp_path):
    write_scores(tmp_path / "s.parquet", ["a", "b"], [0.5, -1.0], options={})
    ours = read_foreign_scores(tmp_path / "s.parquet", ScoreFileOptions())
    assert ours.equals(read_scores(tmp_path / "s.parquet"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a 1 2\nb 3 4\n", r"numbers in the columns \[2, 3\]: say which is the score"),
        ("a 1\nb x\n", "scores.txt:2: expected a name in column 1 and a number in column 2"),
        ("name,value\na,1\n", "no column for the score"),
        ("who,score\na,1\n", "no column for the trial"),
        ("a 1\na 2\n", r"ids scored more than once: 1 \('a'\)"),
        ("a 1\nb nan\n", r"NaN or infinite: 1 \('b'\)"),
    ],
)
def test_what_are_no_scores_is_refused(tmp_path, text, message):
    path = tmp_path / "scores.txt"
    path.write_text(text)
    with pytest.raises(ScoreError, match=message):
        read_foreign_scores(path, ScoreFileOptions())


def test_names_are_matched_without_folder_and_ending_where_one_trial_has_them():
    trials = pa.table({"utterance_id": ["a", "b", "c.wav", "d.wav", "d.flac"]})
    names = ["x/a.flac", "b", "c", "d.mp3", "e.wav"]
    scores = pa.table({"utterance_id": names, "score": [1.0, 2.0, 3.0, 4.0, 5.0]})
    found, n_renamed = matched_names(trials, scores)
    assert found["utterance_id"].to_pylist() == ["a", "b", "c.wav", "d.mp3", "e.wav"]
    assert found["score"].equals(scores["score"])
    assert n_renamed == 2
    taken = pa.table({"utterance_id": ["a", "a.wav"], "score": [1.0, 2.0]})
    assert matched_names(trials, taken) == (taken, 0)  # the trial has its score
