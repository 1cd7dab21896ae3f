"""The mean of several classifiers' scores."""

import numpy as np
import pytest

from signl import stages
from signl.artefacts import table_made_by
from signl.errors import ScoreError
from signl.evaluation.combining import combine_scores
from signl.evaluation.scores import read_scores, write_scores
from signl.metrics import equal_error_rate

NAMES = [f"u{number}" for number in range(40)]
IS_BONAFIDE = np.arange(40) % 4 == 0


@pytest.fixture
def write(tmp_path):
    """Return a function that writes a score table."""

    def written(name, scores, names=NAMES):
        path = tmp_path / f"{name}.parquet"
        write_scores(path, names, scores, options={})
        return path

    return written


@pytest.fixture
def combine(tmp_path):
    """Return a function that combines tables, and reads what came of them."""

    def combined(scores, dev):
        output = tmp_path / "combined.parquet"
        combine_scores(scores, dev, output, options={"mean_of": ["a", "b"]})
        return output, read_scores(output)

    return combined


def draw(seed, scale=1.0, offset=0.0):
    rng = np.random.default_rng(seed)
    return offset + scale * (IS_BONAFIDE + rng.normal(size=40))


def test_it_is_the_mean_of_scores_in_deviations_of_dev(write, combine):
    values = [draw(1), draw(2, 50.0, -3.0)]
    dev = [np.array([0.0, 2.0, 4.0]), np.array([10.0, 10.0, 40.0])]
    paths = [write(f"eval{place}", each) for place, each in enumerate(values)]
    dev_paths = [write(f"dev{place}", each, "xyz") for place, each in enumerate(dev)]
    output, found = combine(paths, dev_paths)
    expected = ((values[0] - 2) / np.sqrt(8 / 3) + (values[1] - 20) / np.sqrt(200)) / 2
    assert found["utterance_id"].to_pylist() == NAMES
    np.testing.assert_allclose(found["score"], expected)
    header = table_made_by(output)
    assert (header.stage, header.revision) == ("score", stages.COMBINED_SCORES.revision)
    assert len(header.digests) == 4


def test_units_of_a_classifier_and_the_order_of_its_rows_make_no_difference(write, combine):
    first, second, dev = draw(1), draw(2), draw(3)
    plain = combine(
        [write("a", first), write("b", second)], [write("c", dev), write("d", dev[::-1])]
    )[1]
    order = np.random.default_rng(0).permutation(40)
    turned = write("e", 1e3 * second[order] - 7, [NAMES[place] for place in order])
    other = combine([write("a", first), turned], [write("c", dev), write("f", 1e3 * dev - 7)])[1]
    np.testing.assert_allclose(other["score"], plain["score"])


def test_the_mean_of_classifiers_that_err_apart_errs_less(write, combine):
    rng = np.random.default_rng(0)
    is_bonafide, names = np.arange(2000) % 4 == 0, [str(number) for number in range(2000)]
    values = [scale * (is_bonafide + rng.normal(size=2000)) for scale in (1.0, 0.01)]
    paths = [write(f"eval{place}", each, names) for place, each in enumerate(values)]
    found = combine(paths, paths)[1]["score"].to_numpy()
    rates = [
        equal_error_rate(each[is_bonafide], each[~is_bonafide]).rate for each in (*values, found)
    ]
    # Of classes a deviation apart: 31 %, and of a root of 2 apart, 24 %.
    np.testing.assert_allclose(rates, [0.31, 0.31, 0.24], atol=0.03)
    # Standardised by themselves, which is how dev scores are combined.
    assert found.mean() == pytest.approx(0, abs=1e-9)


def test_dev_scores_that_are_all_equal_are_told_of(write, combine, caplog):
    path, dev = write("a", draw(1)), write("b", [3.0, 3.0], "xy")
    _, found = combine([path, path], [dev, dev])
    np.testing.assert_allclose(found["score"], draw(1) - 3)
    assert "b.parquet: all scores are equal" in caplog.text


def test_tables_of_other_trials_are_refused(write, combine):
    first, second = write("a", draw(1)), write("b", draw(2)[1:], NAMES[1:])
    with pytest.raises(ScoreError, match=r"b.parquet, beside .*a.parquet: .*u0"):
        combine([first, second], [first, first])
