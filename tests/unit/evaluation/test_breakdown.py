"""EER of parts against the EER of trials picked by hand."""

import numpy as np
import pyarrow as pa
import pytest

from signl.evaluation.bootstrap import Resampling, eer_interval
from signl.evaluation.breakdown import eer_by_attack, eer_by_codec, eer_by_family
from signl.metrics import equal_error_rate


@pytest.fixture
def trials():
    """Scores, mask of bona fide, attacks and codecs of 400 trials."""
    generator = np.random.default_rng(2)
    is_bonafide = generator.random(400) < 0.4
    attacks = generator.choice(["A10", "A09", "A16", None], 400, p=[0.3, 0.3, 0.2, 0.2])
    attacks[is_bonafide] = None
    codecs = generator.choice(["mp3", "opus", None], 400)
    scores = generator.normal(0, 1, 400) + is_bonafide + (attacks == "A16")
    return scores, is_bonafide, attacks, codecs


@pytest.mark.parametrize("chunk", [400, 130])
def test_attack_is_measured_against_all_bona_fide(trials, chunk):
    scores, is_bonafide, attacks, _ = trials
    column = pa.chunked_array(
        [pa.array(attacks[start : start + chunk], pa.string()) for start in range(0, 400, chunk)]
    )
    parts = eer_by_attack(scores, is_bonafide, column)
    assert list(parts) == ["A09", "A10", "A16"]
    for name, part in parts.items():
        expected = equal_error_rate(scores[is_bonafide], scores[attacks == name])
        assert part[:3] == (expected.rate, is_bonafide.sum(), (attacks == name).sum())
    assert parts["A16"].eer > parts["A09"].eer


def test_codec_is_measured_among_its_own_trials(trials):
    scores, is_bonafide, _, codecs = trials
    parts = eer_by_codec(scores, is_bonafide, pa.array(codecs, pa.string()))
    assert list(parts) == ["mp3", "opus"]
    for name, part in parts.items():
        inside = codecs == name
        expected = equal_error_rate(scores[inside & is_bonafide], scores[inside & ~is_bonafide])
        n_bonafide, n_spoof = (inside & is_bonafide).sum(), (inside & ~is_bonafide).sum()
        assert part[:3] == (expected.rate, n_bonafide, n_spoof)


def test_families_may_overlap_and_those_without_trials_are_left_out(trials):
    scores, is_bonafide, attacks, _ = trials
    column = pa.array(attacks, pa.string())
    families = {"unseen": ["A16", "A09"], "neural": ["A09", "A10"], "none": ["A99"]}
    drawn = Resampling(seed=4, n_resamples=100, confidence=0.9)
    parts = eer_by_family(scores, is_bonafide, column, families, resampling=drawn)
    assert list(parts) == ["unseen", "neural"]
    for name, part in parts.items():
        spoof = scores[np.isin(attacks.astype(str), families[name])]
        expected = equal_error_rate(scores[is_bonafide], spoof)
        assert part[:3] == (expected.rate, is_bonafide.sum(), spoof.size)
        own = drawn.of("family", name)._asdict()
        assert part.eer_interval == eer_interval(scores[is_bonafide], spoof, **own)
    alone = eer_by_family(scores, is_bonafide, column, {"A16": ["A16"]})
    assert alone["A16"] == eer_by_attack(scores, is_bonafide, column)["A16"]


@pytest.mark.parametrize("by", [eer_by_attack, eer_by_codec])
def test_intervals_are_those_of_the_trials_of_a_part_by_draws_of_its_own(trials, by):
    scores, is_bonafide, attacks, codecs = trials
    is_attack = by is eer_by_attack
    names = attacks if is_attack else codecs
    drawn = Resampling(seed=4, n_resamples=200, confidence=0.9)
    parts = by(scores, is_bonafide, pa.array(names, pa.string()), resampling=drawn)
    for name, part in parts.items():
        inside = names == name
        bonafide = scores[is_bonafide] if is_attack else scores[inside & is_bonafide]
        own = drawn.of("attack" if is_attack else "codec", name)._asdict()
        assert part.eer_interval == eer_interval(bonafide, scores[inside & ~is_bonafide], **own)
        assert part.eer_interval.low <= part.eer <= part.eer_interval.high
    # A part's interval does not hang on which others there are.
    first = sorted(parts)[0]
    alone = np.where(names == first, names, None)
    again = by(scores, is_bonafide, pa.array(alone, pa.string()), resampling=drawn)
    assert again == {first: parts[first]}


def test_part_with_one_class_has_counts_and_no_rate():
    parts = eer_by_codec(
        np.array([0.0, 1.0, 2.0]), np.array([True, True, False]), pa.array(["a", "b", "b"])
    )
    assert parts == {"a": (None, 1, 0, None), "b": (1.0, 1, 1, None)}


@pytest.mark.parametrize("kind", [pa.string(), pa.null()])
def test_columns_without_names_give_no_parts(kind):
    assert eer_by_attack(np.zeros(2), np.array([True, False]), pa.nulls(2, kind)) == {}
