"""Artefacts that were spoilt: found, named, and made anew by the command that is said."""

import re
import shutil

import pytest

pytestmark = pytest.mark.workflow

CFAD, LA = (f"results/features/toy/{name}/0000-of-0001.safetensors" for name in ("CFAD", "LA"))
SCORES = "results/scores/toy/cfad/labels-50/seed-1/cfad.parquet"


@pytest.fixture
def copy(toy, elsewhere):
    """A copy of the toy experiment's results, to be spoilt."""
    shutil.copytree(toy.folder, elsewhere.folder, dirs_exist_ok=True, symlinks=True)
    return elsewhere


def commands_in(said):
    """The arguments of the commands that a message names, each once."""
    named = re.findall(r"snakemake --cores 1 (--force results/\S+)", said)
    return [command.split() for command in dict.fromkeys(named)]


def test_sound_results_are_complete_and_have_no_problem(toy, toy_config):
    said = toy.make(toy_config, "audit")
    assert re.search(r"^\d+ files, .* MB/s\), 0 not made, 0 problems$", said, re.MULTILINE)
    assert "take it away" not in said


@pytest.mark.slow
def test_swapped_and_truncated_files_are_found_and_mended(copy, toy_config):
    first, second, scores = (copy.folder / name for name in (CFAD, LA, SCORES))
    sound = [first.read_bytes(), second.read_bytes(), scores.read_bytes()]
    first.write_bytes(sound[1])
    second.write_bytes(sound[0])
    scores.write_bytes(sound[2][:-100])
    refused = copy.run(toy_config, "audit")
    assert refused.returncode != 0
    assert "0 not made, 3 problems" in refused.stdout
    assert f"PROBLEM: {CFAD} was made for {LA}" in refused.stdout
    assert commands_in(refused.stdout) == [["--force", name] for name in (CFAD, LA, SCORES)]
    for arguments in (["--force", CFAD, LA], ["--force", SCORES]):
        copy.make(toy_config, *arguments)
    assert [path.read_bytes() for path in (first, second, scores)] == sound
    assert "0 problems" in copy.make(toy_config, "audit")


@pytest.mark.slow
def test_a_job_refuses_what_is_not_its_own_and_says_what_mends_it(copy, toy_config):
    first, second = (copy.folder / name for name in (CFAD, LA))
    sound = first.read_bytes()
    first.write_bytes(second.read_bytes())
    target = "results/encoders/toy/cfad/seed-1/model.safetensors"
    refused = copy.run(toy_config, "--force", target)
    assert refused.returncode != 0
    assert f"{CFAD} was made for {LA}, expected {CFAD}" in refused.stdout
    (command,) = commands_in(refused.stdout)
    copy.make(toy_config, *command)
    assert first.read_bytes() == sound
    copy.make(toy_config, "--force", target)
