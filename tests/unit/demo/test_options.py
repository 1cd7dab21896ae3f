import pytest

from signl.demo.options import Counts, DemoOptions
from signl.errors import ConfigError
from signl.typed import build


def test_scaled_counts_keep_both_classes():
    assert Counts(bonafide=30, spoof=90).scaled(0.5) == Counts(bonafide=15, spoof=45)
    assert Counts(bonafide=30, spoof=90).scaled(0.001) == Counts(bonafide=1, spoof=1)


@pytest.mark.parametrize(
    "options",
    [{"scale": 0}, {"df_codecs": 10}, {"long_s": 0.5}, {"train": {"bonafide": 0, "spoof": 1}}],
    ids=str,
)
def test_impossible_options_are_refused(options):
    with pytest.raises(ConfigError, match="demo"):
        build(DemoOptions, options, "demo")


def test_counts_are_built_from_plain_mappings():
    options = build(DemoOptions, {"dev": {"bonafide": 2, "spoof": 5}}, "demo")
    assert options.dev == Counts(bonafide=2, spoof=5)
