import json
import pickle
import shutil
import struct
from dataclasses import replace

import pyarrow as pa
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from signl import seals, stages
from signl.artefacts import MadeBy, write_table
from signl.errors import ArtefactError
from signl.features.feature_shards import FeatureStore, Shape, Shard, write_shard
from signl.features.index import read_index

COUNTS = [5, 0, 3, 1]
SHAPE = Shape(width=4, window_samples=400, hop_samples=320, clip_frames=5)
OPTIONS = {"kind": "logmel", "clip_s": 9.0}


def row(index, n_frames):
    return {
        "member": f"{index}.flac",
        "n_frames": n_frames,
        "duration_s": 0.02 * n_frames,
        "reason": None if n_frames else "bytes that nobody can decode",
    }


def write(folder, *, name="0000-of-0001", counts=COUNTS, shape=SHAPE):
    """A shard whose frames count up through all utterances."""
    frames = torch.arange(sum(counts) * shape.width).float().reshape(-1, shape.width)
    path, index = folder / f"{name}.safetensors", folder / f"{name}.parquet"
    rows = [row(place, n_frames) for place, n_frames in enumerate(counts)]
    write_shard(path, index, frames=[frames.half()], index=rows, shape=shape, options=OPTIONS)
    return path, frames


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    path, frames = write(tmp_path_factory.mktemp("features") / "DF")
    return Shard(path), frames


def test_what_was_written_is_read(written):
    shard, frames = written
    assert len(shard) == len(COUNTS)
    assert shard.shape == SHAPE
    assert shard.made_by.options == OPTIONS
    first = 0
    for place, n_frames in enumerate(COUNTS):
        if n_frames:
            found = shard.frames(place, 0, n_frames)
            assert found.dtype == torch.float16
            assert torch.equal(found.float(), frames[first : first + n_frames])
        first += n_frames


def test_the_index_has_a_row_for_each_utterance(written):
    shard, _ = written
    table = read_index(shard.path.with_suffix(".parquet"))
    expected = [row(place, n_frames) for place, n_frames in enumerate(COUNTS)]
    assert table.drop_columns(["duration_s"]).to_pylist() == [
        {key: value for key, value in fields.items() if key != "duration_s"} for fields in expected
    ]
    assert table["duration_s"].to_pylist() == pytest.approx([0.1, 0.0, 0.06, 0.02])


@settings(deadline=None)
@given(
    st.sampled_from([place for place, n_frames in enumerate(COUNTS) if n_frames]),
    st.integers(0, 12),
    st.integers(1, 12),
)
def test_a_short_utterance_is_repeated_end_to_end(written, place, start, n_wanted):
    shard, frames = written
    first = sum(COUNTS[:place])
    expected = [frames[first + i % COUNTS[place]] for i in range(start, start + n_wanted)]
    found = shard.frames(place, start, start + n_wanted)
    assert torch.equal(found.float(), torch.stack(expected))


def test_an_utterance_without_frames_is_refused(written):
    shard, _ = written
    with pytest.raises(ArtefactError, match=r"0000-of-0001\.safetensors: utterance 1 has no"):
        shard.frames(1, 0, 1)


@pytest.mark.parametrize("counts", [[], [0, 0]])
def test_a_shard_without_any_frame(tmp_path, counts):
    path, _ = write(tmp_path, counts=counts)
    assert len(Shard(path)) == len(counts)


def truncate(path):
    path.write_bytes(path.read_bytes()[:-7])


def cut_header(path):
    path.write_bytes(path.read_bytes()[:20])


def empty(path):
    path.write_bytes(b"")


def take_the_index(path):
    shutil.copy(path.with_suffix(".parquet"), path)


def without_header(path):
    from safetensors.torch import save_file

    save_file({"frames": torch.zeros(1, 4), "offsets": torch.tensor([0, 1])}, path)


@pytest.mark.parametrize("spoil", [truncate, cut_header, empty, take_the_index, without_header])
def test_a_damaged_or_swapped_file_is_refused_by_name(tmp_path, spoil):
    path, _ = write(tmp_path)
    spoil(path)
    with pytest.raises(
        ArtefactError,
        match=r"0000-of-0001\.safetensors is not a whole feature shard .* make it anew",
    ):
        Shard(path)


def test_a_file_of_another_revision_is_refused(tmp_path, monkeypatch):
    path, _ = write(tmp_path)
    raised = replace(stages.FEATURES, revision=stages.FEATURES.revision + 1)
    monkeypatch.setattr(stages, "FEATURES", raised)
    with pytest.raises(ArtefactError, match=r"\.safetensors was made by extract_features revision"):
        Shard(path)
    with pytest.raises(ArtefactError, match=r"\.parquet was made by extract_features revision"):
        read_index(path.with_suffix(".parquet"))


def put_offsets(path, offsets):
    """Write other offsets in the place of a shard's, under a seal that is whole."""
    content = path.read_bytes()
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    start = header["offsets"]["data_offsets"][0] + 8 + int.from_bytes(content[:8], "little")
    packed = struct.pack(f"<{len(offsets)}q", *offsets)
    path.write_bytes(content[:start] + packed + content[start + len(packed) :])
    seals.check_tensors(path)


@pytest.mark.parametrize(
    "offsets",
    [
        [0, 5, 5, 8, 10],
        [0, 5, 5, 8, 1 << 40],
        [0, 5, 5, 8, -9],
        [1, 5, 5, 8, 9],
        [-1, 5, 5, 8, 9],
        [0, 5, 4, 8, 9],
        [0, 50, 5, 8, 9],
        # In order, and of other utterances.
        [0, 4, 5, 8, 9],
    ],
    ids=str,
)
def test_offsets_are_verified_when_a_shard_is_opened(tmp_path, offsets):
    path, _ = write(tmp_path)
    put_offsets(path, [0, 5, 5, 8, 9])
    Shard(path)
    put_offsets(path, offsets)
    with pytest.raises(ArtefactError, match=r"safetensors is damaged: its offsets .* make it anew"):
        Shard(path)


def test_a_file_that_is_not_there_is_missing(tmp_path):
    with pytest.raises(FileNotFoundError):
        Shard(tmp_path / "0000-of-0001.safetensors")


@pytest.fixture
def store(tmp_path):
    paths = [
        write(tmp_path / archive, name=f"000{shard}-of-0002", counts=[5 + shard])[0]
        for archive in ("LA", "DF")
        for shard in (1, 0)
    ]
    return FeatureStore.of(paths)


def test_a_store_finds_each_shard_by_archive_and_number(store):
    assert store.shape == SHAPE
    assert store.made_by.options == OPTIONS
    for archive in ("LA", "DF"):
        for shard in (0, 1):
            path = store.shard(archive, shard).path
            assert (path.parent.name, path.stem) == (archive, f"000{shard}-of-0002")
    assert store.frames("DF", 1, 0, 5, 6).tolist() == [[20.0, 21.0, 22.0, 23.0]]


@pytest.mark.parametrize(("archive", "shard"), [("DF", 2), ("CFAD", 0)])
def test_a_shard_that_was_not_given_is_named(store, archive, shard):
    with pytest.raises(ArtefactError, match=f"no feature shard {shard} of archive '{archive}'"):
        store.frames(archive, shard, 0, 0, 1)


def test_a_store_travels_to_other_processes_without_its_open_files(store):
    expected = store.frames("LA", 0, 0, 0, 5)
    copy = pickle.loads(pickle.dumps(store))
    assert not copy._open
    assert torch.equal(copy.frames("LA", 0, 0, 0, 5), expected)


def test_shards_of_other_utterances_than_were_gathered_are_refused(tmp_path):
    path, _ = write(tmp_path / "DF")
    digests = Shard(path).made_by.digests
    usable = tmp_path / "usable.parquet"

    def check(digest):
        made_by = MadeBy(
            stage="gather_utterances",
            revision=stages.USABLE.revision,
            options={},
            digests={"quarantine": "0", "DF/0000-of-0001": digest},
        )
        write_table(usable, pa.table({"utterance_id": ["a"]}), made_by)
        FeatureStore.of([path]).check_utterances([usable])

    check(digests["members"])
    with pytest.raises(
        ArtefactError, match=r"0000-of-0001\.safetensors holds other .* make it anew"
    ):
        check("another")


def test_a_shard_in_the_place_of_another_is_refused(tmp_path):
    features = tmp_path / "results" / "features" / "toy"
    path, _ = write(features / "DF")
    other, _ = write(features / "LA")
    path.rename(other)
    with pytest.raises(ArtefactError, match="was made for results/features/toy/DF/"):
        Shard(other)


def test_the_same_frames_give_the_same_bytes(tmp_path):
    paths = [write(tmp_path / name / "DF")[0] for name in "abcd"]
    assert len({path.read_bytes() for path in paths}) == 1
