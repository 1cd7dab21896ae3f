"""Values of the graph model that must not move unless the revision of pre-training does.

After an intended change, raise ``PRETRAINING`` (and ``FINETUNING``) in signl/revisions.py and
write the file anew: ``python tests/golden/test_graph.py``.
"""

from pathlib import Path

import numpy as np
import torch

from signl import stages
from signl.models.heads import Classifier, PretrainingModel, score
from signl.models.signl.options import GraphAugmentation, SignlOptions
from signl.models.signl.spectral_temporal import SpectralTemporalEncoder
from signl.objectives.objectives import make_objective
from signl.seeds import stable_hash

GOLDEN = Path(__file__).with_name("graph.npz")
WIDTH, N_FRAMES, PROJECTION = 20, 30, 8
HEAD = {"widths": (24, PROJECTION), "dropout": 0.0}


def draw(name, shape):
    """Draw numbers that follow from a name alone, on any machine and with any torch."""
    generator = np.random.Generator(np.random.Philox(stable_hash(name)))
    return torch.from_numpy(generator.normal(size=shape).astype(np.float32))


def fill(module):
    """Give a module weights that follow from their names."""
    with torch.no_grad():
        for name, tensor in module.state_dict().items():
            if name.endswith("running_var"):
                tensor.copy_(0.5 + draw(name, tensor.shape).abs())
            elif tensor.is_floating_point():
                fan_in = max(1, tensor[0].numel()) if tensor.ndim else 1
                tensor.copy_(draw(name, tensor.shape) / fan_in**0.5)
    return module.eval()


def make_encoder():
    config = SignlOptions(nodes=8, channels=16, neighbours=3, layers=4)
    return SpectralTemporalEncoder(WIDTH, N_FRAMES, config)


#: Objectives of two projections and nothing else; the others are held to published outputs.
WITHOUT_TARGETS = ("alignment", "barlow", "simsiam", "vicreg")


@torch.no_grad()
def compute():
    """Compute all values that the golden file holds."""
    pictures = [draw(f"view {number}", (4, 1, WIDTH, N_FRAMES)) for number in (1, 2)]
    pretraining = fill(PretrainingModel(make_encoder(), **HEAD))
    classifier = fill(Classifier.with_mlp(make_encoder(), **HEAD))
    views = pretraining(*pictures)
    augmented = pretraining(
        *pictures,
        augmentation=GraphAugmentation(),
        generator=torch.Generator().manual_seed(1),
    )
    values = {
        "embedding": views.first.embedding,
        "augmented": augmented.second.embedding,
        "training": pretraining.train()(*pictures).second.projection,
        "score": score(classifier(pictures[0])),
    }
    for name in WITHOUT_TARGETS:
        objective = fill(make_objective(name, PROJECTION, {}))
        values[name] = objective(views.first.projection, views.second.projection).loss
    return {name: value.numpy() for name, value in values.items()}


def test_the_graph_model_has_not_moved():
    with np.load(GOLDEN) as golden:
        assert int(golden["revision"]) == stages.PRETRAINING.revision, (
            f"the revision of pre-training was raised: write {GOLDEN} anew"
        )
        values = compute()
        assert values.keys() == set(golden.files) - {"revision"}
        for name, value in values.items():
            np.testing.assert_allclose(
                value,
                golden[name],
                rtol=1e-3,
                atol=1e-5,
                err_msg=f"{name} has moved: raise stages.PRETRAINING.revision, write {GOLDEN} anew",
            )


if __name__ == "__main__":
    np.savez_compressed(GOLDEN, revision=stages.PRETRAINING.revision, **compute())
