"""Fixtures of published baseline systems: weights and inputs that follow from their names."""

import importlib.util
import json
import re
from typing import NamedTuple

import numpy as np
import pytest
import torch

TOLERANCE = 1e-5


class Fixture(NamedTuple):
    """A description, the arrays that it tells of, and what makes its weights and inputs."""

    description: dict[str, object]
    expected: dict[str, np.ndarray]
    weights: object

    def tensor(self, key, *shape):
        """A weight, which follows from its key, its shape and the fixture's salt."""
        drawn = self.weights.tensor_for(key, list(shape), self.description["salt"])
        return torch.from_numpy(np.array(drawn))

    def normal(self, name, *shape):
        """Standard normal input, as the fixtures' README defines it."""
        return 10 * self.tensor(f"{name}.running_mean", *shape)

    def waveforms(self):
        """The waveforms (batch, time) that a front-end was given."""
        n_waveforms = int(re.match(r"waveforms\(\d+, (\d+),", self.description["input"])[1])
        seed, n_samples = self.description["input_seed"], self.description["samples"]
        return torch.from_numpy(self.weights.waveforms(seed, n_waveforms, n_samples))

    def state(self, prefix=""):
        """Weights by their published names, of those that begin with a prefix, which is cut off."""
        return {
            key.removeprefix(prefix): self.tensor(key, *shape)
            for key, (shape, _) in self.description["state_dict"].items()
            if key.startswith(prefix)
        }

    def assert_close(self, found, what, *, tolerance=TOLERANCE):
        """Compare with an array, the largest value of which is the scale."""
        compare(found, self.expected[what], what, tolerance=tolerance)


def read_fixture(shared, name):
    """Read a fixture of a folder of published outputs; skip where it has none."""
    folder = shared / "baselines" / "fixtures"
    if not folder.is_dir():
        pytest.skip(f"no {folder}")
    path = shared / "reference" / "reference_weights.py"
    spec = importlib.util.spec_from_file_location(path.stem, path)
    weights = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(weights)
    with np.load(folder / f"{name}.npz") as arrays:
        expected = dict(arrays)
    return Fixture(json.loads((folder / f"{name}.json").read_text()), expected, weights)


def compare(found, expected, what, *, tolerance=TOLERANCE):
    """Compare a tensor with an array, the largest value of which is the scale."""
    found = found.detach().numpy()
    assert found.shape == expected.shape, what
    error = np.abs(found - expected).max() / np.abs(expected).max()
    assert error <= tolerance, f"{what} is off by {error:.1e}, relative"


def assert_all_close(found, expected):
    """Compare every stored array."""
    assert found.keys() == expected.keys()
    for name, array in expected.items():
        compare(found[name], array, name)
