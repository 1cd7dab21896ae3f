import numpy as np
import pytest
import torch

from signl.devices import Resources
from signl.errors import AudioError, TrainingError
from signl.training import launching as module
from signl.training.launching import launch, make_fabric, seed_epoch, seed_weights


def test_one_thread_computes_and_the_others_load():
    assert Resources.of(1, 1) == Resources(gpu=1, n_workers=0)
    assert Resources.of(0, 5) == Resources(gpu=0, n_workers=4)
    assert Resources.of(2, 8) == Resources(gpu=2, n_workers=3, n_processes=2)


@pytest.mark.parametrize("precision", ["bf16-mixed", "32-true"])
def test_a_cpu_computes_in_float32(precision):
    fabric = make_fabric(precision, Resources())
    assert fabric.device == torch.device("cpu")
    module = fabric.setup_module(torch.nn.Linear(2, 2))
    assert module(torch.zeros(1, 2)).dtype == torch.float32


@pytest.mark.parametrize("has_bfloat16", [True, False])
def test_a_cpu_computes_in_bfloat16_where_it_is_told_to(monkeypatch, caplog, has_bfloat16):
    monkeypatch.setattr(module, "has_bfloat16", lambda: has_bfloat16)
    fabric = make_fabric("bf16-mixed-everywhere", Resources())
    linear = torch.nn.Linear(2, 2)
    seen = []
    linear.register_forward_hook(lambda *of_call: seen.append(of_call[2].dtype))
    assert fabric.setup_module(linear)(torch.zeros(1, 2)).dtype == torch.float32
    assert (seen, linear.weight.dtype) == ([torch.bfloat16], torch.float32)
    assert ("has no instructions for bfloat16" in caplog.text) != has_bfloat16


def end(fabric, error):
    """What a training does whose second process meets an error."""
    if fabric.global_rank == 1:
        raise error from AudioError("what came before it")


def test_an_error_of_another_process_arrives_as_what_it_is():
    message = "epoch 1: the loss is nan;\na lower learning_rate helps"
    with pytest.raises(TrainingError) as raised:
        launch(end, "32-true", Resources(n_processes=2), TrainingError(message))
    assert str(raised.value) == message


def draws(seed, *arguments):
    seed(*arguments)
    return torch.rand(3).tolist()


def test_what_modules_draw_follows_seed_and_epoch():
    assert draws(seed_weights, 1, "head") == draws(seed_weights, 1, "head")
    assert draws(seed_epoch, 1, 2) == draws(seed_epoch, 1, 2)
    different = [
        draws(seed_weights, 1, "head"),
        draws(seed_weights, 2, "head"),
        draws(seed_weights, 1, "encoder"),
        draws(seed_epoch, 1, 2),
        draws(seed_epoch, 1, 3),
        draws(seed_epoch, 2, 2),
        draws(seed_epoch, 1, 2, 1),
    ]
    assert len({tuple(values) for values in different}) == len(different)


def test_the_masks_of_a_front_end_follow_the_epoch_too():
    drawn = []
    for epoch in (2, 2, 3):
        seed_epoch(1, epoch)
        drawn.append(np.random.rand(3).tolist())  # noqa: NPY002
    assert drawn[0] == drawn[1] != drawn[2]
