import pytest

from signl.features.variants import with_published_numbers

FORMS = {"published": {"n": 3, "deltas": True}}


def test_a_named_form_fills_what_is_not_given():
    given = {"variant": "published", "n": 3, "clip_s": 2.0}
    assert with_published_numbers(given, FORMS) == {**given, "deltas": True}
    assert given == {"variant": "published", "n": 3, "clip_s": 2.0}


@pytest.mark.parametrize(
    "values", [{}, {"n": 7}, {"variant": "free", "n": 7}, {"variant": ["published"]}, "text", None]
)
def test_anything_else_is_left_as_it_is(values):
    assert with_published_numbers(values, FORMS) is values


def test_a_number_that_contradicts_the_form_is_refused():
    with pytest.raises(ValueError, match="deltas is False beside variant: published, whose del"):
        with_published_numbers({"variant": "published", "deltas": False}, FORMS)
