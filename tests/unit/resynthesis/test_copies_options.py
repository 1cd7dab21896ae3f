import json

import pytest

from signl.errors import ConfigError
from signl.resynthesis.copies_options import ResynthesisOptions
from signl.resynthesis.methods import CLASSICAL
from signl.typed import build


def options(**values):
    return build(ResynthesisOptions, values, "resynthesis")


def test_the_defaults_are_seven_methods_three_pseudo_spoofs_and_a_channel_copy():
    default = options()
    assert tuple(each.label for each in default.used) == CLASSICAL
    assert len(CLASSICAL) == 7
    assert (default.pseudo_spoofs, default.channel_copies) == (3, 1)
    assert [each.kind for each in default.channel] == ["equaliser", "one_of", "noise", "gain"]
    choices = default.channel[1].choices
    assert [each.probability for each in choices] == [0.2, 0.15, 0.15]
    assert default.dump_given() == {}
    assert default.seal() == ""


def test_what_is_written_is_read():
    given = options(methods=[{"kind": "world", "pitch": 1.1}, {"kind": "lpc"}], pseudo_spoofs=1)
    for dumped in (given.dump(), given.dump_given()):
        assert options(**json.loads(json.dumps(dumped))) == given


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"without": ["hifigan"]}, r"without has \['hifigan'\], .*; known are \['griffin_lim'"),
        ({"pseudo_spoofs": 8}, "pseudo_spoofs is 8; allowed is at most 7"),
        ({"methods": [{"kind": "lpc"}] * 2, "pseudo_spoofs": 1}, r"\['lpc'\] are there twice"),
        ({"methods": []}, "allowed is at least 1"),
        ({"without": ["world"], "pseudo_spoofs": 7}, "allowed is at most 6"),
        ({"pseudo_spoofs": 0, "channel_copies": 0}, "nothing would be made"),
    ],
    ids=str,
)
def test_what_makes_no_sense_is_refused(values, message):
    with pytest.raises(ConfigError, match=message):
        options(**values)


def test_two_vocoders_have_names_and_what_they_read_is_sealed(tmp_path):
    paths = [tmp_path / name for name in ("one.onnx", "two.onnx")]
    methods = [{"kind": "vocoder", "file": str(path), "name": path.stem} for path in paths]
    both = options(methods=methods, pseudo_spoofs=1)
    with pytest.raises(ConfigError, match=r"one\.onnx', and there is no such file"):
        both.check_files()
    for path in paths:
        path.write_bytes(path.name.encode())
    both.check_files()
    before = both.seal()
    # What is left out is not read.
    alone = options(methods=methods, pseudo_spoofs=1, without=["two"])
    assert alone.seal() not in ("", before)
    paths[1].unlink()
    alone.check_files()
    paths[1].write_bytes(b"other")
    assert both.seal() != before


def test_paths_may_have_variables(tmp_path, monkeypatch):
    monkeypatch.setenv("MODELS", str(tmp_path))
    given = options(methods=[{"kind": "vocoder", "file": "$MODELS/a.onnx"}], pseudo_spoofs=1)
    assert given.methods[0].file == f"{tmp_path}/a.onnx"
