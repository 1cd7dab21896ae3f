import numpy as np
import pyarrow as pa
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from signl.features.usable import read_usable
from signl.training.clips import FrameClips
from signl.training.crops import (
    FixedCrops,
    Loading,
    RandomCrops,
    Utterances,
    balanced,
    even_batches,
    load_batches,
    shuffled,
)


def random_crops(**changes):
    return RandomCrops(**{"length": 224, "n_views": 2, "seed": 1, "epoch": 0, **changes})


def test_an_unknown_label_has_no_class():
    labels = ["spoof", "unlabelled", "bonafide"]
    columns = {"utterance_id": ["a", "b", "c"], "packed_archive": ["toy"] * 3}
    places = {"shard": [0] * 3, "row": [0, 1, 2]}
    utterances = Utterances.of(pa.table({**columns, **places, "label": labels}))
    assert utterances.classes.tolist() == [0, -1, 1]
    with pytest.raises(KeyError):
        Utterances.of(pa.table({**columns, **places, "label": ["spoof", "fake", "spoof"]}))


def test_fixed_crops_are_the_two_halves_of_a_clip():
    crops = FixedCrops(length=224, n_views=2)
    # The second half begins at sample 72,000, which is where frame 225 begins.
    assert crops.starts("any", 449) == [0, 225]
    assert 225 * 320 == 72_000
    assert FixedCrops(length=224).starts("any", 449) == [0]


@given(st.integers(2, 100), st.integers(1, 50), st.integers(0, 500))
def test_fixed_crops_go_from_the_beginning_to_the_end_at_even_steps(n_views, length, surplus):
    starts = FixedCrops(length=length, n_views=n_views).starts("any", length + surplus)
    assert (starts[0], starts[-1], len(starts)) == (0, surplus, n_views)
    steps = np.diff(starts)
    assert steps.max() - steps.min() <= 1


@given(st.lists(st.sampled_from([0, 1]), min_size=2, max_size=60), st.integers(0, 9))
def test_a_balanced_order_alternates_and_repeats_evenly(classes, epoch):
    classes = np.array([0, 1, *classes])
    order = balanced(classes, 1, epoch)
    assert classes[order].tolist() == [place % 2 for place in range(len(classes))]
    for label in (0, 1):
        counts = np.bincount(order, minlength=len(classes))[classes == label]
        assert counts.max() - counts.min() <= 1
    assert np.array_equal(order, balanced(classes, 1, epoch))


@given(st.text(), st.integers(0, 2**40), st.integers(0, 100), st.integers(1, 30), st.integers(0, 9))
def test_random_crops_lie_within_the_clip(name, seed, epoch, n_frames, surplus):
    crops = RandomCrops(length=n_frames, n_views=3, seed=seed, epoch=epoch)
    starts = crops.starts(name, n_frames + surplus)
    assert len(starts) == 3
    assert all(0 <= start <= surplus for start in starts)
    assert crops.starts(name, n_frames + surplus) == starts


def test_random_crops_begin_everywhere():
    starts = [random_crops(epoch=epoch).starts("a", 449)[0] for epoch in range(3000)]
    assert set(starts) == set(range(226))


@pytest.mark.parametrize("change", [{"seed": 2}, {"epoch": 1}])
def test_random_crops_follow_seed_and_epoch(change):
    names = [f"LA_T_{number}" for number in range(50)]
    before = [random_crops().starts(name, 449) for name in names]
    after = [random_crops(**change).starts(name, 449) for name in names]
    assert sum(a == b for a, b in zip(before, after, strict=True)) <= 1


def test_random_crops_differ_by_view_and_by_utterance():
    starts = np.array([random_crops().starts(f"LA_T_{number}", 449) for number in range(500)])
    assert abs(np.corrcoef(starts.T)[0, 1]) < 0.15
    assert len(np.unique(starts[:, 0])) > 150


@given(st.lists(st.integers(), min_size=1, max_size=200), st.integers(1, 50))
def test_even_batches_are_a_partition_of_almost_equal_parts(order, batch_size):
    batches = even_batches(np.array(order), batch_size)
    assert [item for batch in batches for item in batch] == order
    sizes = [len(batch) for batch in batches]
    assert max(sizes) <= batch_size
    assert max(sizes) - min(sizes) <= 1
    assert len(batches) == -(-len(order) // batch_size)


def test_the_order_is_a_permutation_that_follows_seed_and_epoch():
    order = shuffled(100, 1, 0)
    assert sorted(order) == list(range(100))
    assert np.array_equal(order, shuffled(100, 1, 0))
    assert not np.array_equal(order, shuffled(100, 1, 1))
    assert not np.array_equal(order, shuffled(100, 2, 0))


def test_utterances_are_read_from_a_table():
    table = pa.table(
        {
            "utterance_id": ["a", "b"],
            "packed_archive": ["DF", "LA"],
            "shard": [3, 0],
            "row": [7, 8],
            "label": ["bonafide", "spoof"],
        }
    )
    utterances = Utterances.of(table)
    assert len(utterances) == 2
    assert (utterances.ids, utterances.archives) == (["a", "b"], ["DF", "LA"])
    assert utterances.classes.tolist() == [1, 0]


@pytest.fixture
def load(toy):
    """Return a function that loads all batches of the toy's train partition."""
    utterances = Utterances.of(read_usable(toy.train))
    loading = Loading(clips=FrameClips(toy.features), device=torch.device("cpu"), batch_size=10)

    def loaded(crops, order=None):
        order = np.arange(len(utterances)) if order is None else order
        batches = even_batches(order, 10)
        return utterances, list(load_batches(utterances, batches, crops, loading, name="test"))

    return loaded


@pytest.mark.parametrize(
    "crops",
    [FixedCrops(length=8, n_views=2), RandomCrops(length=8, n_views=2, seed=3, epoch=5)],
)
def test_pictures_are_the_frames_of_their_utterances(load, toy, crops):
    order = shuffled(24, 0, 0)
    utterances, batches = load(crops, order)
    assert [len(batch.classes) for batch in batches] == [8, 8, 8]
    classes = torch.cat([batch.classes for batch in batches])
    assert classes.tolist() == utterances.classes[order].tolist()
    for view in (0, 1):
        pictures = torch.cat([batch.views[view] for batch in batches])
        assert pictures.shape == (24, 1, 8, 8)
        assert pictures.dtype == torch.float32
        for picture, place in zip(pictures, order, strict=True):
            name = utterances.ids[place]
            stored = toy.frames[name]
            start = crops.starts(name, 16)[view]
            expected = stored[torch.arange(start, start + 8) % len(stored)]
            assert torch.equal(picture[0], expected.T.float())
