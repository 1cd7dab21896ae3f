"""What the pages promise: short at the front, all of them in the site, commands that are there."""

import importlib.util
import re
from pathlib import Path

import pytest
from typer.main import get_command

from signl.cli.commands import app

REPOSITORY = Path(__file__).resolve().parents[2]
README = REPOSITORY / "README.md"
PAGES = [README, *sorted((REPOSITORY / "docs").glob("*.md"))]
MAX_README_LINES = 150
MAX_IMAGE_BYTES = 200_000


def rules():
    """Names of rules, by which Snakemake is told what to do."""
    texts = [path.read_text() for path in (REPOSITORY / "rules").glob("*.smk")]
    return {name for text in texts for name in re.findall(r"^rule (\w+):", text, re.MULTILINE)}


def test_the_front_page_is_short():
    assert len(README.read_text(encoding="utf-8").splitlines()) <= MAX_README_LINES


def test_what_the_front_page_names_is_there():
    text = README.read_text(encoding="utf-8")
    links = set(re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text))
    assert {"docs/first_run.md", "docs/images/label_efficiency.svg"} <= links
    assert not [link for link in links if not (REPOSITORY / link).is_file()]


def test_images_are_small_and_the_same_each_time():
    images = sorted((REPOSITORY / "docs" / "images").glob("*"))
    assert len(images) == 2
    for image in images:
        assert image.stat().st_size < MAX_IMAGE_BYTES
        assert "<dc:date>" not in image.read_text(encoding="utf-8")


def test_every_page_has_its_place_in_the_site():
    nav = (REPOSITORY / "mkdocs.yml").read_text(encoding="utf-8").partition("\nnav:\n")[2]
    listed = re.findall(r"([\w]+\.md)$", nav, re.MULTILINE)
    assert sorted(listed) == sorted(["index.md", *(page.name for page in PAGES[1:])])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_and_targets_of_a_page_are_there(page):
    text = page.read_text(encoding="utf-8").replace("\\\n", " ")
    commands = get_command(app).commands
    for name in re.findall(r"^(?:    )?signl ([a-z][\w-]*)", text, re.MULTILINE):
        assert name in commands, name
    for name in re.findall(r"^(?:    )?snakemake ([a-z_]+)(?= )", text, re.MULTILINE):
        assert name in rules(), name
    for name in re.findall(r"^make ([\w-]+)", text, re.MULTILINE):
        assert f"\n{name}:" in (REPOSITORY / "Makefile").read_text(), name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_page_imports_of_the_library_is_there(page):
    text = page.read_text(encoding="utf-8")
    for module, names in re.findall(r"^ *from (signl[\w.]*) import ([\w, ]+)$", text, re.MULTILINE):
        place = REPOSITORY / module.replace(".", "/")
        if place.is_dir() or place.with_suffix(".py").is_file():  # else the page's own example
            held = importlib.import_module(module)
            for name in re.findall(r"\w+", names):
                is_module = importlib.util.find_spec(f"{module}.{name}") if place.is_dir() else None
                assert hasattr(held, name) or is_module, f"{module} has no {name}"
