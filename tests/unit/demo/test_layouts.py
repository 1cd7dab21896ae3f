import csv
import hashlib
import io
import tarfile
import zipfile
from collections import Counter

import pytest

from signl.demo.demo_files import demo_files
from signl.demo.embedded_asvspoof5 import family_sizes
from signl.demo.embedded_asvspoof2021 import write_asvspoof2021
from signl.demo.embedded_cfad import LONG_FILE
from signl.demo.layouts import make_archives
from signl.demo.options import Counts, DemoOptions
from signl.errors import ConfigError


def tar_members(paths):
    members = []
    for path in paths:
        with tarfile.open(path) as archive:
            members += [(entry.name, archive.extractfile(entry).read())
                        for entry in archive if entry.isfile()]  # fmt: skip
    assert len(members) == len(dict(members))
    return dict(members)


def rows_of(content):
    text = content.decode()
    assert text.endswith("\n")
    return [line.split(" ") for line in text.splitlines()]


def stems(members):
    return {name.split("/")[-1].removesuffix(".flac") for name in members if ".flac" in name}


def test_the_same_options_give_the_same_bytes(archives, tiny_options, tmp_path):
    again = make_archives(tmp_path, options=tiny_options)
    assert list(map(str, again)) == demo_files(tmp_path)
    for path in again:
        first = archives / path.relative_to(tmp_path)
        digests = {hashlib.sha256(file.read_bytes()).hexdigest() for file in (path, first)}
        assert len(digests) == 1, path.name


def test_unknown_options_are_refused(tmp_path):
    with pytest.raises(ConfigError, match="colour"):
        make_archives(tmp_path, options={"colour": 1})
    assert not list(tmp_path.iterdir())


@pytest.fixture(scope="module")
def la(archives):
    with zipfile.ZipFile(archives / "ASVspoof2021/LA.zip") as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.parametrize(
    ("split", "protocol", "bonafide", "spoof", "unlisted", "attacks"),
    [
        ("train", "train.trn", 4, 14, 0, {f"A{n:02d}" for n in range(1, 7)}),
        ("dev", "dev.trl", 3, 6, 3, {f"A{n:02d}" for n in range(1, 7)}),
        ("eval", "eval.trl", 3, 7, 3, {f"A{n:02d}" for n in range(7, 14)}),
    ],
)
def test_la_splits(la, split, protocol, bonafide, spoof, unlisted, attacks):
    name = f"LA/ASVspoof2019_LA_cm_protocols/ASVspoof2019.LA.cm.{protocol}.txt"
    rows = rows_of(la[name])
    assert {len(row) for row in rows} == {5}
    assert Counter(row[4] for row in rows) == {"bonafide": bonafide, "spoof": spoof}
    assert {row[3] for row in rows if row[4] == "spoof"} == attacks
    assert all(row[2] == "-" and (row[3] == "-") == (row[4] == "bonafide") for row in rows)
    audio = stems(name for name in la if name.startswith(f"LA/ASVspoof2019_LA_{split}/flac/"))
    assert {row[1] for row in rows} < audio or unlisted == 0
    assert len(audio) == len(rows) + unlisted


def test_df_parts_and_keys(archives):
    folder = archives / "ASVspoof2021"
    audio = tar_members(sorted(folder.glob("ASVspoof2021_DF_eval_part*.tar.gz")))
    keys = tar_members([folder / "DF-keys-full.tar.gz"])
    rows = rows_of(keys["keys/DF/CM/trial_metadata.txt"])
    assert {len(row) for row in rows} == {13}
    listed = rows_of(audio["ASVspoof2021_DF_eval/ASVspoof2021.DF.cm.eval.trl.txt"])
    assert {row[1] for row in rows} == stems(audio) == {row[0] for row in listed}
    assert all(name.startswith("ASVspoof2021_DF_eval/") for name in audio)
    assert len(rows) == 3 * (2 + 3)
    assert max(Counter(row[2] for row in rows).values()) == 2
    assert {row[4] for row in rows}.isdisjoint({f"A{n:02d}" for n in range(1, 7)})
    assert all((row[8] == "bonafide") == (row[5] == "bonafide") for row in rows)


def test_df_has_all_subsets_and_codecs_at_its_usual_size(tmp_path):
    one = Counts(bonafide=1, spoof=1)
    options = DemoOptions(train=one, dev=one, df_codecs=2, df_sources=Counts(bonafide=5, spoof=8))
    write_asvspoof2021(tmp_path, options)
    keys = tar_members([tmp_path / "DF-keys-full.tar.gz"])
    rows = rows_of(keys["keys/DF/CM/trial_metadata.txt"])
    assert {row[7] for row in rows} == {"eval", "progress", "hidden"}
    assert all((row[6] == "trim") == (row[7] == "hidden") for row in rows)
    assert {row[3] for row in rows if row[7] != "eval"} == {"asvspoof"}
    assert len({row[2] for row in rows}) == 9
    vcc2020 = [row for row in rows if row[4].startswith("Task")]
    assert vcc2020
    assert all("-" not in row[9:] and row[3] == "vcc2020" for row in vcc2020)


@pytest.mark.parametrize(
    ("letter", "split", "parts", "unlisted"),
    [("T", "train", 2, 0), ("D", "dev.track_1", 1, 3), ("E", "eval.track_1", 2, 3)],
)
def test_asvspoof5_splits(archives, letter, split, parts, unlisted):
    folder = archives / "ASVspoof5"
    tars = sorted(folder.glob(f"flac_{letter}_*.tar"))
    assert len(tars) == parts
    audio = tar_members(tars)
    top = {"E": "flac_E_eval"}.get(letter, f"flac_{letter}")
    assert {name.split("/")[0] for name in audio} == {top}
    protocols = tar_members([folder / "ASVspoof5_protocols.tar.gz"])
    rows = rows_of(protocols[f"ASVspoof5.{split}.tsv"])
    assert {len(row) for row in rows} == {10}
    names = {row[1] for row in rows}
    assert len(names) == len(rows)
    assert names <= stems(audio)
    assert {name[:3] for name in stems(audio) - names} == ({f"{letter}_A"} if unlisted else set())
    assert len(stems(audio) - names) == unlisted
    assert {row[8] for row in rows} == {"bonafide", "spoof"}
    assert all((row[7] == "bonafide") == (row[6] == "-") == (row[8] == "bonafide") for row in rows)


def test_asvspoof5_codec_families(archives):
    protocols = tar_members([archives / "ASVspoof5/ASVspoof5_protocols.tar.gz"])
    rows = {row[1]: row for row in rows_of(protocols["ASVspoof5.eval.track_1.tsv"])}
    coded = [row for row in rows.values() if row[3] != "-"]
    assert coded
    for row in coded:
        original = rows[row[5]]
        assert original[3:6] == ["-", "0", "-"]
        assert [row[k] for k in (0, 2, 6, 7, 8)] == [original[k] for k in (0, 2, 6, 7, 8)]


@pytest.mark.parametrize("n_rows", [1, 2, 5, 24, 47, 48, 61])
def test_family_sizes_add_up(n_rows):
    sizes = family_sizes(n_rows)
    assert sum(sizes) == n_rows
    assert set(sizes) <= {1, 2, 12}
    assert (12 in sizes) == (n_rows >= 48)


def cfad_names(archives):
    """Read the names from the records of the directory alone, whatever the pieces."""
    content = (archives / "CFAD/CFAD.zip").read_bytes()
    place = content.index(b"PK\x01\x02")
    names = []
    while content[place : place + 4] == b"PK\x01\x02":
        length = int.from_bytes(content[place + 28 : place + 30], "little")
        names.append(content[place + 46 : place + 46 + length].decode())
        place += 46 + length
    return names


def test_cfad_folders(archives):
    names = [name for name in cfad_names(archives) if name.endswith(".wav")]
    clean = [name.split("/") for name in names if "/clean_version/" in name]
    assert LONG_FILE in names
    assert Counter((parts[2], parts[3]) for parts in clean) == {
        ("train_clean", "real_clean"): 4,
        ("train_clean", "fake_clean"): 14,
        ("dev_clean", "real_clean"): 3,
        ("dev_clean", "fake_clean"): 6,
        ("test_seen_clean", "real_clean"): 3 + 1,
        ("test_seen_clean", "fake_clean"): 4,
        ("test_unseen_clean", "real_clean"): 3,
        ("test_unseen_clean", "fake_clean"): 4,
    }
    methods = {split: {p[4] for p in clean if p[2:4] == [f"{split}_clean", "fake_clean"]}
               for split in ("train", "test_unseen")}  # fmt: skip
    assert methods["train"].isdisjoint(methods["test_unseen"])
    assert max(Counter(parts[5] for parts in clean).values()) == 2
    others = [name for name in names if "/clean_version/" not in name]
    assert {name.split("/")[1] for name in others} == {"noisy_version", "codec_version"}


def test_in_the_wild(archives):
    with zipfile.ZipFile(archives / "InTheWild/release_in_the_wild.zip") as archive:
        assert archive.testzip() is None
        names = set(archive.namelist())
        table = archive.read("release_in_the_wild/meta.csv").decode()
    rows = list(csv.DictReader(io.StringIO(table)))
    assert list(rows[0]) == ["file", "speaker", "label"]
    assert [row["file"] for row in rows] == [f"{index}.wav" for index in range(15)]
    assert Counter(row["label"] for row in rows) == {"bona-fide": 9, "spoof": 6}
    assert any(" " in row["speaker"] for row in rows)
    assert {f"release_in_the_wild/{row['file']}" for row in rows} == {
        name for name in names if name.endswith(".wav")
    }


def test_some_flacs_are_streamed(archives, la):
    everything = la | tar_members(sorted((archives / "ASVspoof5").glob("flac_*.tar")))
    flacs = [content for name, content in everything.items() if name.endswith(".flac")]
    streamed = [flac for flac in flacs if not int.from_bytes(flac[21:26], "big") & (2**36 - 1)]
    assert 0.05 < len(streamed) / len(flacs) < 0.2
