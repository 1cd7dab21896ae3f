import pytest
import torch

from signl.models.audio_ntt.options import AudioNTTOptions
from signl.models.heads import PretrainingModel
from signl.objectives.byol.options import BYOLOptions
from signl.objectives.objectives import make_objective


def test_the_loss_by_hand():
    byol = make_objective("byol", 2, {"hidden": 3})
    byol.objective.predictor = torch.nn.Identity()
    first, second = torch.tensor([[1.0, 0.0], [0.0, 2.0]]), torch.tensor([[3.0, 0.0], [1.0, 0.0]])
    targets = torch.tensor([[0.0, 1.0], [1.0, 0.0]]), torch.tensor([[1.0, 0.0], [0.0, -1.0]])
    # First finds the second's targets at cosines 1 and -1, second the first's at 0 and 1.
    expected = ((0 + 2) + (4 + 0)) / 2
    assert byol(first, second, targets=targets).loss.item() == pytest.approx(expected)


def test_no_gradient_reaches_the_targets():
    first, second, *targets = (torch.randn(6, 8).requires_grad_() for _ in range(4))
    byol = make_objective("byol", 8, {"hidden": 4})
    byol(first, second, targets=tuple(targets)).loss.backward()
    assert all(target.grad is None for target in targets)
    assert all(weight.grad is not None for weight in byol.parameters())


def loaded(fixture, module, side):
    """Load encoder and projector of a side of the fixture."""
    state = {
        "encoder." + name: weight for name, weight in fixture.state(f"{side}.net.").items()
    } | {
        # Dropout, of no weights, stands behind each ReLU of ours.
        "projection.layers." + name.replace("3.", "4."): weight
        for name, weight in fixture.state(f"{side}.projector.net.").items()
    }
    module.load_state_dict(state)


def normalised(views):
    """Views with the mean and the deviation of the two together taken out."""
    both = torch.cat(views)
    return [(view - both.mean()) / both.std() for view in views]


@pytest.fixture
def case(reference):
    """The fixture, its online and target networks, its loss, and its views, in double precision."""
    fixture = reference("byola_loss")
    encoder = AudioNTTOptions(embedding=64, dropout=0.0).build(64, 96)
    model = PretrainingModel(encoder, widths=[128, 32], dropout=0.0, norm="batch")
    options = BYOLOptions(hidden=128)
    target, objective = options.target(model), options.build(32)
    loaded(fixture, model, "online_encoder")
    loaded(fixture, target.copied, "target_encoder")
    objective.objective.predictor.load_state_dict(fixture.state("online_predictor.net."))
    first = 3 * fixture.normal("view1", 6, 1, 64, 96) + 1
    views = normalised([first.double(), fixture.normal("view2", 6, 1, 64, 96).double()])
    fixture.assert_close(views[0][:, 0, ::8, ::12], "batch_norm_1")
    fixture.assert_close(views[1][:, 0, ::8, ::12], "batch_norm_2")
    return fixture, model.double(), target.double(), objective.double(), views


def test_a_step_is_that_of_the_published_code(case):
    fixture, model, target, objective, views = case
    online = model(*views)
    targets = target.copied(*views)
    projections, aims = ([view.projection for view in each] for each in (online, targets))
    predictor = objective.objective.predictor
    for number in range(2):
        fixture.assert_close(projections[number], f"projection_{number + 1}")
        fixture.assert_close(predictor(projections[number]), f"prediction_{number + 1}")
        fixture.assert_close(aims[number], f"target_{number + 1}")
    loss = objective(*projections, targets=tuple(aims)).loss
    fixture.assert_close(loss, "loss")
    loss.backward()
    fixture.assert_close(predictor[3].weight.grad[::4, ::16], "grad_predictor")
    fixture.assert_close(model.encoder.features[0].weight.grad[::8], "grad_conv")
    fixture.assert_close(model.encoder.features[1].running_mean, "running_mean_after")
    found = target.copied.encoder.features[1].running_mean
    fixture.assert_close(found, "target_running_mean_after")
    target.move(model)
    fixture.assert_close(target.copied.projection.layers[0].weight[::16, ::8], "ema_after")
