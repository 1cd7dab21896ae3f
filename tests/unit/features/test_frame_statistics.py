"""Statistics that are cached in place of frames are those of the frames."""

import pytest
import torch

from signl.features.extract import extract_features
from signl.features.feature_shards import FeatureStore, Shard
from signl.features.frame_statistics import frame_statistics
from signl.features.frontend import Geometry
from signl.features.frontends import frontend_options
from signl.features.index import read_index
from signl.models.mean_pool.options import MeanPoolOptions
from signl.training.clips import FrameClips, Place

CLIP_S = 2.0
SECONDS = {"long.flac": 3.0, "exact.flac": 2.0, "short.flac": 0.7, "tiny.flac": 0.01}


@pytest.fixture
def extracted(pack, encode, tmp_path):
    """Return a function that extracts features: the shard's path and its index."""
    utterances = {name: encode(seconds, seed=1) for name, seconds in SECONDS.items()}
    shard = pack({**utterances, "text.flac": b"no audio" * 9})

    def run(**options):
        output = tmp_path / str(len(list(tmp_path.iterdir()))) / "a" / "0000-of-0001.safetensors"
        index = output.with_suffix(".parquet")
        given = {"clip_s": CLIP_S, **options}
        extract_features(shard, output, index, options=given)
        return output, read_index(index)

    return run


def test_deviations_follow_the_means_with_the_divisor_n():
    frames = torch.randn(3, 5, 7, dtype=torch.float64)
    expected = torch.cat(
        [frames.mean(-1), ((frames - frames.mean(-1, True)) ** 2).mean(-1) ** 0.5], 1
    )
    found = frame_statistics(frames, "mean_and_deviation")
    torch.testing.assert_close(found, expected.float())
    assert torch.equal(frame_statistics(frames, "mean"), found[:, :5])
    assert torch.equal(frame_statistics(frames, "mean_and_deviations")[:, :10], found)


def test_deviations_of_differences_by_hand():
    frames = torch.tensor([[[1.0, 4.0, 2.0, 2.0, 8.0, 0.0], [5.0, 5.0, 5.0, 5.0, 5.0, 5.0]]])
    # First differences 1, -2, 6, -2; second ones -3, 8, -8.
    first, second = (45 / 4 - (3 / 4) ** 2) ** 0.5, (137 / 3 - 1) ** 0.5
    found = frame_statistics(frames, "mean_and_deviations")[0, 4:]
    torch.testing.assert_close(found, torch.tensor([first, 0, second, 0]))


@pytest.mark.parametrize("n_frames", [1, 2, 3])
def test_of_no_differences_the_deviation_is_0(n_frames):
    frames = torch.randn(2, 3, n_frames)
    assert not frame_statistics(frames, "mean_and_deviations")[:, 9:].any()


def test_a_channel_that_never_changes_has_no_deviation_and_no_slope():
    frames = torch.ones(1, 2, 4, requires_grad=True)
    statistics = frame_statistics(frames, "mean_and_deviations")
    assert statistics[0, 2:].tolist() == [0] * 6
    statistics.sum().backward()
    assert frames.grad.isfinite().all()


@pytest.mark.parametrize("repeat", ["waveform", "frames"])
@pytest.mark.parametrize(
    "kind", [{"kind": "logmel"}, {"kind": "lfcc"}, {"kind": "lfcc", "variant": "below_7khz"}]
)
@pytest.mark.parametrize("pooled", ["mean", "mean_and_deviation", "mean_and_deviations"])
def test_cached_statistics_are_those_of_cached_frames(extracted, kind, repeat, pooled):
    frames, index = extracted(**kind, repeat=repeat)
    n_frames = index["n_frames"].to_pylist()
    statistics, index = extracted(**kind, repeat=repeat, pooled=pooled)
    assert index["n_frames"].to_pylist() == [1, 1, 1, 1, 0]
    for row in range(len(SECONDS)):
        of_frames = Shard(frames).frames(row, 0, n_frames[row]).float()
        (expected,) = frame_statistics(of_frames.T[None], pooled)
        found = Shard(statistics).frames(row, 0, 1)[0].float()
        # Both are rounded to float16: a deviation of large values is as rough as they are.
        atol = max(6e-3, 1e-3 * float(of_frames.abs().max()))
        torch.testing.assert_close(found, expected, rtol=2e-3, atol=atol)


def test_a_network_of_means_reads_them_as_it_reads_frames(extracted):
    frames, _ = extracted(kind="logmel")
    statistics, _ = extracted(kind="logmel", pooled="mean_and_deviation")
    embedded = []
    for path, of in ((frames, "mean_and_deviation"), (statistics, "mean")):
        clips = FrameClips([path])
        length = clips.crop_length(CLIP_S)
        network = MeanPoolOptions(statistics=of).build(clips.width, length)
        embedded.append(network(clips.crops(Place("a", 0, 2), [0], length)[0][None]))
    torch.testing.assert_close(*embedded, rtol=2e-3, atol=6e-3)


def test_what_is_cached_has_the_form_that_options_promise(extracted):
    options = frontend_options({"kind": "lfcc", "clip_s": CLIP_S, "pooled": "mean_and_deviation"})
    promised = options.cached(options.geometry())
    assert promised == Geometry(2 * options.geometry().width, 1, 32_000)
    assert [promised.n_frames(seconds) for seconds in (0.01, 1.0, CLIP_S)] == [1, 1, 1]
    path, _ = extracted(**options.dump_given())
    assert Geometry(*FeatureStore.of([path]).shape[:3]) == promised


def test_a_front_end_that_pools_is_no_log_spectrum_and_is_not_trained(speech_model_folder):
    assert not frontend_options({"kind": "logmel", "pooled": "mean"}).is_log_spectrum
    model = {"kind": "wav2vec2", "model": str(speech_model_folder)}
    assert frontend_options(model).is_trainable
    assert not frontend_options({**model, "pooled": "mean"}).is_trainable


def test_a_weighted_sum_of_states_gives_the_same_of_their_means():
    frames = torch.randn(2, 1, 15, 9)
    options = MeanPoolOptions(statistics="mean", weighting="softmax", states=3, channels=4)
    of_frames, of_means = options.build(15, 9), options.build(15, 1)
    torch.nn.init.normal_(of_frames.gamma)
    of_means.load_state_dict(of_frames.state_dict())
    torch.testing.assert_close(of_means(frames.mean(-1, keepdim=True)), of_frames(frames))
