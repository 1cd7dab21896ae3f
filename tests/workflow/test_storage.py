"""The workflow with its results in an object store, the archives staying local."""

import copy
from dataclasses import replace

import pytest

from signl.demo.layouts import make_archives

pytestmark = [pytest.mark.workflow, pytest.mark.slow]

TABLES = ("indomain.csv", "quarantine.csv")
BUCKET = "signl"


@pytest.fixture
def bucket(monkeypatch):
    """A bucket of a server on this machine, and the arguments that keep the results there."""
    server = pytest.importorskip("moto.server").ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    boto3 = pytest.importorskip("boto3")
    pytest.importorskip("snakemake_storage_plugin_s3")
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    monkeypatch.setenv("SNAKEMAKE_STORAGE_S3_ACCESS_KEY", "none")
    monkeypatch.setenv("SNAKEMAKE_STORAGE_S3_SECRET_KEY", "none")
    store = boto3.resource(
        "s3",
        endpoint_url=url,
        aws_access_key_id="none",
        aws_secret_access_key="none",
        region_name="us-east-1",
    ).Bucket(BUCKET)
    store.create()
    arguments = [
        *("--default-storage-provider", "s3"),
        *("--default-storage-prefix", f"s3://{BUCKET}"),
        *("--storage-s3-endpoint-url", url),
    ]
    yield store, arguments
    server.stop()


@pytest.fixture
def config(toy_config, tmp_path):
    """The toy experiment on one corpus, whose archives lie in a local folder."""
    archives = tmp_path / "archives"
    make_archives(archives, options=toy_config["demo"]["archives"])
    config = copy.deepcopy(toy_config) | {"archives": str(archives)}
    config["corpora"] = {"cfad": toy_config["corpora"]["cfad"]}
    config["experiments"]["toy"] |= {"train_corpora": ["cfad"], "evaluate_on": ["cfad"]}
    return config


def test_results_in_an_object_store_are_those_of_a_local_run(bucket, config, elsewhere):
    store, arguments = bucket
    local, remote = (replace(elsewhere, folder=elsewhere.folder / n) for n in ("local", "remote"))
    for workflow in (local, remote):
        workflow.folder.mkdir()
    local.make(config)
    remote.make(config, *arguments)
    stored = {item.key: item.get()["Body"].read() for item in store.objects.all()}
    made = {
        path.relative_to(local.folder).as_posix()
        for path in (local.folder / "results").rglob("*")
        if path.is_file() and path.name != ".lock"
    }
    assert stored.keys() == made
    for table in TABLES:
        assert stored[f"results/{table}"] == (local.folder / "results" / table).read_bytes()
    # Nothing was left behind or taken along: the archives were read where they lie.
    assert not (remote.folder / "results").exists()
    assert "Nothing to be done" in remote.make(config, *arguments)
