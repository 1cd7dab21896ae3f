"""Graphs of ONNX files, and whether one takes mel spectrograms."""

from pathlib import Path
from typing import Any

import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as refusals

from signl.errors import ConfigError
from signl.resynthesis.vocoder.options import VocoderOptions

#: With which onnxruntime refuses a file, each of its own.
_REFUSED = (
    refusals.Fail,
    refusals.InvalidArgument,
    refusals.InvalidGraph,
    refusals.InvalidProtobuf,
    refusals.NotImplemented,
)


def load_graph(path: str) -> onnxruntime.InferenceSession:
    """Load a graph on one thread of the CPU, from the bytes of its file alone.

    Raises
    ------
    ConfigError
        If onnxruntime cannot compute it: it is damaged, needs an operator of its own, or has its
        weights in other files.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4  # what is wrong is said in the error
    try:
        return onnxruntime.InferenceSession(
            Path(path).read_bytes(), options, providers=["CPUExecutionProvider"]
        )
    except _REFUSED as error:
        raise ConfigError(
            f"{path} is no ONNX graph that onnxruntime computes; allowed is one file with its "
            f"weights in it and standard operators: {error}"
        ) from error
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error}") from error


def find_input(graph: onnxruntime.InferenceSession, options: VocoderOptions) -> str:
    """Return the name of the input that takes the mel spectrogram.

    Raises
    ------
    ConfigError
        If there is none of the name, or several and no name is given, or it does not fit.
    """
    inputs = {each.name: each for each in graph.get_inputs()}
    if options.input is None and len(inputs) != 1:
        raise ConfigError(
            f"{options.file} has the inputs {_forms(inputs)}; expected is one, the mel spectrogram"
        )
    name = options.input or next(iter(inputs))
    if name not in inputs or len(inputs) != 1:
        raise ConfigError(
            f"{options.file} has the inputs {_forms(inputs)}; expected is {name!r} alone, as input "
            "says"
        )
    n_mels = options.mel.n_mels
    expected: list[int | None] = [1, n_mels, None]
    if options.layout == "frames_mels":
        expected = [1, None, n_mels]
    found = inputs[name]
    if found.type != "tensor(float)" or not _fits(found.shape, expected):
        words = ", ".join("any" if each is None else str(each) for each in expected)
        raise ConfigError(
            f"{options.file} has the input {_forms({name: found})}; expected is tensor(float) "
            f"({words}), as mel: n_mels and layout say"
        )
    return name


def find_outputs(graph: onnxruntime.InferenceSession, options: VocoderOptions) -> list[str]:
    """Return the names of the outputs that are read.

    Raises
    ------
    ConfigError
        If there is none of a name.
    """
    outputs = {each.name: each for each in graph.get_outputs()}
    names = list(options.spectrum or (options.output or next(iter(outputs)),))
    if missing := [name for name in names if name not in outputs]:
        raise ConfigError(
            f"{options.file} has the outputs {_forms(outputs)}; expected are {missing} too, as "
            "output or spectrum says"
        )
    return names


def _fits(shape: list[Any], expected: list[int | None]) -> bool:
    """Tell whether a shape, whose free axes have names or nothing, takes what is expected."""
    return len(shape) == len(expected) and all(
        not isinstance(there, int) or there == wanted
        for there, wanted in zip(shape, expected, strict=True)
    )


def _forms(nodes: dict[str, Any]) -> str:
    told = (
        f"{name!r}, {node.type} ({', '.join(str(axis) for axis in node.shape)})"
        for name, node in nodes.items()
    )
    return "; ".join(told)
