"""Saved models on the Hugging Face Hub: what is uploaded of a folder, and what must be in it."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from signl.artefacts import check_tensor_data, open_document
from signl.errors import ArtefactError, ConfigError
from signl.evaluation.operating_point import read_operating_point
from signl.models.card import METADATA, PLACE, card_text, metadata_of, model_card
from signl.models.hub import FETCHED, is_hub_name
from signl.models.saving import CARD

_NEEDED: Final = ("model.safetensors", "config.json")
_CLASSES: Final = ("classifier", "encoder")


def files_to_publish(folder: str | Path, name: str) -> dict[str, bytes | Path]:
    """Return what is uploaded of a saved model: weights, configuration, operating point, card.

    A card as it was written with the model is brought to its present form, and says how the model
    is used from the Hub; one that was edited stays as it is.

    Parameters
    ----------
    folder : path
        A classifier or an encoder.
    name : str
        ``owner/name`` on the Hub.

    Returns
    -------
    dict of str to bytes or Path
        Name -> content, or the file that holds it.

    Raises
    ------
    ConfigError
        If it is no folder of a saved model, or its card lacks metadata.
    ArtefactError
        If a file of it is damaged, or the operating point is that of another model.
    """
    folder = Path(folder)
    if missing := [each for each in (*_NEEDED, CARD) if not (folder / each).is_file()]:
        raise ConfigError(f"{folder} is no saved model, it has no {' and no '.join(missing)}")
    document = open_document(folder / "config.json")
    if document.get("class") not in _CLASSES:
        raise ArtefactError(f"{folder} holds a model of class {document.get('class')!r}")
    check_tensor_data(folder / "model.safetensors")
    read_operating_point(folder)
    present = {each: folder / each for each in FETCHED if (folder / each).is_file()}
    return {**present, CARD: _card(folder / CARD, document, name).encode()}


def _card(path: Path, document: Mapping[str, Any], name: str) -> str:
    """Return the card that is uploaded."""
    text = path.read_text(encoding="utf-8")
    if text in (model_card(document), card_text(document)):
        shown = model_card(document)
        shown = shown.replace(f"score {PLACE} ", f"score {name} --revision COMMIT ")
        return shown.replace(f'load("{PLACE}"', f'load("{name}", revision="COMMIT"')
    try:
        metadata = metadata_of(text)
    except ValueError as error:
        raise ConfigError(f"{path}: {error}") from error
    if missing := [key for key in METADATA if not metadata.get(key)]:
        raise ConfigError(
            f"{path} lacks the metadata {missing}, by which models are found; put them between "
            "lines of --- at its head, or take back what was edited in it"
        )
    return text


def push(folder: str | Path, name: str, *, private: bool = False) -> str:
    """Upload a saved model to the Hugging Face Hub; the repository is made where it is not there.

    Parameters
    ----------
    folder, name
        As of :func:`files_to_publish`.
    private : bool
        Whether a repository that is made is private; one that is there stays as it is.

    Returns
    -------
    str
        The commit, by which the model is loaded.

    Raises
    ------
    ConfigError
        As :func:`files_to_publish`; and if there is no token, the name is none, or the Hub
        refuses.
    """
    if not is_hub_name(name):
        raise ConfigError(f"the name is {name!r}; allowed is owner/name on the Hub")
    files = files_to_publish(folder, name)
    # Imported here, for a check of the folder needs no network.
    from huggingface_hub import CommitOperationAdd, HfApi, get_token

    if not get_token():
        raise ConfigError(
            "there is no token for the Hub: put one that may write into the variable HF_TOKEN"
        )
    api = HfApi()
    adding = [
        CommitOperationAdd(path_in_repo=each, path_or_fileobj=_given(content))
        for each, content in files.items()
    ]
    try:
        api.create_repo(name, private=private, exist_ok=True)
        done = api.create_commit(name, adding, commit_message="Upload by signl push")
    except Exception as error:  # whatever the Hub's client and its parts raise
        words = str(error).strip() or repr(error)
        raise ConfigError(f"{name} cannot be pushed: {words[:600]}") from error
    return str(done.oid)


def _given(content: bytes | Path) -> bytes | str:
    return content if isinstance(content, bytes) else os.fspath(content)
