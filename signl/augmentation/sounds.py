"""Sounds of a folder, drawn and decoded one at a time."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from signl.audio import decode, to_mono_16k
from signl.augmentation.sound_files import find_sounds
from signl.errors import AudioError


class Sounds:
    """The sounds of a folder.

    Parameters
    ----------
    folder : path
        The folder.
    file_s : float
        Seconds of a file that are read.
    first_channel : bool
        Whether the first channel is taken; otherwise the mean of all.

    Raises
    ------
    ConfigError
        If the folder has no sound.
    """

    def __init__(self, folder: str | Path, *, file_s: float, first_channel: bool = False) -> None:
        self._paths, self._file_s = find_sounds(folder), file_s
        self._first_channel = first_channel

    def draw(self, rng: np.random.Generator) -> NDArray[np.float64]:
        """Return a sound (time,) at 16 kHz; each file of the folder is as likely.

        Raises
        ------
        AudioError
            If it cannot be decoded; names the file.
        """
        path = self._paths[rng.integers(len(self._paths))]
        try:
            recording = decode(path.read_bytes(), max_duration_s=self._file_s)
        except (AudioError, OSError) as error:
            raise AudioError(f"{path}: {error}") from error
        if self._first_channel:
            recording = recording._replace(samples=recording.samples[:, :1])
        return to_mono_16k(recording).numpy().astype(np.float64)
