"""What people did to archives: whole corpora, as they were found on disks."""

import os
import zipfile

import pytest

from signl.archives.facts import archive_facts, recorded_header
from signl.artefacts import table_made_by
from signl.corpora import packing
from signl.corpora.checking import check_archives, missing_message
from signl.corpora.manifest import build_manifest
from signl.corpora.packing import pack_audio
from signl.corpora.trial_tables import read_manifest
from signl.errors import ArchiveError, ManifestError, ProtocolError


@pytest.fixture
def build(tmp_path):
    def run(corpus, folder=tmp_path / "a"):
        path = tmp_path / f"{corpus}.parquet"
        build_manifest(corpus, folder, path, options={"subset": True})
        return read_manifest(path).to_pylist()

    return run


@pytest.fixture
def wild(tmp_path, published):
    """In-the-Wild as a zip, its manifest, and a shard that is not there yet."""
    path = published.write_zip(tmp_path / "a/release_in_the_wild.zip", published.wild_members())
    build_manifest("in_the_wild", tmp_path / "a", tmp_path / "m.parquet", options={"subset": True})
    return path, tmp_path / "m.parquet", tmp_path / "o.parquet"


def pack(path, manifest, output, **options):
    pack_audio([path], manifest, [output], options={"archive": "release_in_the_wild", **options})


def test_appledouble_files_are_no_trials(tmp_path, published, build):
    members = published.cfad_members()
    published.unpack(tmp_path / "a", members)
    rows = build("cfad")
    doubles = {name.replace("A1.wav", "._A1.wav"): b"\0\5\x16\7" for name in members}
    published.unpack(tmp_path / "a", doubles)
    assert build("cfad") == rows


def test_a_link_to_nowhere_is_no_trial_and_no_error(tmp_path, published, build, caplog):
    published.unpack(tmp_path / "a", published.cfad_members())
    rows = build("cfad")
    lost = tmp_path / "a" / rows[0]["member"]
    lost.with_name("B1.wav").symlink_to("nowhere")
    lost.with_name(".#A1.wav").symlink_to("someone@somewhere")
    assert build("cfad") == rows
    assert "passed over 1 links to nowhere" in caplog.text


def test_a_lock_beside_a_protocol_is_no_error(tmp_path, published, build):
    published.unpack(tmp_path / "a", published.wild_members())
    (tmp_path / "a/release_in_the_wild/.#meta.csv").symlink_to("someone@somewhere")
    assert len(build("in_the_wild")) == 3


@pytest.mark.parametrize(
    ("above", "below"),
    [
        ("release_in_the_wild/release_in_the_wild", "release_in_the_wild"),
        ("InTheWild/release_in_the_wild/release_in_the_wild", "release_in_the_wild"),
        ("InTheWild", "release_in_the_wild"),
    ],
)
def test_a_corpus_unpacked_too_deep_or_too_flat_is_found(tmp_path, published, build, above, below):
    moved = {n.replace(below, above, 1): each for n, each in published.wild_members().items()}
    published.unpack(tmp_path / "a", moved)
    assert len(build("in_the_wild")) == 3
    (row,) = check_archives({"in_the_wild": ["eval"]}, tmp_path / "a")
    assert row.is_present
    pack(row.path, tmp_path / "in_the_wild.parquet", tmp_path / "o.parquet")


def test_zips_without_their_folder_are_read(tmp_path, published, build):
    flat = {n.removeprefix("release_in_the_wild/"): c for n, c in published.wild_members().items()}
    path = published.write_zip(tmp_path / "a/release_in_the_wild.zip", flat)
    assert {row["member"] for row in build("in_the_wild")} < set(published.wild_members())
    pack(path, tmp_path / "in_the_wild.parquet", tmp_path / "o.parquet")


def test_parts_unpacked_to_their_own_names_and_la_twice_are_found(tmp_path):
    for name in (
        "ASVspoof2021_DF_eval_part00/ASVspoof2021_DF_eval/flac/DF_E_2000000.flac",
        "ASVspoof2021_DF_eval_part01/flac/DF_E_2000001.flac",
        "LA/LA/ASVspoof2019_LA_train/flac/LA_T_1000001.flac",
        "trial_metadata.txt",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    corpora = {"asvspoof2021_df": ["train", "dev", "eval"]}
    rows = check_archives(corpora, tmp_path, subsets=["asvspoof2021_df"])
    assert all(row.is_present for row in rows)
    message = missing_message(check_archives(corpora, tmp_path), tmp_path)
    assert message.startswith("2 archive files are missing")


def test_what_lies_elsewhere_is_told(tmp_path, published):
    published.unpack(tmp_path / "downloads/2024", published.wild_members())
    (tmp_path / "old").mkdir()
    (tmp_path / "old/LA.zip").touch()
    rows = check_archives({"in_the_wild": ["eval"], "asvspoof2021_df": ["train"]}, tmp_path)
    message = missing_message(rows, tmp_path)
    for path in ("downloads/2024/release_in_the_wild", "old/LA.zip"):
        assert str(tmp_path / path) in message
    assert "docs/corpora.md" in message


@pytest.mark.parametrize("label", ["spoof", "bona-fide"])
def test_an_eval_corpus_of_one_class_is_refused(tmp_path, published, build, label):
    members = published.wild_members()
    table = members["release_in_the_wild/meta.csv"].splitlines()
    only = [line for line in table if line.endswith(("label", label))]
    members["release_in_the_wild/meta.csv"] = "\n".join(only) + "\n"
    published.write_zip(tmp_path / "a/release_in_the_wild.zip", members)
    with pytest.raises(ManifestError, match=r"in_the_wild: protocol all of eval has .* one class"):
        build("in_the_wild")


def test_an_eval_protocol_without_trials_is_refused(tmp_path, published, build):
    members = {n: c for n, c in published.cfad_members().items() if "/test_unseen" not in n}
    published.unpack(tmp_path / "a", members)
    with pytest.raises(ManifestError, match="protocol unseen of eval has 0 bona fide trials and 0"):
        build("cfad")


def test_names_of_others_reach_no_message_as_they_are(wild):
    path, manifest, output = wild
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a/\x1b[2J\n2026-01-01 INFO signl: all is well\n.wav", "x")
    with pytest.raises(ArchiveError, match="holds none of the 3 utterances") as caught:
        pack(path, manifest, output)
    assert str(caught.value).isprintable()


def test_attacks_with_control_characters_are_refused(archives, published, build):
    members = published.la_members()
    name = next(name for name in members if name.endswith("dev.trl.txt"))
    members[name] = members[name].replace("A03", "A\x1b[2J")
    published.write_zip(archives / "ASVspoof2021/LA.zip", members)
    with pytest.raises(ProtocolError, match="is no printable text"):
        build("asvspoof2021_df", archives)


@pytest.mark.parametrize("name", ["=HYPERLINK(1)", "+a", "@SUM(1)", " =1", "-x"])
def test_attacks_that_are_formulas_are_refused(tmp_path, published, build, name):
    members = published.cfad_members()
    attack = next(n for n in members if "/fake_" in n).split("/")[-2]
    renamed = {n.replace(f"/{attack}/", f"/{name}/"): each for n, each in members.items()}
    published.unpack(tmp_path / "a", renamed)
    with pytest.raises(ManifestError, match=r"cfad: an attack is named .* as a formula"):
        build("cfad")


def test_recordings_larger_than_any_published_one_are_refused(wild):
    path, manifest, output = wild
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("release_in_the_wild/0.wav", "w", force_zip64=True) as member,
    ):
        for _ in range(201):
            member.write(os.urandom(1 << 12) + bytes((1 << 20) - (1 << 12)))
    with pytest.raises(ArchiveError, match=r"than the 209,715,200 that any published|50 times"):
        pack(path, manifest, output)
    assert not output.exists()


def test_shards_and_manifests_know_their_archives(wild):
    path, manifest, output = wild
    pack(path, manifest, output)
    for table in (manifest, output):
        header = recorded_header(table)
        assert header["archives"] == archive_facts([path])
        assert len(header["digest"]) == 32
        assert header["stage"] == table_made_by(table).stage
    first = recorded_header(output)
    pack(path, manifest, output)
    assert recorded_header(output) == first
    content = path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, each in members.items():
            archive.writestr(name, each + b"x" if name.endswith("0.wav") else each)
    assert path.read_bytes() != content
    pack(path, manifest, output)
    assert recorded_header(output)["digest"] != first["digest"]


@pytest.mark.parametrize("how", ["replaced", "written"])
def test_an_archive_that_changes_while_it_is_packed_is_refused(wild, monkeypatch, how):
    path, manifest, output = wild
    original = packing.stream_members

    def stream(*arguments, **options):
        yield from original(*arguments, **options)
        content = path.read_bytes()
        if how == "replaced":
            path.rename(path.with_name("other.zip"))
        path.write_bytes(content)

    monkeypatch.setattr(packing, "stream_members", stream)
    with pytest.raises(ArchiveError, match="was changed or replaced while it was read"):
        pack(path, manifest, output)
    assert not output.exists()
