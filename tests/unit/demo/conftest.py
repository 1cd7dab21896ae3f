"""One small build of the embedded corpora, for all tests of their layouts."""

import pytest

from signl.demo.layouts import make_archives

TINY = {"seed": 3, "scale": 0.15, "long_s": 3.0}


@pytest.fixture(scope="session")
def tiny_options():
    """Options of a build that takes few seconds."""
    return dict(TINY)


@pytest.fixture(scope="session")
def archives(tmp_path_factory):
    """Folder of such a build."""
    folder = tmp_path_factory.mktemp("demo")
    make_archives(folder, options=TINY)
    return folder
