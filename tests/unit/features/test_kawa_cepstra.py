import pytest
import torch

from signl.features.frontends import frontend_options

CPU = torch.device("cpu")
KINDS = ["lfcc", "mfcc"]


@pytest.mark.parametrize("kind", KINDS)
def test_the_published_coefficients_agree(kind, fixture_of, assert_close):
    fixture = fixture_of("lfcc_kawa")
    frames = frontend_options({"kind": kind, "variant": "kawa"}).build(CPU)(fixture.waveforms())
    assert frames.shape == (2, 404, 384)
    assert_close(frames.mT[:, ::8, ::20], fixture.expected[kind], kind)


@pytest.mark.parametrize("kind", KINDS)
def test_decibels_far_below_the_maximum_are_raised(kind):
    """A click of 0 dB hides noise of -100 dB: the frames away from it are those of silence."""
    frontend = frontend_options({"kind": kind, "variant": "kawa"}).build(CPU)
    click = torch.zeros(1, 8000)
    click[0, 4000] = 1.0
    noise = 1e-8 * torch.randn(1, 8000, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(frontend(click + noise)[:, :20], frontend(click)[:, :20])
    assert not torch.allclose(frontend(noise)[:, :20], frontend(click)[:, :20])
