"""Record the trials of a corpus: who speaks, which attack, and through which channel."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, NamedTuple, TypeVar

import numpy as np

from signl.demo.attacks import attack as apply_attack
from signl.demo.channels import Domain, record
from signl.demo.dsp import Waveform
from signl.demo.encoding import flac_bytes
from signl.demo.options import Counts
from signl.demo.voices import Speaker, imitate, make_speaker, speak
from signl.labels import BONAFIDE, SPOOF
from signl.seeds import derive_seed

Item = TypeVar("Item")

#: Attack of a bona fide trial, as protocols spell it.
NO_ATTACK: Final = "-"
#: One FLAC in so many leaves its number of samples unknown.
STREAMED_EVERY: Final = 8
NOTICE: Final = (
    b"Synthetic voices and attacks on them, in the layout of the published corpus.\n"
    b"This is not the corpus, and not speech of people.\n"
)


class Trial(NamedTuple):
    """One recorded utterance.

    Attributes
    ----------
    speaker : Speaker
        Who speaks.
    attack : str
        The corpus' name of the attack, ``-`` for bona fide speech.
    waveform : ndarray of shape (sample,)
        At 16 kHz, in -1..1.
    """

    speaker: Speaker
    attack: str
    waveform: Waveform

    @property
    def label(self) -> str:
        """Return the class, ``bonafide`` or ``spoof``."""
        return BONAFIDE if self.attack == NO_ATTACK else SPOOF


@dataclass(frozen=True, kw_only=True)
class Studio:
    """Where the recordings of one corpus are made.

    Attributes
    ----------
    seed : int
        Root of all randomness.
    corpus : str
        Name of the corpus; two studios record different utterances.
    domain : Domain
        The corpus' microphones and noise.
    """

    seed: int
    corpus: str
    domain: Domain

    def generator(self, *purpose: object) -> np.random.Generator:
        """Return the generator of one named use of randomness."""
        return np.random.default_rng(derive_seed(self.seed, "demo", self.corpus, *purpose))

    def bonafide(self, speaker: str, *purpose: object, duration_s: float | None = None) -> Trial:
        """Record a bona fide utterance; of a drawn duration where none is given."""
        return self._record(speaker, NO_ATTACK, np.copy, purpose, duration_s)

    def spoof(self, speaker: str, attack: str, method: str, *purpose: object) -> Trial:
        """Record an attack; ``method`` is its name in ``ATTACKS``."""
        generator = self.generator("attack", *purpose)
        return self._record(
            speaker, attack, lambda voice: apply_attack(method, voice, generator), purpose, None
        )

    def _record(
        self,
        speaker: str,
        attack: str,
        method: Callable[[Waveform], Waveform],
        purpose: Sequence[object],
        duration_s: float | None,
    ) -> Trial:
        generator = self.generator("voice", *purpose)
        duration_s = duration_s or draw_duration_s(generator)
        who = make_speaker(self.seed, speaker)
        voice = method(speak(who if attack == NO_ATTACK else imitate(who), duration_s, generator))
        return Trial(who, attack, record(voice, self.domain, generator))

    def split(
        self,
        name: str,
        counts: Counts,
        *,
        speakers: Sequence[str],
        attacks: Mapping[str, str],
    ) -> list[Trial]:
        """Record a split, bona fide trials first.

        Parameters
        ----------
        name : str
            The split.
        counts : Counts
            Trials of each class.
        speakers : sequence of str
            Who speaks, in turn, in both classes.
        attacks : Mapping of str to str
            The split's attacks, in turn: from the corpus' name to that in ``ATTACKS``.
        """
        bonafide = [
            self.bonafide(speakers[index % len(speakers)], name, "bonafide", index)
            for index in range(counts.bonafide)
        ]
        methods = list(attacks.items())
        spoof = [
            self.spoof(speakers[index % len(speakers)], *methods[index % len(methods)], name, index)
            for index in range(counts.spoof)
        ]
        return bonafide + spoof

    def shuffled(self, items: Sequence[Item], *purpose: object) -> list[Item]:
        """Return items in a drawn order."""
        return [items[index] for index in self.generator(*purpose).permutation(len(items))]

    def identifiers(self, form: str, count: int, low: int, high: int) -> list[str]:
        """Return ``count`` different numbers of ``low..high - 1``, rising, in a ``%`` form."""
        numbers = self.generator("identifiers", form).choice(high - low, count, replace=False)
        return [form % (low + number) for number in np.sort(numbers)]


def draw_duration_s(generator: np.random.Generator) -> float:
    """Draw how long a voice speaks: 0.9 s to 2.9 s, seldom less or more."""
    chance = generator.random()
    if chance < 0.05:
        return float(generator.uniform(0.4, 0.7))
    if chance > 0.97:
        return float(generator.uniform(3.5, 5.5))
    return float(generator.uniform(0.9, 2.9))


def flac_members(folder: str, trials: Mapping[str, Trial]) -> dict[str, bytes]:
    """Encode trials by name as FLAC members of ``folder``, some of them streamed."""
    return {
        f"{folder}/{name}.flac": flac_bytes(
            trial.waveform, streamed=index % STREAMED_EVERY == STREAMED_EVERY - 1
        )
        for index, (name, trial) in enumerate(trials.items())
    }


def divide(members: Mapping[str, bytes], n_parts: int) -> list[dict[str, bytes]]:
    """Divide members into ``n_parts`` runs of about equal numbers."""
    names = list(members)
    bounds = [len(names) * part // n_parts for part in range(n_parts + 1)]
    return [{name: members[name] for name in names[a:b]} for a, b in pairwise(bounds)]
