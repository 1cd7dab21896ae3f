"""Models by name: a folder, or a repository on the Hugging Face Hub at a revision."""

import re
from pathlib import Path
from typing import Final

from signl.errors import ConfigError
from signl.stages import OPERATING_POINT

#: What is fetched of a repository: data of which no code is run, and nothing else.
FETCHED: Final = ("model.safetensors", "config.json", OPERATING_POINT)
_NAME: Final = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+")


def is_hub_name(name: object) -> bool:
    """Tell whether this may name a repository on the Hub: ``owner/name``."""
    return isinstance(name, str) and _NAME.fullmatch(name) is not None


def find_model(model: str | Path, revision: str | None = None) -> Path:
    """Return the folder of a model, fetched where it lies on the Hub.

    Parameters
    ----------
    model : path or str
        A folder, or ``owner/name``.
    revision : str, optional
        Commit, tag or branch of a repository; needed with ``owner/name``, so that the model
        cannot change unseen.

    Raises
    ------
    ConfigError
        If there is no such folder, the revision is missing or of no use, or the Hub does not give
        the model.
    """
    if Path(model).is_dir():
        if revision is not None:
            raise ConfigError(f"--revision {revision} is of no use: {model} is a folder here")
        return Path(model)
    if not is_hub_name(str(model)):
        raise ConfigError(
            f"there is no model {str(model)!r}; allowed are a folder with model.safetensors and "
            "config.json, and owner/name on the Hub"
        )
    if revision is None:
        raise ConfigError(
            f"{model} is no folder here; as a model on the Hub it needs --revision, a commit"
        )
    try:
        # Imported here, for a folder needs no network.
        from huggingface_hub import snapshot_download

        folder = snapshot_download(str(model), revision=revision, allow_patterns=list(FETCHED))
    except Exception as error:  # whatever the Hub's client and its parts raise
        words = str(error).strip() or repr(error)
        raise ConfigError(
            f"the model {model} (revision {revision}) cannot be fetched: {words[:600]}"
        ) from error
    return Path(folder)
