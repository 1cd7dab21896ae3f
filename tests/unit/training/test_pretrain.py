import csv
import json
import logging

import pytest
import torch
from safetensors.torch import load_file

from signl import stages
from signl.devices import Resources
from signl.errors import ArtefactError, ConfigError
from signl.evaluation.pretraining import tabulate_pretraining
from signl.features.usable import read_usable
from signl.models.saving import load_encoder
from signl.models.signl.options import GraphAugmentation, SignlOptions
from signl.models.signl.spectral_temporal import SpectralTemporalEncoder
from signl.objectives.objective import objective_of
from signl.objectives.objectives import OBJECTIVES
from signl.training import pretrain as module
from signl.training.clips import FrameClips
from signl.training.crops import Batch, Loading, Utterances
from signl.training.launching import make_fabric, seed_weights
from signl.training.options import PretrainingOptions, PretrainingRecipe

FIGURES = ("deviation", "effective_rank", "correlation")
FIELDS = {"epoch", "best", "train_loss", "dev_loss", "collapsed"} | {
    f"{part}_{figure}" for part in ("embedding", "projection") for figure in FIGURES
}


def test_the_history_has_a_record_for_each_epoch(pretrain, read_history):
    records = read_history(pretrain())
    assert [record["epoch"] for record in records] == [0, 1, 2]
    assert all(record.keys() == FIELDS for record in records)
    # Minus a mean cosine.
    assert all(-1 <= record[loss] <= 1 for record in records for loss in ("train_loss", "dev_loss"))
    assert records[-1]["train_loss"] < records[0]["train_loss"]


def test_what_is_written_is_an_encoder_that_says_what_made_it(pretrain, recipe):
    files = pretrain()
    loaded = load_encoder(files.model, files.config)
    assert loaded.module.config == SignlOptions(**recipe["model"])
    assert (loaded.module.width, loaded.module.n_frames) == (8, 8)
    assert loaded.made_by.stage == "pretrain_encoder"
    assert loaded.made_by.revision == stages.PRETRAINING.revision
    assert loaded.made_by.options["pretraining"]["epochs"] == 3
    assert (loaded.made_by.options["corpus"], loaded.made_by.options["seed"]) == ("toy", 1)
    card = json.loads(files.config.read_text())["card"]
    assert card["n_utterances"] == {"train": 24, "dev": 18}
    assert card["labels"] == "none"
    assert not files.checkpoint.exists()


def test_utterances_without_a_label_are_learnt_from_like_others(
    pretrain, toy, write_usable, tmp_path
):
    rows = read_usable(toy.train).to_pylist()
    unlabelled = [row | {"label": "unlabelled", "attack": None} for row in rows]
    path = write_usable(tmp_path / "unlabelled.parquet", unlabelled)
    first, second = pretrain(), pretrain("unlabelled", corpus=toy._replace(train=path))
    weights, others = load_file(first.model), load_file(second.model)
    assert all(torch.equal(weights[name], others[name]) for name in weights)


def test_the_best_epoch_is_kept(pretrain, read_history):
    files = pretrain(epochs=6, learning_rate=0.03, patience=6)
    records = read_history(files)
    best = json.loads(files.config.read_text())["card"]["dev"]
    lowest = min(records, key=lambda record: record["dev_loss"])
    assert best == lowest
    # The same run, ended there, gives the same weights.
    ended = pretrain("ended", epochs=best["epoch"] + 1, learning_rate=0.03, patience=6)
    first, second = load_file(files.model), load_file(ended.model)
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_training_stops_when_the_patience_is_over(pretrain, read_history):
    # No dev loss is lower by 2 than another: it lies in -1..1.
    records = read_history(pretrain(epochs=9, patience=2, min_delta=2.0))
    assert [record["best"] for record in records] == [True, False, False]


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(pretrain, same_bytes):
    first = pretrain()
    assert same_bytes(pretrain("again"), first)
    other = pretrain("other", seed=2)
    assert not any(
        torch.equal(a, b)
        for (name, a), b in zip(
            load_file(first.model).items(), load_file(other.model).values(), strict=True
        )
        if name.endswith("weight") and a.ndim > 1
    )


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_loading_processes_change_nothing(pretrain, same_bytes):
    assert same_bytes(pretrain("loaded", n_workers=1), pretrain())


def test_the_global_generator_changes_nothing(pretrain, same_bytes):
    torch.manual_seed(1)
    first = pretrain()
    torch.manual_seed(2)
    assert same_bytes(pretrain("again"), first)


@pytest.mark.parametrize(
    ("epoch", "precision"), [(1, "32-true"), (2, "32-true"), (2, "bf16-mixed-everywhere")]
)
def test_a_killed_run_is_resumed_to_the_same_bytes(
    pretrain, same_bytes, killed_before, epoch, precision
):
    killed_before(module.Pretraining, epoch, lambda: pretrain("killed", precision=precision))
    resumed = pretrain("killed", precision=precision)
    assert same_bytes(resumed, pretrain("whole", precision=precision))
    assert not resumed.checkpoint.exists()


def changed_options(pretrain):
    return pretrain("killed", learning_rate=2e-3)


def changed_seed(pretrain):
    return pretrain("killed", seed=2)


@pytest.mark.parametrize("anew", [changed_options, changed_seed])
def test_a_run_of_other_options_is_not_resumed(pretrain, killed_before, caplog, anew):
    caplog.set_level(logging.INFO)
    killed_before(module.Pretraining, 2, lambda: pretrain("killed"))
    anew(pretrain)
    assert "is of another run, which is not resumed" in caplog.text
    assert "resumed after epoch" not in caplog.text


def test_a_run_on_other_features_is_not_resumed(
    pretrain, killed_before, make_toy_corpus, tmp_path, caplog
):
    # Another layer of a speech model leaves names, frames and durations as they were.
    caplog.set_level(logging.INFO)
    corpus = make_toy_corpus(tmp_path / "corpus", options={"options": {"layer": 3}})
    killed_before(module.Pretraining, 2, lambda: pretrain("killed", corpus=corpus))
    corpus = make_toy_corpus(tmp_path / "corpus", options={"options": {"layer": 4}})
    pretrain("killed", corpus=corpus)
    assert "is of another run, which is not resumed" in caplog.text


@pytest.fixture
def tabulated(tmp_path):
    """Return a function that gives the row of a pre-training in the table of all."""

    def tabulate(files):
        table = tmp_path / "pretraining.csv"
        tabulate_pretraining([files.history], table)
        with table.open(newline="") as handle:
            (row,) = csv.DictReader(handle)
        return row

    return tabulate


def test_the_table_of_pretrainings_reads_the_history(pretrain, read_history, tabulated):
    files = pretrain("signl/toy/seed-1")
    row = tabulated(files)
    assert (row["recipe"], row["train_corpus"], row["seed"]) == ("signl", "toy", "1")
    assert row["n_epochs"] == "3"
    assert row["n_collapsed_epochs"] == str(sum(each["collapsed"] for each in read_history(files)))


#: Views that are to agree, and nothing else: after a long step all utterances are alike.
COLLAPSING = {"objective": {"kind": "alignment"}, "learning_rate": 0.1, "epochs": 2}


def test_collapse_is_told_of(pretrain, read_history, tabulated, caplog):
    files = pretrain("signl/toy/seed-1", **COLLAPSING)
    assert read_history(files)[-1]["collapsed"] is True
    assert "pre-training has collapsed" in caplog.text
    assert tabulated(files)["collapsed"] == "yes"


#: Small enough for the toy corpus.
SMALL = {"moco": {"queue": 12}, "byol": {"hidden": 16}}


#: The other is tried with the copies that it needs, in test_paired_copies.
WITHOUT_COPIES = sorted({*OBJECTIVES.names} - {"resynthesis"})


@pytest.mark.parametrize("objective", WITHOUT_COPIES)
def test_all_objectives_train_and_their_collapse_is_measured(pretrain, read_history, objective):
    options = {"kind": objective, **SMALL.get(objective, {})}
    records = read_history(pretrain(objective=options, epochs=2))
    assert len(records) == 2
    assert all(record.keys() == FIELDS for record in records)


#: Objectives with a state of their own, and what of it moves.
STATEFUL = {
    "byol": {"momentum": 0.9, **SMALL["byol"]},
    "moco": {"momentum": 0.9, **SMALL["moco"]},
}


@pytest.mark.parametrize("objective", STATEFUL)
def test_momentum_copies_and_queues_are_resumed_to_the_same_bytes(
    pretrain, same_bytes, killed_before, objective
):
    options = {"objective": {"kind": objective, **STATEFUL[objective]}, "head_norm": "batch"}
    killed_before(module.Pretraining, 1, lambda: pretrain("killed", **options))
    assert same_bytes(pretrain("killed", **options), pretrain("whole", **options))


@pytest.mark.parametrize("objective", STATEFUL)
def test_a_checkpoint_holds_the_state_of_the_objective(
    pretrain, killed_before, objective, tmp_path
):
    options = {"objective": {"kind": objective, **STATEFUL[objective]}}
    killed_before(module.Pretraining, 1, lambda: pretrain("killed", **options))
    names = set(load_file(tmp_path / "killed" / ".resume.ckpt"))
    assert "model.target.copied.projection.layers.0.weight" in names
    assert ("model.objective.objective.queue" in names) is (objective == "moco")


VIEWS = {"mixup": 0.4, "bank": 16, "resize_crop": [0.6, 1.5], "compression": 0.2, "noise": 0.01}


def test_augmented_views_train_and_are_resumed_to_the_same_bytes(
    pretrain, same_bytes, killed_before, read_history
):
    killed_before(module.Pretraining, 1, lambda: pretrain("killed", views=VIEWS))
    resumed = pretrain("killed", views=VIEWS)
    assert same_bytes(resumed, pretrain("whole", views=VIEWS))
    assert read_history(resumed) != read_history(pretrain("plain"))


def test_a_queue_longer_than_half_the_corpus_is_refused(pretrain):
    with pytest.raises(ConfigError, match=r"queue is 13 and train has 24 utterances; .* 12: in"):
        pretrain(objective={"kind": "moco", "queue": 13})


def test_a_queue_that_holds_no_batch_is_refused(pretrain):
    with pytest.raises(ConfigError, match=r"queue is 9 with batch_size 10; allowed is a queue"):
        pretrain(objective={"kind": "moco", "queue": 9})


@pytest.fixture
def start(toy, recipe):
    """Return a function that starts a pre-training, with batches that do not come out even."""
    loading = Loading(clips=FrameClips(toy.features), device=torch.device("cpu"), batch_size=7)

    def run(**changes):
        return module.Pretraining(
            PretrainingRecipe(
                crop_s=recipe["crop_s"],
                model=SignlOptions(**recipe["model"]),
                pretraining=PretrainingOptions(**recipe["pretraining"] | changes),
            ),
            {name: Utterances.of(read_usable(getattr(toy, name))) for name in ("train", "dev")},
            loading,
            make_fabric("32-true", Resources()),
            seed=1,
        )

    return run


@pytest.fixture
def pretraining(start):
    """A network in pre-training."""
    return start()


class Recorder(torch.nn.Module):
    """An objective that keeps what it has seen."""

    def forward(self, *projections, **others):
        self.projections, self.others = projections, others
        return objective_of(sum(each.sum() for each in projections))


def test_the_momentum_copy_sees_the_graphs_that_the_network_sees(start):
    network = start(objective={"kind": "byol", **SMALL["byol"]}).trainer.bare.eval()
    network.objective = Recorder()
    batch = Batch(tuple(torch.randn(2, 5, 1, 8, 8)), torch.zeros(5, dtype=torch.long))
    network(batch, torch.Generator().manual_seed(1))
    first, second = network.objective.projections
    # The copy has not moved yet; without gradients some processors round the last bits otherwise.
    torch.testing.assert_close(network.objective.others["targets"], (first, second))
    # The views are augmented by draws of their own.
    same_crops = Batch(batch.views[:1] * 2, batch.classes)
    network(same_crops, torch.Generator().manual_seed(1))
    assert not torch.allclose(*network.objective.projections)


def passes_of(encoder):
    """How many batches each batch normalisation of an encoder has seen in training."""
    return {int(each) for name, each in encoder.state_dict().items() if "tracked" in name}


@pytest.mark.parametrize(("objective", "online", "copied"), [("byol", 8, 8), ("moco", 4, 4)])
def test_network_and_copy_see_the_views_that_the_objective_needs(start, objective, online, copied):
    training = start(objective={"kind": objective, **SMALL[objective]})
    training.train_epoch(0)  # four batches
    assert passes_of(training.encoder) == {online}
    assert passes_of(training.trainer.bare.target.copied.encoder) == {copied}


@pytest.mark.parametrize("objective", STATEFUL)
def test_the_momentum_copy_moves_by_each_step_and_not_on_dev(start, objective):
    training = start(objective={"kind": objective, **STATEFUL[objective]}, accumulate=2)
    target, moves = training.trainer.bare.target, []
    training.trainer.bare_optimiser.register_step_post_hook(lambda *_: moves.append(1))
    before = target.copied.projection.layers[0].weight.clone()
    training.validate()
    assert torch.equal(target.copied.projection.layers[0].weight, before)
    training.train_epoch(0)
    assert len(moves) == 4
    own, its = (
        each.projection.layers[0].weight for each in (target.copied, training.trainer.bare.model)
    )
    assert not torch.equal(own, before)
    assert (own - before).norm() < (its - before).norm()


def test_acl_sees_the_embeddings_of_the_encoder(start):
    network = start(objective={"kind": "acl"}).trainer.bare.eval()
    network.objective = Recorder()
    batch = Batch(tuple(torch.randn(2, 5, 1, 8, 8)), torch.zeros(5, dtype=torch.long))
    step = network(batch, torch.Generator().manual_seed(1))
    first, second = network.objective.others["embeddings"]
    assert torch.equal(first, step.embeddings)
    for embedding, projection in zip((first, second), network.objective.projections, strict=True):
        assert torch.equal(network.model.projection(embedding), projection)


def test_validation_changes_nothing_and_repeats_itself(pretraining):
    pretraining.train_epoch(0)
    network = pretraining.trainer.bare
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    first, second = pretraining.validate(), pretraining.validate()
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())
    assert first.loss == second.loss
    assert torch.equal(first.embeddings, second.embeddings)
    assert first.embeddings.shape == (18, pretraining.encoder.embedding_width)
    assert first.projections.shape == (18, 6)
    assert torch.is_grad_enabled()


def test_no_more_embeddings_are_kept_than_are_diagnosed(pretraining, monkeypatch):
    whole = pretraining.validate()
    monkeypatch.setattr(module, "DIAGNOSED", 10)
    part = pretraining.validate()
    assert part.loss == whole.loss
    assert torch.equal(part.embeddings, whole.embeddings[:10])
    assert torch.equal(part.projections, whole.projections[:10])


def test_the_dev_loss_is_the_mean_over_utterances_of_both_halves(pretraining, toy):
    none = GraphAugmentation(keep_edge=1.0, noise_std=0.0, mask=0.0)
    pretraining.trainer.bare.augmentation = none
    found = pretraining.validate()
    model = pretraining.trainer.bare.model
    similarities = []
    for place in range(18):
        frames = toy.frames[f"dev-{place}"].float()
        clip = frames[torch.arange(16) % len(frames)].T[None, None]
        with torch.no_grad():
            views = model(
                clip[..., :8],
                clip[..., 8:],
                augmentation=none,
                generator=torch.Generator().manual_seed(0),
            )
        first, second = views.first.projection, views.second.projection
        similarities.append(torch.cosine_similarity(first, second).item())
    assert found.loss == pytest.approx(-sum(similarities) / 18, abs=1e-5)


def test_gradients_reach_stem_graphs_and_head(pretraining):
    network = pretraining.trainer.bare
    before = {name: tensor.clone() for name, tensor in network.named_parameters()}
    pretraining.train_epoch(0)
    moved = [
        name
        for name, parameter in network.named_parameters()
        if not torch.equal(parameter, before[name])
    ]
    for part in ("stem.convolutions.0", "spectral", "temporal", "projection"):
        assert any(part in name for name in moved), part


def test_the_encoder_is_seeded_by_the_seed_alone(pretraining):
    seed_weights(1, "encoder")
    expected = SpectralTemporalEncoder(8, 8, pretraining.encoder.config).state_dict()
    found = pretraining.encoder.state_dict()
    assert all(torch.equal(found[name], expected[name]) for name in expected)


def test_a_wrong_graph_is_refused_naming_where(pretrain):
    with pytest.raises(
        ConfigError, match=r"recipe\.model\.channels is 12; allowed is a multiple of 8"
    ):
        pretrain(model={"channels": 12})
    with pytest.raises(ConfigError, match=r"recipe\.pretraining\.lr is no key"):
        pretrain(lr=1.0)


def test_features_that_were_not_given_are_missed_by_name(pretrain, toy):
    with pytest.raises(ArtefactError, match="no feature shard 1 of archive 'toy'"):
        pretrain(corpus=toy._replace(features=toy.features[:1]))
