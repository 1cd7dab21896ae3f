"""The copies that an experiment asks for: of which corpora, how made, and where they lie."""

from collections.abc import Mapping
from functools import cached_property
from typing import NamedTuple, Self

from signl import stages
from signl.corpora.copied_names import copied_archive, split_copied
from signl.experiment import Experiment
from signl.labels import TRAIN
from signl.resynthesis.copies_options import ResynthesisOptions


class CopiedShard(NamedTuple):
    """A shard of copies: those of the training utterances of a corpus in an audio shard."""

    archive: str
    corpus: str
    resynthesis: str
    shard: str

    @classmethod
    def of_place(cls, place: Mapping[str, str]) -> Self:
        """Return the shard whose features lie at a place (:attr:`place`)."""
        return cls(*split_copied(place["archive"]), place["shard"])

    @property
    def wildcards(self) -> dict[str, str]:
        """What stands for it in the path of copies."""
        return self._asdict()

    @property
    def place(self) -> dict[str, str]:
        """What stands for it in the path of features: an archive of its own, and a shard."""
        archive = copied_archive(self.archive, self.corpus, self.resynthesis)
        return {"archive": archive, "shard": self.shard}


class Copied(NamedTuple):
    """Features of copies: front-end, resynthesis, training corpus."""

    frontend: str
    resynthesis: str
    corpus: str


class CopiedCorpora:
    """The copies of an experiment's training partitions.

    Parameters
    ----------
    experiment : Experiment
        A checked configuration.
    """

    def __init__(self, experiment: Experiment) -> None:
        self.experiment = experiment

    @cached_property
    def in_use(self) -> list[Copied]:
        """All features of copies that trainings take, sorted."""
        found = {
            copied
            for each in self.experiment.trained
            if (copied := self.of_finetuning(each.recipe, each.corpus))
        }
        return sorted(found)

    def of_finetuning(self, recipe: str, corpus: str) -> Copied | None:
        """Return the copies that the fine-tuning of a recipe on a corpus takes; often none."""
        options = self.experiment.finetuning_options(recipe, corpus).finetuning
        return self._copied(recipe, corpus, getattr(options, "resynthesis", None))

    def methods_of(self, recipe: str, corpus: str) -> str:
        """Return the methods whose pseudo-spoofs a recipe learns from, as tables name them."""
        options = self.experiment.recipe(recipe)
        if options.mean_of:
            of_members = (self.methods_of(each, corpus) for each in options.mean_of)
            return "; ".join(dict.fromkeys(each for each in of_members if each))
        if options.is_given:
            return ""
        copied = self.of_finetuning(recipe, corpus)
        used = self.options_of(copied.resynthesis).used if copied else ()
        return ", ".join(each.label for each in used)

    def _copied(self, recipe: str, corpus: str, resynthesis: str | None) -> Copied | None:
        if resynthesis is None:
            return None
        return Copied(self.experiment.source_of(recipe), resynthesis, corpus)

    def options_of(self, resynthesis: str) -> ResynthesisOptions:
        """Return what is made of each utterance."""
        return self.experiment.config.resynthesis[resynthesis]

    def clip_s(self, resynthesis: str) -> float:
        """Return how many seconds of an utterance are copied: the most that a front-end reads."""
        frontends = {each.frontend for each in self.in_use if each.resynthesis == resynthesis}
        read = (self.experiment.frontend_named(name).clip_s for name in frontends)
        return max(read, default=0.0)

    def parameters(self, resynthesis: str) -> dict[str, object]:
        """Return the options of the rule ``resynthesise``.

        A vocoder whose file has changed makes other copies: the seal of these files is with them.
        """
        return {**self.besides(resynthesis), **self.options_of(resynthesis).dump_given()}

    def besides(self, resynthesis: str) -> dict[str, object]:
        """Return what the header of copies says besides the options."""
        seal = self.options_of(resynthesis).seal()
        return {"clip_s": self.clip_s(resynthesis), "seal": seal}

    def shards_of(self, corpus: str, resynthesis: str) -> list[CopiedShard]:
        """Return the shards of copies of a corpus."""
        holdings = self.experiment.holdings
        return [
            CopiedShard(archive, corpus, resynthesis, shard)
            for archive in holdings.audio_archives(corpus, TRAIN)
            for shard in holdings.shards_of(archive)
        ]

    @cached_property
    def shards(self) -> list[CopiedShard]:
        """All shards of copies, sorted."""
        pairs = {(each.corpus, each.resynthesis) for each in self.in_use}
        return sorted(shard for pair in pairs for shard in self.shards_of(*pair))

    @cached_property
    def features(self) -> list[tuple[str, CopiedShard]]:
        """Front-end and shard of all features of copies, sorted."""
        return sorted(
            (each.frontend, shard)
            for each in self.in_use
            for shard in self.shards_of(each.corpus, each.resynthesis)
        )

    # Paths.

    def copies_paths(self, cell: Mapping[str, str]) -> list[str]:
        """Return the shards of copies of ``corpus`` by ``resynthesis``."""
        shards = self.shards_of(cell["corpus"], cell["resynthesis"])
        return [path for each in shards for path in stages.COPIES.paths(**each.wildcards)]

    def feature_paths(self, name: str, cell: Mapping[str, str]) -> list[str]:
        """Return their features by ``frontend``, or the row indexes of these."""
        template = stages.FEATURES.outputs[name]
        shards = self.shards_of(cell["corpus"], cell["resynthesis"])
        return [template.format(frontend=cell["frontend"], **each.place) for each in shards]

    def gathered_paths(self, copied: Copied | None) -> list[str]:
        """Return the table of copies that a training takes; of none, none."""
        return stages.GATHERED_COPIES.paths(**copied._asdict()) if copied else []

    def training_paths(self, copied: Copied | None) -> list[str]:
        """Return the features of copies that a training takes; of none, none."""
        return self.feature_paths("features", copied._asdict()) if copied else []
