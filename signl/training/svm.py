"""Fine-tuning by a support vector machine, on the embeddings of a network whose weights stay."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from lightning_fabric import Fabric
from sklearn.svm import SVC

from signl.metrics import equal_error_rate
from signl.models.heads import Classifier
from signl.models.kernel_head import KernelHead
from signl.training.crops import Loading, Utterances
from signl.training.embeddings import FrozenNetwork
from signl.training.model_files import EncoderFiles
from signl.training.options import FinetuningRecipe
from signl.training.regression import Labelled, standardisation
from signl.training.run import Record
from signl.training.svm_options import SvmOptions

logger = logging.getLogger(__name__)


class SvmTraining:
    """A classifier whose head is a support vector machine.

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
        self.options = cast(SvmOptions, recipe.finetuning)
        self.frozen = FrozenNetwork.of(recipe, partitions, loading, encoder=encoder, seed=seed)
        network = self.frozen.network
        # The head has its vectors when it is fitted; before, it has none.
        self.classifier = Classifier(network, KernelHead(network.embedding_width, vectors=0))

    @property
    def trained(self) -> Classifier:
        """The classifier."""
        return self.classifier

    def fit(self, checkpoint: Path, made_from: str) -> list[Record]:
        """Fit the head; it takes so little time that nothing is kept on the way."""
        train, dev = self.frozen.embed("train"), self.frozen.embed("dev")
        head = fit_machine(train, strength=self.options.strength, gamma=self.options.gamma)
        self.classifier.head = head.to(self.frozen.loading.device).eval()
        record = {
            "epoch": 0,
            "strength": self.options.strength,
            "gamma": float(head.gamma),
            "n_vectors": len(head.vectors),
            "train_eer": _eer(head, train),
            "dev_eer": _eer(head, dev),
            "best": True,
        }
        logger.info(
            "strength %g, gamma %.4g: %d support vectors of %d utterances, train EER %.4g, "
            "dev EER %.4g",
            *(record[key] for key in ("strength", "gamma", "n_vectors")),
            len(train.classes),
            *(record[key] for key in ("train_eer", "dev_eer")),
        )
        return [record]

    def outcome(self, best: Record) -> str:
        """Return the dev EER, by which nothing was chosen."""
        return f"dev EER {100 * best['dev_eer']:.2f} %"


def fit_machine(train: Labelled, *, strength: float, gamma: float | None) -> KernelHead:
    """Fit a support vector machine to standardised embeddings, both classes of equal weight.

    Parameters
    ----------
    train : Labelled
        Utterances of both classes.
    strength : float
        scikit-learn's C.
    gamma : float, optional
        Of the kernel; scikit-learn's ``scale`` where nothing is said.

    Returns
    -------
    KernelHead
        Whose score is the decision function, above 0 for bona fide.
    """
    mean, deviation = standardisation(train.embeddings)
    standardised = (train.embeddings - mean) / deviation
    machine = SVC(C=strength, gamma=gamma or "scale", class_weight="balanced")
    machine.fit(standardised, train.is_bonafide)
    return KernelHead.of(
        mean=mean,
        scale=1 / deviation,
        vectors=machine.support_vectors_,
        weights=machine.dual_coef_[0],
        offset=float(machine.intercept_[0]),
        # As fitted: a number, also where "scale" was asked for.
        gamma=float(machine._gamma),
    )


def _eer(head: KernelHead, labelled: Labelled) -> float:
    values = head.decide(labelled.embeddings)
    bonafide, spoof = values[labelled.is_bonafide], values[~labelled.is_bonafide]
    return equal_error_rate(bonafide, spoof).rate
