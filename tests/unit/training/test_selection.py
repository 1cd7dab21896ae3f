"""Which weights of a fine-tuning are kept, and batches of as many spoofs as bona fide."""

import json

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from signl.errors import ConfigError
from signl.evaluation.scores import read_scores
from signl.evaluation.scoring import score_trials
from signl.features.usable import read_usable
from signl.metrics import equal_error_rate
from signl.models.heads import score
from signl.models.saving import load_classifier
from signl.seeds import derive_seed
from signl.training import finetune as module
from signl.training import passes
from signl.training.averaging import WeightAverage
from signl.training.clips import FrameClips
from signl.training.crops import Loading, RandomCrops, Utterances, load_batches
from signl.training.gradient_options import GradientOptions
from signl.training.model_files import EncoderFiles
from signl.typed import build

LAST = {"selection": "last", "epochs": 4, "cosine_epochs": 4}
AVERAGE = {"selection": "average", "average_epochs": 3, "epochs": 4, "cosine_epochs": 4}


@pytest.fixture
def watch_epochs(monkeypatch):
    """Return the weights that fine-tunings have after each epoch, as they come."""
    seen = []
    train_epoch = module.Finetuning.train_epoch

    def watched(self, number):
        passed = train_epoch(self, number)
        state = self.classifier.state_dict()
        seen.append({name: weight.clone() for name, weight in state.items()})
        return passed

    monkeypatch.setattr(module.Finetuning, "train_epoch", watched)
    return seen


def is_statistic(name):
    return name.endswith(("running_mean", "running_var", "num_batches_tracked"))


def test_the_last_epoch_is_kept_whatever_dev_says(
    finetune, watch_epochs, read_history, monkeypatch
):
    monkeypatch.setattr(
        module.Finetuning, "validate", lambda self: module.Passed(1.0, len(watch_epochs) / 10)
    )
    files = finetune(**LAST, patience_below_eer=1.0)
    records = read_history(files)
    # The patience of 3 epochs would have ended it, and the first epoch would have been kept.
    assert len(records) == 4
    kept = load_file(files.model)
    assert all(torch.equal(kept[name], weight) for name, weight in watch_epochs[-1].items())
    assert load_classifier(files.model, files.config).card["dev"] == records[-1]
    assert "Nothing was chosen by the development set." in files.card.read_text()


def test_weights_are_the_mean_of_those_of_the_last_epochs(finetune, watch_epochs):
    kept = load_file(finetune(**AVERAGE).model)
    for name, weight in kept.items():
        if not is_statistic(name):
            mean = torch.stack([each[name] for each in watch_epochs[1:]]).mean(dim=0)
            torch.testing.assert_close(weight, mean, rtol=1e-5, atol=1e-7)


def test_statistics_are_those_of_the_mean_of_the_weights(finetune, toy):
    """Of one batch, the running mean is the mean of what the normalisation is given of it."""
    files = finetune(**AVERAGE, batch_size=24)
    loaded = load_classifier(files.model, files.config).module
    norm = next(each for each in loaded.modules() if isinstance(each, nn.BatchNorm2d))
    given = []
    norm.register_forward_hook(lambda _, inputs, __: given.append(inputs[0]))
    utterances = Utterances.of(read_usable(toy.train))
    loading = Loading(clips=FrameClips(toy.features), device=torch.device("cpu"), batch_size=24)
    crops = RandomCrops(length=8, n_views=1, seed=1, epoch=4)
    order = np.random.default_rng(derive_seed(1, "order", 4)).permutation(24).tolist()
    (batch,) = load_batches(utterances, [order], crops, loading, name="test")
    expected_mean, expected_variance = norm.running_mean.clone(), norm.running_var.clone()
    with torch.no_grad():
        loaded.train()(batch.views[0])
    channels = given[0].transpose(0, 1).flatten(1)
    torch.testing.assert_close(channels.mean(dim=1), expected_mean, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(channels.var(dim=1), expected_variance, rtol=1e-4, atol=1e-5)


def test_the_last_record_tells_of_the_mean(finetune, toy, read_history):
    files = finetune(**AVERAGE)
    frames = [toy.frames[f"dev-{place}"].float() for place in range(18)]
    crops = torch.stack([one[torch.arange(8) % len(one)].T for one in frames])[:, None]
    with torch.no_grad():
        scores = score(load_classifier(files.model, files.config).module(crops)).numpy()
    is_bonafide = np.arange(18) % 3 == 0
    eer = equal_error_rate(scores[is_bonafide], scores[~is_bonafide]).rate
    assert read_history(files)[-1]["dev_eer"] == pytest.approx(eer)


@pytest.mark.parametrize("epoch", [1, 2, 3])
@pytest.mark.parametrize("options", [LAST, AVERAGE], ids=["last", "average"])
def test_a_killed_run_is_resumed_to_the_same_bytes(
    finetune, same_bytes, killed_before, epoch, options
):
    killed_before(module.Finetuning, epoch, lambda: finetune("killed", **options))
    assert same_bytes(finetune("killed", **options), finetune("whole", **options))


def test_a_frozen_encoder_keeps_its_statistics(pretrain, finetune):
    encoder = pretrain(epochs=1)
    files = EncoderFiles(encoder.model, encoder.config)
    weights = load_file(finetune(**AVERAGE, encoder=files, freeze_encoder=True).model)
    for name, given in load_file(encoder.model).items():
        assert torch.equal(weights[f"encoder.{name}"], given)


def test_an_average_is_resumed_where_it_was():
    networks = [nn.Linear(2, 2) for _ in range(4)]
    whole = WeightAverage(networks[0], first=1)
    for epoch, network in enumerate(networks[:3]):
        whole.update(network, epoch)
    resumed = WeightAverage(networks[0], first=1)
    resumed.resume(whole.state(), 3)
    for each in (whole, resumed):
        each.update(networks[3], 3)
        expected = torch.stack([network.weight for network in networks[1:]]).mean(dim=0)
        torch.testing.assert_close(each.state()["weight"], expected)


def test_batches_are_balanced(finetune, monkeypatch, read_history):
    seen = []
    load = passes.load_batches

    def watch(utterances, batches, *arguments, name, **options):
        if name.startswith("epoch"):
            seen.append([utterances.classes[list(batch)] for batch in batches])
        return load(utterances, batches, *arguments, name=name, **options)

    monkeypatch.setattr(passes, "load_batches", watch)
    equal = {"class_weights": [0.5, 0.5]}
    finetune("plain", **equal)
    balanced = finetune(balanced_batches=True, **equal)
    plain, found = seen[:3], seen[3:]
    assert [[len(batch) for batch in epoch] for epoch in found] == [[8, 8, 8]] * 3
    assert all(sorted(batch) == [0] * 4 + [1] * 4 for epoch in found for batch in epoch)
    assert {tuple(sorted(np.concatenate(epoch))) for epoch in plain} == {(0,) * 16 + (1,) * 8}
    assert json.loads(balanced.history.read_text().splitlines()[0])["train_loss"] > 0


def test_dev_is_looked_at_in_the_crops_that_are_scored(finetune, toy, tmp_path):
    files = finetune(crops=3, **LAST)
    output = tmp_path / "scores.parquet"
    score_trials(files.model, files.config, toy.dev, toy.features, output, options={})
    scores, is_bonafide = read_scores(output)["score"].to_numpy(), np.arange(18) % 3 == 0
    eer = equal_error_rate(scores[is_bonafide], scores[~is_bonafide]).rate
    loaded = load_classifier(files.model, files.config)
    assert loaded.card["dev"]["dev_eer"] == pytest.approx(eer)
    frames = [toy.frames[f"dev-{place}"].float() for place in range(18)]
    with torch.no_grad():
        of_crops = [
            score(
                loaded.module(
                    torch.stack([one[torch.arange(at, at + 8) % len(one)].T for one in frames])[
                        :, None
                    ]
                )
            )
            for at in (0, 4, 8)
        ]
    np.testing.assert_allclose(scores, torch.stack(of_crops).mean(dim=0), rtol=1e-5, atol=1e-6)
    # Training itself is as with one crop.
    first, second = load_file(files.model), load_file(finetune("one", **LAST).model)
    assert all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"balanced_batches": True}, r"balanced_batches is true with class_weights \[0\.1, 0\.9\]"),
        ({"average_epochs": 3}, "average_epochs is 3 and selection dev; allowed is that with"),
        ({"selection": "average", "epochs": 4}, "average_epochs is 5; allowed is at most epochs"),
        ({"selection": "last"}, "selection is last, epochs 100 and cosine_epochs 10: the training"),
        ({"selection": "last", "epochs": 15}, "would end at a high learning rate"),
        ({"selection": "average", "patience": 7}, "patience is 7 and selection average"),
        ({"selection": "best"}, "selection is 'best'; allowed is 'dev', 'last' or 'average'"),
    ],
)
def test_options_that_do_not_go_together_are_refused(options, message):
    with pytest.raises(ConfigError, match=message):
        build(GradientOptions, options, "finetuning")


@pytest.mark.parametrize(
    "options",
    [
        {"selection": "last", "epochs": 30, "patience": 30},
        {"balanced_batches": True, "class_weights": [0.5, 0.5]},
        {"balanced_batches": True, "loss": "p2sgrad", "head_widths": [64]},
    ],
)
def test_options_that_go_together_are_taken_and_kept(options):
    built = build(GradientOptions, options, "finetuning")
    assert build(GradientOptions, built.dump(), "finetuning") == built
