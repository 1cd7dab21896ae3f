"""A submission to a public leaderboard: the scores, their digest, and a page of metadata in YAML.

The form is that of the Speech Anti-Spoofing Arena (datasets of the organisation
SpeechAntiSpoofingBenchmarks on the Hugging Face Hub, ``submissions/README.md`` of schema version
4): a line ``utterance_id score`` a trial, higher for bona fide, published where the submitter
likes, and a YAML file that points to a pinned copy of it and states its SHA-256.
"""

import hashlib
import re
from pathlib import Path
from typing import Any, Final, NamedTuple

import pyarrow as pa
import yaml

from signl.artefacts import write_text
from signl.errors import ConfigError
from signl.evaluation.scores import match_scores, split_classes, write_score_text
from signl.metrics import equal_error_rate

SCORES: Final = "scores.txt"
_SLUG: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")
_SCHEMA_VERSION: Final = 4
_HEAD: Final = (
    "# What is null is for the submitter to fill in, but for reproduction, which is the\n"
    "# maintainers'. scores_url must be pinned: with the commit of {scores}, not a branch.\n"
)


class Submission(NamedTuple):
    """What a submission says of itself.

    Attributes
    ----------
    name : str
        Name of the system, for people.
    slug : str
        Its name in paths: small letters, digits, dots, dashes and underscores.
    dataset : str
        The leaderboard's name of the corpus: ``owner/name``.
    """

    name: str
    slug: str
    dataset: str


def write_submission(
    folder: str | Path, scores: pa.Table, submission: Submission, *, key: pa.Table | None = None
) -> list[Path]:
    """Write a submission into a folder.

    Parameters
    ----------
    folder : path
        Where ``scores.txt``, ``scores.txt.sha256`` and ``SLUG.yaml`` are written.
    scores : Table
        ``utterance_id`` and ``score``.
    submission : Submission
        What it says of itself.
    key : Table, optional
        ``utterance_id`` and ``label`` of all trials of the corpus. With it the EER is stated, by
        the definition of ASVspoof 5, and that no trial was skipped.

    Returns
    -------
    list of Path
        The files.

    Raises
    ------
    ConfigError
        If a name is not allowed.
    ScoreError
        If scores and key are of differing trials; and as
        :func:`signl.evaluation.scores.write_score_text`.
    """
    _check(submission)
    eer = None
    if key is not None:
        classes = split_classes(match_scores(key, scores))
        eer = None if classes.are_equal else equal_error_rate(*classes).rate
    path = Path(folder, SCORES)
    write_score_text(path, scores, form="asvspoof2021")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    digest_path = path.with_name(f"{SCORES}.sha256")
    write_text(digest_path, f"{digest}  {SCORES}\n")
    figures = {
        "eer_percent": None if eer is None else 100 * eer,
        "n_trials": len(scores),
        "n_skipped": None if key is None else 0,
    }
    page = path.with_name(f"{submission.slug}.yaml")
    described = yaml.safe_dump(
        _page(submission, figures, digest), sort_keys=False, allow_unicode=True
    )
    write_text(page, _HEAD.format(scores=SCORES) + described)
    return [path, digest_path, page]


def _check(submission: Submission) -> None:
    if not _SLUG.fullmatch(submission.slug):
        raise ConfigError(
            f"the slug is {submission.slug!r}; allowed are small letters and digits, and after the "
            "first of them also . _ and -"
        )
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", submission.dataset, re.ASCII):
        raise ConfigError(f"the dataset is {submission.dataset!r}; allowed is owner/name")
    if not submission.name.strip():
        raise ConfigError("the name of the system is empty; allowed is any text")


def _page(submission: Submission, figures: dict[str, Any], digest: str) -> dict[str, Any]:
    """Return the metadata, in the order in which they are read."""
    return {
        "schema_version": _SCHEMA_VERSION,
        "system": {
            "name": submission.name,
            "slug": submission.slug,
            "paper": {"arxiv_id": None},
            "code": None,
            "checkpoint": None,
            "description": None,
        },
        "dataset": {"id": submission.dataset, "revision": None, "split": "test"},
        "scores": figures,
        "artifact": {"scores_url": None, "scores_sha256": digest, "bench_version": None},
        "reproduction": None,
        "submitter": {"hf_username": None, "contact": None},
        "submitted_at": None,
        "notes": None,
    }
