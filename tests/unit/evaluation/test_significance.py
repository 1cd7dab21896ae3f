"""p-values: their tail, their correction, and the weights of seeds."""

import math

import numpy as np
import pytest

from signl.evaluation.significance import holm, seed_weights, tail_p


def test_holm_steps_down():
    """The example of R's documentation by hand: 4 x 0.01, then 3 x 0.02, 2 x 0.03, 1 x 0.04."""
    assert holm([0.03, 0.01, 0.04, 0.02]) == pytest.approx([0.06, 0.04, 0.06, 0.06])
    assert holm([0.5, 0.6]) == [1.0, 1.0]
    assert holm([]) == []


def test_holm_keeps_the_rate_of_false_findings():
    """At least one false finding among 10 true null hypotheses in 5 % of the families."""
    rng = np.random.default_rng(0)
    found = [min(holm(rng.uniform(size=10).tolist())) < 0.05 for _ in range(3000)]
    assert np.mean(found) == pytest.approx(0.05, abs=0.012)


def test_the_tail_is_that_of_the_normal_distribution():
    assert tail_p(1.959964, 1.0, 0.3) == pytest.approx(0.05, abs=1e-6)
    assert tail_p(-1.959964, 1.0, 0.3) == tail_p(1.959964, 1.0, 0.3)
    assert 0 < tail_p(8.0, 1.0, 0.002) < 1e-14


def test_where_nothing_varies_p_is_counted():
    assert tail_p(0.0, 0.0, 0.002) == 1.0
    assert tail_p(0.1, 0.0, 0.002) == 0.002


def test_one_seed_has_all_the_weight():
    np.testing.assert_array_equal(seed_weights([3], 5), np.ones((1, 5)))


@pytest.mark.parametrize("seeds", [[1, 2], [1, 2, 3, 4, 5]])
def test_weights_give_the_variance_of_a_mean_of_seeds(seeds):
    values = np.random.default_rng(0).normal(size=len(seeds))
    weights = seed_weights(seeds, 20_000)
    np.testing.assert_allclose(weights.sum(axis=0), 1)
    found = (values[:, None] * weights).sum(axis=0)
    expected = values.std(ddof=1) / math.sqrt(len(seeds))
    assert found.std() == pytest.approx(expected, rel=0.03)


def test_the_same_seeds_have_the_same_draws_and_others_have_others():
    np.testing.assert_array_equal(seed_weights([1, 2, 3], 50), seed_weights([1, 2, 3], 50))
    assert (seed_weights([1, 2, 3], 50) != seed_weights([1, 2, 4], 50)).any()
