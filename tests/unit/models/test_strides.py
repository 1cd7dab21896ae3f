import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signl.models.signl.strides import axis_strides

PUBLISHED = {
    4: [(4, 2), (8, 4), (8, 7)],
    8: [(4, 2), (4, 2), (8, 7)],
    16: [(4, 1), (4, 2), (4, 7)],
    32: [(2, 1), (4, 1), (4, 7)],
}


@pytest.mark.parametrize("nodes", PUBLISHED)
def test_strides_are_the_published_ones(nodes):
    by_channel, by_frame = axis_strides(1024, nodes), axis_strides(224, nodes)
    assert list(zip(by_channel, by_frame, strict=True)) == PUBLISHED[nodes]


@given(size=st.integers(1, 1500), nodes=st.integers(1, 40))
def test_strides_ascend_and_multiply_to_the_reduction(size, nodes):
    strides = axis_strides(size, nodes)
    assert list(strides) == sorted(strides)
    assert math.prod(strides) == math.ceil(size / nodes)


@given(size=st.integers(1, 300))
def test_no_triple_has_a_smaller_sum(size):
    triples = [
        (a, b, c)
        for a in range(1, size + 1)
        for b in range(a, size // a + 1)
        for c in [size // (a * b)]
        if a * b * c == size
    ]
    assert sum(axis_strides(size, 1)) == min(map(sum, triples))


def test_of_equal_sums_the_smallest_largest_factor_wins():
    # 5 * 8 * 9 = 6 * 6 * 10 and 7 * 12 * 12 = 8 * 9 * 14, with equal sums.
    assert axis_strides(360, 1) == (5, 8, 9)
    assert axis_strides(1008, 1) == (7, 12, 12)


@pytest.mark.parametrize(("size", "nodes"), [(0, 4), (8, 0), (-3, 4)])
def test_sizes_that_are_not_positive_are_refused(size, nodes):
    with pytest.raises(ValueError, match=f"size {size} and nodes {nodes}"):
        axis_strides(size, nodes)
