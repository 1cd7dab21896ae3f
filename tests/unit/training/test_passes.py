import weakref
from typing import NamedTuple

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from signl.devices import Resources
from signl.errors import ConfigError, TrainingError
from signl.features.usable import read_usable
from signl.training import passes
from signl.training.clips import FrameClips
from signl.training.crops import Loading, Utterances, shuffled
from signl.training.gradient_options import GradientOptions
from signl.training.launching import make_fabric
from signl.training.passes import make_trainer


class Step(NamedTuple):
    loss: Tensor
    n_views: int


class Linear(nn.Module):
    """A network with dropout and a weight that is not trained."""

    def __init__(self):
        super().__init__()
        self.layer, self.dropout = nn.Linear(64, 1), nn.Dropout(0.5)
        self.frozen = nn.Parameter(torch.ones(1), requires_grad=False)

    def forward(self, picture):
        return self.dropout(self.layer(picture.flatten(1))) * self.frozen


@pytest.fixture
def trainer(toy):
    torch.manual_seed(0)
    loading = Loading(clips=FrameClips(toy.features), device=torch.device("cpu"), batch_size=7)
    partitions = {name: Utterances.of(read_usable(getattr(toy, name))) for name in ("train", "dev")}
    return make_trainer(
        Linear(),
        GradientOptions(learning_rate=0.01, weight_decay=0.0),
        partitions,
        loading,
        make_fabric("32-true", Resources()),
        crop_length=8,
        n_views=2,
        seed=3,
    )


@pytest.fixture
def step(trainer):
    def computed(batch):
        return Step(trainer.network(batch.views[0]).square().mean(), len(batch.views))

    return computed


def utterances(n_utterances):
    ids, none = [str(each) for each in range(n_utterances)], np.zeros(n_utterances, dtype=int)
    return Utterances(ids, ids, none, none, none)


def test_training_passes_once_over_train_in_the_order_of_the_epoch(trainer, step):
    classes = torch.cat([classes for classes, _ in trainer.train(4, step)])
    expected = trainer.partitions["train"].classes[shuffled(24, 3, 4)]
    assert classes.tolist() == expected.tolist()


@pytest.mark.parametrize(
    ("options", "n_processes", "n_views", "message"),
    [
        ({"batch_size": 4, "accumulate": 4}, 1, 2, r"train .* accumulate 4 .* 1 at a time, and 2"),
        ({"batch_size": 4, "accumulate": 2}, 3, 1, r"train .* 2 at a time, and 3 .*gpus_per_job"),
        ({"batch_size": 64}, 9, 1, r"dev has 8 utterances: .* 8 at a time, and 9 are needed"),
    ],
)
def test_batches_that_are_too_small_are_refused_at_once(options, n_processes, n_views, message):
    partitions = {"train": utterances(16), "dev": utterances(8)}
    with pytest.raises(ConfigError, match=message):
        passes._check_batches(partitions, GradientOptions(**options), n_processes, n_views)


def test_a_loss_that_is_no_number_ends_the_training(trainer, step):
    def poisoned(batch):
        trainer.bare.layer.weight.data.fill_(float("nan"))
        return step(batch)

    with pytest.raises(TrainingError, match=r"epoch 2, batch 0: the loss is nan.* learning_rate"):
        list(trainer.train(2, poisoned))
    with pytest.raises(TrainingError, match="dev: the loss is nan"):
        list(trainer.validate(step))


def test_validation_passes_once_over_dev_as_it_stands(trainer, step):
    results = list(trainer.validate(step))
    classes = torch.cat([classes for classes, _ in results])
    assert classes.tolist() == trainer.partitions["dev"].classes.tolist()
    assert {result.n_views for _, result in results} == {2}


def test_training_moves_what_asks_for_gradients_and_validation_nothing(trainer, step):
    network = trainer.bare
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    list(trainer.validate(step))
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())
    network.train()
    list(trainer.train(0, step))
    assert not torch.equal(network.layer.weight, before["layer.weight"])
    assert torch.equal(network.frozen, before["frozen"])


def test_validation_is_without_dropout_and_gradients(trainer, step):
    trainer.bare.train()
    first, second = ([result.loss for _, result in trainer.validate(step)] for _ in range(2))
    assert first == second
    assert not any(loss.requires_grad for loss in first)


def test_an_epoch_follows_its_number_alone(trainer, step):
    state = {name: tensor.clone() for name, tensor in trainer.bare.state_dict().items()}

    def losses(epoch):
        trainer.bare.load_state_dict(state)
        trainer.bare_optimiser.state.clear()
        trainer.bare.train()
        return [result.loss.item() for _, result in trainer.train(epoch, step)]

    first = losses(1)
    torch.rand(5)
    assert losses(1) == first
    assert losses(2) != first


@pytest.mark.parametrize("name", ["train", "validate"])
def test_pictures_are_let_go(trainer, step, monkeypatch, name):
    # Those of an epoch of a whole corpus would take hundreds of gigabytes.
    pictures, alive = [], []
    load = passes.load_batches

    def watch(*arguments, **options):
        for batch in load(*arguments, **options):
            alive.append(sum(reference() is not None for reference in pictures))
            pictures.append(weakref.ref(batch.views[0]))
            yield batch

    monkeypatch.setattr(passes, "load_batches", watch)
    arguments = (0, step) if name == "train" else (step,)
    kept = list(getattr(trainer, name)(*arguments))
    assert len(kept) == len(pictures) >= 3
    assert max(alive) <= 2
