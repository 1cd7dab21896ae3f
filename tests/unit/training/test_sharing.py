"""Processes that share a training come to the result of one process."""

import json

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from toy_copies import write_copies

from signl.devices import Resources
from signl.models.draws import SharedGenerator, draw_normal, draw_uniform
from signl.training.finetune import FinetuningJob
from signl.training.job import train
from signl.training.model_files import ModelFiles
from signl.training.pretrain import PretrainingJob
from signl.training.sharing import Share, gather_rows, share_batch_statistics


@given(st.integers(1, 200), st.integers(1, 8))
def test_shares_are_a_partition_into_almost_equal_parts(n_rows, n_processes):
    if n_rows < n_processes:
        with pytest.raises(ValueError, match=f"{n_rows} utterances cannot be shared"):
            Share(0, n_processes).of(n_rows)
        return
    parts = [range(n_rows)[Share(rank, n_processes).of(n_rows)] for rank in range(n_processes)]
    assert [row for part in parts for row in part] == list(range(n_rows))
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


@pytest.mark.parametrize("draw", [draw_uniform, draw_normal])
def test_shared_draws_are_rows_of_the_whole_batch(draw):
    whole = draw((5, 3), torch.Generator().manual_seed(1))
    for first, after in ((0, 2), (2, 5), (0, 5)):
        shared = SharedGenerator(torch.Generator().manual_seed(1), first, 5)
        assert torch.equal(draw((after - first, 3), shared), whole[first:after])


def test_one_process_gathers_its_own_rows():
    rows = torch.ones(3, 2)
    assert gather_rows(rows, first=0, n_rows=3) is rows


@pytest.mark.parametrize("shape", [(6, 4), (6, 4, 5), (6, 4, 5, 3)])
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("affine", [True, False])
def test_shared_statistics_of_one_process_are_batch_normalisation(shape, training, affine):
    torch.manual_seed(0)
    kind = nn.BatchNorm2d if len(shape) == 4 else nn.BatchNorm1d
    plain = kind(4, affine=affine)
    if affine:
        nn.init.normal_(plain.weight)
    model = nn.Sequential(plain).train(training)
    inputs = 3 + torch.randn(shape)
    expected = model(inputs)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    again = nn.Sequential(kind(4, affine=affine)).train(training)
    again.load_state_dict({**before, "0.running_mean": torch.zeros(4)})
    again[0].running_var.fill_(1.0)
    again[0].num_batches_tracked.zero_()
    shared = share_batch_statistics(again)
    assert shared.state_dict().keys() == before.keys()
    if training:
        torch.testing.assert_close(shared(inputs), expected)
        for name, tensor in shared.state_dict().items():
            torch.testing.assert_close(tensor, before[name])


# Adam turns a gradient that is rounding alone into a step of the learning rate: small steps keep
# rounding small.
TRAINING = {"epochs": 3, "batch_size": 10, "learning_rate": 3e-4, "head_widths": [8, 6]}


@pytest.fixture
def losses(toy, recipe, tmp_path):
    """Return a function that trains in some processes and gives the losses of all epochs."""

    def of(stage, n_processes, **changes):
        folder = tmp_path / f"{stage}-{n_processes}"
        output = ModelFiles(
            *(folder / name for name in ("model.safetensors", "config.json", "history.jsonl"))
        )
        options = {name: recipe[name] for name in ("crop_s", "model")}
        resources = Resources(n_processes=n_processes)
        # Every process drops other elements than one alone would.
        changes = {"dropout": 0.0, **changes}
        options[stage] = TRAINING | changes
        given = {
            "train": toy.train,
            "dev": toy.dev,
            "shards": toy.features,
            "output": output,
            "corpus": "toy",
            "seed": 1,
            "options": options,
            "resources": resources,
        }
        if stage == "pretraining":
            copies = []
            if options[stage].get("objective", {}).get("kind") == "resynthesis":
                copies = [write_copies(tmp_path, toy, partition=each) for each in ("train", "dev")]
            given["shards"] = [*toy.features, *(path for each in copies for path in each.shards)]
            train(PretrainingJob(**given, copies=[each.table for each in copies]))
        else:
            train(FinetuningJob(**given, labels=toy.labels, encoder=None, percent=100.0))
        assert not output.checkpoint.exists()
        records = [json.loads(line) for line in output.history.read_text().splitlines()]
        return np.array([[record["train_loss"], record["dev_loss"]] for record in records])

    return of


@pytest.mark.slow
@pytest.mark.parametrize(
    "options",
    [
        {"objective": {"kind": "alignment"}},
        {"objective": {"kind": "vicreg"}},
        # The gradient of a bias before batch normalisation is rounding alone, and some losses on
        # dev, with running statistics, feel its steps: they are smaller yet.
        {"objective": {"kind": "acl"}, "learning_rate": 5e-5},
        # Targets that move fast enough to be missed where they do not.
        {
            "objective": {"kind": "byol", "hidden": 16, "momentum": 0.5},
            "head_norm": "batch",
            "learning_rate": 5e-5,
        },
        {"objective": {"kind": "moco", "queue": 12, "momentum": 0.5}, "accumulate": 2},
        {
            "objective": {"kind": "simclr"},
            "views": {"mixup": 0.4, "bank": 16, "resize_crop": [0.6, 1.5], "noise": 0.1},
        },
        {
            "objective": {"kind": "resynthesis", "copies": "made", "beside": {"kind": "vicreg"}},
            "accumulate": 2,
        },
    ],
    ids=lambda options: options["objective"]["kind"],
)
def test_two_processes_pretrain_as_one(losses, options):
    alone = losses("pretraining", 1, **options)
    np.testing.assert_allclose(losses("pretraining", 2, **options), alone, rtol=1e-4)


@pytest.mark.slow
def test_two_processes_fine_tune_as_one_with_accumulated_parts(losses):
    alone = losses("finetuning", 1, accumulate=2)
    assert not np.allclose(alone, losses("finetuning", 1), rtol=1e-6)
    np.testing.assert_allclose(losses("finetuning", 2, accumulate=2), alone, rtol=1e-4)
