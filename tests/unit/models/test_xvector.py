import pytest
import torch

from signl.models.xvector.options import LEAST_FRAMES, XVectorOptions

SMALL = XVectorOptions(channels=6, last_channels=5, embedding=4)


def test_its_size_is_that_of_the_definition():
    network = XVectorOptions().build(40, 200)
    expected = [
        (40 * 5 + 1) * 512,
        (512 * 3 + 1) * 512,
        (512 * 3 + 1) * 512,
        (512 + 1) * 512,
        (512 + 1) * 1500,
        (3000 + 1) * 512,
        2 * (4 * 512 + 1500),  # batch normalisation
    ]
    assert sum(weight.numel() for weight in network.parameters()) == sum(expected)


@torch.no_grad()
def test_the_embedding_is_that_of_frames_computed_one_by_one():
    torch.manual_seed(0)
    network = SMALL.build(3, 20).eval()
    for module in network.frames:
        if isinstance(module, torch.nn.BatchNorm1d):
            torch.nn.init.normal_(module.running_mean)
            torch.nn.init.uniform_(module.running_var, 0.5, 1.5)
    picture = torch.randn(2, 1, 3, 20)
    rows = list(picture[:, 0].unbind(dim=-1))  # (utterance, channel) of each frame
    for layer, places in enumerate([range(-2, 3), (-2, 0, 2), (-3, 0, 3), (0,), (0,)]):
        convolution, _, norm = network.frames[3 * layer : 3 * layer + 3]
        reach = places[-1]
        new = []
        for t in range(reach, len(rows) - reach):
            seen = torch.stack([rows[t + place] for place in places], dim=-1)
            frame = torch.einsum("bck,ock->bo", seen, convolution.weight) + convolution.bias
            scale = (norm.running_var + norm.eps).rsqrt() * norm.weight
            new.append((frame.relu() - norm.running_mean) * scale + norm.bias)
        rows = new
    frames = torch.stack(rows)
    assert len(frames) == 20 - LEAST_FRAMES + 1
    statistics = torch.cat([frames.mean(dim=0), frames.std(dim=0, correction=0)], dim=-1)
    torch.testing.assert_close(network.embed(picture), network.segment(statistics))


def test_one_frame_has_no_deviation_and_finite_gradients():
    network = SMALL.build(3, LEAST_FRAMES).eval()
    network.embed(torch.randn(2, 1, 3, LEAST_FRAMES)).sum().backward()
    assert all(weight.grad.isfinite().all() for weight in network.parameters())


def test_crops_shorter_than_what_it_sees_are_refused():
    SMALL.check(width=3, n_frames=15)
    with pytest.raises(ValueError, match="takes 15 or more frames, got 14"):
        SMALL.check(width=3, n_frames=14)
