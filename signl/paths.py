"""Paths as people write them, and what keeps files from being used where they lie."""

import hashlib
import os
import re
import shlex
import time
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from stat import S_ISDIR
from typing import Final

from signl.errors import ConfigError

_VARIABLE: Final = re.compile(r"\$(?:(\w+)|\{(\w+)\})", re.ASCII)
#: A clock of a server may be ahead of this one by so much without anyone's fault.
_CLOCK_SKEW_S: Final = 2.0
_N_NAMED: Final = 5
#: Where Snakemake keeps what it knows of a working folder, and this package what it needs there.
_SNAKEMAKE_LOCKS: Final = ".snakemake/locks"
LINKS: Final = ".snakemake/signl-links"


def expand_path(text: str, key: str) -> str:
    """Return a path of the configuration with ``~``, ``$NAME`` and ``${NAME}`` filled in.

    Parameters
    ----------
    text : str
        The path, as it is written. Of a path without them nothing is changed; a ``$`` before
        anything but a name stays one.
    key : str
        The key of the configuration, for messages.

    Raises
    ------
    ConfigError
        If a variable is not set, or there is no such user; names it.
    """

    def value_of(match: re.Match[str]) -> str:
        name = match[1] or match[2]
        if name not in os.environ:
            raise ConfigError(
                f"{key} is {text!r}, and the variable {name} is not set: set it, or write the "
                "path out"
            )
        return os.environ[name]

    if not text.startswith("~"):
        return _VARIABLE.sub(value_of, text)
    home, slash, rest = text.partition("/")
    try:
        # A home is taken as it is: what it is named is no variable.
        return f"{Path(home).expanduser()}{slash}{_VARIABLE.sub(value_of, rest)}"
    except RuntimeError:
        raise ConfigError(
            f"{key} is {text!r}, and of {home} no home folder is known: write the path out"
        ) from None


def snakemake_path(path: str | Path, links: str | Path = LINKS) -> str:
    """Return a path that Snakemake can take as an input.

    A name in braces would be a wildcard, and cannot be escaped: of such a path the folder that
    has them in its name is reached by a link.

    Parameters
    ----------
    path : path
        Of a file that is given; without braces it is returned as it is.
    links : path
        The folder for links, which is made.

    Raises
    ------
    ConfigError
        If no link can be made; says what to do.
    """
    parts = Path(path).parts
    in_braces = [index for index, part in enumerate(parts) if "{" in part]
    if not in_braces:
        return str(path)
    folder, rest = Path(*parts[: in_braces[-1] + 1]).absolute(), parts[in_braces[-1] + 1 :]
    link = Path(links, hashlib.blake2b(str(folder).encode(), digest_size=8).hexdigest())
    try:
        link.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):
            link.symlink_to(folder)
    except OSError as error:
        raise ConfigError(
            f"{path} has braces in its name, which Snakemake takes for a wildcard, and no link to "
            f"it can be made ({error}): rename it"
        ) from error
    return str(link.joinpath(*rest))


def is_writable(path: str | Path) -> bool:
    """Tell whether a file can be written, or made together with the folders above it."""
    for each in (Path(path), *Path(path).absolute().parents):
        try:
            is_folder = S_ISDIR(each.stat().st_mode)
        except FileNotFoundError:
            continue
        except OSError:
            return False
        return os.access(each, os.W_OK | (os.X_OK if is_folder else 0))
    return False


def unwritable_message(folder: str | Path, results: str | Path) -> str:
    """Return how to look at results from elsewhere; empty where ``folder`` can be worked in.

    Parameters
    ----------
    folder : path
        The folder that Snakemake works in, where it keeps locks and records.
    results : path
        The folder of results, in it.
    """
    if is_writable(Path(folder, _SNAKEMAKE_LOCKS)):
        return ""
    made = shlex.quote(str(Path(results).absolute()))
    return (
        f"{Path(folder).absolute()} cannot be written to, where Snakemake keeps its locks. To look "
        "at its results (audit, check_archives, verify_archives), do so from a folder of yours: "
        f"mkdir look; ln -s {made} look/results; and add --directory look to the command"
    )


def future_message(paths: Iterable[str | Path], now: float | None = None) -> str:
    """Return which files are dated in the future, and the cure; empty if none is.

    What is made of such a file is older than it, so that Snakemake throws it away.

    Parameters
    ----------
    paths : iterable of path
        Those that do not exist, or cannot be looked at, are passed over.
    now : float, optional
        Seconds since the epoch; by default by this machine's clock.
    """
    now = time.time() if now is None else now
    ahead = {str(path): when for path in paths if (when := _dated(path)) > now + _CLOCK_SKEW_S}
    if not ahead:
        return ""
    named = [
        f"{path} ({datetime.fromtimestamp(when):%Y-%m-%d %H:%M:%S})"
        for path, when in list(ahead.items())[:_N_NAMED]
    ]
    more = f", and {len(ahead) - _N_NAMED} more" if len(ahead) > _N_NAMED else ""
    quoted = " ".join(map(shlex.quote, ahead))
    return (
        f"dated in the future, by this machine's clock: {', '.join(named)}{more}; what is made of "
        f"them would count as older than they are. Set their date to now: touch {quoted}"
    )


def _dated(path: str | Path) -> float:
    """Return when a file was last changed, by its own word; 0 where it cannot be asked."""
    try:
        return Path(path).stat().st_mtime
    except OSError:
        return 0.0
