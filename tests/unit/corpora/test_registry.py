import subprocess
import sys
from collections import Counter

import pytest

from signl.corpora.asvspoof5 import FLAC_D, FLAC_E, FLAC_T
from signl.corpora.asvspoof2021 import DF
from signl.corpora.registry import (
    CORPORA,
    archive_named,
    corpus_named,
    locate_archives,
    locate_protocols,
)
from signl.errors import ConfigError


def located(corpus, folder, **options):
    return {item.name: item for item in locate_archives(corpus, folder, **options)}


def test_it_imports_nothing_heavy():
    code = (
        "import sys, signl.corpora.registry\n"
        "heavy = {'pyarrow', 'pandas', 'numpy', 'torch'} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("archive_set", "n_archives", "n_files"),
    [(DF, 4, 611_829), (FLAC_T, 5, 182_357), (FLAC_D, 3, 142_134), (FLAC_E, 10, 681_872)],
)
def test_parts_of_a_set_add_up(archive_set, n_archives, n_files):
    assert len(archive_set.archives) == n_archives
    for form in archive_set.forms:
        assert sum(archive.n_utterances for archive in form.archives) == n_files


def test_shard_counts_follow_from_the_counts():
    assert archive_named("LA").n_shards == 13
    assert archive_named("flac_T_aa").n_shards == 10
    assert archive_named("ASVspoof5_protocols").n_shards == 0


def test_counts_of_labels_add_up():
    for corpus in CORPORA.values():
        for expected in corpus.expected:
            if expected.bonafide is not None:
                assert expected.bonafide + expected.spoof == expected.total, expected


def test_the_resplit_divides_the_official_partition():
    def total(corpus, partition):
        (expected,) = (e for e in CORPORA[corpus].expected if e.partitions == (partition,))
        return Counter(bonafide=expected.bonafide, spoof=expected.spoof)

    halves = total("asvspoof5_signl", "dev") + total("asvspoof5_signl", "eval")
    assert halves == total("asvspoof5", "dev")


def test_each_corpus_is_packed_by_one_with_the_same_archives():
    for corpus in CORPORA.values():
        owner = CORPORA[corpus.packed_by]
        assert owner.packed_by == owner.name
        audio = {archive.name for archive in corpus.archives if archive.n_utterances}
        assert audio <= {archive.name for archive in owner.archives}


def test_checksums_have_the_length_of_their_kind():
    for corpus in CORPORA.values():
        for archive in corpus.archives:
            assert archive.md5 is None or len(archive.md5) == 32
            assert archive.sha256 is None or len(archive.sha256) == 64


def test_unknown_names_are_refused():
    with pytest.raises(ConfigError, match="corpus 'asvspoof' is none of"):
        corpus_named("asvspoof")
    with pytest.raises(ConfigError, match=r"archive 'LA\.zip' is none of"):
        archive_named("LA.zip")


def test_published_archives_are_found_in_their_folders(archives):
    for name, corpus in CORPORA.items():
        found = located(name, archives)
        names = {archive.name for archive in corpus.archives} - {"dev_meta_SIGNL"}
        assert set(found) == names
        assert all(item.form == "published" and not item.missing for item in found.values())


def test_published_archives_are_found_directly_in_the_folder(archives):
    for path in list(archives.glob("*/*")):
        path.rename(archives / f"moved-{path.name}")
    for path in list(archives.glob("moved-*")):
        path.rename(archives / path.name.removeprefix("moved-"))
    for name in CORPORA:
        assert not any(item.missing for item in locate_archives(name, archives))


def test_missing_archives_are_named_in_the_published_form(tmp_path):
    found = located("cfad", tmp_path)["CFAD"]
    assert [path.name for path in found.missing] == [
        "CFAD.z01",
        "CFAD.z02",
        "CFAD.z03",
        "CFAD.zip",
    ]
    assert found.paths[0] == tmp_path / "CFAD/CFAD.z01"


@pytest.mark.parametrize(
    ("corpus", "gone", "there", "name", "form"),
    [
        ("asvspoof2021_df", "LA.zip", "LA/ASVspoof2019_LA_train/", "LA", "unpacked"),
        (
            "asvspoof2021_df",
            "ASVspoof2021_DF_eval_part*",
            "ASVspoof2021_DF_eval/flac/",
            "ASVspoof2021_DF_eval",
            "unpacked",
        ),
        (
            "asvspoof2021_df",
            "DF-keys-full.tar.gz",
            "keys/DF/CM/trial_metadata.txt",
            "DF-keys-full",
            "unpacked",
        ),
        ("asvspoof2021_df", "DF-keys*", "trial_metadata.txt", "DF-keys-full", "loose"),
        ("asvspoof2021_df", "DF-keys*", "DF-keys-stage-1.tar.gz", "DF-keys-full", "stage-1"),
        ("asvspoof5", "flac_T_a*", "flac_T.tar", "flac_T", "challenge"),
        ("asvspoof5", "flac_E_a*", "flac_E_eval/", "flac_E", "unpacked"),
        (
            "asvspoof5",
            "*protocols.tar.gz",
            "ASVspoof5_protocols.tar",
            "ASVspoof5_protocols",
            "uncompressed",
        ),
        (
            "asvspoof5",
            "*protocols.tar.gz",
            "ASVspoof5_protocols/ASVspoof5.train.tsv",
            "ASVspoof5_protocols",
            "unpacked",
        ),
        ("cfad", "CFAD.z0?", "", "CFAD", "joined"),
        ("cfad", "CFAD.z*", "CFAD_joined.zip", "CFAD", "joined"),
        # What is left of the spans does not stand in for the joined file.
        ("cfad", "CFAD.z0?", "CFAD_joined.zip", "CFAD", "joined"),
        ("cfad", "CFAD.z*", "CFAD/noisy_version/", "CFAD", "unpacked"),
        (
            "in_the_wild",
            "release*.zip",
            "release_in_the_wild/meta.csv",
            "release_in_the_wild",
            "unpacked",
        ),
    ],
)
@pytest.mark.parametrize("is_direct", [False, True])
def test_other_forms_are_found(archives, corpus, gone, there, name, form, is_direct):
    paths = list(archives.glob(f"*/{gone}"))
    base = archives if is_direct else paths[0].parent
    assert paths
    for path in paths:
        path.unlink()
    if there.endswith("/"):
        (base / there).mkdir(parents=True)
    elif there:
        (base / there).parent.mkdir(exist_ok=True, parents=True)
        (base / there).touch()
    found = located(corpus, archives)[name]
    assert (found.form, found.missing) == (form, ())
    assert all(path.exists() for path in found.paths)
    if there and not there.endswith("/"):
        assert found.paths[0].name in there


@pytest.mark.parametrize("kind", ["metadata", "metainfor"])
@pytest.mark.parametrize("of_eval", [None, "eval.track_1.tsv", "eval.{kind}.txt"])
def test_challenge_time_protocols_are_found(archives, kind, of_eval):
    (archives / "ASVspoof5/ASVspoof5_protocols.tar.gz").unlink()
    names = [f"ASVspoof5.{split}.{kind}.txt" for split in ("train", "dev")]
    names += [f"ASVspoof5.{of_eval.format(kind=kind)}"] if of_eval else []
    for name in names:
        (archives / "ASVspoof5" / name).touch()
    (found,) = locate_protocols("asvspoof5", archives)
    assert (found.form, found.missing) == ("challenge", ())
    assert [path.name for path in found.paths] == names


def test_of_several_forms_the_one_that_lacks_least_is_asked_for(archives):
    (archives / "ASVspoof5/ASVspoof5_protocols.tar.gz").unlink()
    (archives / "ASVspoof5/ASVspoof5.train.metainfor.txt").touch()
    (found,) = locate_protocols("asvspoof5", archives)
    assert [path.name for path in found.missing] == ["ASVspoof5.dev.metainfor.txt"]


def test_a_missing_part_is_missed_unless_a_subset_will_do(archives):
    (archives / "ASVspoof5/flac_T_ac.tar").unlink()
    found = located("asvspoof5", archives)
    assert [name for name, item in found.items() if item.missing] == ["flac_T_ac"]
    assert "flac_T_ac" not in located("asvspoof5", archives, subset=True)
    for path in (archives / "ASVspoof5").glob("flac_T_a*"):
        path.unlink()
    found = located("asvspoof5", archives, subset=True)
    assert sum(bool(item.missing) for item in found.values()) == 5


def test_a_missing_span_is_missed_even_in_a_subset(archives):
    (archives / "CFAD/CFAD.z02").unlink()
    for subset in (False, True):
        found = located("cfad", archives, subset=subset)["CFAD"]
        assert (found.form, [path.name for path in found.missing]) == ("published", ["CFAD.z02"])


def test_audio_of_other_partitions_is_not_looked_for(archives):
    names = set(located("asvspoof5", archives, partitions=("train", "dev")))
    assert not any(name.startswith("flac_E") for name in names)
    names = set(located("asvspoof5_signl", archives, partitions=("eval",)))
    assert names == {"flac_D_aa", "flac_D_ab", "flac_D_ac", "ASVspoof5_protocols"}


def test_the_reference_list_is_used_if_it_is_there(archives):
    assert "dev_meta_SIGNL" not in located("asvspoof5_signl", archives)
    (archives / "ASVspoof5/dev_meta_SIGNL.txt").touch()
    assert "dev_meta_SIGNL" in located("asvspoof5_signl", archives)


def test_trials_of_protocols_are_those_of_the_whole_corpus():
    counts = {(n, p): c.n_trials(p) for n, c in CORPORA.items() for p in c.protocols}
    assert counts["asvspoof2021_df", "all"] == 611_829
    assert counts["asvspoof5_signl", "eval"] == 84_177
    assert counts["cfad", "all"] == 63_000
    assert counts["in_the_wild", "all"] == 31_779
