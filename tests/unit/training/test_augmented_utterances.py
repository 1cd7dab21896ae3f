"""Trainings that draw of augmented copies of train."""

import json
from collections import Counter

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from toy_copies import N_MADE, write_copies

from signl.errors import ConfigError, ManifestError
from signl.features.usable import read_usable
from signl.models.saving import load_encoder
from signl.training import finetune as finetuning
from signl.training import pretrain as pretraining
from signl.training.augmented_utterances import with_copies
from signl.training.clips import FrameClips, Place
from signl.training.crops import CropDataset, FixedCrops, RandomCrops, Utterances, shuffled

N_TRAIN, N_DEV = 24, 18
N_VERSIONS = 1 + N_MADE


@pytest.fixture(scope="session")
def copies(toy, tmp_path_factory):
    return write_copies(tmp_path_factory.mktemp("augmented"), toy, roles=("augmented",))


@pytest.fixture(scope="session")
def train(toy, copies):
    """The utterances of the toy corpus with their copies."""
    return with_copies(read_usable(toy.train), copies.table)


def test_versions_of_an_utterance_follow_each_other_the_recorded_one_first(train, toy):
    plain = Utterances.of(read_usable(toy.train))
    assert (len(train), train.n_originals) == (N_TRAIN * N_VERSIONS, N_TRAIN)
    assert train.fixed_order().tolist() == list(range(0, len(train), N_VERSIONS))
    for number in range(N_TRAIN):
        rows = slice(number * N_VERSIONS, (number + 1) * N_VERSIONS)
        assert set(train.ids[rows]) == {plain.ids[number]}
        assert set(train.classes[rows]) == {plain.classes[number]}
        assert train.archives[rows] == ["toy", *["toy@toy@made"] * N_MADE]
        assert train.rows[rows][0] == plain.rows[number]
        assert len(set(train.rows[rows][1:])) == N_MADE
    assert train.originals.tolist() == np.repeat(np.arange(N_TRAIN), N_VERSIONS).tolist()


@pytest.mark.parametrize("epoch", range(3))
def test_an_epoch_has_one_version_of_each_in_the_order_without_copies(train, epoch):
    order = train.drawn_order(1, epoch)
    assert (order // N_VERSIONS).tolist() == shuffled(N_TRAIN, 1, epoch).tolist()
    assert order.tolist() == train.drawn_order(1, epoch).tolist()
    assert order.tolist() != train.drawn_order(2, epoch).tolist()
    assert sorted(order) != sorted(train.drawn_order(1, epoch + 1))


def test_all_versions_have_the_same_chance(train):
    """Of 2,400 draws of three the counts lie within four deviations of a third."""
    n_epochs = 100
    drawn = [place for epoch in range(n_epochs) for place in train.drawn_order(1, epoch)]
    counts = Counter(place % N_VERSIONS for place in drawn)
    n_drawn = n_epochs * N_TRAIN
    deviation = np.sqrt(n_drawn * 2 / 9)
    assert set(counts) == set(range(N_VERSIONS))
    assert all(abs(each - n_drawn / 3) < 4 * deviation for each in counts.values())
    # And of each utterance alone, independently: all pairs of versions of two of them come.
    by_epoch = np.reshape(drawn, (n_epochs, N_TRAIN))
    versions = [np.sort(row) % N_VERSIONS for row in by_epoch]
    assert len({(row[0], row[1]) for row in versions}) == N_VERSIONS**2


def test_balanced_batches_draw_too(train):
    order = train.balanced_order(1, 0)
    assert len(order) == N_TRAIN
    assert (train.classes[order[::2]] != train.classes[order[1::2]]).all()
    versions = {}
    for place in order:
        versions.setdefault(train.ids[place], set()).add(place)
    assert all(len(each) == 1 for each in versions.values())
    assert len({place % N_VERSIONS for place in order}) == N_VERSIONS


def test_two_views_are_of_two_versions(train, toy, copies):
    clips = FrameClips([*toy.features, *copies.shards])
    first = 5 * N_VERSIONS
    assert train.seen_in_views(first, 2) == [first, first + 1]
    assert train.seen_in_views(first + 2, 2) == [first + 2, first]
    assert train.seen_in_views(first + 1, 1) == [first + 1]
    crops = RandomCrops(length=8, n_views=2, seed=1, epoch=0)
    found = CropDataset(train, clips, crops)[first + 2]
    starts = crops.starts(train.ids[first], clips.length)
    for view, position in enumerate((first + 2, first)):
        place = Place(train.archives[position], train.shards[position], train.rows[position])
        (expected,) = clips.crops(place, [starts[view]], 8)
        assert torch.equal(found[view], expected)


def test_crops_of_a_row_are_of_that_version_alone(train, toy, copies):
    """What a logistic regression embeds: each version by itself, in as many crops as are scored."""
    clips = FrameClips([*toy.features, *copies.shards])
    crops = FixedCrops(length=3, n_views=2)
    position = 5 * N_VERSIONS + 1
    found = CropDataset(train.apart, clips, crops)[position]
    place = Place(train.archives[position], train.shards[position], train.rows[position])
    expected = clips.crops(place, crops.starts(train.ids[position], clips.length), 3)
    assert len(found) == len(expected) == 2
    assert all(torch.equal(one, other) for one, other in zip(found, expected, strict=True))
    assert train.apart.originals is None


def test_an_utterance_may_have_fewer_copies_and_all_must_not_lack_them(toy, copies, tmp_path):
    usable = read_usable(toy.train)
    some = with_copies(usable.slice(3, 4), copies.table)
    assert some.ids[::N_VERSIONS] == usable["utterance_id"].to_pylist()[3:7]
    channel = write_copies(tmp_path, toy, roles=("channel",))
    with pytest.raises(ManifestError, match="has no augmented copy of the 24 utterances of train"):
        with_copies(usable, channel.table)


def test_a_fine_tuning_draws_of_them(finetune, copies, same_bytes):
    given = {"copies": copies, "augmented_copies": "made", "epochs": 3}
    files = finetune("augmented", **given)
    card = json.loads(files.config.read_text())["card"]
    assert card["n_labelled"] == {"train": N_TRAIN, "dev": N_DEV}
    weights, plain = (load_file(each.model) for each in (files, finetune(epochs=3)))
    assert any(not torch.equal(weights[name], plain[name]) for name in plain)
    assert same_bytes(files, finetune("again", **given))
    finetune("balanced", **given, balanced_batches=True, class_weights=[0.5, 0.5])


def test_a_pretraining_draws_of_them_and_dev_has_none(pretrain, copies, same_bytes):
    given = {"copies": [copies], "augmented_copies": "made", "epochs": 2}
    files = pretrain("augmented", **given)
    loaded = load_encoder(files.model, files.config)
    assert loaded.card["n_utterances"] == {"train": N_TRAIN, "dev": N_DEV}
    assert "copies-train.parquet" in loaded.made_by.digests
    assert not same_bytes(files, pretrain("plain", epochs=2))
    assert same_bytes(files, pretrain("again", **given))


@pytest.mark.parametrize(
    ("module", "kind"), [(finetuning, "Finetuning"), (pretraining, "Pretraining")]
)
def test_a_killed_run_is_resumed_to_the_same_bytes(
    finetune, pretrain, same_bytes, killed_before, copies, module, kind
):
    run = finetune if kind == "Finetuning" else pretrain
    given = {"copies": copies if run is finetune else [copies], "augmented_copies": "made"}
    killed_before(getattr(module, kind), 1, lambda: run("killed", **given))
    assert same_bytes(run("killed", **given), run("whole", **given))


def test_copies_are_given_where_they_are_asked_for(finetune, pretrain, copies):
    with pytest.raises(ConfigError, match="gradient needs the copies of train, and 0 tables"):
        finetune(augmented_copies="made")
    with pytest.raises(ConfigError, match="alignment with augmented_copies needs 1 tables"):
        pretrain(augmented_copies="made")
    with pytest.raises(ConfigError, match="gradient takes no copies of train, and 1 tables"):
        finetune(copies=copies)
