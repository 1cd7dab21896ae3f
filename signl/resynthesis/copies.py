"""Copies of an utterance: augmented, through a channel, and through methods of synthesis.

All draws follow from the seed, the utterance and the name of what is drawn for, so that they depend
on no order, shard or process. Of each utterance the methods have an order of their own, which is
random; its pseudo-spoofs are made by the first of it. What a method makes of an utterance
therefore does not depend on which others there are: where one is left out, the copies that it made
are those of the next method in the utterance's order, and all others stay as they are. To ask for
more pseudo-spoofs adds some and changes none.
"""

from typing import Final, Literal, NamedTuple, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from signl.augmentation.chain import Chain
from signl.augmentation.filtering import limit_peak
from signl.errors import AudioError
from signl.resynthesis.copies_options import ResynthesisOptions
from signl.seeds import derive_seed, stable_hash

Samples = NDArray[np.float64]
Role = Literal["augmented", "channel", "pseudo_spoof"]

#: What stands for the method of a channel copy.
CHANNEL_METHOD: Final = "channel"


class Copy(NamedTuple):
    """A copy of an utterance.

    ``method`` is the name of the method of a pseudo-spoof, and the role otherwise; ``number``
    counts the copies of a role from 0. ``samples`` (time,) are at 16 kHz, their peak is at most 1.
    """

    role: Role
    method: str
    number: int
    samples: Samples


class CopyMaker(Protocol):
    """What makes the copies of utterances, built once for many."""

    def copies(self, samples: Samples, name: str) -> list[Copy]:
        """Make the copies of an utterance (time,) at 16 kHz; all draws follow from its name."""
        ...


class Resynthesis:
    """The methods and the channel of options, built once for many utterances.

    Parameters
    ----------
    options : ResynthesisOptions
        What is made.

    Raises
    ------
    ConfigError
        If a graph of a vocoder does not fit.
    """

    def __init__(self, options: ResynthesisOptions) -> None:
        self.options = options
        self.methods = {each.label: each.build() for each in options.used}
        self.channel = Chain(options.channel)

    def draw_methods(self, name: str) -> list[str]:
        """Return the methods that make the pseudo-spoofs of an utterance, in their order."""
        seed = self.options.seed

        def place(method: str) -> int:
            return stable_hash("method", seed, name, method)

        return sorted(self.methods, key=place)[: self.options.pseudo_spoofs]

    def copies(self, samples: Samples, name: str) -> list[Copy]:
        """Return the channel copies of an utterance, and then its pseudo-spoofs."""
        of_channel = [
            Copy("channel", CHANNEL_METHOD, number, _sent(samples, self, name, "copy", number))
            for number in range(self.options.channel_copies)
        ]
        made = [
            Copy("pseudo_spoof", method, number, _spoof(samples, self, name, method))
            for number, method in enumerate(self.draw_methods(name))
        ]
        return of_channel + made


def copies_of(samples: Samples, *, name: str, built: CopyMaker) -> list[Copy]:
    """Make the copies of an utterance.

    Parameters
    ----------
    samples : ndarray of shape (time,)
        The utterance at 16 kHz.
    name : str
        The utterance; with the seed of the options it decides all draws.
    built : CopyMaker
        What is made.

    Returns
    -------
    list of Copy
        Of resynthesis the channel copies, and then the pseudo-spoofs. They are as long as the
        utterance, but for those of methods that change its duration (``wsola``), and of
        augmentations that do.

    Raises
    ------
    AudioError
        If the utterance has no sample, or one that is no finite number, or one of the copies has
        such.
    """
    _check(samples, f"{name}: the utterance")
    copies = built.copies(samples.astype(np.float64), name)
    for each in copies:
        _check(each.samples, f"{name}: its copy by {each.method}")
    return copies


def _check(samples: Samples, what: str) -> None:
    if not len(samples) or not np.isfinite(samples).all():
        raise AudioError(f"{what} has no sample, or one that is no finite number")


def _spoof(samples: Samples, built: Resynthesis, name: str, method: str) -> Samples:
    """Return the copy by a method, at the level of the utterance, or through the channel."""
    options = built.options
    rng = np.random.default_rng(derive_seed(options.seed, "resynthesis", name, method))
    through_channel = rng.random() < options.channel_probability
    copy = _at_level_of(samples, built.methods[method](samples, rng))
    return _sent(copy, built, name, method) if through_channel else limit_peak(copy)


def _at_level_of(samples: Samples, copy: Samples) -> Samples:
    """Return a copy with the mean power of the utterance; silence stays what it is."""
    power = np.mean(copy**2)
    return copy * np.sqrt(np.mean(samples**2) / power) if power > 0 else copy


def _sent(samples: Samples, built: Resynthesis, name: str, *purpose: object) -> Samples:
    """Return what a channel leaves of a waveform."""
    return sent_through(
        built.channel, samples, derive_seed(built.options.seed, "channel", name, *purpose)
    )


def sent_through(chain: Chain, samples: Samples, seed: int) -> Samples:
    """Return what a chain makes of a waveform (time,), its peak at most at full scale."""
    waveform = torch.from_numpy(samples.astype(np.float32))
    return limit_peak(chain(waveform, seed).numpy().astype(np.float64))
