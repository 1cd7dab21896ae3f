import numpy as np
import pytest
import torch
from toy_copies import N_MADE, write_copies

from signl.errors import ArtefactError, ConfigError, ManifestError
from signl.labels import NO_CLASS
from signl.metrics import equal_error_rate
from signl.models.heads import score
from signl.models.saving import load_classifier
from signl.training.arm_options import ResynthRefineOptions, ZeroLabelOptions
from signl.training.copied_utterances import read_copied
from signl.training.label_subsets import read_labels
from signl.training.options import FINETUNINGS
from signl.typed import build

KINDS = ("zero_label", "vocoded", "resynth_refine")
N_TRAIN, N_LABELLED = 24, 9


@pytest.fixture
def few(make_toy_corpus, tmp_path):
    """The toy corpus with a third of its labels."""
    return make_toy_corpus(tmp_path / "few", n_labelled=N_LABELLED)


@pytest.fixture
def copies(few, tmp_path):
    return write_copies(tmp_path, few)


@pytest.fixture
def fit(few, copies, finetune, recipe):
    """Return a function that fits an arm into a folder of the test."""
    recipe["model"] = {"kind": "mean_pool"}

    def run(kind, name="classifier", given=copies, corpus=few, **changes):
        recipe["finetuning"] = {"kind": kind, "resynthesis": "made"}
        return finetune(name, corpus=corpus, copies=given, **changes)

    return run


def scores_of(files, corpus, partition="eval"):
    module = load_classifier(files.model, files.config).module
    names = [name for name in corpus.frames if name.startswith(partition)]
    frames = [corpus.frames[name].float() for name in names]
    crops = torch.stack([each[torch.arange(8) % len(each)].T for each in frames])[:, None]
    with torch.inference_mode():
        return score(module(crops)).numpy()


@pytest.mark.parametrize("kind", KINDS)
def test_it_writes_a_classifier_as_other_fine_tunings_do(kind, fit, few, read_history):
    files = fit(kind)
    records = read_history(files)
    assert [record["best"] for record in records] == [False] * (len(records) - 1) + [True]
    card = load_classifier(files.model, files.config).card
    assert card["n_labelled"] == {"train": N_LABELLED, "dev": 18}
    assert card["dev"] == records[-1]
    is_bonafide = np.arange(18) % 3 == 0
    for partition in ("dev", "eval"):
        scores = scores_of(files, few, partition)
        rate = equal_error_rate(scores[is_bonafide], scores[~is_bonafide]).rate
        assert rate < 0.2
        if partition == "dev":
            assert card["dev"]["dev_eer"] == pytest.approx(rate)
    digests = load_classifier(files.model, files.config).made_by.digests
    assert "copies-train.parquet" in digests


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_inputs_give_the_same_bytes(kind, fit, same_bytes):
    assert same_bytes(fit(kind), fit(kind, "again"))


def test_zero_label_looks_at_no_label(fit, few, toy, same_weights):
    """Other labelled utterances, and all of them, give the same plane."""
    assert same_weights(fit("zero_label"), fit("zero_label", "all", corpus=toy))
    assert not same_weights(fit("vocoded", "some"), fit("vocoded", "full", corpus=toy))


@pytest.fixture
def same_weights(few):
    def same(first, second):
        return np.allclose(scores_of(first, few), scores_of(second, few), rtol=1e-4)

    return same


def test_rounds_are_told(fit, read_history):
    records = read_history(fit("zero_label", prior=0.4, rounds=2))
    # No labels but the prior: of 24 utterances 0.4 are presumed bona fide.
    assert [record["n_presumed_bonafide"] for record in records] == [0, 10, 10]
    records = read_history(fit("resynth_refine", "refined", rounds=2))
    # Of 9 labelled 3 are bona fide, and so 5 of 15.
    assert [record["n_presumed_bonafide"] for record in records] == [5, 5]


def test_self_training_hears_no_resynthesis(fit, few, tmp_path, same_weights, read_history):
    made = write_copies(tmp_path / "made", few)
    others = write_copies(tmp_path / "others", few, methods=("one", "two"))
    alone = fit("resynth_refine", "alone", given=made, pseudo_spoofs=False)
    assert same_weights(alone, fit("resynth_refine", "same", given=others, pseudo_spoofs=False))
    assert not same_weights(alone, fit("resynth_refine", "heard", given=made))
    assert not same_weights(
        fit("resynth_refine", "one", given=made), fit("resynth_refine", "two", given=others)
    )
    assert [record["n_presumed_bonafide"] for record in read_history(alone)] == [5, 5, 5]


def test_a_solver_that_did_not_converge_is_told_of(fit, caplog):
    fit("vocoded", max_steps=1)
    assert "the solver has not converged in 1 steps; raise max_steps" in caplog.text


def test_what_is_not_labelled_in_the_subset_has_no_class(few, copies):
    parts = read_copied(few.train, few.labels, copies.table)
    labelled = set(read_labels(few.labels)["utterance_id"].to_pylist())
    assert set(parts["unlabelled"].ids).isdisjoint(labelled)
    assert len(parts["unlabelled"]) == N_TRAIN - N_LABELLED
    assert {len(parts["channel"]), len(parts["pseudo_spoof"])} == {N_TRAIN, N_MADE * N_TRAIN}
    assert all((part.classes == NO_CLASS).all() for part in parts.values())


def test_copies_that_are_not_there_are_missed(few, tmp_path, fit):
    given = write_copies(tmp_path / "other", few, roles=("channel",))
    with pytest.raises(ManifestError, match="has no pseudo-spoof"):
        fit("zero_label", given=given)
    with pytest.raises(ConfigError, match="needs the copies"):
        fit("zero_label", given=None)


def test_copies_of_other_shards_are_refused(few, tmp_path, fit):
    given = write_copies(tmp_path / "other", few, digest="0" * 64)
    with pytest.raises(ArtefactError, match="holds other utterances"):
        fit("zero_label", given=given)


def test_options():
    assert set(KINDS) <= set(FINETUNINGS.names)
    with pytest.raises(ConfigError, match="allowed is a prior with rounds"):
        build(ZeroLabelOptions, {"resynthesis": "made", "rounds": 3}, "finetuning")
    with pytest.raises(ConfigError, match="resynthesis is missing"):
        build(ResynthRefineOptions, {}, "finetuning")
