"""signl export-scores, as a user calls it."""

import pytest

from signl.evaluation.scores import read_score_text, read_scores, write_scores


@pytest.fixture
def scores(tmp_path):
    path = tmp_path / "in_the_wild.parquet"
    write_scores(path, ["0.wav", "1.wav"], [0.1, -2.5], options={})
    return path


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("asvspoof5", "filename\tcm-score\n0.wav\t0.1\n1.wav\t-2.5\n"),
        ("asvspoof2021", "0.wav 0.1\n1.wav -2.5\n"),
    ],
)
def test_scores_are_written_in_the_official_form(signl, scores, tmp_path, form, text):
    out = tmp_path / "scores.txt"
    done = signl("export-scores", scores, "--form", form, "--out", out)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"wrote 2 scores to {out}\n"
    assert out.read_text() == text
    assert read_score_text(out, form=form).equals(read_scores(scores))


def test_what_is_no_score_table_is_refused_in_words(signl, tmp_path):
    path = tmp_path / "scores.parquet"
    path.write_text("0.wav 0.1\n")
    done = signl("export-scores", path, "--form", "asvspoof5", "--out", tmp_path / "scores.txt")
    assert done.returncode == 1
    assert done.stderr.startswith(f"ArtefactError: {path} is not a whole table")
    assert not (tmp_path / "scores.txt").exists()


@pytest.mark.parametrize("missing", ["file", "form"])
def test_a_missing_file_and_an_unknown_form_are_refused(signl, scores, tmp_path, missing):
    path = scores if missing == "form" else tmp_path / "none.parquet"
    form = "asvspoof2015" if missing == "form" else "asvspoof5"
    done = signl("export-scores", path, "--form", form, "--out", tmp_path / "scores.txt")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert ("asvspoof2015" if missing == "form" else "does not exist") in done.stderr


def test_no_absurd_cure_is_advised(signl, tmp_path):
    path = tmp_path / "README.md"
    path.write_text("# A project\n")
    done = signl("export-scores", path, "--form", "asvspoof5", "--out", tmp_path / "scores.txt")
    assert done.returncode == 1
    assert "snakemake" not in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("out", [".", "", "folder"])
def test_a_folder_is_no_file_to_write(signl, scores, tmp_path, monkeypatch, out):
    (tmp_path / "folder").mkdir()
    monkeypatch.chdir(tmp_path)
    done = signl("export-scores", scores, "--form", "asvspoof5", "--out", out)
    assert done.returncode == 2
    assert "is a directory" in done.stderr


def test_the_table_is_not_written_over(signl, scores):
    done = signl("export-scores", scores, "--form", "asvspoof5", "--out", scores)
    assert done.returncode == 1
    assert "is the score table itself" in done.stderr
    assert len(read_scores(scores)) == 2


def test_a_file_is_no_folder(signl, scores):
    done = signl("export-scores", scores, "--form", "asvspoof5", "--out", scores / "scores.txt")
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1


def test_a_submission_is_a_folder_with_its_digest_and_page(signl, scores, tmp_path):
    keys, out = tmp_path / "meta.csv", tmp_path / "submission"
    keys.write_text("file,speaker,label\n0.wav,A,bona-fide\n1.wav,B,spoof\n")
    named = ("--name", "SIGNL", "--slug", "signl", "--dataset", "Benchmarks/InTheWild")
    done = signl("export-scores", scores, "--form", "arena", "--out", out, *named, "--keys", keys)
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in out.iterdir()) == [
        *("scores.txt", "scores.txt.sha256", "signl.yaml")
    ]
    assert "eer_percent: 0.0" in (out / "signl.yaml").read_text()


@pytest.mark.parametrize(
    ("form", "arguments", "message"),
    [
        ("arena", (), "takes --name, --slug and --dataset; give all three"),
        ("asvspoof5", ("--slug", "x"), "--slug are for --form arena alone"),
    ],
)
def test_options_go_with_their_form(signl, scores, tmp_path, form, arguments, message):
    done = signl("export-scores", scores, "--form", form, "--out", tmp_path / "x", *arguments)
    assert done.returncode == 1
    assert message in done.stderr
