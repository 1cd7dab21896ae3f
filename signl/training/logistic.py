"""Fine-tuning by logistic regression, on the embeddings of a network whose weights stay."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import cast

import torch
from lightning_fabric import Fabric

from signl.labels import BONAFIDE, CLASS_INDEX, SPOOF
from signl.models.heads import Classifier, LinearHead
from signl.seeds import derive_seed
from signl.training.crops import Loading, Utterances
from signl.training.embeddings import FrozenNetwork
from signl.training.model_files import EncoderFiles
from signl.training.options import FinetuningRecipe, LogisticOptions
from signl.training.regression import Plane, Search
from signl.training.run import Record

logger = logging.getLogger(__name__)


class LogisticTraining:
    """A classifier whose linear head is a logistic regression.

    Parameters are those of :class:`signl.training.finetune.Finetuning`.
    """

    def __init__(
        self,
        recipe: FinetuningRecipe,
        partitions: Mapping[str, Utterances],
        loading: Loading,
        fabric: Fabric,
        *,
        encoder: EncoderFiles | None,
        seed: int,
    ) -> None:
        self.options = cast(LogisticOptions, recipe.finetuning)
        self.frozen = FrozenNetwork.of(recipe, partitions, loading, encoder=encoder, seed=seed)
        network = self.frozen.network
        classifier = Classifier(network, LinearHead(network.embedding_width))
        self.classifier, self.seed = classifier.to(fabric.device).eval(), seed

    @property
    def trained(self) -> Classifier:
        """The classifier."""
        return self.classifier

    def fit(self, checkpoint: Path, made_from: str) -> list[Record]:
        """Fit the head; it takes so little time that nothing is kept on the way."""
        options = self.options
        search = Search(
            strengths=options.strengths,
            max_steps=options.max_steps,
            folds=options.folds,
            least_dev=options.least_dev,
            seed=derive_seed(self.seed, "folds"),
        )
        plane, records = search.run(self.frozen.embed("train"), self.frozen.embed("dev"))
        self._take(plane)
        for record in records:
            _tell(record, options)
        return records

    def outcome(self, best: Record) -> str:
        """Return the strength that was chosen, and the dev EER it has."""
        if len(self.options.strengths) == 1:
            return f"strength {best['strength']:g} as given, dev EER {100 * best['dev_eer']:.2f} %"
        return (
            f"best strength {best['strength']:g} by {best['chosen_by']}, "
            f"dev EER {100 * best['dev_eer']:.2f} %"
        )

    def _take(self, plane: Plane) -> None:
        """Give the head the plane: the difference of its two rows is the log-odds."""
        classes = cast(LinearHead, self.classifier.head).classes
        rows = {BONAFIDE: 0.5, SPOOF: -0.5}
        with torch.no_grad():
            for label, share in rows.items():
                classes.weight[CLASS_INDEX[label]] = torch.from_numpy(share * plane.weight)
                classes.bias[CLASS_INDEX[label]] = share * plane.offset


def _tell(record: Record, options: LogisticOptions) -> None:
    logger.info(
        "strength %g: train EER %.4g, dev EER %.4g, by %s%s",
        record["strength"],
        record["train_eer"],
        record["dev_eer"],
        record["chosen_by"],
        " (best)" if record["best"] else "",
    )
    if not record["converged"]:
        logger.warning(
            "strength %g: the solver has not converged in %d steps; raise max_steps, or leave "
            "this strength out of strengths",
            record["strength"],
            options.max_steps,
        )
    if record["best"] and record["chosen_by"] == "none" and len(options.strengths) > 1:
        logger.warning(
            "neither dev (least_dev: %d utterances of a class) nor train (2) can choose among "
            "strengths: %g is the smallest; raise the label percent",
            options.least_dev,
            record["strength"],
        )
