"""signl measure-scores, as a user calls it."""

import json
import re

import pytest

SCORES = "xlsr_mamba_in_the_wild.txt"


@pytest.fixture
def published(shared, tmp_path):
    """Published scores, and a key file of ``trial label`` lines made of the published key."""
    key = shared / "protocols" / "in_the_wild" / "in_the_wild_key.txt"
    rows = [line.split() for line in key.read_text().splitlines()]
    path = tmp_path / "key.txt"
    path.write_text("".join(f"{row[1]} {row[-1]}\n" for row in rows))
    return shared / "scores" / SCORES, path


def test_published_scores_have_their_published_measures(signl, published):
    scores, keys = published
    done = signl("measure-scores", scores, "--form", "asvspoof2021", "--keys", keys)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert "19963 bona fide, 11816 spoof" in done.stdout
    assert "6.709324 %" in done.stdout
    figures = dict(re.findall(r"^(\w+) +([\d.]+)", done.stdout, flags=re.MULTILINE))
    assert figures["minDCF"] == "0.172855"
    assert figures["actDCF"] == "1.047616"
    assert figures["Cllr"] == "1.021017"
    low, high = map(float, re.search(r"interval ([\d.]+) to ([\d.]+)", done.stdout).groups())
    assert 6.2 < low < 6.709324 < high < 7.2


def test_scores_of_the_other_sign_are_remarked_upon(signl, published, tmp_path):
    scores, keys = published
    flipped = tmp_path / "flipped.txt"
    rows = [line.split() for line in scores.read_text().splitlines()]
    flipped.write_text("".join(f"{name} {-float(score)!r}\n" for name, score in rows))
    done = signl("measure-scores", flipped, "--form", "asvspoof2021", "--keys", keys)
    assert done.returncode == 0
    assert "93.29" in done.stdout
    assert "do these scores rise with belief in spoof?" in done.stderr


@pytest.fixture
def small(tmp_path):
    """Return a function that writes scores and keys with headers and gives the arguments."""

    def write(scores, keys):
        paths = tmp_path / "scores.tsv", tmp_path / "keys.tsv"
        for path, header, rows in zip(paths, ("cm-score", "cm-label"), (scores, keys), strict=True):
            lines = [f"filename\t{header}", *(f"{name}\t{value}" for name, value in rows.items())]
            path.write_text("\n".join(lines) + "\n")
        return ("measure-scores", paths[0], "--form", "asvspoof5", "--keys", paths[1])

    return write


KEYS = {"E_1": "bonafide", "E_2": "spoof"}


def test_files_with_headers_are_read_and_the_seed_makes_the_interval(signl, small):
    scores = {"E_1": 1.0, "E_2": 0.5, "E_3": 0.7, "E_4": 0.4}
    arguments = small(scores, KEYS | {"E_3": "spoof", "E_4": "bonafide"})
    first, again = (signl(*arguments, "--seed", "4") for _ in range(2))
    assert first.returncode == 0, first.stderr
    assert first.stdout == again.stdout
    assert "EER     50.000000 %" in first.stdout
    assert "1000 resamples, seed 4" in first.stdout


def test_equal_scores_have_no_eer_and_are_not_of_the_other_sign(signl, small):
    done = signl(*small(dict.fromkeys(KEYS, 0.5), KEYS))
    assert done.returncode == 0, done.stderr
    assert "EER     not defined: all scores are equal" in done.stdout
    assert "all scores are equal" in done.stderr
    assert "100" not in done.stdout
    assert "rise with belief" not in done.stderr


def test_ties_are_told_of(signl, small):
    scores = {"E_1": 1.0, "E_2": 1.0, "E_3": 0.0, "E_4": 2.0}
    keys = KEYS | {"E_3": "spoof", "E_4": "bonafide"}
    done = signl(*small(scores, keys))
    assert "1 bona fide and 1 spoof scores are equal at the threshold" in done.stderr
    assert "ties count against the system" in done.stderr


@pytest.mark.parametrize(
    ("scores", "keys", "message"),
    [
        ({"E_1": 1.0}, KEYS, "trials without a score: 1 ('E_2')"),
        ({"E_1": 1.0, "E_2": 0.0, "E_3": 2.0}, KEYS, "scores without a trial: 1 ('E_3')"),
        ({"E_1": 1.0, "E_2": "nan"}, KEYS, "NaN or infinite: 1 ('E_2')"),
        ({"E_1": 1.0, "E_2": 0.0}, KEYS | {"E_2": "fake"}, "keys.tsv:3: "),
        ({"E_1": 1.0}, {"E_1": "bonafide"}, "got 1 bona fide and 0 spoof"),
    ],
)
def test_what_cannot_be_measured_is_refused_in_words(signl, small, scores, keys, message):
    done = signl(*small(scores, keys))
    assert done.returncode == 1
    assert done.stderr.startswith("ScoreError: ")
    assert message in done.stderr
    assert done.stdout == ""


@pytest.fixture
def official(tmp_path):
    """Return paths: a key in the form of 2021 DF, and scores of two systems in other forms."""
    rows, good, bad = [], ["utt,llr"], []
    for number in range(60):
        name, is_bonafide = f"DF_E_{number:07}", number % 3 == 0
        words = ("-", "bonafide") if is_bonafide else (f"A{number % 2}", "spoof")
        phase = "eval" if number < 50 else "hidden"
        vocoder = "bonafide" if is_bonafide else "neural"
        codec = "mp3" if number % 4 else "none"
        rows.append(
            f"LA_1 {name} {codec} vcc {words[0]} {words[1]} notrim {phase} {vocoder} - - - -"
        )
        good.append(f"{name}.flac,{is_bonafide + number % 7 / 4}")
        bad.append(f"{name} {is_bonafide - number % 5}")
    paths = [tmp_path / name for name in ("trial_metadata.txt", "good.csv", "bad.txt")]
    for path, lines in zip(paths, (rows, good, bad), strict=True):
        path.write_text("\n".join(lines) + "\n")
    return paths


def test_systems_are_measured_and_compared_on_a_subset_of_an_official_key(signl, official):
    key, good, bad = official
    chosen = ("--keys", key, "--subset", "phase=eval", "--by", "attack", "--by", "codec")
    done = signl("measure-scores", good, bad, *chosen, "--json", "--resamples", "99")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert (report["n_bonafide"], report["n_spoof"]) == (17, 33)
    assert report["subset"] == [["phase", "eval"]]
    assert report["systems"]["good"]["n_renamed"] == 60
    assert "good: 60 names were matched without folder and ending" in done.stderr
    parts = report["systems"]["bad"]["parts"]
    assert [*parts["attack"], *parts["codec"]] == ["A0", "A1", "mp3", "none"]
    (pair,) = report["pairs"]
    eers = [report["systems"][name]["eer"] for name in ("good", "bad")]
    assert pair["difference"] == pytest.approx(eers[0] - eers[1])
    assert pair["interval"][0] <= pair["difference"] <= pair["interval"][1]
    told = signl("measure-scores", good, bad, *chosen, "--resamples", "99").stdout
    assert "\ngood\nEER " in told
    assert "attack A1: EER " in told
    low, high = (100 * end for end in parts["attack"]["A1"]["eer_interval"])
    assert f" %, {low:.4f} to {high:.4f} (" in told
    assert f"good - bad: EER {100 * pair['difference']:+.4f} points (95 % interval " in told
    assert f"p {pair['p']:.4f}; paired bootstrap, 99 resamples)" in told


def test_columns_words_and_direction_are_options(signl, tmp_path):
    path = tmp_path / "scores.csv"
    path.write_text("n;file;truth;s\n1;a;real;0.1\n2;b;fake;0.9\n3;c;fake;0.8\n")
    done = signl(
        *("measure-scores", path, "--keys", path, "--score", "s", "--trial", "2"),
        *("--key-trial", "file", "--label", "truth", "--bonafide", "real", "--spoof", "fake"),
        *("--higher", "spoof", "--resamples", "9"),
    )
    assert done.returncode == 0, done.stderr
    assert "trials  1 bona fide, 2 spoof" in done.stdout
    assert "EER     0.000000 %" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (("--subset", "phase"), 2, "is no COLUMN=VALUE"),
        (("--by", "vocoders"), 1, "no column 'vocoders'"),
        (("--form", "asvspoof2021", "--score", "2"), 1, "allowed beside it is none of"),
        (("--delimiter", "dash"), 2, "dash"),
    ],
)
def test_options_that_do_not_fit_are_refused(signl, official, arguments, status, message):
    key, _, bad = official
    done = signl("measure-scores", bad, "--keys", key, *arguments)
    assert done.returncode == status
    assert message in done.stderr
    assert "Traceback" not in done.stderr
