"""Rule measure_pooled: its figures are those of all trials of all corpora together."""

import numpy as np
import pytest

from signl.errors import ConfigError, ScoreError
from signl.evaluation.bootstrap import eer_interval
from signl.evaluation.collecting import collect_metrics
from signl.evaluation.development import measure_from_dev
from signl.evaluation.measure import measure, read_metrics
from signl.evaluation.pooled_measure import measure_pooled
from signl.evaluation.scores import write_scores
from signl.evaluation.tables import tabulate
from signl.metrics import CostModel, Scores, equal_error_rate, min_dcf
from signl.seeds import derive_seed

CELL = {
    "recipe": "signl",
    "frontend": "xlsr",
    "train_corpus": "cfad",
    "eval_corpus": "asvspoof5+in_the_wild",
    "label_percent": 5,
    "seed": 3,
}
DEV = Scores(np.linspace(0.1, 2.2, 12), np.linspace(-2.0, 0.5, 14))
PROTOCOLS = ("eval", "all")


@pytest.fixture
def corpora(tmp_path, write_trials):
    """Scores and trials of two corpora whose utterances have the same names, and the scores."""
    generator, files, values = np.random.default_rng(5), [], []
    for number, (protocol, shift) in enumerate(zip(PROTOCOLS, (0.0, 3.0), strict=True)):
        names = [f"E_{n}" for n in range(80)]
        labels = ["bonafide" if n % 4 == 0 else "spoof" for n in range(80)]
        # The last ten of a corpus are in no protocol that is asked for.
        named = [[protocol] if n < 70 else ["other"] for n in range(80)]
        attacks = [None if label == "bonafide" else "A07" for label in labels]
        rows = zip(names, labels, named, attacks, [None] * 80, strict=True)
        folder = tmp_path / str(number) / "usable"
        folder.mkdir(parents=True)
        trials = write_trials(list(rows)).rename(folder / "eval.parquet")
        scores = tmp_path / f"scores-{number}.parquet"
        own = shift + generator.normal(size=80) + 2 * (np.array(labels) == "bonafide")
        write_scores(scores, names, own, options={})
        files.append((scores, trials))
        values.append(Scores(own[:70][::4], np.delete(own[:70], np.s_[::4])))
    return files, values


@pytest.fixture
def pooled(tmp_path, corpora, write_dev):
    """Return a function that measures the two as one, and gives the path of what it wrote."""
    files, _ = corpora

    def run(protocols=PROTOCOLS, *, dev=DEV, cell=CELL):
        output = tmp_path / "pooled_metrics" / "pool.json"
        scores, trials = zip(*files, strict=True)
        own = {"dev": write_dev(*dev) if dev else None, "cell": cell, "options": {}}
        measure_pooled(scores, trials, output, protocols=protocols, **own)
        return output

    return run


def test_figures_are_those_of_all_trials_together(pooled, corpora):
    document = read_metrics(pooled())
    both = Scores(*(np.concatenate(parts) for parts in zip(*corpora[1], strict=True)))
    assert list(document["protocols"]) == ["pooled"]
    found = document["protocols"]["pooled"]
    assert (found["n_bonafide"], found["n_spoof"]) == (both.bonafide.size, both.spoof.size)
    assert (found["eer"], found["eer_threshold"]) == equal_error_rate(*both)
    assert found["min_dcf"] == min_dcf(*both)
    seed = derive_seed(3, "bootstrap", "asvspoof5+in_the_wild", "pooled")
    assert tuple(found["eer_interval"]) == eer_interval(*both, seed=seed)
    expected = measure_from_dev(DEV, both, costs=CostModel())
    assert {name: found[name] for name in expected} == expected
    assert (found["attacks"], found["codecs"]) == ({}, {})
    # One threshold for corpora whose scores lie apart costs what none of them costs alone.
    assert found["eer"] > max(equal_error_rate(*each).rate for each in corpora[1])


def test_a_classifier_that_is_given_has_no_dev_figures(pooled):
    found = read_metrics(pooled(dev=None))["protocols"]["pooled"]
    assert (found["transfer"], found["calibrated"]) == (None, None)


def test_its_row_stands_in_the_table_across_domains(pooled, corpora, tmp_path):
    output, ((scores, trials), _) = pooled(), corpora[0]
    single = tmp_path / "metrics" / "asvspoof5.json"
    options = {"dev": None, "protocols": ["eval"], "options": {}}
    measure(scores, trials, single, cell=CELL | {"eval_corpus": "asvspoof5"}, **options)
    tables = tmp_path / "metrics.parquet", tmp_path / "breakdown.parquet"
    collect_metrics([output, single], *tables)
    tabulate(tables[0], tmp_path / "crossdomain.csv", table="crossdomain", options={})
    _, alone, together = (tmp_path / "crossdomain.csv").read_text().splitlines()
    assert alone.startswith("signl,xlsr,cfad,asvspoof5,eval,5,1,18,52,")
    assert together.startswith("signl,xlsr,cfad,asvspoof5+in_the_wild,pooled,5,1,36,104,")


def test_what_does_not_fit_the_pool_is_refused(pooled):
    with pytest.raises(
        ConfigError, match=r"asvspoof5\+in_the_wild is measured with 2 score tables"
    ):
        pooled(("eval",))
    with pytest.raises(ConfigError, match="cfad is measured with 2"):
        pooled(cell=CELL | {"eval_corpus": "cfad"})
    with pytest.raises(ScoreError, match="no trial is in the protocol 'eval'"):
        pooled(("eval", "eval"))
