"""``signl push``: a saved model, onto the Hugging Face Hub."""

from pathlib import Path
from typing import Annotated

import typer


def push(
    folder: Annotated[
        Path,
        typer.Argument(help="A classifier or an encoder, as the workflow saves it.", exists=False),
    ],
    name: Annotated[str, typer.Argument(metavar="OWNER/NAME", help="The repository on the Hub.")],
    private: Annotated[
        bool, typer.Option("--private", help="Make the repository, if it is new, a private one.")
    ] = False,
) -> None:
    """Upload a model: weights, configuration, operating point and card, and nothing else.

    The token is that of the variable HF_TOKEN, or of hf auth login. A folder that is no saved
    model, or whose card lacks metadata, is refused.
    """
    from signl.evaluation.publishing import push as upload

    commit = upload(folder, name, private=private)
    typer.echo(f"pushed {folder} to {name}, revision {commit}")
    typer.echo(f"score with it: signl score {name} recording.wav --revision {commit}")
