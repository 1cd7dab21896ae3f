"""How much audio the archives of an experiment hold: as published, or as embedded."""

from signl.archives.whereabouts import LocatedArchive
from signl.corpora.registry import corpus_named
from signl.demo.options import Counts
from signl.experiment import Experiment
from signl.labels import DEV, EVAL, TRAIN


class Sizes:
    """The trials and utterances of an experiment, before anything is read."""

    def __init__(self, experiment: Experiment) -> None:
        self.experiment, self.holdings = experiment, experiment.holdings

    def n_trials(self, corpus: str, *partitions: str) -> int:
        """Return the trials of partitions, of a subset those of the whole."""
        return sum(self._n_trials(corpus, partition) for partition in partitions)

    def _n_trials(self, corpus: str, partition: str) -> int:
        if self.holdings.are_embedded:
            return self._n_embedded(corpus, partition)
        return max(
            expected.total
            for expected in corpus_named(corpus).expected
            if expected.partitions == (partition,)
        )

    def n_utterances(self, located: LocatedArchive) -> int:
        """Return the utterances of an archive that are packed."""
        if not self.holdings.are_embedded:
            return located.archive.n_utterances
        of_set = [
            other
            for other in self.holdings.archives.values()
            if other.archive.set == located.archive.set
        ]
        owner = self.holdings.packing_corpus(located.name)
        total = sum(self._n_embedded(owner, each) for each in located.archive.partitions)
        return round(total / len(of_set))

    def _n_embedded(self, corpus: str, partition: str) -> int:
        demo = self.experiment.config.demo.archives
        counts: Counts = {TRAIN: demo.train, DEV: demo.dev, EVAL: demo.eval}[partition]
        copies = 1
        if partition == EVAL and corpus == "asvspoof2021_df":
            counts, copies = demo.df_sources, demo.df_codecs
        elif corpus == "in_the_wild":
            counts = demo.wild
        scaled = counts.scaled(demo.scale)
        return copies * (scaled.bonafide + scaled.spoof)
