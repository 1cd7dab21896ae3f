"""Augmentations one after the other, with draws that follow from one seed."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from signl.augmentation.augmentation_options import (
    Augmentation,
    AugmentationOptions,
    stretch_of,
)
from signl.augmentation.augmentations import AUGMENTATIONS
from signl.errors import ConfigError
from signl.seeds import derive_seed


class _Link(NamedTuple):
    kind: str
    probability: float
    augment: Augmentation


class Chain:
    """Augmentations, each given what the one before it made.

    Parameters
    ----------
    options : sequence of AugmentationOptions
        In their order.

    Raises
    ------
    ConfigError
        If a folder has no sound.
    """

    def __init__(self, options: Sequence[AugmentationOptions]) -> None:
        self.stretch = stretch_of(options)
        self._links = [_Link(each.kind, each.probability, each.build()) for each in options]

    def __call__(self, waveform: Tensor, seed: int) -> Tensor:
        """Return a waveform (time,) changed as ``seed`` has it; another length is possible.

        Each draws from a generator of its own, so that what one draws does not depend on how much
        those before it drew.
        """
        samples = waveform.numpy().astype(np.float64)
        for number, link in enumerate(self._links):
            rng = np.random.default_rng(derive_seed(seed, number, link.kind))
            if rng.random() < link.probability:
                samples = link.augment(samples, rng)
        return torch.from_numpy(samples.astype(np.float32))


class Perturbation:
    """What is done to utterances that are evaluated: the same to one whenever it is read.

    Draws follow from the utterance alone: those of two ratios are of the same noise.

    Parameters
    ----------
    options : AugmentationOptions
        What is done.
    """

    def __init__(self, options: AugmentationOptions) -> None:
        self._chain = Chain([options])
        self.stretch = self._chain.stretch

    def __call__(self, waveform: Tensor, member: str) -> Tensor:
        """Return the perturbed waveform (time,) of a member of an archive."""
        return self._chain(waveform, derive_seed(0, "perturbation", member))


def perturbation_of(options: Mapping[str, Any] | None) -> Perturbation | None:
    """Build the perturbation of plain options; nothing, where there are none.

    Parameters
    ----------
    options : Mapping, optional
        As :func:`~signl.augmentation.augmentation_options.sealed` gives them.

    Raises
    ------
    ConfigError
        If the sounds are others than when the job was planned.
    """
    if options is None:
        return None
    given = dict(options)
    expected = given.pop("sounds", "")
    built = AUGMENTATIONS.build(given)
    if expected and built.seal() != expected:
        where = given.get("folder", "the folders of its choices")
        raise ConfigError(
            f"the sounds in {where} are others than when this run was planned; run the same "
            "snakemake command again"
        )
    return Perturbation(built)


class Change(NamedTuple):
    """What is done to one view of an utterance: a chain, and the seed of its draws."""

    chain: Chain
    seed: int

    def __call__(self, waveform: Tensor) -> Tensor:
        """Return the changed waveform (time,)."""
        return self.chain(waveform, self.seed)
