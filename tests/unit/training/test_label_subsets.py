"""Label subsets: nested, stratified, and following from corpus, seed and percent alone."""

import itertools
import os
import random
import subprocess
import sys
from collections import Counter
from fractions import Fraction
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from signl import stages
from signl.artefacts import MadeBy, table_made_by, write_table
from signl.errors import ArtefactError, ConfigError, ManifestError
from signl.training.label_subsets import read_labelled, read_labels, sample_labels, subset_size

SCHEMA = pa.schema(
    [(name, pa.string()) for name in ("utterance_id", "partition", "label", "attack", "speaker")]
)
STRATA = {
    ("train", "bonafide", None): 97,
    ("train", "spoof", "A01"): 310,
    ("train", "spoof", "A02"): 50,
    ("train", "spoof", "A03"): 3,
    ("dev", "bonafide", None): 60,
    ("dev", "spoof", "A01"): 41,
    ("dev", "spoof", None): 25,
    ("eval", "bonafide", None): 30,
    ("eval", "spoof", "A09"): 70,
}

PARTS = ("train", "dev")


def make_rows():
    """Rows of all strata, mixed as published protocols are."""
    strata = [stratum for stratum, count in STRATA.items() for _ in range(count)]
    rows = [
        (f"U_{number:04}", *stratum, f"speaker-{number % 5}")
        for number, stratum in enumerate(strata)
    ]
    return sorted(rows, key=lambda row: row[0][::-1])


@pytest.fixture
def sample(tmp_path):
    """Return a function that samples labels and gives the rows of the subset."""

    def run(*, percent, seed=0, corpus="cfad", rows=None):
        manifest, output = tmp_path / "manifest.parquet", tmp_path / "labels.parquet"
        columns = zip(*(make_rows() if rows is None else rows), strict=True)
        table = pa.table(list(map(pa.array, columns)), schema=SCHEMA)
        made_by = MadeBy(stage="build_manifest", revision=stages.MANIFEST.revision, options={})
        write_table(manifest, table, made_by)
        sample_labels(manifest, output, corpus=corpus, seed=seed, percent=percent, options={})
        return [tuple(row.values()) for row in read_labels(output).to_pylist()]

    return run


@pytest.mark.parametrize("percent", [0.5, 5, 10, 30, 50, 80])
def test_every_stratum_gives_its_share(sample, percent):
    counts = Counter(row[1:] for row in sample(percent=percent))
    expected = {
        stratum: max(1, int(Fraction(str(percent)) * count / 100 + Fraction(1, 2)))
        for stratum, count in STRATA.items()
        if stratum[0] != "eval"
    }
    assert counts == expected


def test_all_labels_are_the_manifest_without_evaluation(sample):
    assert sample(percent=100) == [row[:4] for row in make_rows() if row[1] != "eval"]


def test_rows_stand_in_the_order_of_the_manifest(sample):
    place = {row[0]: index for index, row in enumerate(make_rows())}
    places = [place[row[0]] for row in sample(percent=30)]
    assert places == sorted(places)


def test_subsets_are_nested(sample):
    subsets = [set(sample(percent=percent)) for percent in (1, 5, 10, 30, 50, 80, 100)]
    for smaller, larger in itertools.pairwise(subsets):
        assert smaller < larger


@pytest.mark.parametrize("seed", range(5))
def test_subsets_of_any_percentages_are_nested_in_every_stratum(sample, seed):
    percents = sorted(random.Random(seed).uniform(0.01, 100) for _ in range(6))
    subsets = [sample(percent=percent, seed=seed) for percent in percents]
    for smaller, larger in itertools.pairwise(subsets):
        assert set(smaller) <= set(larger)
        sizes, larger_sizes = (Counter(row[1:] for row in rows) for rows in (smaller, larger))
        assert sizes.keys() == larger_sizes.keys()
        assert all(sizes[stratum] <= larger_sizes[stratum] for stratum in sizes)


def test_no_stratum_is_ever_empty(sample):
    """Strata of one utterance and a percentage of next to nothing."""
    strata = [("bonafide", None), *(("spoof", f"A{number:02}") for number in range(30))]
    rows = [
        (f"{part}-{attack}", part, label, attack, "speaker")
        for part in ("train", "dev", "eval")
        for label, attack in strata
    ]
    chosen = sample(percent=0.01, rows=rows)
    assert sorted(row[0] for row in chosen) == sorted(row[0] for row in rows if row[1] != "eval")


@pytest.mark.parametrize("hash_seed", ["1", "2"])
def test_another_process_draws_the_same_subset(sample, tmp_path, hash_seed):
    """Nothing may hang on the order of sets or on the hashes of one process."""
    here = sample(percent=30, seed=3)
    program = (
        "import sys; from pathlib import Path; "
        "from signl.training.label_subsets import sample_labels;"
        "sample_labels(Path(sys.argv[1]), Path(sys.argv[2]), corpus='cfad', seed=3, percent=30,"
        " options={})"
    )
    paths = [str(tmp_path / name) for name in ("manifest.parquet", "there.parquet")]
    environment = os.environ | {"PYTHONHASHSEED": hash_seed}
    subprocess.run([sys.executable, "-c", program, *paths], check=True, env=environment)
    assert [tuple(row.values()) for row in read_labels(paths[1]).to_pylist()] == here
    assert Path(paths[1]).read_bytes() == (tmp_path / "labels.parquet").read_bytes()


def test_every_recipe_reads_the_same_subset(repository):
    """The path of the subset tells corpus, seed and percentage, and so cannot tell the recipe."""
    rules = (repository / "rules" / "training.smk").read_text()
    assert rules.count("labels=labels_for") == 1
    assert rules.count("**stages.LABELS.outputs") == 1
    (path,) = stages.LABELS.outputs.values()
    assert path == "results/labels/{corpus}/seed-{seed}/labels-{percent}.parquet"


def test_order_of_rows_plays_no_part(sample):
    assert set(sample(percent=10, rows=make_rows()[::-1])) == set(sample(percent=10))


def test_other_strata_play_no_part(sample):
    train = [row for row in sample(percent=10) if row[1:4] == ("train", "spoof", "A01")]
    fewer = [row for row in make_rows() if row[3] != "A02"]
    again = [row for row in sample(percent=10, rows=fewer) if row[3] == "A01" and row[1] == "train"]
    assert train == again


def test_seeds_and_corpora_draw_their_own_subsets(sample):
    subsets = [
        set(sample(percent=30, seed=seed, corpus=corpus))
        for seed, corpus in ((0, "cfad"), (1, "cfad"), (0, "asvspoof5"))
    ]
    for subset in subsets[1:]:
        assert len(subset) == len(subsets[0])
        # Two independent draws of 30 % share 30 % of their members.
        assert 0.15 < len(subset & subsets[0]) / len(subset) < 0.45
    assert set(sample(percent=30)) == subsets[0]


def test_every_utterance_is_as_likely_as_another(sample):
    rows = [row for row in make_rows() if row[1:3] in {("train", "bonafide"), ("dev", "bonafide")}]
    spoofs = [(f"S_{part}", part, "spoof", "A01", "speaker") for part in ("train", "dev")]
    counts = Counter(
        row[0]
        for seed in range(60)
        for row in sample(percent=50, seed=seed, rows=[*rows, *spoofs])
        if row[2] == "bonafide"
    )
    assert len(counts) == len(rows)
    # Binomial with 60 draws of one half: five deviations around 30.
    assert max(abs(count - 30) for count in counts.values()) < 5 * 15**0.5


def test_header_says_what_was_sampled(sample, tmp_path):
    sample(percent=5, seed=7)
    made_by = table_made_by(tmp_path / "labels.parquet")
    assert (made_by.stage, made_by.revision) == ("sample_labels", stages.LABELS.revision)
    assert made_by.options == {"corpus": "cfad", "seed": 7, "percent": 5}


def test_counts_are_logged(sample, caplog):
    with caplog.at_level("INFO"):
        sample(percent=10)
    assert "cfad: labels of 31 of 310 utterances, train spoof A01" in caplog.messages
    assert "cfad: labels of 6 of 60 utterances, dev bonafide" in caplog.messages


@pytest.mark.parametrize("percent", [0, -5, 100.5, float("nan")])
def test_percentages_out_of_range_are_refused(sample, percent):
    with pytest.raises(ConfigError, match="label percent"):
        sample(percent=percent)


@pytest.mark.parametrize("partition", ["train", "dev"])
def test_corpus_without_a_partition_is_refused(sample, partition):
    with pytest.raises(ConfigError, match=f"cfad cannot be trained on.*{partition}"):
        sample(percent=5, rows=[row for row in make_rows() if row[1] != partition])


@pytest.mark.parametrize("partition", ["train", "dev"])
@pytest.mark.parametrize(
    ("label", "counts"),
    [
        ("spoof", "{} bona fide utterances and 0 spoofs"),
        ("bonafide", "0 bona fide utterances and {} spoofs"),
    ],
)
def test_a_partition_of_one_class_is_refused(sample, tmp_path, partition, label, counts):
    rows = [row for row in make_rows() if row[1:3] != (partition, label)]
    counts = counts.format(sum(row[1] == partition for row in rows))
    with pytest.raises(ManifestError, match=f"cfad: partition {partition} has {counts};") as caught:
        sample(percent=100, rows=rows)
    assert "take the corpus out of train_corpora" in str(caught.value)
    assert not (tmp_path / "labels.parquet").exists()


def test_subset_of_another_stage_is_refused(sample, tmp_path):
    sample(percent=5)
    with pytest.raises(ArtefactError, match="build_manifest"):
        read_labels(tmp_path / "manifest.parquet")


@pytest.mark.parametrize(
    ("n_utterances", "percent", "expected"),
    [(50, 5, 3), (49, 5, 2), (1, 5, 1), (10, 0.01, 1), (1000, 0.15, 2), (7, 100, 7), (3, 50, 2)],
)
def test_sizes_round_half_up_and_never_to_none(n_utterances, percent, expected):
    assert subset_size(n_utterances, percent) == expected


@given(
    st.integers(1, 10**6),
    st.floats(0, 100, exclude_min=True),
    st.floats(0, 100, exclude_min=True),
)
def test_sizes_grow_with_the_percentage_and_stay_within_the_stratum(n_utterances, first, second):
    smaller, larger = sorted((first, second))
    size = subset_size(n_utterances, smaller)
    assert 1 <= size <= subset_size(n_utterances, larger) <= n_utterances
    assert abs(size - n_utterances * smaller / 100) <= 0.5 + 1e-6 or size == 1


@pytest.mark.parametrize("n_labelled", [3, 24])
def test_labelled_trials_are_the_usable_ones_of_the_subset(make_toy_corpus, tmp_path, n_labelled):
    corpus = make_toy_corpus(tmp_path, n_labelled=n_labelled)
    table = read_labelled(corpus.train, corpus.labels)
    assert table["utterance_id"].to_pylist() == [f"train-{place}" for place in range(n_labelled)]
    assert "packed_archive" in table.column_names


def test_a_subset_without_a_class_is_refused(make_toy_corpus, tmp_path):
    corpus = make_toy_corpus(tmp_path, n_labelled=1)
    message = r"no utterance of class \['spoof'\] in .*train.parquet"
    with pytest.raises(ManifestError, match=message):
        read_labelled(corpus.train, corpus.labels)


def test_what_has_no_label_is_in_no_subset(sample):
    rows = make_rows()
    others = [
        (f"N_{n}", partition, "unlabelled", None, "S") for n in range(9) for partition in PARTS
    ]
    for percent in (5, 100):
        labelled = sample(percent=percent, rows=rows)
        assert labelled == sample(percent=percent, rows=[*others, *rows])


def test_a_partition_without_any_label_cannot_be_trained_on(sample):
    rows = [
        (*row[:2], "unlabelled", None, row[4]) if row[1] == "dev" else row for row in make_rows()
    ]
    with pytest.raises(ConfigError, match=r"has no labels in partition \['dev'\]"):
        sample(percent=100, rows=rows)
