import inspect
import re

from signl import errors
from signl.errors import SignlError


def test_the_tree_in_the_docstring_is_the_tree():
    drawn = re.findall(r"^    [├└]── (\w+) ", errors.__doc__, re.MULTILINE)
    defined = [
        name
        for name, member in inspect.getmembers(errors, inspect.isclass)
        if member is not SignlError
    ]
    assert sorted(drawn) == defined
    assert all(issubclass(getattr(errors, name), SignlError) for name in drawn)
