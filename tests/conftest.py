"""Fixtures that all tests share."""

from pathlib import Path

import pyarrow as pa
import pytest

from signl.evaluation.scores import match_scores, read_score_text

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def repository():
    """Root of this repository."""
    return REPOSITORY


@pytest.fixture(scope="session")
def shared():
    """Folder of published protocols, scores and reference outputs; its tests skip without it."""
    folder = REPOSITORY.parent / "shared"
    if not folder.is_dir():
        pytest.skip(f"no {folder}")
    return folder


@pytest.fixture(scope="session")
def published_scores(shared):
    """Bona fide and spoof scores of XLSR-Mamba on In-the-Wild, as published."""
    key = (shared / "protocols" / "in_the_wild" / "in_the_wild_key.txt").read_text().split("\n")
    rows = [line.split() for line in key if line]
    trials = pa.table({"utterance_id": [row[1] for row in rows]})
    path = shared / "scores" / "xlsr_mamba_in_the_wild.txt"
    matched = match_scores(trials, read_score_text(path, form="asvspoof2021"))
    values = matched["score"].to_numpy()
    is_spoof = [row[-1] == "spoof" for row in rows]
    return values[[not spoof for spoof in is_spoof]], values[is_spoof]
