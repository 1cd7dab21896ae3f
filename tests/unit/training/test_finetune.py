import json
import logging
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch.nn import functional as F

from signl import stages
from signl.errors import ConfigError, ManifestError
from signl.evaluation.scores import read_scores
from signl.evaluation.scoring import score_trials
from signl.metrics import equal_error_rate
from signl.models.heads import score
from signl.models.saving import load_classifier
from signl.training import encoders, passes
from signl.training import finetune as module
from signl.training.model_files import EncoderFiles

FIELDS = {"epoch", "best", "train_loss", "train_eer", "dev_loss", "dev_eer"}


def encoder_files(files):
    return EncoderFiles(files.model, files.config)


def clips_of(toy, partition, n):
    """First halves of the clips of a partition, as pictures."""
    frames = [toy.frames[f"{partition}-{place}"].float() for place in range(n)]
    halves = [of_one[torch.arange(8) % len(of_one)].T for of_one in frames]
    return torch.stack(halves)[:, None]


def test_the_history_has_a_record_for_each_epoch(finetune, read_history):
    records = read_history(finetune())
    assert [record["epoch"] for record in records] == [0, 1, 2]
    assert all(record.keys() == FIELDS for record in records)
    assert all(0 <= record[eer] <= 1 for record in records for eer in ("train_eer", "dev_eer"))


def test_what_is_written_is_a_classifier_that_says_what_made_it(finetune, recipe):
    files = finetune()
    loaded = load_classifier(files.model, files.config)
    assert loaded.made_by.stage == "train_classifier"
    assert loaded.made_by.revision == stages.FINETUNING.revision
    options = loaded.made_by.options["finetuning"]
    assert options == options | recipe["finetuning"]
    # All of them, those that were not given too.
    assert (options["kind"], options["patience"]) == ("gradient", 3)
    card = loaded.card
    assert card["n_labelled"] == {"train": 24, "dev": 18}
    assert (card["corpus"], card["label_percent"], card["seed"]) == ("toy", 100.0, 1)
    assert card["pretrained"] is False
    assert not files.checkpoint.exists()


@pytest.mark.parametrize(
    ("changes", "head"),
    [
        ({"head_widths": []}, {"kind": "logits"}),
        ({"loss": "p2sgrad"}, {"kind": "cosine", "widths": [8, 6], "dropout": 0.1}),
        ({"loss": "p2sgrad", "head_widths": []}, {"kind": "cosine", "widths": [], "dropout": 0.1}),
    ],
    ids=["logits", "p2sgrad", "p2sgrad of the embedding"],
)
def test_the_folder_knows_its_head_and_is_scored_by_it(
    finetune, toy, tmp_path, read_history, changes, head
):
    files = finetune(epochs=4, patience=4, **changes)
    assert json.loads(Path(files.config).read_text())["head"] == head
    records, output = read_history(files), tmp_path / "scores.parquet"
    assert records[-1]["train_loss"] < records[0]["train_loss"]
    score_trials(files.model, files.config, toy.dev, toy.features, output, options={})
    with torch.no_grad():
        outputs = load_classifier(files.model, files.config).module(clips_of(toy, "dev", 18))
    scores = read_scores(output)["score"].to_numpy()
    # Logit or cosine of bona fide.
    np.testing.assert_allclose(scores, outputs[:, 1], rtol=1e-5, atol=1e-6)
    is_spoof = np.arange(18) % 3 > 0
    eer = equal_error_rate(scores[~is_spoof], scores[is_spoof]).rate
    assert eer == next(record["dev_eer"] for record in reversed(records) if record["best"])


def test_a_learnable_task_is_learnt(finetune, read_history):
    records = read_history(finetune(epochs=12, patience=12))
    assert min(record["dev_eer"] for record in records) < 0.1
    assert records[-1]["train_loss"] < 0.5 * records[0]["train_loss"]


def test_a_network_whose_scores_are_all_equal_is_told_of(finetune, caplog):
    finetune(epochs=1)
    assert "learning_rate may help" not in caplog.text
    # The outputs of SELU end in its lower bound.
    finetune("dead", epochs=3, patience=3, head_output="selu", head_widths=[], learning_rate=1e3)
    assert "dev EER is 100 %, as where all scores are equal" in caplog.text


def test_the_epoch_of_the_lowest_eer_and_then_of_the_lowest_loss_is_kept(finetune, read_history):
    files = finetune(epochs=8, patience=8)
    records = read_history(files)
    best = load_classifier(files.model, files.config).card["dev"]
    assert best == min(records, key=lambda record: (record["dev_eer"], record["dev_loss"]))
    ended = finetune("ended", epochs=best["epoch"] + 1, patience=8)
    first, second = load_file(files.model), load_file(ended.model)
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_the_dev_record_is_that_of_the_classifier_that_was_kept(finetune, toy):
    files = finetune(epochs=1, batch_size=30, class_weights=[0.2, 0.8])
    loaded = load_classifier(files.model, files.config)
    classes = torch.tensor([1 if place % 3 == 0 else 0 for place in range(18)])
    with torch.no_grad():
        log_probabilities = loaded.module(clips_of(toy, "dev", 18))
    scores = score(log_probabilities).numpy()
    is_bonafide = classes.numpy() == 1
    eer = equal_error_rate(scores[is_bonafide], scores[~is_bonafide]).rate
    loss = F.cross_entropy(log_probabilities, classes, torch.tensor([0.2, 0.8]))
    assert loaded.card["dev"]["dev_eer"] == pytest.approx(eer)
    assert loaded.card["dev"]["dev_loss"] == pytest.approx(loss.item(), abs=1e-5)


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(finetune, same_bytes):
    first = finetune()
    assert same_bytes(finetune("again"), first)
    assert not same_bytes(finetune("other", seed=2), first)


@pytest.mark.parametrize("epoch", [1, 2])
def test_a_killed_run_is_resumed_to_the_same_bytes(finetune, same_bytes, killed_before, epoch):
    killed_before(module.Finetuning, epoch, lambda: finetune("killed"))
    assert same_bytes(finetune("killed"), finetune("whole"))


def test_in_bfloat16_on_a_cpu_scores_differ_by_rounding_alone(finetune, toy, tmp_path):
    scores = []
    for precision in ("32-true", "bf16-mixed", "bf16-mixed-everywhere"):
        files = finetune(precision, precision=precision, dropout=0.0, epochs=1)
        weights = load_file(files.model).values()
        assert {each.dtype for each in weights if each.is_floating_point()} == {torch.float32}
        output = tmp_path / precision / "scores.parquet"
        score_trials(files.model, files.config, toy.dev, toy.features, output, options={})
        scores.append(read_scores(output)["score"].to_numpy())
    np.testing.assert_array_equal(scores[1], scores[0])  # of a GPU alone
    assert not np.array_equal(scores[2], scores[0])
    np.testing.assert_allclose(scores[2], scores[0], atol=0.1)


def test_a_run_from_another_encoder_is_not_resumed(pretrain, finetune, killed_before, caplog):
    caplog.set_level(logging.INFO)
    encoders = [pretrain(f"encoder {seed}", seed=seed, epochs=1) for seed in (1, 2)]
    killed_before(
        module.Finetuning, 2, lambda: finetune("killed", encoder=encoder_files(encoders[0]))
    )
    finetune("killed", encoder=encoder_files(encoders[1]))
    assert "is of another run, which is not resumed" in caplog.text


def encoder_weights(files):
    return {
        name.removeprefix("encoder."): weight
        for name, weight in load_file(files.model).items()
        if name.startswith("encoder.")
    }


def test_a_frozen_encoder_stays_what_it_was_bit_for_bit(pretrain, finetune):
    encoder = pretrain()
    files = finetune(encoder=encoder_files(encoder), freeze_encoder=True)
    frozen, given = encoder_weights(files), load_file(encoder.model)
    assert frozen.keys() == given.keys()
    assert any(name.endswith("running_mean") for name in given)
    assert all(torch.equal(frozen[name], given[name]) for name in given)


def test_training_starts_from_the_encoder_and_changes_it(pretrain, finetune):
    encoder = pretrain()
    kept = finetune("kept", encoder=encoder_files(encoder), learning_rate=1e-12, epochs=1)
    weights, given = encoder_weights(kept), load_file(encoder.model)
    learnt = [name for name in given if "running" not in name and "num_batches" not in name]
    for name in learnt:
        torch.testing.assert_close(weights[name], given[name], rtol=0, atol=1e-9)
    moved = encoder_weights(finetune("moved", encoder=encoder_files(encoder)))
    assert any(not torch.equal(moved[name], given[name]) for name in learnt)
    assert load_classifier(kept.model, kept.config).card["pretrained"] is True


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"model": {"nodes": 8}}, r"has .*nodes=4.* the recipe has .*nodes=8"),
        ({"model": {"neighbours": 3}}, r"has .*neighbours=2.* the recipe has .*neighbours=3"),
        ({"crop_s": 0.15}, r"has .*'frames': 8.* the recipe has .*'frames': 7"),
    ],
)
def test_an_encoder_of_another_recipe_is_refused(pretrain, finetune, changes, message):
    encoder = pretrain(epochs=1)
    with pytest.raises(ConfigError, match=message):
        finetune(encoder=encoder_files(encoder), **changes)


def test_an_encoder_of_other_features_is_refused(pretrain, finetune, monkeypatch):
    encoder = pretrain(epochs=1)
    document = json.loads(Path(encoder.config).read_text())
    features = document["card"]["features"] | {"kind": "another"}
    load = encoders.load_encoder

    def loaded(*files, **options):
        return load(*files, **options)._replace(card={"features": features})

    monkeypatch.setattr(encoders, "load_encoder", loaded)
    with pytest.raises(ConfigError, match=r"was trained on features of .*another.*, the recipe's"):
        finetune(encoder=encoder_files(encoder))


def test_the_labelled_subset_alone_is_used(make_toy_corpus, finetune, tmp_path, monkeypatch):
    corpus = make_toy_corpus(tmp_path / "corpus", n_labelled=9)
    seen = []
    load = passes.load_batches

    def watch(utterances, *arguments, **options):
        seen.append(utterances.ids)
        return load(utterances, *arguments, **options)

    monkeypatch.setattr(passes, "load_batches", watch)
    files = finetune("part", corpus=corpus, epochs=1)
    train, dev = seen
    assert train == [f"train-{place}" for place in range(9)]
    assert dev == [f"dev-{place}" for place in range(18)]
    card = load_classifier(files.model, files.config).card
    assert card["n_labelled"] == {"train": 9, "dev": 18}


def test_a_subset_without_one_of_the_classes_is_refused(make_toy_corpus, finetune, tmp_path):
    corpus = make_toy_corpus(tmp_path / "corpus", n_labelled=1)
    message = r"labels\.parquet names no utterance of class \['spoof'\] in .*train\.parquet"
    with pytest.raises(ManifestError, match=message):
        finetune(corpus=corpus)


def test_patience_counts_once_the_training_utterances_were_fitted(
    finetune, read_history, monkeypatch
):
    train_eers = iter([0.5, 0.4, 0.05, 0.3, 0.3, 0.3])
    dev_eers = iter([0.3, 0.4, 0.4, 0.4, 0.4, 0.4])
    monkeypatch.setattr(
        module.Finetuning, "train_epoch", lambda self, epoch: module.Passed(1.0, next(train_eers))
    )
    monkeypatch.setattr(
        module.Finetuning, "validate", lambda self: module.Passed(1.0, next(dev_eers))
    )
    # Epoch 1 is no better but does not count; epochs 2 and 3 do, though the EER rose again.
    with pytest.warns(UserWarning, match="lr_scheduler.step"):
        records = read_history(finetune(epochs=6, patience=2, patience_below_eer=0.1))
    assert [record["best"] for record in records] == [True, False, False, False]


def test_the_learning_rate_follows_the_cosine(finetune, monkeypatch):
    rates = []
    train_epoch = module.Finetuning.train_epoch

    def watch(self, epoch):
        rates.append(self.trainer.bare_optimiser.param_groups[0]["lr"])
        return train_epoch(self, epoch)

    monkeypatch.setattr(module.Finetuning, "train_epoch", watch)
    finetune(epochs=6, patience=6, learning_rate=0.01, cosine_epochs=4)
    expected = 0.01 * (1 + np.cos(np.pi * np.arange(6) / 4)) / 2
    assert rates == pytest.approx(expected.tolist(), abs=1e-9)


def test_class_weights_reach_the_loss(finetune, same_bytes):
    first = finetune(epochs=1)
    second = finetune("other", epochs=1, class_weights=[0.5, 0.5])
    assert json.loads(second.history.read_text())["dev_loss"] != pytest.approx(
        json.loads(first.history.read_text())["dev_loss"]
    )
