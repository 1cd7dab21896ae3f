"""``signl plan`` as a user calls it."""

import pytest
from typer.testing import CliRunner

from signl.cli.commands import app
from signl.errors import ConfigError
from signl.rates import read_rates


def plan(*arguments):
    """Run the command; an error is raised."""
    return CliRunner().invoke(app, ["plan", *arguments], catch_exceptions=False).stdout


def row_of(shown, rule):
    return next(line.split()[1:] for line in shown.splitlines() if line.split()[:1] == [rule])


@pytest.fixture
def paper(repository):
    return ["--config", str(repository / "config.paper.yaml")]


@pytest.mark.slow
def test_the_papers_plan(paper, tmp_path):
    shown = plan(*paper, "--rates", str(tmp_path / "none.json"))
    # Of 920 classifiers a sweep makes thirty of the mean frame on each of three corpora, one ten.
    assert row_of(shown, "train_classifier")[0] == str(920 - 3 * (30 - 1) - (10 - 1))
    recipe = next(line for line in shown.splitlines() if line.startswith("signl-xlsr-frozen "))
    assert recipe.split()[1:] == [
        *("signl", "2,826,904", "409"),
        *("xls-r-300m", "315,438,720", "19,066"),
    ]


@pytest.mark.slow
def test_the_assumptions_are_shown_and_can_be_changed(paper, tmp_path):
    # Slower than decoding, which a GPU would wait for.
    arguments = [*paper, "--rates", str(tmp_path / "none.json"), "--frontend-flop-per-gpu-s"]
    shown = plan(*arguments, "1e11", "--max-epochs", "10")
    assert "  frontend_flop_per_gpu_s            1e+11" in shown
    assert "  max_epochs                         10" in shown
    slow, fast = (
        float(row_of(each, "extract_features")[3].replace(",", ""))
        for each in (shown, plan(*arguments, "1e12"))
    )
    assert slow == pytest.approx(10 * fast, rel=0.05)


@pytest.mark.slow
def test_what_is_measured_is_kept_for_later_plans(repository, tmp_path):
    rates = tmp_path / "new" / "rates.json"
    arguments = ["--config", str(repository / "config.yaml"), "--rates", str(rates)]
    measured = plan(*arguments, "--measure")
    assert set(read_rates(rates).cpu.network_flop_per_s) == {"signl", "lcnn", "audio_ntt"}
    assert plan(*arguments) == measured
    assert "GFLOP/s" in measured


def test_a_later_configuration_goes_before_an_earlier_one(repository, tmp_path):
    overlay = tmp_path / "overlay.yaml"
    overlay.write_text(
        "experiments: {paper: {seeds: [1]}, official: {seeds: [1]}, controls: {seeds: [1]}, "
        "baselines: {seeds: [1]}}\n"
    )
    paper = ["--config", str(repository / "config.paper.yaml")]
    # Of 268 classifiers a sweep makes six of the mean frame on each of three corpora, one two.
    n_jobs = 268 - 3 * (6 - 1) - (2 - 1)
    assert row_of(plan(*paper, "--config", str(overlay)), "train_classifier")[0] == str(n_jobs)


def test_a_configuration_that_cannot_be_read_is_named(tmp_path):
    path = tmp_path / "config.yaml"
    with pytest.raises(ConfigError, match=rf"{path} cannot be read"):
        plan("--config", str(path))
    path.write_text("a: [")
    with pytest.raises(ConfigError, match=rf"{path} cannot be read"):
        plan("--config", str(path))
