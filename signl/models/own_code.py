"""Networks of one's own: classes outside this package, named as ``package.module:Class``.

A configuration, a command or a call names such a kind in so many words, and only then is its module
imported. A saved model names one too, and is refused unless who loads it names the same: no code is
run because a folder asks for it.
"""

import hashlib
import importlib
import os
import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from signl.errors import ConfigError
from signl.models.base import NetworkOptions, OwnNetwork

#: Folders in which modules are looked for, after all that Python itself looks through. Processes
#: that a workflow starts inherit it.
FOLDERS: Final = "SIGNL_MODEL_CODE"
_KIND: Final = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")
#: How messages spell what is allowed.
FORM: Final = "package.module:Class"


def is_own(kind: object) -> bool:
    """Tell whether a kind names a class outside this package."""
    return isinstance(kind, str) and _KIND.fullmatch(kind) is not None


def look_in(folders: Iterable[str | Path]) -> None:
    """Look for modules in these folders too, here and in processes that are started from here."""
    known = [each for each in os.environ.get(FOLDERS, "").split(os.pathsep) if each]
    new = [str(Path(folder).resolve()) for folder in folders]
    os.environ[FOLDERS] = os.pathsep.join(dict.fromkeys([*known, *new]))


def own_options(kind: str) -> type[NetworkOptions]:
    """Import the options class that a kind names.

    Parameters
    ----------
    kind : str
        ``package.module:Class``.

    Raises
    ------
    ConfigError
        If it cannot be imported, or is no class of options for a network of one's own.
    """
    module_name, _, name = kind.partition(":")
    module = _imported(kind, module_name)
    found = getattr(module, name, None)
    if not (isinstance(found, type) and issubclass(found, OwnNetwork)):
        raise ConfigError(
            f"network of kind {kind!r}: {name} of {module.__file__} is "
            f"{'not there' if found is None else 'no class of options'}; allowed is a class that "
            "derives from OwnFrameOptions or OwnAudioOptions of signl.models.base"
        )
    return found


def _imported(kind: str, module_name: str) -> ModuleType:
    folders = [each for each in os.environ.get(FOLDERS, "").split(os.pathsep) if each]
    sys.path.extend(each for each in folders if each not in sys.path)
    try:
        return importlib.import_module(module_name)
    except Exception as error:  # whatever a module of others raises
        raise ConfigError(
            f"network of kind {kind!r}: its module {module_name} cannot be imported "
            f"({type(error).__name__}: {error}); looked for it among installed packages, in "
            f"PYTHONPATH and in {folders or 'no other folder'}"
        ) from error


def source_digest(options: type[OwnNetwork]) -> str:
    """Return the SHA-256 of the file of a class, and of the files that it names beside it.

    Raises
    ------
    ConfigError
        If one of them cannot be read.
    """
    own = getattr(sys.modules[options.__module__], "__file__", None)
    if own is None:
        raise ConfigError(f"{options.__module__} has no file, and so no source to be digested")
    digest = hashlib.sha256()
    for path in (Path(own), *(Path(own).with_name(name) for name in options.source_files)):
        try:
            content = path.read_bytes()
        except OSError as error:
            raise ConfigError(
                f"{path}, source of {options.__module__}:{options.__name__}, cannot be read: "
                f"{error.strerror}"
            ) from error
        digest.update(len(content).to_bytes(8) + content)
    return digest.hexdigest()


def check_source(options: NetworkOptions) -> None:
    """Refuse options that were made with another source than the class has now.

    Raises
    ------
    ConfigError
        Says which, and what to do.
    """
    if not isinstance(options, OwnNetwork):
        return
    now = source_digest(type(options))
    if options.code != now:
        path = sys.modules[type(options).__module__].__file__
        raise ConfigError(
            f"network of kind {options.kind!r} was made with a source of SHA-256 "
            f"{options.code[:12]}, and that in {path} has {now[:12]}: bring back the file that it "
            "was made with, or train anew"
        )


def check_allowed(network: Any, allow: str | None) -> None:  # noqa: ANN401
    """Refuse a saved network of one's own that is not the one that was named.

    Parameters
    ----------
    network : Mapping
        The options of a saved network, which may be anything.
    allow : str, optional
        The kind whose code may be run.

    Raises
    ------
    ConfigError
        Says how it is named.
    """
    kind = network.get("kind") if isinstance(network, Mapping) else None
    if is_own(kind) and kind != allow:
        raise ConfigError(
            f"the network is of kind {kind!r}, code that is no part of this package and is not "
            f"run because a saved model asks for it{f' ({allow!r} was named)' if allow else ''}; "
            f"if you know the code and have it, name it: --model-code {kind} on the command "
            f"line, model_code={kind!r} in Python, model_code: beside classifier: in a recipe"
        )


def own_kinds(options: object) -> set[str]:
    """Return the kinds of one's own that plain options name, at any depth."""
    if isinstance(options, Mapping):
        inner = set().union(*map(own_kinds, options.values()))
        return inner | ({options["kind"]} if is_own(options.get("kind")) else set())
    if isinstance(options, list | tuple):
        return set().union(*map(own_kinds, options))
    return set()
