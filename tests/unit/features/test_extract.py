import logging
import threading

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from signl.audio import load_waveform, normalise, repeat_to
from signl.augmentation.chain import perturbation_of
from signl.errors import ConfigError
from signl.features import extract
from signl.features.extract import (
    Clip,
    Clipper,
    batches_of,
    by_length,
    encode_clips,
    extract_features,
)
from signl.features.feature_shards import MODEL_DIGEST, Shard
from signl.features.frontends import frontend_options
from signl.features.index import read_index
from signl.features.logmel.log_mel import LogMel
from signl.features.logmel.options import LogMelOptions
from signl.training.clips import FrameClips

CPU = torch.device("cpu")
TEXT = b"not audio but text\n" * 10


def clipper(repeat, *, clip_s=2.0):
    return Clipper(clip_s=clip_s, repeat=repeat, window_samples=400, hop_samples=320)


@pytest.fixture
def utterances(encode):
    """Of all lengths, and two that cannot be decoded."""
    return {
        "long.flac": encode(3.0, seed=1),
        "text.flac": TEXT,
        "exact.flac": encode(2.0, seed=2),
        "short.flac": encode(0.7, seed=3),
        "again.flac": encode(0.7, seed=4),
        "tiny.flac": encode(0.01, seed=5),
        "one sample.flac": encode(1 / 16_000, seed=6),
        "empty.flac": b"",
        "slow.flac": encode(1.5, seed=7, rate_hz=8000),
    }


@pytest.fixture
def run(pack, utterances, tmp_path):
    """Return a function that extracts the features of the utterances: shard and index."""

    def extracted(**options):
        output, index = tmp_path / "0000-of-0001.safetensors", tmp_path / "0000-of-0001.parquet"
        given = {"kind": "logmel", "clip_s": 2.0, **options}
        extract_features(pack(utterances), output, index, options=given)
        return Shard(output), read_index(index)

    return extracted


@given(st.lists(st.integers()), st.integers(1, 7))
def test_batches_hold_all_items_in_order(items, size):
    batches = list(batches_of(items, size))
    assert [item for batch in batches for item in batch] == items
    assert all(len(batch) == size for batch in batches[:-1])
    assert all(batches)


@settings(deadline=None)
@given(st.lists(st.sampled_from([None, 400, 720, 4000]), max_size=30), st.integers(1, 9000))
def test_batches_are_of_one_length_and_hold_each_clip_once(lengths, batch_samples):
    clips = [
        Clip(str(place), None if length is None else torch.zeros(length), 0.0, None)
        for place, length in enumerate(lengths)
    ]
    batches = list(by_length(clips, batch_samples))
    for batch in batches:
        (length,) = {lengths[place] for place in batch}
        assert len(batch) == 1 or len(batch) * length <= batch_samples
    assert sorted(place for batch in batches for place in batch) == [
        place for place, length in enumerate(lengths) if length is not None
    ]


def test_a_repeated_clip_is_the_waveform_repeated_then_normalised(encode):
    encoded = encode(0.7)
    clip = clipper("waveform").clip("a", encoded)
    # 2 s are 32,000 samples, of which the last 80 fill no frame.
    whole = normalise(repeat_to(load_waveform(encoded, max_duration_s=2.0), 32_000))
    assert torch.equal(clip.waveform, whole[: 400 + 98 * 320])
    assert clip.duration_s == pytest.approx(0.7)


def test_a_clip_whose_frames_are_repeated_is_the_waveform_normalised(encode):
    encoded = encode(0.7)
    clip = clipper("frames").clip("a", encoded)
    whole = normalise(load_waveform(encoded, max_duration_s=2.0))
    assert torch.equal(clip.waveform, whole[: 400 + 33 * 320])


@pytest.mark.parametrize("repeat", ["waveform", "frames"])
@pytest.mark.parametrize("seconds", [2.0, 3.0])
def test_of_a_long_utterance_the_first_clip_is_normalised_as_a_whole(encode, repeat, seconds):
    encoded = encode(seconds)
    clip = clipper(repeat).clip("a", encoded)
    whole = normalise(load_waveform(encoded, max_duration_s=2.0))
    assert torch.equal(clip.waveform, whole[: 400 + 98 * 320])
    assert clip.duration_s == 2.0


@pytest.mark.parametrize("repeat", ["waveform", "frames"])
def test_what_is_shorter_than_a_frame_still_has_one(encode, repeat):
    clip = clipper(repeat).clip("a", encode(0.01))
    assert len(clip.waveform) >= 400
    assert torch.equal(clip.waveform[160:320], clip.waveform[:160])


def test_what_cannot_be_decoded_says_why():
    clip = clipper("frames").clip("a.flac", TEXT)
    assert clip.waveform is None
    assert clip.duration_s == 0
    assert "190 bytes that neither" in clip.reason


def test_frames_do_not_depend_on_neighbours(encode, monkeypatch):
    # Room for three of the long ones, so that clips share batches.
    monkeypatch.setitem(extract.BATCH_S, "cpu", 3.0)
    frontend = LogMel(LogMelOptions(), CPU)
    clips = [
        clipper("frames").clip(str(seed), encode(seconds, seed=seed))
        for seed, seconds in enumerate([1.0, 0.3, 1.0, 0.5, 1.0, 1.0, 0.3])
    ]
    together = encode_clips(clips, frontend, CPU)
    for clip, frames in zip(clips, together, strict=True):
        (alone,) = encode_clips([clip], frontend, CPU)
        torch.testing.assert_close(frames, alone, rtol=2e-3, atol=2e-3)


@pytest.mark.parametrize("repeat", ["waveform", "frames"])
def test_a_shard_has_the_features_of_each_utterance_in_the_order_of_the_audio(
    run, utterances, repeat
):
    shard, index = run(repeat=repeat)
    frontend = LogMel(LogMelOptions(), CPU)
    assert index["member"].to_pylist() == list(utterances)
    assert shard.shape == (80, 400, 320, 99)
    for place, (member, encoded) in enumerate(utterances.items()):
        clip = clipper(repeat).clip(member, encoded)
        if clip.waveform is not None:
            expected = frontend(clip.waveform[None])[0]
            assert index["n_frames"][place].as_py() == len(expected)
            found = shard.frames(place, 0, len(expected))
            torch.testing.assert_close(found.float(), expected, rtol=2e-3, atol=2e-3)


@pytest.mark.parametrize("repeat", ["waveform", "frames"])
def test_in_8_bits_frames_are_those_of_16_within_half_a_step(run, repeat):
    whole, index = run(repeat=repeat)
    n_bytes = whole.path.stat().st_size
    compact, same = run(repeat=repeat, storage="int8")
    assert same.equals(index)
    assert compact.path.stat().st_size < 0.62 * n_bytes
    for place, n_frames in enumerate(index["n_frames"].to_pylist()):
        if n_frames:
            # Of a clip that is longer, too.
            expected, found = (each.frames(place, 0, 99).float() for each in (whole, compact))
            step = (expected.amax(0) - expected.amin(0)) / 255
            assert ((found - expected).abs() <= 0.501 * step + 1e-5).all()
            assert torch.equal(compact.frames(place, 3, 7), found[3:7])


def test_what_cannot_be_decoded_has_a_row_with_the_reason_and_no_frames(run, caplog):
    caplog.set_level(logging.INFO)
    _, index = run()
    rows = {fields["member"]: fields for fields in index.to_pylist()}
    for member in ("text.flac", "empty.flac"):
        assert rows[member]["n_frames"] == rows[member]["duration_s"] == 0
        assert "neither libsndfile" in rows[member]["reason"]
    usable = [fields for fields in rows.values() if fields["reason"] is None]
    assert len(usable) == len(rows) - 2
    assert all(fields["n_frames"] >= 1 for fields in usable)
    assert "'text.flac' cannot be used" in caplog.text
    assert "features of 7 utterances" in caplog.text
    assert "2 without features" in caplog.text


def test_what_float16_cannot_hold_has_a_row_with_the_reason(run, monkeypatch):
    call = LogMel.__call__
    monkeypatch.setattr(LogMel, "__call__", lambda self, x: 1e6 * call(self, x))
    _, index = run()
    rows = [row for row in index.to_pylist() if row["reason"] == extract.OVERFLOW]
    assert len(rows) >= 5
    assert {row["n_frames"] for row in rows} == {0}


def test_repeating_waveforms_fills_every_clip_and_repeating_frames_stores_none_twice(run):
    def counts(index):
        return dict(zip(index["member"].to_pylist(), index["n_frames"].to_pylist(), strict=True))

    _, filled = run(repeat="waveform")
    assert set(counts(filled).values()) == {0, 99}
    _, stored = run(repeat="frames")
    expected = {"long.flac": 99, "short.flac": 34, "one sample.flac": 1, "slow.flac": 74}
    assert expected.items() <= counts(stored).items()
    # Either way the seconds are those of the utterance.
    assert filled["duration_s"].equals(stored["duration_s"])


def test_windows_change_nothing(run, monkeypatch):
    shard, index = run(repeat="frames")
    first = [shard.frames(place, 0, 99) for place in (0, 2, 3, 4, 5)]
    monkeypatch.setattr(extract, "WINDOW", 2)
    again, same_index = run(repeat="frames")
    assert same_index.equals(index)
    for frames, place in zip(first, (0, 2, 3, 4, 5), strict=True):
        torch.testing.assert_close(again.frames(place, 0, 99), frames, rtol=2e-3, atol=2e-3)


def test_a_speech_model_as_front_end(run, speech_model_folder):
    shard, index = run(kind="wav2vec2", model=str(speech_model_folder))
    assert shard.shape == (16, 400, 320, 99)
    assert index["n_frames"].to_pylist() == [99, 0, 99, 99, 99, 99, 99, 0, 99]


def test_a_shard_says_which_files_of_a_model_made_it(run, speech_model_folder):
    options = {"kind": "wav2vec2", "model": str(speech_model_folder)}
    shard, _ = run(**options)
    expected = frontend_options(options).model_digest()
    assert shard.made_by.digests[MODEL_DIGEST] == expected != ""
    assert FrameClips([shard.path]).features()[MODEL_DIGEST] == expected
    plain, _ = run()
    assert MODEL_DIGEST not in plain.made_by.digests
    assert FrameClips([plain.path]).features().keys() == {"features"}


def test_a_shard_in_which_nothing_can_be_decoded(pack, tmp_path):
    output, index = tmp_path / "s.safetensors", tmp_path / "s.parquet"
    extract_features(pack({"a": TEXT, "b": TEXT}), output, index, options={"kind": "lfcc"})
    assert len(Shard(output)) == 2
    assert read_index(index)["n_frames"].to_pylist() == [0, 0]


def test_unknown_options_are_refused(run):
    with pytest.raises(ConfigError, match=r"frontend\.clip is no key; known are \['clip_s'"):
        run(clip=9.0)


def test_a_perturbed_shard_has_the_features_of_perturbed_utterances(run, utterances):
    noise = {"kind": "noise", "probability": 1.0, "snr_db": [10.0, 10.0]}
    clean, _ = run()
    shard, index = run(perturbation=noise)
    assert shard.made_by.options == {**clean.made_by.options, "perturbation": noise}
    row = index["member"].to_pylist().index("again.flac")
    perturbation = perturbation_of(noise)
    waveform = load_waveform(utterances["again.flac"], max_duration_s=2.0)
    clip = normalise(repeat_to(perturbation(waveform, "again.flac"), 32_000))
    expected = LogMel(LogMelOptions(clip_s=2.0), CPU)(clip[None])[0].half()
    found = shard.frames(row, 0, len(expected))
    torch.testing.assert_close(found, expected, rtol=1e-2, atol=1e-2)
    plain = clean.frames(row, 0, len(expected))
    assert (plain - expected).abs().max() > 0.1


def test_what_is_played_faster_fills_the_clip(run, utterances):
    long = max(utterances, key=lambda name: len(utterances[name]))
    _, index = run(clip_s=0.5, perturbation={"kind": "speed", "factors": [1.25]})
    durations = {row["member"]: row["duration_s"] for row in index.to_pylist()}
    assert durations[long] == 0.5


def test_a_window_is_decoded_while_the_one_before_is_computed(monkeypatch, pack, encode, tmp_path):
    """The front-end waits for clips of the second window, which another thread must make."""
    monkeypatch.setattr(extract, "WINDOW", 2)
    utterances = {f"{number}.flac": encode(0.2, seed=number) for number in range(8)}
    decoded, n_written = [], []
    third = threading.Event()

    class Watched(Clipper):
        def clip(self, member, encoded):
            decoded.append(member)
            if len(decoded) == 3:
                third.set()
            return super().clip(member, encoded)

    class Waiting(LogMel):
        def __call__(self, waveforms):
            assert third.wait(timeout=30)
            n_written.append(len(rows))
            return super().__call__(waveforms)

    options = LogMelOptions()
    frontend, rows = Waiting(options, CPU), []
    watched = Watched.of(options, frontend)
    taken = []
    for frames in extract._encode_shard(pack(utterances), watched, frontend, CPU, rows, 2):
        taken.append(frames)
        # One window in use, one computed, two decoded or on their way to be.
        assert len(decoded) <= len(taken) + 4 * extract.WINDOW
    assert [row["member"] for row in rows] == list(utterances)
    # When a window is computed, all but the one before it have been handed on to be written.
    assert n_written == [0, 0, 2, 4]


def test_bytes_do_not_hang_on_how_many_threads_decode(pack, utterances, tmp_path):
    written = []
    for n_decoders in (1, 4):
        output, index = tmp_path / "0000-of-0001.safetensors", tmp_path / "0000-of-0001.parquet"
        given = {"kind": "logmel", "clip_s": 2.0}
        extract_features(pack(utterances), output, index, options=given, n_decoders=n_decoders)
        written.append((output.read_bytes(), index.read_bytes()))
    assert written[0] == written[1]
