import pytest
import torch
from baseline_fixtures import read_fixture

from signl.models.audio_ntt.options import AudioNTTOptions
from signl.models.strict_loading import load_strictly


@pytest.fixture
def case(shared):
    """The fixture, the network with its weights, and its log-mels."""
    fixture = read_fixture(shared, "byola_encoder")
    network = AudioNTTOptions(embedding=512).build(64, 96).eval()
    load_strictly(network, fixture.state(), source="byola_encoder")
    return fixture, network, fixture.normal("lms", 4, 1, 64, 96)


@torch.no_grad()
def test_maps_frames_and_embeddings_are_those_of_the_published_code(case):
    fixture, network, log_mels = case
    assert sum(weight.numel() for weight in network.parameters()) == 600_192
    pools = [network.features[:end](log_mels) for end in (4, 8, 12)]
    fixture.assert_close(pools[0][:, ::16, ::8, ::8], "pool1")
    fixture.assert_close(pools[1][:, ::16, ::4, ::4], "pool2")
    fixture.assert_close(pools[2][:, ::8, ::2, ::2], "pool3")
    frames = network.frames(log_mels)
    fixture.assert_close(network.fc[0](frames)[:, ::3, ::8], "fc0")
    fixture.assert_close(network.fc(frames)[:, ::3, ::8], "fc")
    fixture.assert_close(network.embed(log_mels), "embedding")


def test_a_frame_holds_the_channels_of_each_band_side_by_side():
    network = AudioNTTOptions(embedding=8).build(16, 8).eval()
    picture = torch.randn(1, 1, 16, 8)
    maps = network.features(picture)  # (1, 64, 2, 1)
    assert torch.equal(
        network.frames(picture)[0, 0], torch.cat([maps[0, :, 0, 0], maps[0, :, 1, 0]])
    )


@pytest.mark.parametrize("size", [(7, 96), (64, 7)])
def test_pictures_of_which_nothing_would_be_left_are_refused(size):
    width, n_frames = size
    with pytest.raises(ValueError, match=f"8 or more channels and frames, got {width} channels"):
        AudioNTTOptions().check(width=width, n_frames=n_frames)


def test_a_picture_of_another_length_is_refused():
    with pytest.raises(ValueError, match=r"\(batch, 1, 16, 8\), got \(2, 1, 16, 9\)"):
        AudioNTTOptions(embedding=8).build(16, 8).embed(torch.zeros(2, 1, 16, 9))
