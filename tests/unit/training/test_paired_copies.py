"""Pre-training on recordings and their pseudo-spoofs."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from toy_copies import N_MADE, write_copies

from signl.devices import Resources
from signl.errors import ArtefactError, ConfigError, ManifestError
from signl.metrics import equal_error_rate
from signl.models.saving import load_encoder
from signl.training import pretrain as module
from signl.training.clips import FrameClips, Place
from signl.training.crops import CropDataset, Loading, RandomCrops, even_batches, even_parts
from signl.training.launching import make_fabric
from signl.training.options import PretrainingRecipe
from signl.training.paired_copies import Groups, read_paired
from signl.typed import build

N_TRAIN, N_DEV = 24, 18
METHODS = ("lpc", "world")
ALONE = {"kind": "resynthesis", "copies": "made"}
BESIDE = {**ALONE, "beside": {"kind": "vicreg"}, "beside_weight": 0.04}
FIGURES = ("deviation", "effective_rank", "correlation")
FIELDS = {"epoch", "best", "train_loss", "dev_loss", "collapsed"} | {
    f"{part}_{figure}" for part in ("embedding", "projection") for figure in FIGURES
}


@pytest.fixture(scope="session")
def copies(toy, tmp_path_factory):
    """Copies of train and of dev, by two methods."""
    folder = tmp_path_factory.mktemp("copies")
    return [write_copies(folder, toy, partition=each, methods=METHODS) for each in ("train", "dev")]


@pytest.fixture(scope="session")
def paired(toy, copies):
    """The toy corpus and its copies."""
    train, dev = (each.table for each in copies)
    return read_paired({"train": toy.train, "dev": toy.dev}, {"train": train, "dev": dev})


@pytest.fixture
def start(toy, copies, recipe, paired):
    """Return a function that starts a pre-training with the objective."""

    def run(objective=ALONE, partitions=paired, **changes):
        shards = [*toy.features, *(path for each in copies for path in each.shards)]
        given = {"crop_s": recipe["crop_s"], "model": recipe["model"]}
        given["pretraining"] = recipe["pretraining"] | {"objective": objective} | changes
        return module.Pretraining(
            build(PretrainingRecipe, given, "recipe"),
            partitions,
            Loading(clips=FrameClips(shards), device=torch.device("cpu"), batch_size=10),
            make_fabric("32-true", Resources()),
            seed=1,
        )

    return run


def test_a_partition_is_read_with_its_copies(paired):
    train = paired["train"]
    assert train.methods == METHODS
    assert (train.n_originals, paired["dev"].n_originals) == (N_TRAIN, N_DEV)
    assert len(train) == N_TRAIN * (2 + N_MADE)
    # An original and its channel copy; the pseudo-spoofs behind all of these.
    assert set(train.recordings.counts) == {2}
    assert set(train.pseudo_spoofs.counts) == {N_MADE}
    archives = np.array(train.archives)
    assert set(archives[train.recordings.starts]) == {"toy"}
    assert set(archives[train.recordings.starts + 1]) == {"toy@toy@made"}
    for groups, classes in ((train.recordings, [0, 0]), (train.pseudo_spoofs, [1, 2])):
        for start, count in zip(*groups, strict=True):
            places = range(start, start + count)
            assert len({train.ids[place] for place in places}) == 1
            assert train.classes[start : start + count].tolist() == classes


@pytest.mark.parametrize("epoch", range(3))
def test_an_epoch_has_a_pair_of_each_original(paired, epoch):
    train = paired["train"]
    pairs = train.drawn_order(1, epoch).reshape(-1, 2)
    ids = np.array(train.ids)[pairs]
    assert (ids[:, 0] == ids[:, 1]).all()
    assert sorted(ids[:, 0]) == sorted(train.ids[place] for place in train.recordings.starts)
    assert (train.classes[pairs[:, 0]] == 0).all()
    assert (train.classes[pairs[:, 1]] > 0).all()
    assert not np.array_equal(pairs, train.drawn_order(1, epoch + 1).reshape(-1, 2))
    assert np.array_equal(pairs, train.drawn_order(1, epoch).reshape(-1, 2))


def test_all_copies_come_in_some_epoch_and_on_dev_all_methods(paired):
    train, dev = paired["train"], paired["dev"]
    seen = {place for epoch in range(20) for place in train.drawn_order(1, epoch)}
    assert seen == set(range(len(train)))
    assert set(dev.classes[dev.fixed_order()]) == {0, 1, 2}
    assert np.array_equal(dev.fixed_order(), dev.fixed_order())


def test_views_of_a_recording_may_be_of_two_channels(paired, toy, copies):
    train = replace(paired["train"], channel_views=True)
    clips = FrameClips([*toy.features, *(path for each in copies for path in each.shards)])
    (first,) = np.flatnonzero(np.array(train.ids) == "train-5")[:1]
    original, made = int(first), int(train.pseudo_spoofs.starts[5])
    assert train.seen_in_views(original, 2) == [original, original + 1]
    assert train.seen_in_views(original + 1, 2) == [original + 1, original]
    assert train.seen_in_views(made, 2) == [made, made]
    # The crops are those of each, at the starts of each view.
    crops = RandomCrops(length=8, n_views=2, seed=1, epoch=0)
    starts = crops.starts("train-5", clips.length)
    found = CropDataset(train, clips, crops)[original]
    for view, position in enumerate((original, original + 1)):
        place = Place(train.archives[position], train.shards[position], train.rows[position])
        (expected,) = clips.crops(place, [starts[view]], 8)
        assert torch.equal(found[view], expected)


def test_parts_that_hold_a_pair_each_are_large_enough(start, paired):
    assert start(batch_size=4, accumulate=2).trainer.accumulate == 2
    none = replace(paired["train"], recordings=Groups(*np.zeros((2, 0), dtype=int)))
    none = replace(none, pseudo_spoofs=none.recordings)
    with pytest.raises(ConfigError, match="train has 0 utterances"):
        start(partitions=paired | {"train": none})


def test_batches_part_no_pair(start):
    trainer = start(accumulate=2).trainer
    for batch in trainer._batches(0):
        for part in batch:
            pairs = np.array(part).reshape(-1, 2)
            classes = trainer.partitions["train"].classes[pairs]
            assert ((classes > 0) == [False, True]).all()
    batches = even_batches(np.arange(14), 7, together=2)
    assert [len(batch) for batch in batches] == [6, 4, 4]
    assert [place for batch in batches for place in batch] == list(range(14))
    assert even_parts(list(range(6)), 9, together=2) == [[0, 1], [2, 3], [4, 5]]


@pytest.mark.parametrize("objective", [ALONE, BESIDE], ids=["alone", "beside vicreg"])
def test_collapse_is_measured_and_the_head_is_left_behind(
    pretrain, copies, read_history, objective
):
    files = pretrain(objective=objective, copies=copies, epochs=2)
    assert all(record.keys() == FIELDS for record in read_history(files))
    plain = pretrain("plain", epochs=1)
    assert load_file(files.model).keys() == load_file(plain.model).keys()
    loaded = load_encoder(files.model, files.config)
    assert loaded.made_by.options["pretraining"]["objective"]["copies"] == "made"
    assert {"copies-train.parquet", "copies-dev.parquet"} <= loaded.made_by.digests.keys()
    card = json.loads(files.config.read_text())["card"]
    assert card["n_utterances"] == {"train": N_TRAIN, "dev": N_DEV}
    assert card["labels"] == "none"


def test_a_small_network_learns_to_tell_recordings_from_pseudo_spoofs(start):
    training = start(learning_rate=0.02, dropout=0.0, batch_size=16)
    before = training.validate()
    for epoch in range(12):
        training.train_epoch(epoch)
    after, dev = training.validate(), training.trainer.partitions["dev"]
    classes = dev.classes[dev.fixed_order()]
    with torch.no_grad():
        found, by_method = training.trainer.bare.objective.objective.logits(after.projections)
    rate = equal_error_rate(found[classes == 0].numpy(), found[classes > 0].numpy()).rate
    assert rate < 0.05
    assert (by_method.argmax(dim=1).numpy() == classes).mean() > 0.8
    assert after.loss < 0.4 * before.loss


def test_classes_that_are_shuffled_cannot_be_learnt(start, paired):
    """What is learnt lies in the copies, and not in how batches are made."""
    rng = np.random.default_rng(0)
    shuffled = {
        name: replace(part, classes=rng.permutation(part.classes)) for name, part in paired.items()
    }
    training = start(partitions=shuffled, learning_rate=0.02, dropout=0.0, batch_size=16)
    for epoch in range(4):
        training.train_epoch(epoch)
    assert training.validate().loss > 1.0


@pytest.mark.parametrize("objective", [ALONE, BESIDE], ids=["alone", "beside vicreg"])
@pytest.mark.parametrize("epoch", [1, 2])
def test_a_killed_run_is_resumed_to_the_same_bytes(
    pretrain, same_bytes, killed_before, copies, objective, epoch
):
    options = {"objective": objective, "copies": copies}
    killed_before(module.Pretraining, epoch, lambda: pretrain("killed", **options))
    assert same_bytes(pretrain("killed", **options), pretrain("whole", **options))


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_loading_processes_change_nothing(pretrain, same_bytes, copies):
    options = {"objective": BESIDE, "copies": copies}
    assert same_bytes(pretrain("loaded", n_workers=1, **options), pretrain(**options))


def test_views_of_two_channels_are_trained_on(pretrain, copies, read_history):
    histories = [
        read_history(pretrain(name, objective=BESIDE | more, copies=copies, epochs=1))
        for name, more in (("crops", {}), ("channels", {"channel_views": True}))
    ]
    assert histories[0] != histories[1]


def test_copies_are_needed_by_the_objective_alone(pretrain, copies):
    with pytest.raises(ConfigError, match=r"objective\.kind resynthesis needs 2 tables of copies"):
        pretrain(objective=ALONE)
    with pytest.raises(ConfigError, match=r"objective\.kind alignment needs 0 tables of copies"):
        pretrain(copies=copies)


def test_copies_that_are_not_there_are_missed(pretrain, toy, copies, tmp_path):
    channel = write_copies(tmp_path / "channel", toy, roles=("channel",), partition="dev")
    with pytest.raises(ManifestError, match="has no pseudo-spoof"):
        pretrain(objective=ALONE, copies=[copies[0], channel])


def test_copies_of_other_shards_are_refused(pretrain, toy, copies, tmp_path):
    other = write_copies(tmp_path / "other", toy, digest="0" * 64, partition="dev")
    with pytest.raises(ArtefactError, match="holds other utterances"):
        pretrain(objective=ALONE, copies=[copies[0], other])
