"""The copies that an experiment asks for: of which corpora, how made, and where they lie."""

from collections.abc import Mapping
from functools import cached_property
from typing import NamedTuple, Self

from signl import stages
from signl.corpora.copied_names import (
    copied_archive,
    of_partition,
    split_copied,
    split_partition,
)
from signl.experiment import Experiment
from signl.labels import DEV, TRAIN
from signl.resynthesis.copies_options import CopyOptions
from signl.training.options import copies_taken_by


class CopiedShard(NamedTuple):
    """A shard of copies: those of a partition's utterances in an audio shard.

    Its resynthesis, or set of augmented copies, is named as in paths, which tells the partition
    (:mod:`signl.corpora.copied_names`).
    """

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
    """Features of copies: front-end, resynthesis as in paths, training corpus."""

    frontend: str
    resynthesis: str
    corpus: str


class CopiedCorpora:
    """The copies that the trainings of an experiment take, of ``train`` and of ``dev``.

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
        for encoder in self.experiment.pretrained:
            found.update(self.of_pretraining(encoder.recipe, encoder.corpus))
        return sorted(found)

    def of_finetuning(self, recipe: str, corpus: str) -> Copied | None:
        """Return the copies that the fine-tuning of a recipe on a corpus takes; often none."""
        options = self.experiment.finetuning_options(recipe, corpus).finetuning
        return self._copied(recipe, corpus, copies_taken_by(options))

    def of_pretraining(self, recipe: str, corpus: str) -> list[Copied]:
        """Return the copies of ``train`` and of ``dev`` that a pre-training takes; often none.

        Augmented ones are of ``train`` alone.
        """
        options = self.experiment.pretraining_options(recipe, corpus).pretraining
        name = options.objective.resynthesised
        names = [of_partition(name, each) for each in (TRAIN, DEV)] if name else []
        names += [options.augmented_copies] if options.augmented_copies else []
        return [each for one in names if (each := self._copied(recipe, corpus, one))]

    def methods_of(self, recipe: str, corpus: str) -> str:
        """Return the methods whose pseudo-spoofs a recipe learns from, as tables name them."""
        options = self.experiment.recipe(recipe)
        if options.mean_of:
            of_members = (self.methods_of(each, corpus) for each in options.mean_of)
            return "; ".join(dict.fromkeys(each for each in of_members if each))
        if options.is_given:
            return ""
        finetuning = self.experiment.finetuning_options(recipe, corpus).finetuning
        learns = getattr(finetuning, "learns_resynthesis", True)
        taken = [self.of_finetuning(recipe, corpus)] if learns else []
        if pretrained_by := self.experiment.pretrained_by(recipe):
            pretrained_on = self.experiment.pretrained_on(recipe, corpus)
            taken += self.of_pretraining(pretrained_by, pretrained_on)
        used = (self.options_of(each.resynthesis).used for each in taken if each)
        return ", ".join(dict.fromkeys(each.label for methods in used for each in methods))

    def _copied(self, recipe: str, corpus: str, resynthesis: str | None) -> Copied | None:
        if resynthesis is None:
            return None
        return Copied(self.experiment.source_of(recipe), resynthesis, corpus)

    def options_of(self, resynthesis: str) -> CopyOptions:
        """Return what is made of each utterance."""
        return self.experiment.config.copies[split_partition(resynthesis)[0]]

    def clip_s(self, resynthesis: str) -> float:
        """Return how many seconds of an utterance are copied: the most that a front-end reads.

        Where copies may be faster than the utterance, so many more.
        """
        name, _ = split_partition(resynthesis)
        frontends = {
            each.frontend for each in self.in_use if split_partition(each.resynthesis)[0] == name
        }
        read = (self.experiment.frontend_named(name).clip_s for name in frontends)
        return max(read, default=0.0) * self.options_of(name).stretch

    def parameters(self, resynthesis: str) -> dict[str, object]:
        """Return the options of the rule ``resynthesise``.

        A vocoder whose file has changed, or a folder with other sounds, makes other copies: the
        seal of these files is with them.
        """
        options = self.options_of(resynthesis)
        clip_s = self.clip_s(resynthesis)
        return {"clip_s": clip_s, "seal": options.seal(), **options.dump_given()}

    def besides(self, resynthesis: str) -> dict[str, object]:
        """Return what the header of copies says besides the options."""
        files = self.options_of(resynthesis).sealed_files()
        return {"clip_s": self.clip_s(resynthesis), **files}

    def shards_of(self, corpus: str, resynthesis: str) -> list[CopiedShard]:
        """Return the shards of copies of a corpus, of the partition that the name tells."""
        holdings, (_, partition) = self.experiment.holdings, split_partition(resynthesis)
        return [
            CopiedShard(archive, corpus, resynthesis, shard)
            for archive in holdings.audio_archives(corpus, partition)
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

    def names_in_paths(self) -> list[str]:
        """Return what may stand in a path for a resynthesis."""
        config = self.experiment.config
        both = [of_partition(name, each) for name in config.resynthesis for each in (TRAIN, DEV)]
        return [*both, *config.augmented_copies]

    def trials_path(self, cell: Mapping[str, str]) -> str:
        """Return the located trials that ``resynthesis`` makes copies of, of ``corpus``."""
        _, partition = split_partition(cell["resynthesis"])
        (path,) = stages.TRIALS.paths(corpus=cell["corpus"], partition=partition)
        return path

    def copies_paths(self, cell: Mapping[str, str]) -> list[str]:
        """Return the shards of copies of ``corpus`` by ``resynthesis``."""
        shards = self.shards_of(cell["corpus"], cell["resynthesis"])
        return [path for each in shards for path in stages.COPIES.paths(**each.wildcards)]

    def feature_paths(self, name: str, cell: Mapping[str, str]) -> list[str]:
        """Return their features by ``frontend``, or the row indexes of these."""
        template = stages.FEATURES.outputs[name]
        shards = self.shards_of(cell["corpus"], cell["resynthesis"])
        return [template.format(frontend=cell["frontend"], **each.place) for each in shards]

    def gathered_paths(self, *taken: Copied | None) -> list[str]:
        """Return the tables of copies that a training takes; of none, none."""
        found = (stages.GATHERED_COPIES.paths(**each._asdict()) for each in taken if each)
        return [path for paths in found for path in paths]

    def training_paths(self, *taken: Copied | None) -> list[str]:
        """Return the features of copies that a training takes; of none, none."""
        found = (self.feature_paths("features", each._asdict()) for each in taken if each)
        return [path for paths in found for path in paths]
