import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from toy_copies import write_copies

from signl.metrics import equal_error_rate
from signl.models.heads import score
from signl.models.saving import load_classifier
from signl.training.model_files import EncoderFiles

LOGISTIC = {"strengths": [0.001, 0.1, 10.0], "least_dev": 6, "max_steps": 5000}


@pytest.fixture
def regress(toy, recipe, finetune):
    """Return a function that fits a logistic regression into a folder of the test."""
    recipe["finetuning"] = {"kind": "logistic"}

    def run(name="classifier", **changes):
        return finetune(name, **LOGISTIC | changes)

    return run


def test_it_writes_a_classifier_as_other_fine_tunings_do(regress, read_history, toy):
    files = regress()
    loaded = load_classifier(files.model, files.config)
    records = read_history(files)
    assert [record["strength"] for record in records] == LOGISTIC["strengths"]
    assert loaded.card["dev"] == next(record for record in records if record["best"])
    assert loaded.card["n_labelled"] == {"train": 24, "dev": 18}
    assert loaded.made_by.stage == "train_classifier"
    assert "EER on dev" in files.card.read_text()
    assert sorted(path.name for path in files.card.parent.iterdir()) == [
        "README.md",
        "config.json",
        "history.jsonl",
        "model.safetensors",
    ]
    frames = [toy.frames[f"dev-{place}"].float() for place in range(18)]
    crops = torch.stack([one[torch.arange(8) % len(one)].T for one in frames])[:, None]
    with torch.inference_mode():
        scores = score(loaded.module(crops)).numpy()
    is_bonafide = np.arange(18) % 3 == 0
    rate = equal_error_rate(scores[is_bonafide], scores[~is_bonafide]).rate
    assert loaded.card["dev"]["dev_eer"] == pytest.approx(rate)
    # The network is untrained, and its crops are short: better than chance is all.
    assert rate < 0.45


def test_augmented_copies_are_learnt_from_and_counted_once(regress, toy, same_bytes, tmp_path):
    copies = write_copies(tmp_path / "copies", toy, roles=("augmented",))
    given = {"copies": copies, "augmented_copies": "made", "least_dev": 100}
    files = regress("augmented", **given)
    loaded = load_classifier(files.model, files.config)
    assert loaded.card["n_labelled"] == {"train": 24, "dev": 18}
    assert loaded.card["dev"]["chosen_by"] == "folds"
    weights, plain = (load_file(each.model) for each in (files, regress(least_dev=100)))
    assert any(not torch.equal(weights[name], plain[name]) for name in plain)
    assert same_bytes(files, regress("again", **given))


def test_the_encoder_stays_what_it_was(regress, pretrain):
    encoder = pretrain(epochs=1)
    files = regress(encoder=EncoderFiles(encoder.model, encoder.config))
    weights = load_file(files.model)
    for name, given in load_file(encoder.model).items():
        assert torch.equal(weights[f"encoder.{name}"], given)


def test_the_same_seed_gives_the_same_bytes(regress, same_bytes):
    assert same_bytes(regress(least_dev=10), regress("again", least_dev=10))


def test_dev_has_no_say_over_a_single_strength(regress, caplog):
    caplog.set_level("INFO")
    files = regress(strengths=[0.05])
    card = load_classifier(files.model, files.config).card
    assert card["dev"]["strength"] == 0.05
    assert card["dev_chose"] is False
    assert "strength 0.05 as given, dev EER" in caplog.text
    assert "can choose among strengths" not in caplog.text


def test_a_solver_that_did_not_converge_is_told_of(regress, caplog):
    regress(max_steps=1)
    assert "strength 10: the solver has not converged in 1 steps; raise max_steps" in caplog.text
