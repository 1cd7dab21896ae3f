"""Where graphs are augmented: in pre-training and its validation, and nowhere else."""

from collections import Counter

import pytest
import torch

from signl.models.signl import spectral_temporal as module
from signl.models.signl.augment import augment


@pytest.fixture
def augmented(monkeypatch):
    """Count the graphs that are augmented, in training (True) and in validation (False)."""
    counts = Counter()

    def count(graph, options, generator):
        counts[torch.is_grad_enabled()] += len(graph.nodes)
        return augment(graph, options, generator)

    monkeypatch.setattr(module, "augment", count)
    return counts


def test_both_graphs_of_both_views_are_augmented_in_pretraining_and_its_validation(
    pretrain, augmented
):
    pretrain(epochs=2)
    # 24 utterances to train on and 18 to validate on, two views, two graphs.
    assert augmented == {True: 2 * 24 * 4, False: 2 * 18 * 4}


def test_no_graph_is_augmented_in_finetuning_and_its_validation(finetune, augmented):
    finetune(epochs=2)
    assert not augmented
