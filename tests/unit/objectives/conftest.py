"""Reference outputs of public implementations."""

import pytest
from reference_fixtures import ReferenceFixture


@pytest.fixture
def reference(shared):
    """Return a function that reads a fixture by its name."""
    return lambda name: ReferenceFixture(shared, name)
