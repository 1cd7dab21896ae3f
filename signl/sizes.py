"""How much audio the archives of an experiment hold: as published, embedded, or in a table."""

from collections import Counter
from functools import cache
from typing import Any

from signl.archives.whereabouts import LocatedArchive
from signl.copied_corpora import Copied, CopiedCorpora, CopiedShard
from signl.corpora.copied_names import split_partition
from signl.corpora.pools import members_of
from signl.corpora.registry import CORPORA, locate_protocols, set_named
from signl.demo.options import Counts
from signl.experiment import Experiment
from signl.labels import DEV, EVAL, TRAIN


class Sizes:
    """The trials and utterances of an experiment, before anything is read."""

    def __init__(self, experiment: Experiment) -> None:
        self.experiment, self.holdings = experiment, experiment.holdings
        self.copied = CopiedCorpora(experiment)
        self._counted = cache(self._count)

    def n_trials(self, corpus: str, *partitions: str) -> int:
        """Return the trials of partitions, of a subset those of the whole; of a pool, of all."""
        members = members_of(corpus)
        return sum(self._n_trials(each, partition) for each in members for partition in partitions)

    def n_copies(self, of: Copied | CopiedShard) -> float:
        """Return the copies of a partition of a corpus."""
        _, partition = split_partition(of.resynthesis)
        options = self.copied.options_of(of.resynthesis)
        return float(options.n_copies * self.n_trials(of.corpus, partition))

    def copies_in(self, shard: CopiedShard) -> tuple[float, float]:
        """Return the copies in a shard of them, and their mean seconds."""
        n_shards = len(self.copied.shards_of(shard.corpus, shard.resynthesis))
        located = self.holdings.archives[shard.archive]
        clip_s = self.copied.clip_s(shard.resynthesis)
        mean_s = min(set_named(located.archive.set).mean_s, clip_s)
        return self.n_copies(shard) / n_shards, mean_s

    def mean_s(self, corpus: str, partition: str) -> float:
        """Return the mean seconds of an utterance of the archives that hold a partition."""
        holdings = self.experiment.holdings
        archives = [holdings.archives[name] for name in holdings.audio_archives(corpus, partition)]
        counts = [self.n_utterances(each) for each in archives]
        total_s = sum(
            n * set_named(each.archive.set).mean_s for n, each in zip(counts, archives, strict=True)
        )
        return total_s / sum(counts)

    def _n_trials(self, corpus: str, partition: str) -> int:
        if corpus not in CORPORA:
            return self._counted(corpus)[partition]
        if self.holdings.are_embedded:
            return self._n_embedded(corpus, partition)
        return max(
            expected.total
            for expected in self.experiment.config.corpus(corpus).expected
            if expected.partitions == (partition,)
        )

    def n_utterances(self, located: LocatedArchive) -> int:
        """Return the utterances of an archive that are packed."""
        owner = self.holdings.packing_corpus(located.name)
        if owner not in CORPORA:
            return self._counted(owner).total()
        if not self.holdings.are_embedded:
            return located.archive.n_utterances
        of_set = [
            other
            for other in self.holdings.archives.values()
            if other.archive.set == located.archive.set
        ]
        total = sum(self._n_embedded(owner, each) for each in located.archive.partitions)
        return round(total / len(of_set))

    def _count(self, corpus: str) -> Counter[str]:
        """Read the table of a corpus: partition -> its trials."""
        description = self.experiment.config.corpus(corpus)
        options: Any = self.experiment.manifest_options(corpus)
        located = locate_protocols(description, self.experiment.config.archives)
        return Counter(
            trial.partition for trial in description.read_trials(located, options).trials
        )

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
