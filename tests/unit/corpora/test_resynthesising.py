import io

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import soundfile

from signl import stages
from signl.artefacts import MadeBy, check_table_data, table_made_by, write_table
from signl.audio import load_waveform
from signl.corpora.audio_shards import ShardWriter, iterate_audio, read_members
from signl.corpora.copied_names import copied_archive, is_copied, split_copied
from signl.corpora.resynthesising import read_origins, resynthesise
from signl.corpora.trial_tables import TRIALS_SCHEMA
from signl.errors import ArtefactError, ConfigError
from signl.resynthesis.copies import copies_of
from signl.resynthesis.copies_options import AugmentedCopiesOptions, ResynthesisOptions
from signl.typed import build

#: Utterance -> its partition; of one the audio cannot be decoded.
PARTITIONS = {"a": "train", "b": "train", "broken": "train", "d": "dev", "e": "eval"}
RATES_HZ = {"a": 16_000, "b": 8_000, "d": 16_000, "e": 16_000}
#: Cheap methods, no codec.
OPTIONS = {
    "methods": [{"kind": "phase"}, {"kind": "griffin_lim"}],
    "pseudo_spoofs": 2,
    "channel": [{"kind": "gain"}],
}


def samples_of(name):
    rng = np.random.default_rng(ord(name[0]))
    return 0.2 * np.sin(np.arange(12_000) * rng.uniform(0.05, 0.2)) + 0.01 * rng.normal(size=12_000)


def encoded(name):
    if name == "broken":
        return b"fLaC, and no more"
    buffer = io.BytesIO()
    soundfile.write(buffer, samples_of(name), RATES_HZ[name], format="FLAC", subtype="PCM_16")
    return buffer.getvalue()


@pytest.fixture
def audio(tmp_path):
    path = tmp_path / "audio" / "CFAD" / "0000-of-0001.parquet"
    with ShardWriter([path], {"archive": "CFAD"}) as writer:
        for name in PARTITIONS:
            writer.add(f"{name}.flac", encoded(name))
    return path


@pytest.fixture
def trials(tmp_path, audio):
    places = {member: row for row, member in enumerate(read_members(audio))}
    rows = [
        {
            **{field.name: "x" for field in TRIALS_SCHEMA if field.type == pa.string()},
            "utterance_id": name,
            "partition": partition,
            "packed_archive": archive,
            "member": f"{name}.flac",
            "protocols": [],
            "shard": 0,
            "n_shards": 1,
            "row": places[f"{name}.flac"],
        }
        for name, partition in PARTITIONS.items()
        # The same rows of another archive are not those of this one.
        for archive in ("CFAD", "other")
        if not (archive == "other" and name != "d")
    ]
    path = tmp_path / "trials.parquet"
    made_by = MadeBy(stage="locate_trials", revision=stages.TRIALS.revision, options={})
    write_table(path, pa.Table.from_pylist(rows, schema=TRIALS_SCHEMA), made_by)
    return path


@pytest.fixture
def copy(audio, trials, tmp_path):
    def run(name="copies", partition="train", given=OPTIONS, **changes):
        path = tmp_path / name / "0000-of-0001.parquet"
        options = {"clip_s": 0.5, **given, **changes}
        resynthesise(audio, trials, path, options=options, partition=partition)
        return path

    return run


def test_training_utterances_alone_have_copies(copy, caplog):
    caplog.set_level("INFO")
    path = copy()
    rows = read_origins(path).to_pylist()
    assert [(row["utterance_id"], row["role"], row["number"]) for row in rows] == [
        (name, role, number)
        for name in ("a", "b")
        for role, number in (("channel", 0), ("pseudo_spoof", 0), ("pseudo_spoof", 1))
    ]
    assert {row["method"] for row in rows} == {"channel", "phase", "griffin_lim"}
    assert len({row["member"] for row in rows}) == len(rows)
    assert "'broken' has no copies" in caplog.text
    assert "wrote 6 copies of 3 utterances" in caplog.text
    check_table_data(path)


def test_those_of_dev_are_made_as_those_of_train(copy):
    made = read_origins(copy("of-dev", partition="dev"))
    assert set(made["utterance_id"].to_pylist()) == {n for n, p in PARTITIONS.items() if p == "dev"}
    assert set(made["role"].to_pylist()) == {"channel", "pseudo_spoof"}


def test_they_are_what_the_methods_make_of_the_waveform(copy, audio):
    """Of the clip alone, and within half a step of 16 bits."""
    built = build(ResynthesisOptions, OPTIONS, "resynthesis").build()
    originals = {each.member: each.audio for each in iterate_audio(audio)}
    found = [load_waveform(each.audio, max_duration_s=9).numpy() for each in iterate_audio(copy())]
    expected = [
        each.samples
        for name in ("a", "b")
        for each in copies_of(
            load_waveform(originals[f"{name}.flac"], max_duration_s=0.5).double().numpy(),
            name=name,
            built=built,
        )
    ]
    for one, other in zip(found, expected, strict=True):
        assert len(one) == len(other) == 8_000
        assert np.abs(one - other).max() < 1e-4


#: Of which an utterance gets faster, and less than the clip is left of what is not.
AUGMENTED = {
    "chain": [{"kind": "noise", "snr_db": 10.0}, {"kind": "speed", "factors": [1.25]}],
    "copies": 2,
}


def test_augmented_copies_are_what_the_chain_makes_of_the_waveform_at_16_khz(copy, audio):
    path = copy(given=AUGMENTED)
    rows = read_origins(path).to_pylist()
    assert [(row["utterance_id"], row["role"], row["number"]) for row in rows] == [
        (name, "augmented", number) for name in ("a", "b") for number in range(2)
    ]
    built = build(AugmentedCopiesOptions, AUGMENTED, "copies").build()
    originals = {each.member: each.audio for each in iterate_audio(audio)}
    found = [load_waveform(each.audio, max_duration_s=9).numpy() for each in iterate_audio(path)]
    for number, (row, one) in enumerate(zip(rows, found, strict=True)):
        original = load_waveform(originals[f"{row['utterance_id']}.flac"], max_duration_s=0.5)
        copies = copies_of(original.double().numpy(), name=row["utterance_id"], built=built)
        assert len(one) == 6_400
        assert np.abs(one - copies[number % 2].samples).max() < 1e-4
    assert copy("again", given=AUGMENTED).read_bytes() == path.read_bytes()
    assert table_made_by(path).options == {
        **build(AugmentedCopiesOptions, AUGMENTED, "copies").dump(),
        "clip_s": 0.5,
        "seal": "",
    }


def test_what_read_files_is_sealed_and_says_which(copy, tmp_path):
    soundfile.write(tmp_path / "hall.wav", samples_of("n"), 16_000)
    given = AUGMENTED | {"chain": [{"kind": "noise", "folder": str(tmp_path)}]}
    path = copy(given=given)
    check_table_data(path)
    seal = build(AugmentedCopiesOptions, given, "copies").seal()
    assert table_made_by(path).options["files"] == seal != ""


def test_the_same_options_give_the_same_bytes(copy):
    first = copy("one").read_bytes()
    assert copy("two").read_bytes() == first
    assert copy("three", seed=7).read_bytes() != first


def test_the_header_tells_how_they_were_made(copy):
    made_by = table_made_by(copy(without=["phase"], pseudo_spoofs=1))
    assert made_by.stage == "resynthesise"
    assert made_by.options["clip_s"] == 0.5
    assert made_by.options["without"] == ["phase"]
    assert made_by.options["seal"] == ""


def test_a_shard_without_training_utterances_is_empty(copy, trials):
    table = pq.read_table(trials)
    is_train = [partition == "train" for partition in table["partition"].to_pylist()]
    made_by = MadeBy(stage="locate_trials", revision=stages.TRIALS.revision, options={})
    write_table(trials, table.filter(pa.array([not each for each in is_train])), made_by)
    path = copy()
    assert not len(read_origins(path))
    assert not list(iterate_audio(path))


def test_what_is_no_such_shard_is_refused(copy, audio):
    with pytest.raises(ArtefactError, match="was made by pack_audio"):
        read_origins(audio)
    with pytest.raises(ConfigError, match="pseudo_spoofs"):
        copy(pseudo_spoofs=3)


def test_names_of_copies():
    name = copied_archive("flac_T_aa", "asvspoof5", "made")
    assert is_copied(name)
    assert not is_copied("flac_T_aa")
    assert split_copied(name) == ("flac_T_aa", "asvspoof5", "made")
