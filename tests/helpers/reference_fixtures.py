"""Reference outputs of public implementations, and the inputs that follow from names."""

import importlib.util
import json

import numpy as np
import torch

TOLERANCE = 1e-5


class ReferenceFixture:
    """A fixture of the shared folder: its arrays, and the tensors that it does not store.

    Weights and inputs follow from their names, their shapes and the fixture's salt.
    """

    def __init__(self, shared, name):
        folder = shared / "baselines" / "fixtures"
        spec = importlib.util.spec_from_file_location(
            "reference_weights", shared / "reference" / "reference_weights.py"
        )
        self.weights = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(self.weights)
        self.description = json.loads((folder / f"{name}.json").read_text())
        with np.load(folder / f"{name}.npz") as arrays:
            self.arrays = dict(arrays)

    def tensor(self, key, *shape):
        """A weight by its key."""
        drawn = self.weights.tensor_for(key, list(shape), self.description["salt"])
        return torch.from_numpy(np.array(drawn))

    def normal(self, name, *shape):
        """An input that is standard normal."""
        return 10 * self.tensor(f"{name}.running_mean", *shape)

    def state(self, prefix=""):
        """Weights by name, of those that begin with a prefix, which is cut off."""
        return {
            key.removeprefix(prefix): self.tensor(key, *shape)
            for key, (shape, _) in self.description["state_dict"].items()
            if key.startswith(prefix)
        }

    def assert_close(self, found, what, *, tolerance=TOLERANCE):
        """Compare with an array, the largest value of which is the scale."""
        expected, found = self.arrays[what], found.detach().numpy()
        assert found.shape == expected.shape, what
        error = np.abs(found - expected).max() / np.abs(expected).max()
        assert error <= tolerance, f"{what} is off by {error:.1e}, relative"
