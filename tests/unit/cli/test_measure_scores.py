"""signl measure-scores, as a user calls it."""

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
