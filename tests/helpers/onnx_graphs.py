"""Small ONNX graphs in place of vocoders, with outputs that are known."""

import numpy as np
from onnx import TensorProto, helper, numpy_helper, save

_VERSIONS = {"opset_imports": [helper.make_opsetid("", 17)], "ir_version": 8}


def write_graph(path, nodes, inputs, outputs, constants=None):
    """Write a graph of float tensors and return its path as text.

    Parameters
    ----------
    path : path
        Where to.
    nodes : list of tuple
        Operator, inputs, outputs, and attributes.
    inputs, outputs : dict
        Name -> shape; text and None stand for free axes.
    constants : dict, optional
        Name -> array.
    """
    graph = helper.make_graph(
        [helper.make_node(kind, ins, outs, **more) for kind, ins, outs, more in nodes],
        "graph",
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in inputs.items()],
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in outputs.items()],
        [numpy_helper.from_array(array, name) for name, array in (constants or {}).items()],
    )
    save(helper.make_model(graph, **_VERSIONS), str(path))
    return str(path)


def write_steps(path, *, n_mels=80, hop=256, layout="mels_frames", frames_around=0):
    """Write a graph whose waveform holds the mean of the bands of a frame for a hop.

    With ``frames_around``, it is the mean over so many frames before and behind it too.
    """
    is_turned = layout == "frames_mels"
    width = 2 * frames_around + 1
    nodes = [
        *([("Transpose", ["mel"], ["turned"], {"perm": [0, 2, 1]})] if is_turned else []),
        ("ReduceMean", ["turned" if is_turned else "mel"], ["mean"], {"axes": [1], "keepdims": 1}),
        (
            "AveragePool",
            ["mean"],
            ["smooth"],
            {"kernel_shape": [width], "pads": [frames_around] * 2},
        ),
        ("Transpose", ["smooth"], ["column"], {"perm": [0, 2, 1]}),
        ("Tile", ["column", "repeats"], ["steps"], {}),
        ("Reshape", ["steps", "shape"], ["audio"], {}),
    ]
    constants = {"repeats": np.array([1, 1, hop]), "shape": np.array([1, 1, -1])}
    shape = [1, "frames", n_mels] if is_turned else [1, n_mels, "frames"]
    return write_graph(path, nodes, {"mel": shape}, {"audio": [1, 1, "time"]}, constants)


def write_clicks(path, *, n_mels=80, n_bins=513):
    """Write a graph of the spectra of a click in the middle of every window."""
    nodes = [
        ("ReduceMax", ["mel"], ["largest"], {"axes": [1], "keepdims": 1}),
        ("Mul", ["largest", "zeros"], ["empty"], {}),
        ("Add", ["empty", "ones"], ["mag"], {}),
        ("Add", ["empty", "signs"], ["x"], {}),
        ("Add", ["empty", "zeros"], ["y"], {}),
    ]
    signs = np.where(np.arange(n_bins) % 2, -1.0, 1.0)
    constants = {
        name: np.reshape(values, (1, n_bins, 1)).astype(np.float32)
        for name, values in (
            ("zeros", np.zeros(n_bins)),
            ("ones", np.ones(n_bins)),
            ("signs", signs),
        )
    }
    outputs = {name: [1, n_bins, "frames"] for name in ("mag", "x", "y")}
    return write_graph(path, nodes, {"mel": [1, n_mels, "frames"]}, outputs, constants)
