"""Reference outputs of public implementations."""

import pytest
from baseline_fixtures import read_fixture


@pytest.fixture
def reference(shared):
    """Return a function that reads a fixture by its name."""
    return lambda name: read_fixture(shared, name)
