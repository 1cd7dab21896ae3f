"""On machines that are not as one's own: what runs there, and what is told before it does."""

import copy
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.workflow

WILD = "results/manifests/in_the_wild.parquet"
ZIP = "InTheWild/release_in_the_wild.zip"


@pytest.fixture
def of_archives(toy_config, tmp_path):
    """Return a function that gives a configuration with a folder of archives: an empty one."""

    def configure(name):
        config = copy.deepcopy(toy_config)
        config["archives"] = str(tmp_path / name)
        config["recipes"]["toy"].pop("per_corpus")
        config["experiments"]["toy"] |= {"train_corpora": ["cfad"], "evaluate_on": ["in_the_wild"]}
        for file in (ZIP, "CFAD/CFAD_joined.zip"):
            path = tmp_path / name / file
            path.parent.mkdir(parents=True)
            path.touch()
        return config

    return configure


def test_braces_in_the_name_of_a_folder(elsewhere, of_archives):
    elsewhere.make(of_archives("archives{x}"), "--dry-run")


def test_an_archive_of_the_future_is_told_before_the_work(elsewhere, of_archives, tmp_path):
    config = of_archives("archives")
    path = tmp_path / "archives" / ZIP
    os.utime(path, (time.time() + 86_400,) * 2)
    done = elsewhere.run(config, "--dry-run", WILD)
    assert done.returncode != 0
    assert f"Set their date to now: touch {path}" in done.stdout


@pytest.mark.slow
def test_a_project_in_a_folder_with_a_space(elsewhere, toy_config, tmp_path):
    """Its interpreter then has the space in its path."""
    folder = tmp_path / "my project"
    folder.mkdir()
    (folder / "environment").symlink_to(Path(sys.prefix))
    command = elsewhere.command(toy_config, "results/demo/wav2vec2/config.json")
    interpreter = folder / "environment" / "bin" / "python"
    done = subprocess.run(
        [interpreter, *command.arguments[1:]],
        env=command.environment,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]


def test_a_home_that_cannot_be_written_to(elsewhere, toy_config):
    command = elsewhere.command(toy_config, "--dry-run", WILD)
    environment = {k: v for k, v in command.environment.items() if k != "XDG_CACHE_HOME"}
    done = subprocess.run(
        command.arguments,
        env=environment | {"HOME": "/proc/none"},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.fixture
def read_only():
    """Return a function that runs a command while a folder is read-only, for root too."""

    def run(command, folder):
        arguments = command.arguments
        if not os.getuid():
            remount = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && cd . && exec "$@"'
            arguments = ["unshare", "--mount", "sh", "-c", remount, str(folder), *arguments]
            allowed = subprocess.run(["unshare", "--mount", "true"], check=False)
            if allowed.returncode:
                pytest.skip("no mount of one's own")
        folder.chmod(0o555)
        try:
            return subprocess.run(
                arguments,
                env=command.environment,
                check=False,
                text=True,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
        finally:
            folder.chmod(0o755)

    return run


@pytest.mark.slow
def test_results_that_are_read_only_can_be_looked_at(workflow_in, of_archives, read_only, tmp_path):
    results = tmp_path / "of_others" / "results"
    (results / "logs").mkdir(parents=True)
    (results / "logs" / "audit.log").touch()
    (results / "logs" / "audit.log").chmod(0o444)
    config = of_archives("archives")
    there, look = workflow_in(results.parent), workflow_in(tmp_path / "look")
    look.folder.mkdir()
    (look.folder / "results").symlink_to(results)
    for target, said in (("audit", "0 problems"), ("check_archives", "release_in_the_wild.zip")):
        done = read_only(look.command(config, target), results)
        assert done.returncode == 0, done.stdout[-3000:]
        assert said in done.stdout
    command = there.command(config, "audit")
    refused = read_only(command, results.parent)
    assert refused.returncode != 0
    assert f"mkdir look; ln -s {results} look/results; and add" in refused.stdout
    assert "Traceback" not in refused.stdout
    made = read_only(look.command(config, WILD), results)
    assert made.returncode != 0
    assert f"{results} cannot be written to: make it writable" in made.stdout


def test_results_are_made_by_one_run_at_a_time(workflow_in, toy_config, tmp_path, repository):
    """Of two working folders with one folder of results the second says so, and leaves."""
    (tmp_path / "results").mkdir()
    for name in "ab":
        (tmp_path / name).mkdir()
        (tmp_path / name / "results").symlink_to(tmp_path / "results")
    holds = "import sys; from signl.locking import lock_results; lock_results('results'); "
    with subprocess.Popen(
        [sys.executable, "-c", holds + "print(flush=True); sys.stdin.read()"],
        cwd=tmp_path / "a",
        env=os.environ | {"PYTHONPATH": str(repository)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as first:
        first.stdout.readline()
        second = workflow_in(tmp_path / "b")
        refused = second.run(toy_config, WILD)
        second.make(toy_config, WILD, "--dry-run")
        first.kill()
    assert refused.returncode != 0
    assert f"started in {tmp_path / 'a'}): wait for its end" in refused.stdout
    assert "Traceback" not in refused.stdout
    assert not (tmp_path / WILD).exists()


def test_no_command_line_of_the_documentation_has_a_target_after_its_configuration(repository):
    """Snakemake takes such a target for one more configuration, and ends in a traceback."""
    pages = [repository / "README.md", *repository.glob("docs/*.md"), *repository.glob("*.yaml")]
    for page in pages:
        for line in page.read_text(encoding="utf-8").replace("\\\n", " ").splitlines():
            _, option, after = line.partition("--configfile ")
            given = after.split("#")[0].split("`")[0].split(" -")[0].split()
            if option and "snakemake" in line:
                assert all(word.endswith((".yaml", "FILE")) for word in given), (page.name, line)
