"""``signl import-checkpoint``: a checkpoint of the published implementation, in our form."""

import logging
from pathlib import Path
from typing import Annotated

import typer

#: Edges that lead into a node, by training corpus; None stands for the ASVspoof corpora.
PUBLISHED_NEIGHBOURS = {None: 3, "cfad": 4}


def import_checkpoint(
    file: Annotated[Path, typer.Argument(help="encoder_*.ckpt or pretrained_*.ckpt")],
    out: Annotated[Path, typer.Option(file_okay=False, help="folder for the model")],
    corpus: Annotated[
        str | None, typer.Option(help="corpus on which it was trained, for the tables")
    ] = None,
    neighbours: Annotated[
        int | None,
        typer.Option(help="edges that lead into a node (default: 4 for cfad, 3 for others)"),
    ] = None,
    label_percent: Annotated[
        float | None, typer.Option(help="per cent of the labels that a classifier was trained with")
    ] = None,
    frontend: Annotated[
        Path | None,
        typer.Option(help="config.json of its front-end (default: as its tensors tell)"),
    ] = None,
) -> None:
    """Write a published checkpoint as a folder that a recipe can name.

    No code that the file may hold is run, and every tensor is mapped, known to be unused, or
    refused.
    """
    from signl.corpora.registry import corpus_named
    from signl.errors import ConfigError
    from signl.models.published.importing import Provenance
    from signl.models.published.importing import import_checkpoint as write

    logging.basicConfig(level=logging.INFO, format="%(message)s")
    if corpus is not None:
        corpus_named(corpus)  # refuses one that is not known
    if out.exists() and any(out.iterdir()) and not (out / "model.safetensors").exists():
        raise ConfigError(
            f"--out {out} is a folder with other files, of which a model's README.md could take "
            "the place of one: name a folder of its own"
        )
    if neighbours is None:
        neighbours = PUBLISHED_NEIGHBOURS.get(corpus, PUBLISHED_NEIGHBOURS[None])
        typer.echo(
            f"{neighbours} neighbours, as published for {corpus or 'the ASVspoof corpora'}: the "
            "number leaves no trace in a checkpoint; --neighbours sets another",
            err=True,
        )
    write(
        file,
        out,
        Provenance(corpus=corpus, neighbours=neighbours, label_percent=label_percent),
        frontend=frontend,
    )
