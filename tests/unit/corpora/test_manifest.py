from collections import Counter

import pytest

from signl.artefacts import table_made_by
from signl.corpora import manifest as manifest_module
from signl.corpora.manifest import build_manifest, to_table
from signl.corpora.registry import CORPORA
from signl.corpora.trial_tables import MANIFEST_SCHEMA, read_manifest
from signl.corpora.trials import Trial
from signl.errors import ArchiveError, ConfigError, ManifestError, ProtocolError

SUBSET = {"subset": True}


@pytest.fixture
def build(archives, tmp_path):
    def run(corpus, **options):
        path = tmp_path / f"{corpus}.parquet"
        build_manifest(corpus, archives, path, options={**SUBSET, **options})
        return read_manifest(path).to_pylist()

    return run


def test_columns_are_those_of_a_trial():
    assert MANIFEST_SCHEMA.names == list(Trial._fields)


def test_a_table_gives_back_its_trials():
    trial = Trial("a", "LA", "LA/a", "eval", ("eval", "all"), "spoof", codec_quality=3, trim=False)
    rows = to_table([trial, trial._replace(protocols=())]).to_pylist()
    assert Trial(**rows[0] | {"protocols": tuple(rows[0]["protocols"])}) == trial
    assert rows[1]["protocols"] == []
    assert to_table([]).schema == MANIFEST_SCHEMA


def test_asvspoof2021_df(build):
    rows = build("asvspoof2021_df")
    assert Counter((row["partition"], row["label"]) for row in rows) == {
        ("train", "bonafide"): 1,
        ("train", "spoof"): 2,
        ("dev", "bonafide"): 1,
        ("dev", "spoof"): 1,
        ("eval", "bonafide"): 2,
        ("eval", "spoof"): 2,
    }
    assert Counter(tuple(row["protocols"]) for row in rows) == {
        (): 5,
        ("eval", "all"): 2,
        ("all",): 2,
    }


def test_asvspoof5_and_its_resplit_share_their_audio(build):
    official = {row["utterance_id"]: row for row in build("asvspoof5")}
    divided = build("asvspoof5_signl")
    assert {row["partition"] for row in divided} == {"train", "dev", "eval"}
    for row in divided:
        assert row["member"] == official[row["utterance_id"]]["member"]
        assert row["archive"] != "flac_E"
    attacks = Counter(row["attack"] for row in divided if row["partition"] == "dev")
    assert attacks == {None: 2, **{f"A{n:02d}": 1 for n in range(9, 15)}}


def test_the_resplit_follows_the_list_of_the_reference(archives, build, published, tmp_path):
    chosen = [row.split(" ") for row in published.A5_DEV.splitlines()][3:6]
    table = "id|label|vocoder|language|speaker\n" + "".join(
        f"/ASVspoof5/dev/flac/{row[1]}.flac|{'fake' if row[8] == 'spoof' else 'bonafide'}|{row[7]}"
        "|English|English\n"
        for row in chosen
    )
    (archives / "ASVspoof5/dev_meta_SIGNL.txt").write_text(table)
    rows = build("asvspoof5_signl")
    assert [row["utterance_id"] for row in rows if row["partition"] == "dev"] == [
        row[1] for row in chosen
    ]
    options = table_made_by(tmp_path / "asvspoof5_signl.parquet").options
    assert options["split"] == "dev_meta_SIGNL.txt"


def test_the_manifest_says_that_the_resplit_was_drawn(build, tmp_path):
    first = build("asvspoof5_signl", seed=4)
    options = table_made_by(tmp_path / "asvspoof5_signl.parquet").options
    assert (options["split"], options["split_seed"]) == ("seeded", 4)
    assert build("asvspoof5_signl", seed=4) == first


def test_the_challenge_time_release_has_no_eval(archives, published, build):
    (archives / "ASVspoof5/ASVspoof5_protocols.tar.gz").unlink()
    for split, text in (("train", published.A5_TRAIN), ("dev", published.A5_DEV)):
        path = archives / f"ASVspoof5/ASVspoof5.{split}.metadata.txt"
        path.write_text(published.challenge_form(text))
    rows = build("asvspoof5")
    assert {row["partition"] for row in rows} == {"train", "dev"}
    assert {row["partition"] for row in build("asvspoof5_signl")} == {"train", "dev", "eval"}


@pytest.mark.parametrize("root", ["", "./", "ASVspoof5_protocols/"])
@pytest.mark.parametrize("suffix", ["tar", "tar.gz"])
def test_protocols_lie_anywhere_in_their_archive(archives, published, build, root, suffix):
    expected = build("asvspoof5")
    (archives / "ASVspoof5/ASVspoof5_protocols.tar.gz").unlink()
    members = {
        "ASVspoof5.train.tsv": published.A5_TRAIN,
        "ASVspoof5.dev.track_1.tsv": published.A5_DEV,
        "ASVspoof5.eval.track_1.tsv": published.A5_EVAL,
    }
    path = archives / f"ASVspoof5/ASVspoof5_protocols.{suffix}"
    published.write_tar(path, members, prefix=root)
    assert build("asvspoof5") == expected


def test_unpacked_folders_give_the_same_manifest(archives, published, build):
    packed = {name: build(name) for name in ("asvspoof2021_df", "cfad", "in_the_wild")}
    published.unpack(archives / "ASVspoof2021", published.la_members())
    published.unpack(archives / "CFAD", published.cfad_members())
    published.unpack(archives / "InTheWild", published.wild_members())
    for pattern in ("ASVspoof2021/LA.zip", "CFAD/CFAD.z*", "InTheWild/*.zip"):
        for path in archives.glob(pattern):
            path.unlink()
    for name, rows in packed.items():
        assert build(name) == rows


def test_versions_of_cfad(build):
    for version in ("clean", "noisy", "codec"):
        rows = build("cfad", version=version)
        assert Counter(tuple(row["protocols"]) for row in rows) == {
            (): 6,
            ("seen", "all"): 3,
            ("unseen", "all"): 3,
        }
        assert all(row["member"].startswith(f"CFAD/{version}_version/") for row in rows)


def test_a_version_that_is_not_there_is_named(archives, published, build):
    for path in (archives / "CFAD").iterdir():
        path.unlink()
    members = {n: c for n, c in published.cfad_members().items() if "/codec_version/" not in n}
    published.write_zip(archives / "CFAD/CFAD.zip", members)
    with pytest.raises(ArchiveError, match="nothing below CFAD/codec_version; it holds CFAD/clean"):
        build("cfad", version="codec")


@pytest.mark.parametrize("corpus", CORPORA)
def test_a_corpus_that_is_not_whole_is_refused_with_the_difference(archives, tmp_path, corpus):
    with pytest.raises(ManifestError, match=r"instead of .*corpora\..*\.subset: true") as caught:
        build_manifest(corpus, archives, tmp_path / "m.parquet", options={})
    assert not (tmp_path / "m.parquet").exists()
    if corpus == "asvspoof2021_df":
        assert "train has 3 trials instead of 25,380" in str(caught.value)
        assert "protocol eval has 2 trials instead of 533,928" in str(caught.value)


def test_counts_that_are_only_inferred_refuse_nothing(build, monkeypatch, archives, tmp_path):
    rows = build("cfad")
    certain = [e for e in CORPORA["cfad"].expected if e.is_certain]
    assert certain
    monkeypatch.setattr(manifest_module, "_difference", lambda e, _: "" if e in certain else "x")
    build_manifest("cfad", archives, tmp_path / "m.parquet", options={})
    assert read_manifest(tmp_path / "m.parquet").to_pylist() == rows


def test_missing_archives_are_all_named(archives, tmp_path):
    for name in ("LA.zip", "DF-keys-full.tar.gz"):
        (archives / "ASVspoof2021" / name).unlink()
    with pytest.raises(ArchiveError, match="2 archive files are missing") as caught:
        build_manifest("asvspoof2021_df", archives, tmp_path / "m.parquet", options=SUBSET)
    for word in ("LA.zip", "DF-keys-full.tar.gz", "datashare.ed.ac.uk", str(archives)):
        assert word in str(caught.value)


def test_stage_1_keys_are_refused(archives, published, build):
    (archives / "ASVspoof2021/DF-keys-full.tar.gz").unlink()
    row = "- DF_E_2000011 - - - spoof - progress\n"
    path = archives / "ASVspoof2021/DF-keys-stage-1.tar.gz"
    published.write_tar(path, {"keys/CM/trial_metadata.txt": row})
    with pytest.raises(ProtocolError, match=r"stage-1.*DF-keys-full\.tar\.gz"):
        build("asvspoof2021_df")


@pytest.mark.parametrize(
    ("corpus", "file", "words"),
    [
        ("asvspoof2021_df", "ASVspoof2021/LA.zip", "holds 0 files ASVspoof2019.LA.cm.train"),
        ("asvspoof2021_df", "ASVspoof2021/DF-keys-full.tar.gz", "holds no keys/DF/CM"),
        ("asvspoof5", "ASVspoof5/ASVspoof5_protocols.tar.gz", "holds no ASVspoof5.train.tsv"),
        ("in_the_wild", "InTheWild/release_in_the_wild.zip", "holds no release_in_the_wild/meta"),
    ],
)
def test_an_archive_without_its_protocol_is_named(archives, published, build, corpus, file, words):
    write = published.write_zip if file.endswith("zip") else published.write_tar
    write(archives / file, {"other.txt": "1"})
    with pytest.raises(ArchiveError, match=words):
        build(corpus)


def test_an_utterance_of_two_partitions_is_refused(archives, published, build):
    members = published.la_members()
    name = next(name for name in members if name.endswith("dev.trl.txt"))
    members[name] = published.LA_TRAIN.splitlines()[0] + "\n"
    published.write_zip(archives / "ASVspoof2021/LA.zip", members)
    with pytest.raises(ManifestError, match=r"1 utterances stand in .* of dev, first LA_"):
        build("asvspoof2021_df")


def test_an_empty_protocol_is_refused(archives, published, build):
    members = published.la_members()
    members[next(name for name in members if name.endswith("dev.trl.txt"))] = ""
    published.write_zip(archives / "ASVspoof2021/LA.zip", members)
    with pytest.raises(ManifestError, match="no trial of dev"):
        build("asvspoof2021_df")


def test_unknown_options_are_refused(build):
    with pytest.raises(ConfigError, match=r"corpora\.in_the_wild\.version is no key; known are"):
        build("in_the_wild", version="clean")
    with pytest.raises(ConfigError, match=r"corpora\.cfad\.version is 'loud'"):
        build("cfad", version="loud")
