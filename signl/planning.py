"""What an experiment takes, from the archives to the tables: jobs, audio, disk, computing time.

The jobs are those of :mod:`signl.jobs`. Disk and time are estimates: time is the arithmetic of the
networks (:mod:`signl.costs`) at the rates of a machine (:class:`signl.speeds.Speeds`). Nothing is
read but the configuration and the names of the files in the archives folder, so a plan can be made
before anything is downloaded.

A stage whose jobs take more than their start has a function in ``_COSTS`` that says what one takes;
of scores, that a job may make of several classifiers, it is :meth:`Planner.score`.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Final, NamedTuple

from signl import stages
from signl.archives.whereabouts import LocatedArchive
from signl.augmentation.perturbed_names import split_perturbed
from signl.computing_times import FORWARDS, ComputingTimes, Passes
from signl.copied_corpora import CopiedShard
from signl.corpora.copied_names import is_copied
from signl.corpora.registry import set_named
from signl.costs import Costs
from signl.experiment import GIVEN_CLIP_S, Experiment
from signl.features.frontend import FrontendOptions
from signl.jobs import Job, by_process, jobs_of
from signl.labels import DEV, EVAL, TRAIN
from signl.sizes import Sizes
from signl.speeds import Speeds

COPIES_BYTES_PER_S: Final = 15_000  # FLAC of 16 bits at 16 kHz, of noisy speech


class Cost(NamedTuple):
    """What a job takes, but for its start: as :class:`Stage`."""

    audio_h: float = 0.0
    n_bytes: float = 0.0
    gpu_h: float = 0.0
    cpu_h: float = 0.0


class Stage(NamedTuple):
    """What the jobs of a rule take together.

    Attributes
    ----------
    rule : str
        Name of the rule; one rule per archive counts as one.
    jobs : int
        Number of jobs.
    audio_h : float
        Hours of audio that they go through, as often as they do.
    n_bytes : float
        Size of their outputs, where that is more than some megabytes.
    gpu_h, cpu_h : float
        Hours of one GPU, and of one core.
    """

    rule: str
    jobs: int
    audio_h: float = 0.0
    n_bytes: float = 0.0
    gpu_h: float = 0.0
    cpu_h: float = 0.0


class Planner:
    """What the jobs of an experiment take.

    Parameters
    ----------
    experiment : Experiment
        What is asked for.
    speeds : Speeds
        What the machines do.
    costs : Costs
        What the networks and front-ends take of them.
    """

    def __init__(self, experiment: Experiment, speeds: Speeds, costs: Costs) -> None:
        self.experiment, self.speeds = experiment, speeds
        self.sizes = Sizes(experiment)
        self.times = ComputingTimes(experiment, speeds, costs)

    def plan(self, jobs: Iterable[Job]) -> list[Stage]:
        """Return what each stage with jobs takes, in the order of the workflow."""
        by_stage: dict[str, list[Job]] = {}
        for job in jobs:
            if job.stage.on_request:
                continue
            by_stage.setdefault(job.stage.rule, []).append(job)
        return [
            self._stage(each.rule, by_stage[each.rule])
            for each in stages.STAGES
            if each.rule in by_stage
        ]

    def _stage(self, rule: str, jobs: list[Job]) -> Stage:
        """Add up what the jobs of a stage take, with the time in which they start."""
        cost = _COSTS.get(rule)
        processes = by_process(jobs)
        n_jobs = len(processes)
        if rule == stages.SCORES.rule:  # a sweep reads the trials once
            costs = [self.score(parts[0], len(parts)) for parts in processes]
        else:
            costs = [cost(self, job) for job in jobs] if cost else []
        return Stage(
            rule,
            n_jobs,
            audio_h=sum(each.audio_h for each in costs),
            n_bytes=sum(each.n_bytes for each in costs),
            gpu_h=sum(each.gpu_h for each in costs),
            cpu_h=sum(each.cpu_h for each in costs) + n_jobs * self.speeds.job_start_s / 3600,
        )

    # What a job takes.

    def pack(self, job: Job) -> Cost:
        """Return what packing an archive takes."""
        located = self._archive(job)
        of_set = set_named(located.archive.set)
        n_utterances = self.sizes.n_utterances(located)
        n_bytes = n_utterances * of_set.n_bytes / of_set.n_files
        return Cost(
            audio_h=n_utterances * of_set.mean_s / 3600,
            n_bytes=n_bytes,
            cpu_h=n_bytes / 1e6 / self.speeds.packed_mb_per_s / 3600,
        )

    def extract(self, job: Job) -> Cost:
        """Return what the features of a shard take."""
        frontend = self.experiment.frontend_named(job.wildcards["frontend"])
        n_utterances, mean_s = self._shard(job)
        kept_s = _kept_s(frontend, mean_s)
        hours = n_utterances * kept_s / 3600
        return Cost(
            audio_h=hours,
            n_bytes=n_utterances * frontend.cached_bytes(kept_s),
            **self.times.of_extraction(frontend, hours)._asdict(),
        )

    def resynthesise(self, job: Job) -> Cost:
        """Return what the copies of the training utterances in a shard take."""
        shard = CopiedShard(**job.wildcards)
        n_copies, mean_s = self.sizes.copies_in(shard)
        is_synthesised = self.sizes.copied.options_of(shard.resynthesis).used
        hours = n_copies * mean_s / 3600
        return Cost(
            audio_h=hours,
            n_bytes=hours * 3600 * COPIES_BYTES_PER_S,
            cpu_h=hours
            / (
                self.speeds.copied_audio_hours_per_cpu_hour
                if is_synthesised
                else self.speeds.augmented_audio_hours_per_cpu_hour
            ),
        )

    def inspect(self, job: Job) -> Cost:
        """Return what the trial decoding of a shard takes."""
        n_utterances, mean_s = self._shard(job)
        audio_h = n_utterances * min(mean_s, self.experiment.inspected_s) / 3600
        return Cost(audio_h=audio_h, cpu_h=self.speeds.decoding_s(audio_h) / 3600)

    def pretrain(self, job: Job) -> Cost:
        """Return what a pre-training takes: two crops of all of train and dev an epoch."""
        recipe, corpus = job.wildcards["recipe"], job.wildcards["corpus"]
        options = self.experiment.pretraining_options(recipe, corpus).pretraining
        n_crops = 2 * self._epochs(options.epochs) * self.sizes.n_trials(corpus, TRAIN, DEV)
        # With resynthesis there is a pseudo-spoof beside each utterance.
        n_crops *= 2 if options.objective.resynthesised else 1
        return self._computing(job, n_crops, self.times.passes_of(recipe, options))

    def train(self, job: Job) -> Cost:
        """Return what a fine-tuning takes: the labelled part of train and dev an epoch.

        One that learns from resynthesis takes all of train, and the copies of it. Of augmented
        copies one by gradient takes no more than without, any other all of them, once.
        """
        recipe, corpus = job.wildcards["recipe"], job.wildcards["corpus"]
        options = self.experiment.finetuning_options(recipe, corpus).finetuning
        passes = self.times.passes_of(recipe, options)
        copied = self.sizes.copied.of_finetuning(recipe, corpus)
        if copied and hasattr(options, "resynthesis"):
            n_crops = self.sizes.n_trials(corpus, TRAIN) + self.sizes.n_copies(copied)
            n_crops += self._share(job) * self.sizes.n_trials(corpus, DEV)
            return self._computing(job, n_crops, passes)
        labelled = self._share(job) * self.sizes.n_trials(corpus, TRAIN, DEV)
        if copied and not hasattr(options, "epochs"):
            labelled += self._share(job) * self.sizes.n_copies(copied)
        # What is no training by gradient takes the crops through the frozen network once.
        epochs = self._epochs(getattr(options, "epochs", options.crops))
        return self._computing(job, epochs * labelled, passes)

    def score(self, job: Job, n_classifiers: int) -> Cost:
        """Return what the scores of an evaluation corpus by some classifiers take.

        Where its features are not kept, they are computed once for all of these.
        """
        evaluated = job.wildcards["eval_corpus"]
        corpus, _ = split_perturbed(evaluated)
        n_trials = self.sizes.n_trials(corpus, EVAL)
        passes = Passes(n_classifiers, n_classifiers)
        scored = self._computing(job, self._crops(job) * n_trials, passes)
        frontend = self.experiment.streamed_frontend(job.wildcards["recipe"], evaluated)
        if frontend is None:
            return scored
        kept_s = _kept_s(frontend, self.sizes.mean_s(corpus, EVAL))
        times = self.times.of_extraction(frontend, n_trials * kept_s / 3600)
        return scored._replace(gpu_h=scored.gpu_h + times.gpu_h, cpu_h=scored.cpu_h + times.cpu_h)

    def score_dev(self, job: Job) -> Cost:
        """Return what the scores of the labelled dev trials take."""
        n_trials = self._share(job) * self.sizes.n_trials(job.wildcards["corpus"], DEV)
        return self._computing(job, self._crops(job) * n_trials)

    def _crops(self, job: Job) -> int:
        """Return how many crops of an utterance are scored; of what is given, one is guessed."""
        recipe, corpus = job.wildcards["recipe"], job.wildcards["corpus"]
        if self.experiment.recipe(recipe).is_given:
            return 1
        return self.experiment.finetuning_options(recipe, corpus).finetuning.crops

    # Details.

    def _archive(self, job: Job) -> LocatedArchive:
        return self.experiment.holdings.archives[job.wildcards["archive"]]

    def _shard(self, job: Job) -> tuple[float, float]:
        """Return the utterances of a shard, or the copies in it, and their mean seconds."""
        if is_copied(job.wildcards["archive"]):
            return self.sizes.copies_in(CopiedShard.of_place(job.wildcards))
        located = self._archive(job)
        n_shards = len(self.experiment.holdings.shards_of(located.name))
        mean_s = set_named(located.archive.set).mean_s
        return self.sizes.n_utterances(located) / n_shards, mean_s

    def _share(self, job: Job) -> float:
        return float(job.wildcards["percent"]) / 100

    def _epochs(self, epochs: int) -> int:
        return min(epochs, self.speeds.max_epochs or epochs)

    def _computing(self, job: Job, n_crops: float, passes: Passes = FORWARDS) -> Cost:
        """Return what it takes to bring crops through the network of a job."""
        recipe, corpus = job.wildcards["recipe"], job.wildcards["corpus"]
        audio_h = n_crops * (self.experiment.recipe(recipe).crop_s or GIVEN_CLIP_S) / 3600
        times = self.times.of_crops(recipe, corpus, n_crops, passes)
        return Cost(audio_h=audio_h, **times._asdict())


def _kept_s(frontend: FrontendOptions, mean_s: float) -> float:
    """Return the seconds of an utterance that a front-end computes."""
    return frontend.clip_s if frontend.repeat == "waveform" else min(frontend.clip_s, mean_s)


_COSTS: Final[Mapping[str, Callable[[Planner, Job], Cost]]] = {
    stages.AUDIO.rule: Planner.pack,
    stages.COPIES.rule: Planner.resynthesise,
    stages.FEATURES.rule: Planner.extract,
    stages.INSPECTIONS.rule: Planner.inspect,
    stages.PRETRAINING.rule: Planner.pretrain,
    stages.FINETUNING.rule: Planner.train,
    stages.DEV_SCORES.rule: Planner.score_dev,
}


def plan_experiment(
    experiment: Experiment,
    speeds: Speeds | None = None,
    costs: Costs | None = None,
    jobs: Iterable[Job] | None = None,
) -> list[Stage]:
    """Return what each stage of an experiment takes; stages without jobs are left out.

    Parameters
    ----------
    experiment : Experiment
        What is asked for.
    speeds : Speeds, optional
        What the machines do.
    costs : Costs, optional
        The arithmetic of the experiment's networks, where it is counted already.
    jobs : iterable of Job, optional
        Those that are left; all, from nothing, if none are given.
    """
    planner = Planner(experiment, speeds or Speeds(), costs or Costs(experiment))
    return planner.plan(jobs_of(experiment) if jobs is None else jobs)
