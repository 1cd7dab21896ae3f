"""Heads of stored results: all that headers say, and no data, from a real server and a folder."""

import logging
import os
import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import torch
from snakemake_interface_storage_plugins.storage_object import StorageObjectBase
from snakemake_interface_storage_plugins.storage_provider import StorageProviderBase

from signl import stages
from signl.archives.facts import recorded_header
from signl.artefacts import HEADER, MadeBy, write_document, write_table
from signl.jobs import Job
from signl.staleness import header_of, stale_artefacts
from signl.stored_heads import StoredFile, copy_heads, told_unseen
from signl.tensors import write_tensors

BUCKET = "signl"
MADE_BY = MadeBy(stage="locate_trials", revision=2, options={"max_missing": 0.0})
TRIALS = "results/trials/cfad/dev.parquet"
WEIGHTS = "results/encoders/toy/cfad/seed-1/model.safetensors"
METRICS = "results/metrics/toy/cfad/labels-50/seed-1/cfad.json"


@pytest.fixture
def made(tmp_path):
    """A folder with a file of each form, of which those with data are large."""
    noise = np.random.default_rng(0)
    archives = [{"path": "LA.zip", "size": 3, "mtime_ns": 4}]
    # Footers longer than what is read at first.
    others = {"archives": archives, "digest": "0", "names": "x" * 200_000}
    table = pa.table({"x": noise.random(200_000)})
    write_table(tmp_path / "made" / TRIALS, table, MADE_BY, **others)
    tensors = {f"layer.{i}": torch.zeros(25, 25) for i in range(1500)}
    (tmp_path / "made" / WEIGHTS).parent.mkdir(parents=True)
    write_tensors(tmp_path / "made" / WEIGHTS, tensors, {HEADER: MADE_BY.to_json()})
    write_document(tmp_path / "made" / METRICS, {"eer": 0.5}, MADE_BY)
    return tmp_path / "made"


class _FolderProvider(StorageProviderBase):
    """A store that is a folder, of which files are retrieved whole."""

    rate_limiter_key = default_max_requests_per_second = None

    @classmethod
    def example_queries(cls):
        return []

    def use_rate_limiter(self):
        return False

    @classmethod
    def is_valid_query(cls, query):
        return bool(query)

    @classmethod
    def get_storage_object_cls(cls):
        return _FolderObject


class _FolderObject(StorageObjectBase):
    def local_suffix(self):
        return self.query.lstrip("/")

    def retrieve_object(self):
        shutil.copy(self.query, self.local_path())


@pytest.fixture
def from_folder(made, tmp_path):
    """A function that gives a file of a store without parts."""
    provider = _FolderProvider(tmp_path / "local", logging.getLogger())

    def stored(place):
        path = made / place
        status = path.stat()
        return StoredFile(place, status.st_size, status.st_mtime, provider.object(str(path)))

    return stored


@pytest.fixture
def from_bucket(made, tmp_path, monkeypatch):
    """A function that gives a file of a bucket, and a list of the bytes that were asked for."""
    from moto.server import ThreadedMotoServer
    from snakemake_storage_plugin_s3 import StorageProvider, StorageProviderSettings

    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    url = "http://{}:{}".format(*server.get_host_and_port())
    settings = StorageProviderSettings(endpoint_url=url, access_key="none", secret_key="none")
    provider = StorageProvider(tmp_path / "local", logging.getLogger(), settings=settings)
    bucket = provider.s3c.Bucket(BUCKET)
    bucket.create()
    n_bytes = []
    provider.s3c.meta.client.meta.events.register(
        "after-call.s3.GetObject", lambda parsed, **_: n_bytes.append(parsed["ContentLength"])
    )

    def stored(place):
        bucket.upload_file(str(made / place), place)
        each = provider.object(f"s3://{BUCKET}/{place}")
        return StoredFile(place, each.size(), each.mtime(), each)

    yield stored, n_bytes
    server.stop()


def check_heads(made, heads):
    for place in (TRIALS, WEIGHTS, METRICS):
        assert header_of(heads / place) == header_of(made / place) is not None
    assert recorded_header(heads / TRIALS) == recorded_header(made / TRIALS)


def test_heads_are_read_from_a_bucket_without_the_data(made, tmp_path, from_bucket):
    stored, n_bytes = from_bucket
    files = [stored(place) for place in (TRIALS, WEIGHTS, METRICS)]
    assert copy_heads(files, tmp_path / "heads") == []
    check_heads(made, tmp_path / "heads")
    heads = sum((tmp_path / "heads" / each.place).stat().st_size for each in files)
    first_reads = 2 * 65_536
    assert sum(n_bytes) <= heads + first_reads
    assert sum(n_bytes) < sum(each.size for each in files) / 4
    # Only what has changed is asked for again.
    n_bytes.clear()
    copy_heads(files, tmp_path / "heads")
    assert n_bytes == []


def test_a_store_without_parts_gives_small_files_whole(made, tmp_path, from_folder):
    files = [from_folder(place) for place in (TRIALS, WEIGHTS, METRICS)]
    assert copy_heads(files, tmp_path / "heads") == []
    check_heads(made, tmp_path / "heads")
    assert not any((tmp_path / "local").iterdir())


def test_what_has_changed_in_the_store_is_read_again(made, tmp_path, from_folder):
    job = Job(stages.TRIALS, {"corpus": "cfad", "partition": "dev"}, also=dict(MADE_BY.options))
    copy_heads([from_folder(TRIALS)], tmp_path / "heads")
    assert list(stale_artefacts([job], root=tmp_path / "heads")) == []
    others = MadeBy(stage="locate_trials", revision=2, options={"max_missing": 0.5})
    write_table(made / TRIALS, pa.table({"x": [1]}), others)
    os.utime(made / TRIALS, (1e9, 1e9))
    copy_heads([from_folder(TRIALS)], tmp_path / "heads")
    (stale,) = stale_artefacts([job], root=tmp_path / "heads")
    assert (stale.path, stale.reason) == (TRIALS, "max_missing was 0.5, now 0.0")


def test_what_is_too_large_to_be_retrieved_whole_is_told(made, tmp_path, from_folder):
    large = Path(made / TRIALS)
    with large.open("ab") as handle:
        handle.write(bytes(4_000_000))
    out_of_reach = copy_heads([from_folder(TRIALS), from_folder(METRICS)], tmp_path / "heads")
    assert out_of_reach == [TRIALS]
    assert not (tmp_path / "heads" / TRIALS).exists()
    trials = Job(stages.TRIALS, {"corpus": "cfad", "partition": "dev"})
    assert TRIALS in told_unseen([trials], out_of_reach)
    assert told_unseen([trials], [METRICS]) == ""


@pytest.mark.parametrize("content", [b"", b"PAR1", b"\xff" * 40])
@pytest.mark.parametrize("place", [TRIALS, WEIGHTS, METRICS])
def test_the_head_of_a_damaged_file_has_no_header(made, tmp_path, from_folder, place, content):
    (made / place).write_bytes(content)
    copy_heads([from_folder(place)], tmp_path / "heads")
    assert header_of(tmp_path / "heads" / place) is None
