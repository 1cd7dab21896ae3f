import pytest
import yaml

from signl.experiment import Experiment
from signl.sizes import Sizes


@pytest.fixture
def sizes_of(repository):
    def sizes(name):
        return Sizes(Experiment(yaml.safe_load((repository / name).read_text(encoding="utf-8"))))

    return sizes


def test_published_corpora_have_their_published_sizes(sizes_of):
    sizes = sizes_of("config.paper.yaml")
    assert sizes.n_trials("asvspoof2021_df", "eval") == 611_829
    assert sizes.n_trials("asvspoof2021_df", "train", "dev") == 25_380 + 24_844
    archives = sizes.holdings.archives.values()
    of_df = [each for each in archives if each.archive.set == "ASVspoof2021_DF_eval"]
    assert sum(map(sizes.n_utterances, of_df)) == 611_829


def test_embedded_corpora_have_those_of_the_demo(sizes_of):
    sizes = sizes_of("config.yaml")
    assert sizes.n_trials("asvspoof2021_df", "eval") == 3 * (13 + 20)
    assert sizes.n_trials("cfad", "train") == 30 + 90
    assert sizes.n_trials("in_the_wild", "eval") == 60 + 40
