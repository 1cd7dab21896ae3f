"""The graph model gives the same on a GPU as on the CPU."""

import pytest
import torch

from signl.models.heads import PretrainingModel
from signl.models.signl.edges import nearest_neighbours
from signl.models.signl.options import GraphAugmentation, SignlOptions
from signl.models.signl.spectral_temporal import SpectralTemporalEncoder
from signl.objectives.objectives import OBJECTIVES, make_objective

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device"),
]


def test_ties_break_alike():
    # Each node is one of four unit vectors, so that similarities are exactly 0 or 1.
    axes = torch.randint(0, 4, (64, 32), generator=torch.Generator().manual_seed(0))
    nodes = torch.nn.functional.one_hot(axes).float()
    assert torch.equal(nearest_neighbours(nodes.cuda(), 4).cpu(), nearest_neighbours(nodes, 4))


@pytest.mark.parametrize("name", OBJECTIVES.names)
def test_augmented_losses_agree(name):
    torch.manual_seed(0)
    config = SignlOptions(nodes=16, channels=32)
    model = PretrainingModel(SpectralTemporalEncoder(128, 224, config)).eval()
    objective = make_objective(name, 80, {}).eval()
    pictures = [torch.randn(8, 1, 128, 224) for _ in range(2)]

    def loss_on(device):
        views = model.to(device)(
            *(picture.to(device) for picture in pictures),
            augmentation=GraphAugmentation(),
            generator=torch.Generator().manual_seed(1),
        )
        return objective.to(device)(views.first.projection, views.second.projection).loss.item()

    assert loss_on("cuda") == pytest.approx(loss_on("cpu"), rel=1e-3)
