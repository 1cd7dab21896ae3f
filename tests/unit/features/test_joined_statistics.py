"""Several front-ends as one: each gives what it gives alone."""

import shutil

import pytest
import torch
import yaml

from signl.costs import frontend_arithmetic
from signl.errors import ConfigError
from signl.experiment import Experiment
from signl.features.extract import extract_features
from signl.features.feature_shards import Shard
from signl.features.frontends import frontend_options, with_parts
from signl.features.index import read_index

CPU = torch.device("cpu")


@pytest.fixture
def config(repository):
    return yaml.safe_load((repository / "config.yaml").read_text(encoding="utf-8"))


@pytest.fixture
def frontends(whisper_folder):
    """Front-ends as a configuration names them."""
    shared = {"clip_s": 0.5, "repeat": "frames"}
    return {
        "whisper": {"kind": "whisper", "model": str(whisper_folder), "layers": [1], **shared},
        "lfcc": {"kind": "lfcc", "variant": "below_7khz", "pooled": "mean_and_deviations"} | shared,
        "both": {
            "kind": "joined",
            "parts": [{"of": "whisper", "pooled": "mean_and_deviation"}, "lfcc"],
        },
    }


def options_of(frontends, name="both"):
    return frontend_options(with_parts(frontends)[name])


def test_the_statistics_of_a_shard_are_those_of_its_parts_side_by_side(
    frontends, pack, encode, tmp_path
):
    # Cut, of no whole frame at the end, shorter than one, and not decodable.
    seconds = {"long.flac": 0.6, "odd.flac": 7123 / 16_000, "short.flac": 250 / 16_000}
    utterances = {name: encode(each) for name, each in seconds.items()}
    audio = pack({**utterances, "text.flac": b"no audio"})

    def extracted(options, name):
        output, index = tmp_path / f"{name}.safetensors", tmp_path / f"{name}.parquet"
        extract_features(audio, output, index, options=options)
        return Shard(output), read_index(index)

    both, index = extracted(options_of(frontends), "both")
    whisper = options_of(frontends, "whisper").model_copy(update={"pooled": "mean_and_deviation"})
    parts = [extracted(each, each.kind) for each in (whisper, options_of(frontends, "lfcc"))]
    assert all(index.equals(other) for _, other in parts)
    assert both.shape == (2 * 16 + 240, 1, 8000, 1)
    for place, n_frames in enumerate(index["n_frames"].to_pylist()):
        if n_frames:
            expected = torch.cat([each.frames(place, 0, 1) for each, _ in parts], dim=-1)
            assert torch.equal(both.frames(place, 0, 1), expected)
    assert index["n_frames"].to_pylist().count(1) == 3


def test_a_configuration_names_parts_and_what_is_otherwise(frontends):
    options = options_of(frontends)
    assert (options.clip_s, options.repeat, options.is_pooled) == (0.5, "frames", True)
    assert [part.pooled for part in options.parts] == ["mean_and_deviation", "mean_and_deviations"]
    # What a header keeps builds the same.
    assert frontend_options(options.dump()) == options
    assert options.wants_gpu
    assert not options.normalises()
    options.check_model()


def test_it_costs_what_its_parts_cost(frontends):
    options = options_of(frontends)
    whole, parts = frontend_arithmetic(options), [*map(frontend_arithmetic, options.parts)]
    assert whole.multiply_adds == sum(each.multiply_adds for each in parts)
    assert whole.parameters == parts[0].parameters > 0


def test_its_files_are_those_of_its_parts_wherever_they_lie(frontends, whisper_folder, tmp_path):
    options = options_of(frontends)
    moved = tmp_path / "moved"
    shutil.copytree(whisper_folder, moved)
    elsewhere = options.with_model(str(moved))
    assert {path.parent for path in elsewhere.model_files()} == {moved}
    assert elsewhere.model_digest() == options.model_digest() != ""
    alone = frontend_options({"kind": "joined", "parts": [frontends["lfcc"]] * 2})
    assert alone.model_digest() == ""
    with pytest.raises(ConfigError, match=r"of parts with the models \[\], and allowed is one"):
        alone.with_model(str(moved))
    mean = {**frontends["whisper"], "pooled": "mean"}
    twice = frontend_options({"kind": "joined", "parts": [mean, {**mean, "layers": [2]}]})
    assert twice.with_model(str(moved)).models() == [str(moved)]


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        (["whisper", "lfcc"], r"parts.0 \(whisper\) has pooled: none; allowed are parts that"),
        (["lfcc"], "at least 2"),
        (["lfcc", {"of": "lfcc", "clip_s": 2.0}], r"parts.1 \(lfcc\) has clip_s: 2.0; .* is 0.5"),
        (["lfcc", {"of": "lfcc", "repeat": "waveform"}], r"parts.1 \(lfcc\) has repeat: waveform"),
        (["lfcc", {"kind": "joined"}], "its kind is 'joined'; known are"),
        (["lfcc", 3], "a mapping with the key kind"),
    ],
)
def test_parts_that_do_not_go_together_are_refused(frontends, parts, message):
    frontends["both"]["parts"] = parts
    with pytest.raises(ConfigError, match=message):
        options_of(frontends)


@pytest.mark.parametrize("part", ["both", "mfcc", {"of": "mfcc"}])
def test_a_part_that_is_no_name_of_another_is_refused(frontends, part):
    frontends["both"]["parts"] = ["lfcc", part]
    with pytest.raises(
        ValueError, match=r"both.parts has '\w+'; allowed are \['lfcc', 'whisper'\]"
    ):
        with_parts(frontends)


@pytest.mark.parametrize("more", [{"pooled": "mean"}, {"storage": "int8"}])
def test_statistics_of_statistics_are_refused(frontends, more):
    frontends["both"].update(more)
    with pytest.raises(ConfigError, match=r"(pooled|storage) is \w+"):
        options_of(frontends)


def test_a_part_of_no_known_kind_is_refused_where_it_stands(frontends, config):
    frontends["lfcc"]["kind"] = "lfc"
    config["frontends"] |= frontends | {7: {"kind": "logmel"}}
    with pytest.raises(ConfigError, match="its kind is 'lfc'"):
        Experiment(config)


def test_parts_of_other_levels_are_refused(frontends):
    frontends["lfcc"]["variant"] = "torchaudio"
    with pytest.raises(ConfigError, match=r"recording level \(normalise: \[False, True\]\)"):
        options_of(frontends).check_model()
