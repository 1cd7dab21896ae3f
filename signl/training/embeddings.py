"""Embeddings of labelled utterances by a network whose weights stay."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
import torch

from signl.models.network import Network
from signl.training.crops import FixedCrops, Loading, Utterances, even_batches, load_batches
from signl.training.encoders import encoder_of
from signl.training.model_files import EncoderFiles
from signl.training.options import FinetuningRecipe
from signl.training.regression import Labelled


@dataclass(frozen=True, kw_only=True)
class FrozenNetwork:
    """The network of a recipe, pre-trained or with the weights of a seed, and what it embeds.

    Attributes
    ----------
    network : Network
        In evaluation mode, without gradients.
    partitions : Mapping
        ``train`` and ``dev``, of the labelled utterances.
    loading : Loading
        How batches are loaded.
    n_crops : int
        Crops of a clip; those that scoring takes.
    """

    network: Network
    partitions: Mapping[str, Utterances]
    loading: Loading
    n_crops: int

    @classmethod
    def of(
        cls,
        recipe: FinetuningRecipe,
        partitions: Mapping[str, Utterances],
        loading: Loading,
        *,
        encoder: EncoderFiles | None,
        seed: int,
    ) -> Self:
        """Build the network of a recipe.

        Raises
        ------
        ConfigError
            If the encoder is not one of this recipe.
        """
        network = encoder_of(recipe, loading.clips, seed=seed, pretrained=encoder)
        network.requires_grad_(requires_grad=False)
        n_crops = recipe.finetuning.crops
        moved = network.to(loading.device).eval()
        return cls(network=moved, partitions=partitions, loading=loading, n_crops=n_crops)

    def embed(self, partition: str) -> Labelled:
        """Return the embeddings of a partition; of several crops of a clip, their mean.

        Of utterances that are there in several versions, those of all of them.
        """
        utterances = self.partitions[partition]
        crops = FixedCrops(length=self.network.crop_length, n_views=self.n_crops)
        batches = even_batches(np.arange(len(utterances)), self.loading.batch_size)
        embeddings = []
        with torch.inference_mode():
            rows = utterances.apart
            for batch in load_batches(rows, batches, crops, self.loading, name=partition):
                views = [self.network.embed(view).double().cpu() for view in batch.views]
                embeddings.append(torch.stack(views).mean(dim=0))
        return Labelled(torch.cat(embeddings).numpy(), utterances.classes, utterances.originals)
