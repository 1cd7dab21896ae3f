"""The jobs of an experiment: what each stage makes, of what cell, with which options.

Stated here once; the plan counts these jobs, the audit expects their artefacts, and an ordinary
run compares the artefacts that are there with their options.
"""

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from signl import stages
from signl.copied_corpora import CopiedCorpora
from signl.corpora.pools import is_pool, members_of
from signl.experiment import AUDIO, Experiment
from signl.experiment_cells import pooled_protocol
from signl.recipes import Recipe
from signl.stages import Stage
from signl.sweeps import Labelling, Sweeps
from signl.typed import Options


@dataclass(frozen=True)
class Job:
    """A job of a stage.

    Attributes
    ----------
    stage : Stage
        The stage.
    wildcards : Mapping
        What tells it from others of the stage.
    options : Options, optional
        Those that its artefacts must have been made with; nothing, where the stage has none.
    also : Mapping
        What else the header of its artefacts says, such as the seed.
    shards : tuple of str
        Shards that one job of packing writes.
    archives : tuple of str
        Files of archives that it reads.
    rows : tuple of str
        What each row of a table without a header is made of.
    figures : tuple of str
        Figures that one job of drawing writes.
    in_sweep : bool
        Whether a job of the workflow makes it together with others (:mod:`signl.sweeps`).
    """

    stage: Stage
    wildcards: Mapping[str, str] = field(default_factory=dict)
    options: Options | None = None
    also: Mapping[str, Any] = field(default_factory=dict)
    shards: tuple[str, ...] = ()
    archives: tuple[str, ...] = ()
    rows: tuple[str, ...] = ()
    figures: tuple[str, ...] = ()
    in_sweep: bool = False

    @property
    def named(self) -> dict[str, str]:
        """The wildcards of the workflow's job that makes it: of a sweep it has fewer."""
        left_out = Labelling._fields if self.in_sweep else ()
        return {name: value for name, value in self.wildcards.items() if name not in left_out}

    @property
    def made_by(self) -> tuple[str, ...]:
        """What tells the workflow's job that makes it from all others."""
        return (self.stage.rule, *itertools.chain(*sorted(self.named.items())))

    @property
    def log(self) -> str:
        """Path of its log; a job that writes many shards has one, and a sweep too."""
        stage = self.stage.of_sweep if self.in_sweep else self.stage
        template = stage.log.replace("/{shard}", "") if self.shards else stage.log
        return template.format(**self.named)

    @property
    def outputs(self) -> list[str]:
        """Paths of what it makes."""
        if self.figures:
            return [
                path
                for figure in self.figures
                for path in self.stage.paths(figure=figure, **self.wildcards)
            ]
        if not self.shards:
            return self.stage.paths(**self.wildcards)
        return [
            path
            for shard in self.shards
            for path in self.stage.paths(shard=shard, **self.wildcards)
        ]


def jobs_of(experiment: Experiment) -> list[Job]:
    """Return all jobs of an experiment, stage by stage; of a sweep, one for each classifier."""
    jobs = [
        *_demo_jobs(experiment),
        *_archive_jobs(experiment),
        *_copying_jobs(experiment),
        *_feature_jobs(experiment),
        *_training_jobs(experiment),
        *_scoring_jobs(experiment),
        *_evaluation_jobs(experiment),
        *_drawing_jobs(experiment),
    ]
    sweeps = Sweeps(experiment)
    return [
        replace(job, in_sweep=True) if sweeps.has(job.stage, job.wildcards) else job for job in jobs
    ]


def by_process(jobs: Iterable[Job]) -> list[list[Job]]:
    """Return jobs together that one job of the workflow makes, in the order of the first."""
    together: dict[tuple[str, ...], list[Job]] = {}
    for job in jobs:
        together.setdefault(job.made_by, []).append(job)
    return list(together.values())


def _demo_jobs(experiment: Experiment) -> Iterator[Job]:
    if experiment.holdings.are_embedded:
        yield Job(stages.DEMO_ARCHIVES, options=experiment.config.demo.archives)
    if experiment.uses_demo_frontend:
        yield Job(stages.DEMO_FRONTEND, options=experiment.config.demo.frontend)


def _archive_jobs(experiment: Experiment) -> Iterator[Job]:
    holdings = experiment.holdings
    for corpus in holdings.manifests:
        yield Job(
            stages.MANIFEST,
            {"corpus": corpus},
            experiment.manifest_options(corpus),
            {"corpus": corpus},
            archives=tuple(holdings.protocol_files(corpus)),
        )
    for archive in holdings.archives:
        yield Job(
            stages.AUDIO,
            {"archive": archive},
            also={"archive": archive},
            shards=tuple(holdings.shards_of(archive)),
            archives=tuple(holdings.archive_files(archive)),
        )
    for corpus, partitions in experiment.partitions_in_use.items():
        for partition in sorted(partitions):
            yield Job(
                stages.TRIALS,
                {"corpus": corpus, "partition": partition},
                also=experiment.locate_options(partition),
            )


def _copying_jobs(experiment: Experiment) -> Iterator[Job]:
    """Yield the jobs that make copies, their features, and the tables of them."""
    copied = CopiedCorpora(experiment)
    for shard in copied.shards:
        yield Job(
            stages.COPIES,
            shard.wildcards,
            copied.options_of(shard.resynthesis),
            copied.besides(shard.resynthesis),
        )
    for frontend, shard in copied.features:
        place = shard.place | {"frontend": frontend}
        yield Job(stages.FEATURES, place, experiment.frontend_named(frontend))
    for each in copied.in_use:
        also = {"max_undecodable": experiment.config.limits.undecodable}
        yield Job(stages.GATHERED_COPIES, each._asdict(), also=also)


def _feature_jobs(experiment: Experiment) -> Iterator[Job]:
    shards = {
        (source, archive, shard)
        for source, corpus, partition in experiment.usable_in_use
        for archive in experiment.holdings.audio_archives(corpus, partition)
        for shard in experiment.holdings.shards_of(archive)
    }
    for source, archive, shard in sorted(shards):
        place = {"archive": archive, "shard": shard}
        if source == AUDIO:
            yield Job(stages.INSPECTIONS, place, also={"clip_s": experiment.inspected_s})
        else:
            options = experiment.frontend_named(source)
            also = experiment.perturbing(source)
            yield Job(stages.FEATURES, place | {"frontend": source}, options, also)
    for source, corpus, partition in experiment.usable_in_use:
        yield Job(
            stages.USABLE,
            {"source": source, "corpus": corpus, "partition": partition},
            also={"max_undecodable": experiment.config.limits.undecodable},
        )
    usable = stages.USABLE.outputs["usable"]
    places = [
        usable.format(source=source, corpus=corpus, partition=partition)
        for source, corpus, partition in experiment.usable_in_use
    ]
    yield Job(stages.QUARANTINE, rows=tuple(places))


def _training_jobs(experiment: Experiment) -> Iterator[Job]:
    yield from _label_jobs(experiment)
    for encoder in experiment.pretrained:
        yield Job(
            stages.PRETRAINING,
            encoder.wildcards,
            experiment.pretraining_options(encoder.recipe, encoder.corpus),
            {"corpus": encoder.corpus, "seed": encoder.seed},
        )
    for classifier in experiment.trained:
        yield Job(
            stages.FINETUNING,
            classifier.wildcards,
            experiment.finetuning_options(classifier.recipe, classifier.corpus),
            {
                "corpus": classifier.corpus,
                "percent": classifier.percent,
                "seed": classifier.seed,
            },
        )


def _label_jobs(experiment: Experiment) -> Iterator[Job]:
    subsets = {(each.corpus, each.seed, f"{each.percent:g}") for each in experiment.trained}
    single = {
        (member, seed, percent)
        for corpus, seed, percent in subsets
        for member in members_of(corpus)
    }
    for corpus, seed, percent in sorted(single):
        yield Job(stages.LABELS, {"corpus": corpus, "seed": str(seed), "percent": percent})
    for source, corpus, partition in experiment.pooled_in_use:
        yield Job(stages.POOLED, {"source": source, "corpus": corpus, "partition": partition})
    for corpus, seed, percent in sorted(each for each in subsets if is_pool(each[0])):
        yield Job(stages.POOLED_LABELS, {"corpus": corpus, "seed": str(seed), "percent": percent})


def _scoring_jobs(experiment: Experiment) -> Iterator[Job]:
    """Yield what makes scores of evaluation corpora, and of labelled dev utterances."""
    for cell in experiment.evaluated:
        recipe, corpus = experiment.recipe(cell.classifier.recipe), cell.classifier.corpus
        stage = stage_of_scores(recipe)
        if stage == stages.GIVEN_SCORES:
            file = experiment.score_file(cell.wildcards)
            yield Job(stage, cell.wildcards, recipe.score_files, archives=(file,))
        elif stage == stages.COMBINED_SCORES:
            yield Job(stage, cell.wildcards, also=combining_options(recipe, corpus))
        else:
            name = cell.classifier.recipe
            also = experiment.scoring_besides(name, cell.wildcards["eval_corpus"])
            yield Job(stage, cell.wildcards, also=also | {"corpus": corpus})
    for classifier in experiment.trained:
        yield Job(stages.DEV_SCORES, classifier.wildcards, also={"corpus": classifier.corpus})
    for classifier in experiment.classifiers:
        recipe = experiment.recipe(classifier.recipe)
        if recipe.mean_of:
            also = combining_options(recipe, classifier.corpus)
            yield Job(stages.COMBINED_DEV_SCORES, classifier.wildcards, also=also)


def _evaluation_jobs(experiment: Experiment) -> Iterator[Job]:
    for cell in experiment.evaluated:
        corpus = cell.wildcards["eval_corpus"]
        also = {"protocols": list(experiment.protocols_of(corpus))}
        also |= experiment.config.families_of(corpus)
        yield Job(stages.METRICS, cell.wildcards, also=also)
    for pool in experiment.evaluated_pools:
        also = {"protocols": protocols_of_pool(experiment, pool.pool)}
        yield Job(stages.POOLED_METRICS, pool.wildcards, also=also)
    metrics = [stages.METRICS.paths(**cell.wildcards) for cell in experiment.evaluated]
    metrics += [
        stages.POOLED_METRICS.paths(**each.wildcards) for each in experiment.evaluated_pools
    ]
    collected = sorted(path for paths in metrics for path in paths)
    yield Job(stages.COLLECTED, also={"metrics": collected})
    yield Job(
        stages.COMPARISONS,
        options=experiment.config.comparisons,
        also={"scores": sorted(_scores_of(experiment))},
    )
    for table in ("indomain", "crossdomain"):
        yield Job(stages.TABLES, {"table": table})
    yield Job(stages.BREAKDOWN_TABLE)
    history = stages.PRETRAINING.outputs["history"]
    histories = [history.format(**encoder.wildcards) for encoder in experiment.pretrained]
    yield Job(stages.PRETRAINING_TABLE, rows=tuple(histories))
    yield Job(stages.SUMMARY)


def protocols_of_pool(experiment: Experiment, pool: str) -> list[str]:
    """Return the protocol of each evaluation corpus of a pool, in the order of its name."""
    return [pooled_protocol(experiment.protocols_of(corpus)) for corpus in members_of(pool)]


def _scores_of(experiment: Experiment) -> Iterator[str]:
    """Yield the scores of all classifiers on all corpora, computed, given or combined."""
    for cell in experiment.evaluated:
        stage = stage_of_scores(experiment.recipe(cell.classifier.recipe))
        yield from stage.paths(**cell.wildcards)


def stage_of_scores(recipe: Recipe) -> Stage:
    """Return the stage that makes a recipe's scores of an evaluation corpus."""
    if recipe.scores:
        return stages.GIVEN_SCORES
    return stages.COMBINED_SCORES if recipe.mean_of else stages.SCORES


def combining_options(recipe: Recipe, corpus: str) -> dict[str, Any]:
    """Return what the headers of combined scores say: the training corpus, and whose they are."""
    return {"corpus": corpus, "mean_of": list(recipe.mean_of or ())}


def _drawing_jobs(experiment: Experiment) -> Iterator[Job]:
    of_pairs = (stages.PART_FIGURES, stages.DET_FIGURES, stages.SCORE_FIGURES)
    for form in stages.FIGURE_FORMS:
        place = {"form": form}
        yield Job(stages.LABEL_FIGURE, place)
        yield Job(stages.DOMAIN_FIGURE, place)
        for stage in (*of_pairs, stages.ATTACK_FIGURES, stages.RELIABILITY_FIGURES):
            yield Job(stage, place, figures=tuple(experiment.figures_of_pairs))
        trainings = tuple(experiment.figures_of_trainings)
        yield Job(stages.TRAINING_FIGURES, place, figures=trainings)
