"""Archives that come in other forms than the published one, through the workflow."""

import copy
import shutil
import subprocess
import tarfile
import zipfile

import pytest

from signl.corpora.audio_shards import iterate_audio
from signl.corpora.trial_tables import read_trials
from signl.demo.layouts import make_archives

pytestmark = [
    pytest.mark.workflow,
    pytest.mark.skipif(not shutil.which("zip"), reason="needs the zip tool"),
]


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory):
    """The embedded archives: CFAD, In-the-Wild and the audio of ASVspoof 5 as folders."""
    folder = tmp_path_factory.mktemp("archives")
    make_archives(folder, options={"scale": 0.3, "long_s": 12.0})
    command = ["zip", "-q", "-s", "0", "CFAD.zip", "--out", "joined.zip"]
    subprocess.run(command, cwd=folder / "CFAD", check=True)
    for path in (folder / "CFAD/joined.zip", folder / "InTheWild/release_in_the_wild.zip"):
        with zipfile.ZipFile(path) as archive:
            archive.extractall(path.parent)
    for path in (folder / "ASVspoof5").glob("flac_*.tar"):
        with tarfile.open(path) as tar:
            tar.extractall(path.parent, filter="data")
    for pattern in ("CFAD/*.z*", "InTheWild/*.zip", "ASVspoof5/*.tar"):
        for path in folder.glob(pattern):
            path.unlink()
    return folder


@pytest.fixture
def config(toy_config, unpacked):
    """The toy experiment on these archives, on the noisy version of CFAD."""
    config = copy.deepcopy(toy_config) | {"archives": str(unpacked)}
    config["corpora"]["cfad"]["version"] = "noisy"
    config["experiments"]["toy"] |= {"train_corpora": ["cfad"]}
    return config


def trials_of(corpus, *partitions):
    return [f"results/trials/{corpus}/{partition}.parquet" for partition in partitions]


@pytest.mark.slow
def test_unpacked_folders_are_packed_once(elsewhere, config, unpacked):
    targets = [*trials_of("cfad", "train", "eval"), *trials_of("in_the_wild", "eval")]
    elsewhere.make(config, *targets)
    rows = [row for path in targets for row in read_trials(elsewhere.folder / path).to_pylist()]
    assert {row["partition"] for row in rows} == {"train", "eval"}
    roots = {"CFAD": unpacked / "CFAD", "release_in_the_wild": unpacked / "InTheWild"}
    for name, root in roots.items():
        mine = [row for row in rows if row["archive"] == name]
        (shard,) = (elsewhere.folder / "results/audio" / name).iterdir()
        audio = {item.member: item.audio for item in iterate_audio(shard)}
        assert mine
        for row in mine:
            assert audio[row["member"]] == (root / row["member"]).read_bytes()
    noisy = {row["member"].split("/")[1] for row in rows if row["archive"] == "CFAD"}
    assert noisy == {"noisy_version"}
    assert elsewhere.plan(config, *targets) == set()


@pytest.mark.slow
def test_a_resplit_beside_the_official_partitions_packs_nothing_anew(elsewhere, config):
    partitions = ("train", "dev", "eval")
    axes = config["experiments"]["toy"]
    axes |= {"train_corpora": ["asvspoof5"], "evaluate_on": ["asvspoof5"]}
    official = elsewhere.plan(config, *trials_of("asvspoof5", *partitions))
    assert {job for job in official if job.startswith("pack_audio")} == {
        "pack_audio_flac_T",
        "pack_audio_flac_D",
        "pack_audio_flac_E",
    }
    config["corpora"]["asvspoof5_signl"] = {"subset": True}
    config["experiments"]["resplit"] = axes | {
        "train_corpora": ["asvspoof5_signl"],
        "evaluate_on": ["asvspoof5_signl"],
    }
    names = ("asvspoof5", "asvspoof5_signl")
    both = elsewhere.plan(
        config, *(path for name in names for path in trials_of(name, *partitions))
    )
    assert both - official == {
        "build_manifest asvspoof5_signl",
        *(f"locate_trials asvspoof5_signl {partition}" for partition in partitions),
    }
    assert official <= both
