"""``signl score``: what a saved classifier says of audio files."""

import logging
import os
import sys
from collections.abc import Iterable, Mapping
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from signl.evaluation.score_files import Row
    from signl.evaluation.score_output import Write
    from signl.evaluation.scorer import Scorer


def score(
    model: Annotated[
        str,
        typer.Argument(
            help="A classifier: a folder with model.safetensors and config.json, or owner/name on "
            "the Hugging Face Hub, with --revision.",
            show_default=False,
        ),
    ],
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE|FOLDER|-...",
            help="Audio files, folders that hold some, or - for a file on standard input.",
            show_default=False,
        ),
    ],
    revision: Annotated[str | None, typer.Option(help="The commit of a model on the Hub.")] = None,
    frontend: Annotated[
        Path | None,
        typer.Option(
            file_okay=False, exists=True, help="The folder of the front-end's model, if it moved."
        ),
    ] = None,
    model_code: Annotated[
        str | None,
        typer.Option(
            metavar="PACKAGE.MODULE:CLASS",
            help="The network's code, if it is your own: looked for as Python does, and here.",
        ),
    ] = None,
    csv: Annotated[
        str | None, typer.Option(metavar="FILE", help="Write a CSV file; - is standard output.")
    ] = None,
    json: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Write JSON, an object a line; - is standard output."),
    ] = None,
    parquet: Annotated[
        str | None, typer.Option(metavar="FILE", help="Write a Parquet file.")
    ] = None,
    over_time: Annotated[
        bool, typer.Option("--over-time", help="A score for each window of each file.")
    ] = False,
    window_s: Annotated[
        float | None,
        typer.Option(help="Seconds of a window (default: what the model sees of a file)."),
    ] = None,
    hop_s: Annotated[
        float | None, typer.Option(help="Seconds between windows (default: half a window).")
    ] = None,
    gpu: Annotated[bool, typer.Option("--gpu", help="Compute on a GPU.")] = False,
    threads: Annotated[
        int,
        typer.Option(
            min=1, help="Threads that compute on a CPU; with 1 scores are the workflow's own."
        ),
    ] = 1,
) -> None:
    """Score audio files: a line each with score, log-likelihood ratio, threshold and verdict.

    Higher scores are more bona fide. The threshold is the model's own, of its dev set; the
    log-likelihood ratio (natural logarithm, above 0 for bona fide) is there where the dev set
    carries a calibration. A file that cannot be decoded is a line with its reason, and the exit
    code is then 1. Without --over-time the beginning of each file is scored.
    """
    if not over_time and (window_s is not None or hop_s is not None):
        raise typer.BadParameter("--window-s and --hop-s go with --over-time")
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)

    from signl.evaluation.score_files import find_files, score_files
    from signl.evaluation.score_output import writing

    found = find_files(sources)
    if found.n_others:
        typer.echo(f"left out, without an ending of audio: {found.n_others}", err=True)
    sources_of_model = {"revision": revision, "frontend": frontend, "model_code": model_code}
    scorer = _load(model, sources_of_model, gpu=gpu, threads=threads)
    windows = scorer.windows(window_s, hop_s) if over_time else None
    outputs = {"csv": csv, "json": json, "parquet": parquet}
    # Lines on a terminal are progress enough, and would tear a bar apart.
    is_shown = sys.stdout.isatty() and not any(outputs.values())
    with writing(outputs) as write:
        rows = score_files(scorer, found.files, windows=windows, n_threads=_decoders())
        n_failed = _write_all(rows, write, len(found.files), without_bar=is_shown)
    if n_failed:
        typer.echo(f"without a score: {n_failed} of {len(found.files)} files", err=True)
        raise typer.Exit(1)


def _load(model: str, options: Mapping[str, Any], *, gpu: bool, threads: int) -> "Scorer":
    """Return the scorer of a model on the device that is asked for, and tell what it lacks."""
    import torch

    from signl.devices import prepare_device
    from signl.errors import ConfigError
    from signl.evaluation.scorer import load
    from signl.models.own_code import look_in

    if options["model_code"]:
        look_in([Path.cwd()])
    if gpu and not torch.cuda.is_available():
        raise ConfigError("--gpu: no GPU can be used here; leave it out to compute on the CPU")
    device = prepare_device(gpu=int(gpu))
    if device.type == "cpu":
        torch.set_num_threads(threads)
    scorer = load(model, device=device, **options)
    if scorer.point is None:
        typer.echo("the model has no operating_point.json: scores come without verdict", err=True)
    elif scorer.point.calibration is None:
        reasons = "; ".join(scorer.point.remarks)
        typer.echo(f"no log-likelihood ratios: {reasons}", err=True)
    return scorer


def _decoders() -> int:
    """Return how many threads decode: those of the machine, up to where disks are the limit."""
    return min(8, len(os.sched_getaffinity(0)))


def _write_all(rows: "Iterable[Row]", write: "Write", n_files: int, *, without_bar: bool) -> int:
    """Write rows as they come, beside a progress bar; return how many files lack a score."""
    from itertools import groupby

    from tqdm import tqdm

    n_failed = 0
    disable = True if without_bar else None
    with tqdm(total=n_files, unit=" file", desc="scoring", disable=disable) as bar:
        for _, of_file in groupby(rows, key=attrgetter("file")):
            lacks = False
            for row in of_file:
                write(row)
                lacks |= row.score.reason is not None
            n_failed += lacks
            bar.update()
    return n_failed
