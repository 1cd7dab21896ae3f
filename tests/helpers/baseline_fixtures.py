"""Fixtures of published baseline systems: weights and inputs that follow from their names."""

import importlib.util
import json
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

    def state(self):
        """State dict with the published names."""
        salt = self.description["salt"]
        return {
            key: torch.from_numpy(self.weights.tensor_for(key, shape, salt).copy())
            for key, (shape, _) in self.description["state_dict"].items()
        }

    def normal(self, name, *shape):
        """Standard normal input, as the fixtures' README defines it."""
        salt = self.description["salt"]
        drawn = self.weights.tensor_for(f"{name}.running_mean", list(shape), salt)
        return torch.from_numpy(np.float32(10) * drawn)


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


def assert_all_close(found, expected):
    """Compare every stored array, with its largest value as the scale."""
    assert found.keys() == expected.keys()
    for name, array in expected.items():
        values = found[name].detach().numpy()
        assert values.shape == array.shape, name
        error = np.abs(values - array).max() / np.abs(array).max()
        assert error <= TOLERANCE, f"{name} is off by {error:.1e}, relative"
