"""What libraries take for granted of a machine, and containers often lack: a home, a name.

Caches are put where they can be written, and a user id without a name is given one: else Snakemake
and PyTorch end in an error of theirs before they have begun.
"""

import os
import pwd
from pathlib import Path
from typing import Final

_NAMES: Final = ("LOGNAME", "USER", "LNAME", "USERNAME")


def complete_environment() -> None:
    """Set what is missing of the variables that name the user, the home and the caches.

    What is set and can be used is left as it is.
    """
    if not any(map(os.environ.get, _NAMES)) and not _is_known_user():
        os.environ["USER"] = f"uid-{os.getuid()}"
    home = os.environ.get("HOME") or (Path("~").expanduser() if _is_known_user() else "")
    cache = os.environ.get("XDG_CACHE_HOME") or (Path(home, ".cache") if home else None)
    if cache is None or not _can_write(Path(cache)):
        if cache is not None and Path(cache, "huggingface").is_dir():
            # Models that lie there can still be read.
            os.environ.setdefault("HF_HOME", str(Path(cache, "huggingface")))
        os.environ["XDG_CACHE_HOME"] = str(_own_folder())
        os.environ.setdefault("MPLCONFIGDIR", str(_own_folder()))
    if not home:
        os.environ["HOME"] = str(_own_folder())
    # Else pydantic looks through the entry points of all that is installed, in each process.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")


def _is_known_user() -> bool:
    """Tell whether the system has a name for the user of this process."""
    try:
        pwd.getpwuid(os.getuid())
    except KeyError:
        return False
    return True


def _can_write(folder: Path) -> bool:
    """Tell whether files can be made in a folder, which is made where it is not there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK | os.X_OK)


def _own_folder() -> Path:
    """Return a folder for temporary files that is this user's alone, the same each time."""
    import tempfile  # slow to load, and seldom needed

    folder = Path(tempfile.gettempdir(), f"signl-cache-{os.getuid()}")
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
        # Anyone may have made a folder of this name, and would choose what is read from it.
        if folder.is_dir() and not folder.is_symlink() and found.st_uid == os.getuid():
            return folder
    except OSError:
        pass
    return Path(tempfile.mkdtemp(prefix="signl-cache-"))
