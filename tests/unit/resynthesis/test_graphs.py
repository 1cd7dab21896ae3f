import numpy as np
import pytest
from onnx_graphs import write_graph, write_steps

from signl.errors import ConfigError

IDENTITY = [("Identity", ["mel"], ["audio"], {})]
FREE = {"audio": [None, None, None]}


def test_a_graph_that_fits_is_taken(make, tmp_path):
    make("vocoder", file=write_steps(tmp_path / "a.onnx"))
    make("vocoder", file=write_steps(tmp_path / "a.onnx"), input="mel", output="audio")
    free = write_graph(tmp_path / "b.onnx", IDENTITY, {"mel": [None, None, None]}, FREE)
    make("vocoder", file=free)


@pytest.mark.parametrize(
    ("shape", "values", "message"),
    [
        (
            [1, 100, "T"],
            {},
            r"a\.onnx has the input 'mel', tensor\(float\) \(1, 100, T\); expected is "
            r"tensor\(float\) \(1, 80, any\), as mel: n_mels and layout say",
        ),
        ([1, "T", 80], {"layout": "mels_frames"}, r"expected is tensor\(float\) \(1, 80, any\)"),
        ([1, 80, "T"], {"layout": "frames_mels"}, r"expected is tensor\(float\) \(1, any, 80\)"),
        ([1, 80, 200], {}, r"\(1, 80, 200\); expected is tensor\(float\) \(1, 80, any\)"),
        ([80, "T"], {}, r"\(80, T\); expected"),
        ([1, 80, "T"], {"input": "spec"}, r"inputs 'mel', .*; expected is 'spec' alone"),
        ([1, 80, "T"], {"output": "y"}, r"outputs 'audio', .*; expected are \['y'\] too"),
    ],
    ids=str,
)
def test_a_graph_that_does_not_fit_is_told_with_what_is_expected(
    make, tmp_path, shape, values, message
):
    outputs = {"audio": shape}
    path = write_graph(tmp_path / "a.onnx", IDENTITY, {"mel": shape}, outputs)
    with pytest.raises(ConfigError, match=message):
        make("vocoder", file=path, **values)


def test_a_graph_with_two_inputs_is_refused(make, tmp_path):
    nodes = [("Add", ["mel", "f0"], ["audio"], {})]
    shapes = {"mel": [1, 80, "T"], "f0": [1, 80, "T"]}
    path = write_graph(tmp_path / "a.onnx", nodes, shapes, FREE)
    for values in ({}, {"input": "mel"}):
        with pytest.raises(ConfigError, match=r"a\.onnx has the inputs 'mel', .*; 'f0', "):
            make("vocoder", file=path, **values)


def test_what_is_no_graph_is_refused(make, tmp_path):
    path = tmp_path / "a.onnx"
    path.write_bytes(b"weights")
    with pytest.raises(ConfigError, match=r"a\.onnx is no ONNX graph that onnxruntime computes"):
        make("vocoder", file=str(path))
    with pytest.raises(ConfigError, match=r"none\.onnx cannot be read"):
        make("vocoder", file=str(tmp_path / "none.onnx"))
    own = write_graph(
        tmp_path / "b.onnx", [("Mine", ["mel"], ["audio"], {})], {"mel": [1, 80, "T"]}, FREE
    )
    with pytest.raises(ConfigError, match=r"b\.onnx is no ONNX graph.*Mine"):
        make("vocoder", file=own)


def test_weights_in_another_file_are_refused(make, tmp_path):
    import onnx

    weight = {"weight": np.ones((1, 80, 1), np.float32)}
    nodes = [("Mul", ["mel", "weight"], ["audio"], {})]
    path = write_graph(tmp_path / "a.onnx", nodes, {"mel": [1, 80, "T"]}, FREE, weight)
    onnx.save(onnx.load(path), path, save_as_external_data=True, location="w.bin", size_threshold=0)
    assert (tmp_path / "w.bin").exists()
    with pytest.raises(ConfigError, match="allowed is one file with its weights in it"):
        make("vocoder", file=path)
