"""What an experiment takes, from the archives to the tables: jobs, audio, disk, computing time.

The jobs are those of :mod:`signl.jobs`. Disk and time are estimates: :class:`Speeds` says on what
they rest. Nothing is read but the configuration and the names of the files in the archives folder,
so a plan can be made before anything is downloaded.

A stage whose jobs take more than their start has a function in ``_COSTS`` that says what one takes.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Final, NamedTuple

from signl import stages
from signl.archives.whereabouts import LocatedArchive
from signl.augmentation.perturbed_names import split_perturbed
from signl.copied_corpora import CopiedShard
from signl.corpora.copied_names import is_copied
from signl.corpora.registry import set_named
from signl.errors import ConfigError
from signl.experiment import AUDIO, GIVEN_CLIP_S, Experiment
from signl.jobs import Job, jobs_of
from signl.labels import DEV, EVAL, TRAIN
from signl.sizes import Sizes

FEATURE_BYTES: Final = 2  # a number of a frame is a float16
COPIES_BYTES_PER_S: Final = 15_000  # FLAC of 16 bits at 16 kHz, of noisy speech


@dataclass(frozen=True, kw_only=True)
class Speeds:
    """What a machine is assumed to do. No figure is a measurement on yours: give your own.

    Attributes
    ----------
    audio_hours_per_gpu_hour : float
        Hours of audio that a speech model encodes in an hour of one GPU, decoding included. The
        default is an assumption for 300 M parameters in bfloat16 on a GPU of 2020 or later: a
        fifth of what its arithmetic would allow, because one process decodes.
    audio_hours_per_cpu_hour : float
        The same of a spectral front-end, of a mere decoding, or of a small speech model without
        a GPU, on one core; assumed.
    trained_audio_hours_per_gpu_hour : float
        Hours of audio that an end-to-end recipe trains on in an hour of one GPU: a fifth of the
        first, for a backward pass costs two forward passes, and activations are kept or computed
        again; assumed.
    crops_per_gpu_s : float
        Crops of cached features that training takes through the networks in a second of one GPU,
        forwards and backwards. Assumed; reading 0.5 MB a crop from disk may be slower.
    crops_per_cpu_s : float
        The same on one core, with the small networks of the embedded experiment; assumed.
    copied_audio_hours_per_cpu_hour : float
        Hours of copies that resynthesis makes in an hour of one core, by classical methods:
        measured on utterances of 3 s, a tenth of a second a copy. A neural vocoder is slower.
    packed_mb_per_s : float
        Encoded audio that packing copies in a second; assumed, the speed of a network disk.
    job_start_s : float
        CPU seconds before a job's own work begins: Snakemake twice, on a cluster, and imports.
    max_epochs : int, optional
        Epochs after which training is taken to have stopped. ``None``: as many as a recipe
        allows, which its patience nearly always cuts short.
    """

    audio_hours_per_gpu_hour: float = 500.0
    audio_hours_per_cpu_hour: float = 100.0
    trained_audio_hours_per_gpu_hour: float = 100.0
    crops_per_gpu_s: float = 1000.0
    crops_per_cpu_s: float = 50.0
    copied_audio_hours_per_cpu_hour: float = 30.0
    packed_mb_per_s: float = 50.0
    job_start_s: float = 6.0
    max_epochs: int | None = None

    def __post_init__(self) -> None:
        """Refuse speeds that are not positive."""
        for name in (field.name for field in fields(self)):
            value = getattr(self, name)
            if value is not None and value <= 0:
                raise ConfigError(f"{name} is {value}; allowed are numbers above 0")


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
        What the machines are assumed to do.
    """

    def __init__(self, experiment: Experiment, speeds: Speeds) -> None:
        self.experiment, self.speeds = experiment, speeds
        self.sizes = Sizes(experiment)

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
        costs = [cost(self, job) for job in jobs] if cost else []
        return Stage(
            rule,
            len(jobs),
            audio_h=sum(each.audio_h for each in costs),
            n_bytes=sum(each.n_bytes for each in costs),
            gpu_h=sum(each.gpu_h for each in costs),
            cpu_h=sum(each.cpu_h for each in costs) + len(jobs) * self.speeds.job_start_s / 3600,
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
        kept_s = frontend.clip_s if frontend.repeat == "waveform" else min(frontend.clip_s, mean_s)
        hours = n_utterances * kept_s / 3600
        geometry = frontend.cached(frontend.geometry())
        n_numbers = geometry.n_frames(kept_s) * geometry.width
        on_gpu = frontend.wants_gpu and self._n_gpus > 0
        speed = (
            self.speeds.audio_hours_per_gpu_hour if on_gpu else self.speeds.audio_hours_per_cpu_hour
        )
        return Cost(
            audio_h=hours,
            n_bytes=n_utterances * n_numbers * FEATURE_BYTES,
            gpu_h=hours / speed if on_gpu else 0.0,
            cpu_h=hours / speed,
        )

    def resynthesise(self, job: Job) -> Cost:
        """Return what the copies of the training utterances in a shard take."""
        n_copies, mean_s = self.sizes.copies_in(CopiedShard(**job.wildcards))
        hours = n_copies * mean_s / 3600
        return Cost(
            audio_h=hours,
            n_bytes=hours * 3600 * COPIES_BYTES_PER_S,
            cpu_h=hours / self.speeds.copied_audio_hours_per_cpu_hour,
        )

    def inspect(self, job: Job) -> Cost:
        """Return what the trial decoding of a shard takes."""
        n_utterances, mean_s = self._shard(job)
        audio_h = n_utterances * min(mean_s, self.experiment.inspected_s) / 3600
        return Cost(audio_h=audio_h, cpu_h=audio_h / self.speeds.audio_hours_per_cpu_hour)

    def pretrain(self, job: Job) -> Cost:
        """Return what a pre-training takes: two crops of all of train and dev an epoch."""
        recipe, corpus = job.wildcards["recipe"], job.wildcards["corpus"]
        options = self.experiment.pretraining_options(recipe, corpus).pretraining
        n_crops = 2 * self._epochs(options.epochs) * self.sizes.n_trials(corpus, TRAIN, DEV)
        # With resynthesis there is a pseudo-spoof beside each utterance.
        n_crops *= 2 if options.objective.resynthesised else 1
        return self._computing(recipe, n_crops, trains=True)

    def train(self, job: Job) -> Cost:
        """Return what a fine-tuning takes: the labelled part of train and dev an epoch.

        One that learns from copies takes all of train, and the copies of it.
        """
        recipe, corpus = job.wildcards["recipe"], job.wildcards["corpus"]
        options = self.experiment.finetuning_options(recipe, corpus).finetuning
        if copied := self.sizes.copied.of_finetuning(recipe, corpus):
            n_crops = self.sizes.n_trials(corpus, TRAIN) + self.sizes.n_copies(copied)
            n_crops += self._share(job) * self.sizes.n_trials(corpus, DEV)
            return self._computing(recipe, n_crops, trains=True)
        labelled = self._share(job) * self.sizes.n_trials(corpus, TRAIN, DEV)
        # What is no training by gradient takes the crops through the frozen network once.
        epochs = self._epochs(getattr(options, "epochs", options.crops))
        return self._computing(recipe, epochs * labelled, trains=True)

    def score(self, job: Job) -> Cost:
        """Return what the scores of an evaluation corpus take."""
        corpus, _ = split_perturbed(job.wildcards["eval_corpus"])
        n_crops = self._crops(job) * self.sizes.n_trials(corpus, EVAL)
        return self._computing(job.wildcards["recipe"], n_crops)

    def score_dev(self, job: Job) -> Cost:
        """Return what the scores of the labelled dev trials take."""
        n_trials = self._share(job) * self.sizes.n_trials(job.wildcards["corpus"], DEV)
        return self._computing(job.wildcards["recipe"], self._crops(job) * n_trials)

    def _crops(self, job: Job) -> int:
        """Return how many crops of an utterance are scored; of what is given, one is guessed."""
        recipe, corpus = job.wildcards["recipe"], job.wildcards["corpus"]
        if self.experiment.recipe(recipe).is_given:
            return 1
        return self.experiment.finetuning_options(recipe, corpus).finetuning.crops

    # Details.

    @property
    def _n_gpus(self) -> int:
        return self.experiment.config.gpus_per_job

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

    def _computing(self, recipe: str, n_crops: float, *, trains: bool = False) -> Cost:
        """Return what it takes to bring crops through the network of a recipe."""
        audio_h = n_crops * (self.experiment.recipe(recipe).crop_s or GIVEN_CLIP_S) / 3600
        hours = self._hours(recipe, n_crops, audio_h, trains=trains)
        if not self._n_gpus:
            return Cost(audio_h=audio_h, cpu_h=hours)
        n_processes = 1 + self.experiment.config.loader_workers
        return Cost(audio_h=audio_h, gpu_h=hours, cpu_h=n_processes * hours)

    def _hours(self, recipe: str, n_crops: float, audio_h: float, *, trains: bool) -> float:
        """Return the hours of a GPU, or of a core, that crops take through a network."""
        speeds = self.speeds
        if self.experiment.source_of(recipe) != AUDIO:
            per_s = speeds.crops_per_gpu_s if self._n_gpus else speeds.crops_per_cpu_s
            return n_crops / per_s / 3600
        if not self._n_gpus:
            return audio_h / speeds.audio_hours_per_cpu_hour
        if trains:
            return audio_h / speeds.trained_audio_hours_per_gpu_hour
        return audio_h / speeds.audio_hours_per_gpu_hour


_COSTS: Final[Mapping[str, Callable[[Planner, Job], Cost]]] = {
    stages.AUDIO.rule: Planner.pack,
    stages.COPIES.rule: Planner.resynthesise,
    stages.FEATURES.rule: Planner.extract,
    stages.INSPECTIONS.rule: Planner.inspect,
    stages.PRETRAINING.rule: Planner.pretrain,
    stages.FINETUNING.rule: Planner.train,
    stages.SCORES.rule: Planner.score,
    stages.DEV_SCORES.rule: Planner.score_dev,
}


def plan_experiment(
    experiment: Experiment, speeds: Speeds | None = None, jobs: Iterable[Job] | None = None
) -> list[Stage]:
    """Return what each stage of an experiment takes; stages without jobs are left out.

    Parameters
    ----------
    experiment : Experiment
        What is asked for.
    speeds : Speeds, optional
        What the machines are assumed to do.
    jobs : iterable of Job, optional
        Those that are left; all, from nothing, if none are given.
    """
    planner = Planner(experiment, speeds or Speeds())
    return planner.plan(jobs_of(experiment) if jobs is None else jobs)


def format_plan(stages: Iterable[Stage]) -> str:
    """Return a plan as a table for people, with its totals."""
    stages = list(stages)
    added = ("jobs", "n_bytes", "gpu_h", "cpu_h")
    total = Stage("total", **{name: sum(getattr(each, name) for each in stages) for name in added})
    head = f"{'stage':22}{'jobs':>8}{'audio h':>12}{'disk GB':>10}{'GPU h':>10}{'CPU h':>10}"
    return "\n".join([head, *(_row(stage) for stage in [*stages, total])])


def _row(stage: Stage) -> str:
    columns = (
        (stage.audio_h, 12),
        (stage.n_bytes / 1e9, 10),
        (stage.gpu_h, 10),
        (stage.cpu_h, 10),
    )
    return f"{stage.rule:22}{stage.jobs:>8,}" + "".join(
        estimate_text(value).rjust(width) for value, width in columns
    )


def estimate_text(value: float) -> str:
    """Return a number with as many digits as an estimate has, a dash for nothing."""
    if not value:
        return "-"
    return f"{value:,.0f}" if value >= 10 else f"{value:.1f}" if value >= 0.05 else "<0.1"
