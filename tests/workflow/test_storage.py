"""The workflow with its results in an object store, the archives staying local."""

import copy
import shutil
from dataclasses import replace

import pytest

from signl.demo.layouts import make_archives

pytestmark = [pytest.mark.workflow, pytest.mark.slow]

TABLES = ("indomain.csv", "quarantine.csv")
BUCKET = "signl"
CLASSIFIER = "results/classifiers/toy/cfad/labels-50/seed-1/model.safetensors"


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
    # Servers of one process hold the same objects.
    store.objects.all().delete()
    store.delete()
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


@pytest.fixture
def uploaded(bucket, toy, elsewhere):
    """The toy experiment's results in a bucket, as they are copied: Snakemake has no record of any.

    What lies local beside them, the embedded archives, is copied too.
    """
    store, arguments = bucket
    paths = [path for path in (toy.folder / "results").rglob("*") if path.is_file()]
    # In the order in which they were made: in a bucket they have the date of the upload.
    for path in sorted(paths, key=lambda path: path.stat().st_mtime_ns):
        place = path.relative_to(toy.folder)
        if place.parts[1] == "demo":
            (elsewhere.folder / place).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, elsewhere.folder / place)
        elif path.name != ".lock":
            store.upload_file(str(path), place.as_posix())
    return elsewhere, arguments


def check_local_copies(folder, *, made):
    """Require that of what is stored only heads were fetched, and no features."""
    copies = [path for path in (folder / ".snakemake" / "storage").rglob("*") if path.is_file()]
    assert copies
    assert all(".heads" in path.parts for path in copies)
    shards = [path for path in copies if path.parts[-4] == "features"]
    shards = [path for path in shards if path.suffix == ".safetensors"]
    assert shards
    for head in shards:
        place = head.as_posix().partition("/.heads/")[2]
        n_bytes, n_whole = head.stat().st_size, (made / place).stat().st_size
        assert n_bytes < n_whole / 2, (place, n_bytes, n_whole)


def forget(workflow):
    shutil.rmtree(workflow.folder / ".snakemake")


def test_stored_results_of_another_option_are_made_anew(uploaded, toy, toy_config):
    workflow, arguments = uploaded
    assert "Nothing to be done" in workflow.make(toy_config, *arguments)
    check_local_copies(workflow.folder, made=toy.folder)
    forget(workflow)
    config = copy.deepcopy(toy_config)
    config["recipes"]["toy"]["finetuning"]["epochs"] = 2
    planned = workflow.plan(config, *arguments)
    assert "train_classifier toy cfad 50 1" in planned
    assert not any(job.startswith(("pretrain_encoder", "extract_features")) for job in planned)
    said = workflow.make(config, CLASSIFIER, *arguments)
    assert f"{CLASSIFIER}: finetuning.epochs was 3, now 2" in said
    assert "rule train_classifier" in said
    forget(workflow)
    assert workflow.plan(config, CLASSIFIER, *arguments) == set()
