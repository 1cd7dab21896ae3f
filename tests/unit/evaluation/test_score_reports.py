"""Reports on the score files of several systems."""

import numpy as np
import pyarrow as pa
import pytest

from signl.errors import ScoreError
from signl.evaluation.bootstrap import Resampling, eer_interval
from signl.evaluation.foreign import Key
from signl.evaluation.measure import MeasureOptions, measure_scores
from signl.evaluation.paired import compare_eers
from signl.evaluation.score_reports import report_scores, system_names
from signl.metrics import Scores, equal_error_rate

OPTIONS = MeasureOptions(n_resamples=50)
N = 40
IS_BONAFIDE = np.arange(N) % 3 == 0
IDS = [f"u{number}" for number in range(N)]
#: An attack of spoofs alone, a codec of both classes, null here and there.
ATTACKS = [None if own else f"A{number % 2}" for number, own in enumerate(IS_BONAFIDE)]
CODECS = [(None, "C1", "C2")[number // 3 % 3] for number in range(N)]


@pytest.fixture
def key():
    labels = np.where(IS_BONAFIDE, "bonafide", "spoof").tolist()
    columns = {"utterance_id": IDS, "label": labels, "by attack": ATTACKS, "by codec": CODECS}
    return Key(pa.table(columns), pa.chunked_array([["other"]], pa.string()))


@pytest.fixture
def systems(tmp_path):
    """Return the paths of two systems, their scores, and what reads them."""
    rng = np.random.default_rng(2)
    scores = [IS_BONAFIDE + scale * rng.normal(size=N) for scale in (0.3, 2.0)]
    paths = [tmp_path / "good.txt", tmp_path / "bad.txt"]
    tables = {
        path: pa.table({"utterance_id": [*IDS, "other"], "score": [*values, 9.0]})
        for path, values in zip(paths, scores, strict=True)
    }
    return paths, scores, tables


def test_each_system_has_its_measures_and_every_two_their_test(key, systems):
    paths, scores, tables = systems
    report = report_scores(paths, key, tables.get, seed=4, options=OPTIONS)
    assert (report["n_bonafide"], report["n_spoof"]) == (14, 26)
    for name, values in zip(("good", "bad"), scores, strict=True):
        alone = Scores(values[IS_BONAFIDE], values[~IS_BONAFIDE])
        expected = measure_scores(alone, seed=4, options=OPTIONS)
        assert {each: report["systems"][name][each] for each in expected} == expected
    (pair,) = report["pairs"]
    tested = compare_eers(*scores, IS_BONAFIDE, seed=4, n_resamples=50)
    assert pair == {"first": "good", "second": "bad"} | tested._asdict()


def test_an_attack_is_against_all_bona_fide_and_a_codec_against_its_own(key, systems):
    paths, (scores, _), tables = systems
    parts = report_scores(paths[:1], key, tables.get, seed=4, options=OPTIONS)
    parts = parts["systems"]["good"]["parts"]
    of_attack = np.array([each == "A1" for each in ATTACKS])
    of_codec = np.array([each == "C2" for each in CODECS])
    draws = Resampling(4, OPTIONS.n_resamples, OPTIONS.confidence)
    drawn = {
        name: draws.of(f"by {name}").of(name, value)._asdict()
        for name, value in (("attack", "A1"), ("codec", "C2"))
    }
    against_all = scores[IS_BONAFIDE], scores[of_attack]
    assert parts["attack"]["A1"] == {
        "eer_interval": eer_interval(*against_all, **drawn["attack"]),
        "against": "all",
        "eer": equal_error_rate(*against_all).rate,
        "n_bonafide": 14,
        "n_spoof": of_attack.sum(),
    }
    own = scores[of_codec & IS_BONAFIDE], scores[of_codec & ~IS_BONAFIDE]
    assert parts["codec"]["C2"] == {
        "eer_interval": eer_interval(*own, **drawn["codec"]),
        "against": "own",
        "eer": equal_error_rate(*own).rate,
        "n_bonafide": own[0].size,
        "n_spoof": own[1].size,
    }
    assert list(parts["attack"]) == ["A0", "A1"]


def test_a_system_without_an_eer_is_in_no_pair(key, systems):
    paths, _, tables = systems
    table = tables[paths[1]]
    tables[paths[1]] = table.set_column(1, "score", pa.array(np.full(N + 1, 0.5)))
    report = report_scores(paths, key, tables.get, seed=4, options=OPTIONS)
    assert report["systems"]["bad"]["eer"] is None
    assert report["pairs"] == []


def test_trials_without_a_score_are_counted_for_the_system(key, systems):
    paths, _, tables = systems
    tables[paths[1]] = tables[paths[1]].slice(2)
    with pytest.raises(ScoreError, match=r"bad.txt: trials without a score: 2 \('u0', 'u1'\)"):
        report_scores(paths, key, tables.get, seed=4, options=OPTIONS)


def test_systems_are_called_by_their_files(tmp_path):
    paths = [tmp_path / "a.txt", tmp_path / "x/b.txt", tmp_path / "y/b.txt"]
    assert system_names(paths) == ["a", str(paths[1]), str(paths[2])]
    with pytest.raises(ScoreError, match=r"a.txt is given more than once"):
        system_names([paths[0], paths[0]])
