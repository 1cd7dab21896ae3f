"""Fine-tuning by resynthesis: a plane through the embeddings of a network whose weights stay."""

import logging
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
import numpy.typing as npt
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from signl.labels import BONAFIDE, NO_CLASS
from signl.training.arm_options import (
    ArmOptions,
    ResynthRefineOptions,
    VocodedOptions,
    ZeroLabelOptions,
)
from signl.training.copied_utterances import CHANNEL, PSEUDO_SPOOF, UNLABELLED_TRAIN
from signl.training.crops import Utterances
from signl.training.logistic import LogisticTraining
from signl.training.projection import Projection
from signl.training.refinement import Copies, Material, Round, refined, zero_label
from signl.training.regression import Labelled, Plane, figures_of
from signl.training.run import Record

logger = logging.getLogger(__name__)

Array = npt.NDArray[Any]


class ArmTraining(LogisticTraining):
    """A classifier whose linear head is a plane that resynthesis has taught.

    Parameters are those of :class:`signl.training.finetune.Finetuning`; besides ``train`` and
    ``dev`` the partitions have those of :mod:`signl.training.copied_utterances`.
    """

    def fit(self, checkpoint: Path, made_from: str) -> list[Record]:
        """Fit the head; it takes so little time that nothing is kept on the way."""
        material = self._material()
        projection = Projection.fit(
            material.originals,
            [material.channel.embeddings, material.pseudo_spoofs.embeddings],
            components=self._arm.components,
        )
        rounds = _FITS[type(self._arm)](_projected(material, projection), self._arm)
        dev = Labelled(self._embedded("dev"), self.frozen.partitions["dev"].classes)
        n_labelled = len(self.frozen.partitions["train"])
        train = Labelled(material.originals[:n_labelled], material.classes[:n_labelled])
        records: list[Record] = []
        for number, done in enumerate(rounds):
            plane = projection.undo(done.plane)
            record: Record = {"epoch": number, "n_presumed_bonafide": done.n_presumed}
            for name, part in (("train", train), ("dev", dev)):
                figures = figures_of(plane.log_odds(part.embeddings), part)
                record |= {f"{name}_loss": figures.loss, f"{name}_eer": figures.eer}
            # Nothing is chosen: the last round is the result.
            records.append({**record, "best": number == len(rounds) - 1})
            self._tell(records[-1])
        self._take(projection.undo(rounds[-1].plane))
        return records

    def outcome(self, best: Record) -> str:
        """Return the dev EER, by which nothing was chosen."""
        return f"{self._arm.kind}, dev EER {100 * best['dev_eer']:.2f} %"

    @property
    def _arm(self) -> ArmOptions:
        return cast(ArmOptions, self.options)

    def _material(self) -> Material:
        """Embed the whole training partition and its copies."""
        parts = self.frozen.partitions
        labelled, unlabelled = parts["train"], parts[UNLABELLED_TRAIN]
        place = {name: i for i, name in enumerate([*labelled.ids, *unlabelled.ids])}
        channel = Copies(self._embedded(CHANNEL), _places(parts[CHANNEL], place))
        pseudo_spoofs = Copies(channel.embeddings[:0], channel.originals[:0])
        if self._arm.learns_resynthesis:
            made = parts[PSEUDO_SPOOF]
            pseudo_spoofs = Copies(self._embedded(PSEUDO_SPOOF), _places(made, place))
        logger.info(
            "%s: %d labelled and %d unlabelled utterances, %d channel copies, %d pseudo-spoofs",
            self._arm.kind,
            len(labelled),
            len(unlabelled),
            len(channel.originals),
            len(pseudo_spoofs.originals),
        )
        return Material(
            originals=np.concatenate([self._embedded("train"), self._embedded(UNLABELLED_TRAIN)]),
            classes=np.concatenate([labelled.classes, np.full(len(unlabelled), NO_CLASS)]),
            channel=channel,
            pseudo_spoofs=pseudo_spoofs,
        )

    def _embedded(self, partition: str) -> Array:
        """Return the embeddings, (utterance, width), float32: of a million in half the memory."""
        n_utterances = len(self.frozen.partitions[partition])
        if not n_utterances:
            return np.zeros((0, self.frozen.network.embedding_width), dtype=np.float32)
        return self.frozen.embed(partition).embeddings.astype(np.float32)

    def _tell(self, record: Record) -> None:
        logger.info(
            "round %d: %d utterances presumed bona fide, EER on labelled train %.4g, on dev %.4g",
            record["epoch"],
            record["n_presumed_bonafide"],
            record["train_eer"],
            record["dev_eer"],
        )


def _places(copies: Utterances, place: Mapping[str, int]) -> npt.NDArray[np.int64]:
    return np.array([place[name] for name in copies.ids], dtype=np.int64)


def _projected(material: Material, projection: Projection) -> Material:
    """Return the same in the main directions."""
    channel, made = material.channel, material.pseudo_spoofs
    return Material(
        projection.apply(material.originals),
        material.classes,
        Copies(projection.apply(channel.embeddings), channel.originals),
        Copies(projection.apply(made.embeddings), made.originals),
    )


def _fit_zero_label(material: Material, options: ArmOptions) -> list[Round]:
    arm = cast(ZeroLabelOptions, options)
    # That an utterance has a label is not looked at either.
    blind = material._replace(classes=np.full_like(material.classes, NO_CLASS))
    first = Round(zero_label(blind, penalty=arm.penalty), 0)
    if not arm.rounds:
        return [first]
    later = refined(
        blind, penalty=arm.penalty, rounds=arm.rounds, label_weight=1.0, prior=arm.prior
    )
    return [first, *later]


def _fit_refined(material: Material, options: ArmOptions) -> list[Round]:
    arm = cast(ResynthRefineOptions, options)
    return refined(
        material,
        penalty=arm.penalty,
        rounds=arm.rounds,
        label_weight=arm.label_weight,
        prior=arm.prior,
    )


def _fit_vocoded(material: Material, options: ArmOptions) -> list[Round]:
    """Fit a logistic regression, both classes of equal weight."""
    arm = cast(VocodedOptions, options)
    is_labelled, is_bonafide = material.classes != NO_CLASS, material.of_class(BONAFIDE)
    channel, made = material.channel, material.pseudo_spoofs
    own = is_labelled[channel.originals]
    resynthesised = made.embeddings[is_bonafide[made.originals]]
    embeddings = [material.originals[is_labelled], channel.embeddings[own], resynthesised]
    classes = [is_bonafide[is_labelled], is_bonafide[channel.originals][own]]
    classes.append(np.zeros(len(resynthesised), dtype=bool))
    regression = LogisticRegression(C=arm.strength, class_weight="balanced", max_iter=arm.max_steps)
    with warnings.catch_warnings():
        # Told from the number of steps, in words of ours.
        warnings.simplefilter("ignore", ConvergenceWarning)
        regression.fit(np.concatenate(embeddings), np.concatenate(classes))
    n_steps = int(regression.n_iter_[0])
    if n_steps >= arm.max_steps:
        logger.warning("the solver has not converged in %d steps; raise max_steps", n_steps)
    return [Round(Plane(regression.coef_[0], float(regression.intercept_[0]), n_steps), 0)]


_FITS: Final[Mapping[type[ArmOptions], Callable[[Material, ArmOptions], list[Round]]]] = {
    ZeroLabelOptions: _fit_zero_label,
    VocodedOptions: _fit_vocoded,
    ResynthRefineOptions: _fit_refined,
}
