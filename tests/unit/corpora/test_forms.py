"""Every form in which a corpus comes gives the trials and the audio of the published one."""

import os
import shutil
import subprocess
import tarfile
import zipfile
from pathlib import Path
from typing import NamedTuple

import pytest

from signl.corpora.audio_shards import iterate_audio
from signl.corpora.locating import locate_trials
from signl.corpora.manifest import build_manifest
from signl.corpora.packing import pack_audio
from signl.corpora.registry import corpus_named, locate_archives
from signl.corpora.trial_tables import read_trials
from signl.seeds import shard_names

REAL_SPEECH = os.environ.get("SIGNL_REAL_SPEECH", "")
PLACE = ("packed_archive", "shard", "n_shards", "row")
needs_zip = pytest.mark.skipif(not shutil.which("zip"), reason="needs the zip tool")


class Ingested(NamedTuple):
    """Rows of the trials, but for where their audio lies, and their audio."""

    forms: dict[str, str]
    rows: list[dict]
    audio: dict[str, bytes]


def ingest(corpus, archives, results, refusal, **options):
    """Take a corpus from its archives to located trials."""
    given = {"subset": True, **options}
    owner = corpus_named(corpus).packed_by
    manifests = {name: results / f"{name}.parquet" for name in (corpus, owner)}
    for name, path in manifests.items():
        build_manifest(name, archives, path, options=given)
    shards, forms = {}, {}
    for item in locate_archives(corpus, archives, subset=True):
        forms[item.archive.set] = item.form
        paths = [results / f"{item.name}/{name}.parquet" for name in shard_names(2)]
        if item.archive.n_utterances:
            message = refusal(
                lambda item=item, paths=paths: pack_audio(
                    item.paths, manifests[owner], paths, options={"archive": item.name}
                )
            )
            # There are more small parts than trials, and audio of eval without its protocol.
            assert message is None or "holds none of" in message or "no protocol" in message
            shards |= {item.name: paths} if message is None else {}
    locate_trials(manifests[corpus], shards, results / "trials.parquet", options={})
    audio = {
        (archive, index, item.row): item.audio
        for archive, paths in shards.items()
        for index, path in enumerate(paths)
        for item in iterate_audio(path)
    }
    rows = read_trials(results / "trials.parquet").to_pylist()
    places = [[row.pop(key) for key in PLACE] for row in rows]
    found = [audio[archive, shard, row] for archive, shard, _, row in places]
    names = [row["utterance_id"] for row in rows]
    return Ingested(forms, rows, dict(zip(names, found, strict=True)))


# From the published form to another.


def unzip(path, target):
    with zipfile.ZipFile(path) as archive:
        archive.extractall(target)
    path.unlink()


def untar(paths, target):
    for path in paths:
        with tarfile.open(path) as tar:
            tar.extractall(target, filter="data")
        path.unlink()


def retar(sources, target, rename=lambda name: name):
    """Write the files of tars into another one."""
    with tarfile.open(target, "w") as joined:
        for path in sources:
            with tarfile.open(path) as tar:
                for info in tar:
                    if info.isfile():
                        content = tar.extractfile(info)
                        info.name = rename(info.name)
                        joined.addfile(info, content)
            path.unlink()


def join_cfad(archives, name="CFAD_joined.zip"):
    folder = archives / "CFAD"
    command = ["zip", "-q", "-s", "0", "CFAD.zip", "--out", "joined.zip"]
    subprocess.run(command, cwd=folder, check=True)
    for span in folder.glob("CFAD.z*"):
        span.unlink()
    return (folder / "joined.zip").rename(folder / name)


def rename_joined_cfad(archives):
    join_cfad(archives, "CFAD.zip")


def unpack_cfad(archives):
    unzip(join_cfad(archives), archives / "CFAD")


def unpack_la(archives):
    unzip(archives / "ASVspoof2021/LA.zip", archives / "ASVspoof2021")


def unpack_df(archives):
    folder = archives / "ASVspoof2021"
    untar(sorted(folder.glob("*.tar.gz")), folder)


def unpack_wild(archives):
    unzip(archives / "InTheWild/release_in_the_wild.zip", archives / "InTheWild")


def unpack_asvspoof5(archives):
    folder = archives / "ASVspoof5"
    untar(sorted(folder.glob("flac_*.tar")), folder)
    untar([folder / "ASVspoof5_protocols.tar.gz"], folder / "ASVspoof5_protocols")


def loosen_protocols(archives):
    folder = archives / "ASVspoof5"
    untar([folder / "ASVspoof5_protocols.tar.gz"], folder)


def as_in_the_challenge(archives, kind="metadata", splits=("train", "dev")):
    """Join the parts and write protocols of six columns; of the other splits there is none."""
    folder = archives / "ASVspoof5"
    loosen_protocols(archives)
    for split in splits:
        letter, track = split[0].upper(), "" if split == "train" else ".track_1"
        parts = sorted(folder.glob(f"flac_{letter}_a?.tar"))
        retar(parts, folder / f"flac_{letter}.tar", lambda name: name.removeprefix("./"))
        path = folder / f"ASVspoof5.{split}{track}.tsv"
        rows = (row.split(" ") for row in path.read_text().splitlines())
        six_columns = "".join(f"{' '.join([*row[:4], *row[7:9]])}\n" for row in rows)
        (folder / f"ASVspoof5.{split}.{kind}.txt").write_text(six_columns)
        path.unlink()


def as_in_the_challenge_without_eval(archives):
    as_in_the_challenge(archives)
    (archives / "ASVspoof5/ASVspoof5.eval.track_1.tsv").unlink()


def as_in_the_challenge_with_public_eval(archives):
    as_in_the_challenge(archives, "metainfor")


def as_in_the_challenge_throughout(archives):
    as_in_the_challenge(archives, splits=("train", "dev", "eval"))


def uncompress_protocols(archives, prefix=""):
    folder = archives / "ASVspoof5"
    source, target = folder / "ASVspoof5_protocols.tar.gz", folder / "ASVspoof5_protocols.tar"
    retar([source], target, lambda name: prefix + name.removeprefix("./"))


def root_protocols(archives):
    uncompress_protocols(archives, "ASVspoof5_protocols/")


def exchange_prefixes(archives):
    """Put ./ before the members that lack it, and take it from the others."""
    for path in sorted((archives / "ASVspoof5").glob("flac_*.tar")):
        moved = path.rename(path.with_suffix(".old"))
        retar([moved], path, lambda name: name.removeprefix("./") if "./" in name else f"./{name}")
    uncompress_protocols(archives, "./")


def move_up(archives):
    for path in list(archives.glob("*/*")):
        path.rename(archives / f"moved-{path.name}")
    for folder in list(archives.iterdir()):
        if folder.is_dir():
            folder.rmdir()
    for path in list(archives.glob("moved-*")):
        path.rename(archives / path.name.removeprefix("moved-"))


FORMS = [
    pytest.param(change, corpus, options, forms, id=f"{corpus}-{change.__name__}-{options}")
    for change, corpora, options, forms in (
        (join_cfad, ["cfad"], {}, {"joined"}),
        (rename_joined_cfad, ["cfad"], {"version": "codec"}, {"joined"}),
        (unpack_cfad, ["cfad"], {"version": "noisy"}, {"unpacked"}),
        (unpack_wild, ["in_the_wild"], {}, {"unpacked"}),
        (unpack_la, ["asvspoof2021_df"], {}, {"unpacked"}),
        (unpack_df, ["asvspoof2021_df"], {}, {"unpacked"}),
        (unpack_asvspoof5, ["asvspoof5", "asvspoof5_signl"], {}, {"unpacked"}),
        (loosen_protocols, ["asvspoof5"], {}, {"loose"}),
        (
            as_in_the_challenge_without_eval,
            ["asvspoof5", "asvspoof5_signl"],
            {},
            {"challenge"},
        ),
        (as_in_the_challenge_with_public_eval, ["asvspoof5"], {}, {"challenge"}),
        (as_in_the_challenge_throughout, ["asvspoof5"], {}, {"challenge"}),
        (uncompress_protocols, ["asvspoof5"], {}, {"uncompressed"}),
        (root_protocols, ["asvspoof5"], {}, {"uncompressed"}),
        (exchange_prefixes, ["asvspoof5"], {}, {"uncompressed"}),
        (move_up, ["asvspoof2021_df", "asvspoof5", "cfad", "in_the_wild"], {}, set()),
    )
    for corpus in corpora
]


@pytest.fixture(params=["small", "real"])
def folder(request, tmp_path):
    """A folder of archives as published: small ones, and of real speech if there are."""
    if request.param == "small":
        return request.getfixturevalue("archives")
    if not REAL_SPEECH:
        pytest.skip("SIGNL_REAL_SPEECH names no folder")
    linked = tmp_path / "archives"
    shutil.copytree(Path(REAL_SPEECH).resolve(), linked, copy_function=os.symlink)
    (linked / "truth.json").unlink()
    return linked


@needs_zip
@pytest.mark.parametrize(("change", "corpus", "options", "forms"), FORMS)
def test_every_form_gives_what_the_published_one_does(
    folder, published, tmp_path, change, corpus, options, forms
):
    expected = ingest(corpus, folder, tmp_path / "published", published.refusal, **options)
    assert set(expected.forms.values()) == {"published"}
    change(folder)
    found = ingest(corpus, folder, tmp_path / "other", published.refusal, **options)
    assert set(found.forms.values()) - {"published"} == forms
    rows = told_by(change, corpus, expected.rows)
    assert found.rows == rows
    assert found.audio == {row["utterance_id"]: expected.audio[row["utterance_id"]] for row in rows}


def told_by(change, corpus, rows):
    """Take from the published rows what a form does not tell."""
    if change is as_in_the_challenge_without_eval and corpus == "asvspoof5":
        return [row for row in rows if row["partition"] != "eval"]
    if change is as_in_the_challenge_throughout:
        return [{**row, "codec_quality": None} for row in rows]
    return rows
