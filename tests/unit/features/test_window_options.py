import pytest

from signl.errors import ConfigError
from signl.features.window_options import WindowOptions
from signl.typed import build


class Spectra(WindowOptions):
    kind: str = "spectra"


def test_milliseconds_become_samples():
    options = Spectra(window_ms=64.0, hop_ms=32.0)
    assert (options.window_samples, options.hop_samples) == (1024, 512)


@pytest.mark.parametrize(("window_ms", "fft"), [(25.0, 512), (32.0, 512), (32.1, 1024)])
def test_a_transform_holds_the_window(window_ms, fft):
    assert Spectra(window_ms=window_ms).fft_samples == fft


def test_a_clip_holds_a_window():
    with pytest.raises(ConfigError, match=r"clip_s is 0\.02; allowed is at least .* 0\.025"):
        build(Spectra, {"clip_s": 0.02}, "frontends.toy")


def test_a_hop_is_a_sample_at_least():
    with pytest.raises(ConfigError, match=r"hop_ms is 0\.01; allowed is at least 0\.0625"):
        build(Spectra, {"hop_ms": 0.01}, "frontends.toy")
