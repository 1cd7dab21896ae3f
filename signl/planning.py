"""What an experiment takes, from the archives to the tables: jobs, audio, disk, computing time.

The jobs are counted as the workflow counts them. Disk and time are estimates: :class:`Speeds` and
the constants below say on what they rest. Nothing is read but the configuration and the names of
the files in the archives folder, so a plan can be made before anything is downloaded.

A rule that is added to the workflow gets a function here and a place in ``STAGES``.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, Final, NamedTuple

from signl.consistency import CLIP_S
from signl.corpora.table import LocatedArchive, corpus_named
from signl.demo.options import Counts, DemoOptions
from signl.errors import ConfigError
from signl.experiment import AUDIO, Experiment, Trained
from signl.features.frontend import Geometry
from signl.features.frontends import frontend_options
from signl.labels import DEV, EVAL, TRAIN

FEATURE_BYTES: Final = 2  # a number of a frame is a float16


class Published(NamedTuple):
    """An archive set as published: bytes and files of all its archives, mean seconds of a file."""

    n_bytes: float
    n_files: int
    mean_s: float


#: Bytes and files: README.md and the release notes of the corpora. Seconds: of In-the-Wild as
#: published (37.9 h); of the others assumed, from bytes at 18.5 kB/s (FLAC, 16 kHz) and, of
#: CFAD, at 28 kB/s (WAV, deflated).
PUBLISHED: Final[Mapping[str, Published]] = {
    "LA": Published(7.64e9, 121_461, 3.4),
    "ASVspoof2021_DF_eval": Published(34.53e9, 611_829, 3.1),
    "flac_T": Published(37.5e9, 182_357, 11.1),
    "flac_D": Published(20.0e9, 142_134, 7.6),
    "flac_E": Published(84.8e9, 681_872, 6.7),
    "CFAD": Published(35.6e9, 3 * 115_800, 3.7),
    "release_in_the_wild": Published(8.2e9, 31_779, 4.3),
}


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
    packed_mb_per_s: float = 50.0
    job_start_s: float = 6.0
    max_epochs: int | None = None

    def __post_init__(self) -> None:
        """Refuse speeds that are not positive."""
        for name in (field.name for field in fields(self)):
            value = getattr(self, name)
            if value is not None and value <= 0:
                raise ConfigError(f"{name} is {value}; allowed are numbers above 0")


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


def frame_geometry(frontend: Mapping[str, Any]) -> Geometry:
    """Return the frames of a configured front-end, without loading it."""
    options = dict(frontend)
    return frontend_options({**options.pop("options", {}), **options}).geometry()


class Sizes:
    """How much audio the archives of an experiment hold: as published, or as embedded."""

    def __init__(self, experiment: Experiment) -> None:
        self.experiment = experiment

    @cached_property
    def _demo(self) -> DemoOptions:
        given = dict(self.experiment.config.get("demo", {}).get("archives", {}))
        return DemoOptions(**{key: given[key] for key in ("scale",) if key in given})

    def n_trials(self, corpus: str, partition: str) -> int:
        """Return the trials of a partition, of a subset those of the whole."""
        if self.experiment.uses_demo_archives:
            return self._n_embedded(corpus, partition)
        totals = [
            expected.total
            for expected in corpus_named(corpus).expected
            if expected.partitions == (partition,)
        ]
        return max(totals)

    def n_utterances(self, located: LocatedArchive) -> int:
        """Return the utterances of an archive that are packed."""
        if not self.experiment.uses_demo_archives:
            return located.archive.n_utterances
        of_set = [
            other
            for other in self.experiment.archives.values()
            if other.archive.set == located.archive.set
        ]
        owner = self.experiment.packing_corpus(located.name)
        total = sum(self._n_embedded(owner, each) for each in located.archive.partitions)
        return round(total / len(of_set))

    def mean_s(self, archive_set: str) -> float:
        """Return the mean duration of an archive set's utterances."""
        return PUBLISHED[archive_set].mean_s

    def n_bytes(self, archive_set: str) -> float:
        """Return the mean size of an archive set's utterances as published."""
        return PUBLISHED[archive_set].n_bytes / PUBLISHED[archive_set].n_files

    def _n_embedded(self, corpus: str, partition: str) -> int:
        demo = self._demo
        counts: Counts = {TRAIN: demo.train, DEV: demo.dev, EVAL: demo.eval}[partition]
        copies = 1
        if partition == EVAL and corpus == "asvspoof2021_df":
            counts, copies = demo.df_sources, demo.df_codecs
        elif corpus == "in_the_wild":
            counts = demo.wild
        scaled = counts.scaled(demo.scale)
        return copies * (scaled.bonafide + scaled.spoof)


class Planner:
    """The stages of an experiment; a method for each rule, in the order of the workflow.

    Parameters
    ----------
    experiment : Experiment
        What is asked for.
    speeds : Speeds
        What the machines are assumed to do.
    """

    def __init__(self, experiment: Experiment, speeds: Speeds) -> None:
        self.experiment = experiment
        self.speeds = speeds
        self.sizes = Sizes(experiment)

    @cached_property
    def _classifiers(self) -> list[Trained]:
        return sorted({cell.classifier for cell in self.experiment.evaluated})

    @cached_property
    def _trained(self) -> list[Trained]:
        """Return the classifiers that are trained, not given as a folder."""
        given = self.experiment.given_classifier
        return [each for each in self._classifiers if not given(each.recipe)]

    @property
    def _n_gpus(self) -> int:
        return int(self.experiment.config.get("gpus_per_job", 1))

    def _stage(self, rule: str, jobs: int, *, cpu_h: float = 0.0, **facts: float) -> Stage:
        """Return a stage, with the time in which its jobs start."""
        return Stage(rule, jobs, cpu_h=cpu_h + jobs * self.speeds.job_start_s / 3600, **facts)

    def make_demo_archives(self) -> Stage:
        """Plan the embedded archives."""
        return self._stage("make_demo_archives", int(self.experiment.uses_demo_archives))

    def make_demo_frontend(self) -> Stage:
        """Plan the embedded speech model."""
        made = set(self.experiment.demo_frontend())
        used = {
            file
            for frontend in self._frontends()
            for file in self.experiment.frontend_inputs(frontend)
        }
        return self._stage("make_demo_frontend", int(bool(made & used)))

    def build_manifest(self) -> Stage:
        """Plan the manifests: of the corpora in use, and of those that say what is packed."""
        used = set(self.experiment.partitions_in_use)
        owners = {self.experiment.packing_corpus(name) for name in self.experiment.archives}
        return self._stage("build_manifest", len(used | owners))

    def pack_audio(self) -> Stage:
        """Plan the packing: a job for each archive."""
        audio_s, n_bytes = 0.0, 0.0
        for located in self.experiment.archives.values():
            n_utterances = self.sizes.n_utterances(located)
            audio_s += n_utterances * self.sizes.mean_s(located.archive.set)
            n_bytes += n_utterances * self.sizes.n_bytes(located.archive.set)
        return self._stage(
            "pack_audio",
            len(self.experiment.archives),
            audio_h=audio_s / 3600,
            n_bytes=n_bytes,
            cpu_h=n_bytes / 1e6 / self.speeds.packed_mb_per_s / 3600,
        )

    def locate_trials(self) -> Stage:
        """Plan where trials lie in the packed audio: a job for each partition."""
        partitions = {(corpus, partition) for _, corpus, partition in self._usable()}
        return self._stage("locate_trials", len(partitions))

    def extract_features(self) -> Stage:
        """Plan the features: a job for each shard of an archive and front-end."""
        jobs, audio_h, n_bytes, gpu_h, cpu_h = 0, 0.0, 0.0, 0.0, 0.0
        for frontend, archive in sorted(self._extracted()):
            options = self.experiment.config["frontends"][frontend]
            hours = self._encoded_h(options, archive)
            on_gpu = options["kind"] == "wav2vec2" and self._n_gpus
            jobs += len(self.experiment.shards_of(archive))
            audio_h += hours
            n_bytes += self._feature_bytes(options, archive)
            gpu_h += hours / self.speeds.audio_hours_per_gpu_hour if on_gpu else 0.0
            cpu_h += hours / (
                self.speeds.audio_hours_per_gpu_hour
                if on_gpu
                else self.speeds.audio_hours_per_cpu_hour
            )
        return self._stage(
            "extract_features", jobs, audio_h=audio_h, n_bytes=n_bytes, gpu_h=gpu_h, cpu_h=cpu_h
        )

    def inspect_audio(self) -> Stage:
        """Plan the trial decoding of audio that networks read: a job for each shard."""
        jobs, audio_s = 0, 0.0
        for archive in sorted(self._archives_of(AUDIO)):
            located = self.experiment.archives[archive]
            jobs += len(self.experiment.shards_of(archive))
            mean_s = min(self.sizes.mean_s(located.archive.set), self.experiment.inspected_s)
            audio_s += self.sizes.n_utterances(located) * mean_s
        audio_h = audio_s / 3600
        cpu_h = audio_h / self.speeds.audio_hours_per_cpu_hour
        return self._stage("inspect_audio", jobs, audio_h=audio_h, cpu_h=cpu_h)

    def gather_utterances(self) -> Stage:
        """Plan the usable utterances: a job for each partition and front-end."""
        return self._stage("gather_utterances", len(self._usable()))

    def count_quarantine(self) -> Stage:
        """Plan the table of what cannot be decoded."""
        return self._stage("count_quarantine", 1)

    def sample_labels(self) -> Stage:
        """Plan the label subsets."""
        subsets = {(each.corpus, each.seed, each.percent) for each in self._trained}
        return self._stage("sample_labels", len(subsets))

    def pretrain_encoder(self) -> Stage:
        """Plan the pre-trainings: two crops of all of train and dev an epoch."""
        loads = []
        for each in self.experiment.pretrained:
            options = self.experiment.pretraining_options(each.recipe, each.corpus)
            epochs = self._epochs(options["pretraining"])
            loads.append((each.recipe, 2 * epochs * self._n_of(each.corpus, TRAIN, DEV)))
        return self._computing("pretrain_encoder", loads, trains=True)

    def train_classifier(self) -> Stage:
        """Plan the fine-tunings: the labelled part of train and dev an epoch."""
        loads = []
        for each in self._trained:
            options = self.experiment.finetuning_options(each.recipe, each.corpus)
            labelled = each.percent / 100 * self._n_of(each.corpus, TRAIN, DEV)
            loads.append((each.recipe, self._epochs(options["finetuning"]) * labelled))
        return self._computing("train_classifier", loads, trains=True)

    def score(self) -> Stage:
        """Plan the scores: each classifier on each evaluation corpus."""
        scored = {(cell.classifier, cell.eval_corpus) for cell in self.experiment.evaluated}
        loads = [(each.recipe, self._n_of(corpus, EVAL)) for each, corpus in sorted(scored)]
        return self._computing("score", loads)

    def score_dev(self) -> Stage:
        """Plan the dev scores: each trained classifier on the labelled part of its own corpus."""
        loads = [
            (each.recipe, each.percent / 100 * self._n_of(each.corpus, DEV))
            for each in self._trained
        ]
        return self._computing("score_dev", loads)

    def measure(self) -> Stage:
        """Plan the metrics: a job for each cell of the tables."""
        return self._stage("measure", len(self.experiment.evaluated))

    def tabulate(self) -> Stage:
        """Plan the tables in and across domains."""
        return self._stage("tabulate", 2)

    def tabulate_breakdown(self) -> Stage:
        """Plan the table by attack and codec."""
        return self._stage("tabulate_breakdown", 1)

    def tabulate_pretraining(self) -> Stage:
        """Plan the table of the pre-trainings."""
        return self._stage("tabulate_pretraining", 1)

    # Details.

    def _frontends(self) -> set[str]:
        """Return the front-ends whose models are read: for features, or to be trained on."""
        read = {source for source, _, _ in self._usable()} - {AUDIO}
        end_to_end = {each.recipe for each in self._trained}
        return read | {
            self.experiment.frontend_of(recipe)
            for recipe in end_to_end
            if self.experiment.is_end_to_end(recipe)
        }

    def _usable(self) -> list[tuple[str, str, str]]:
        return self.experiment.usable_in_use

    def _archives_of(self, source: str) -> set[str]:
        """Return the archives that are read by way of a front-end, or as :data:`AUDIO`."""
        return {
            archive
            for of_source, corpus, partition in self._usable()
            if of_source == source
            for archive in self.experiment.audio_archives(corpus, partition)
        }

    def _extracted(self) -> set[tuple[str, str]]:
        """Return front-end and archive of all features."""
        frontends = {source for source, _, _ in self._usable()} - {AUDIO}
        return {
            (frontend, archive) for frontend in frontends for archive in self._archives_of(frontend)
        }

    def _n_of(self, corpus: str, *partitions: str) -> int:
        return sum(self.sizes.n_trials(corpus, partition) for partition in partitions)

    def _epochs(self, options: Mapping[str, Any]) -> int:
        epochs = int(options.get("epochs", 100))
        return min(epochs, self.speeds.max_epochs or epochs)

    def _kept_s(self, frontend: Mapping[str, Any], archive: str) -> float:
        """Return the seconds of an utterance that are encoded and stored."""
        clip_s = float(frontend.get("clip_s", CLIP_S))
        if frontend.get("repeat", "waveform") == "waveform":
            return clip_s
        return min(clip_s, self.sizes.mean_s(self.experiment.archives[archive].archive.set))

    def _encoded_h(self, frontend: Mapping[str, Any], archive: str) -> float:
        n_utterances = self.sizes.n_utterances(self.experiment.archives[archive])
        return n_utterances * self._kept_s(frontend, archive) / 3600

    def _feature_bytes(self, frontend: Mapping[str, Any], archive: str) -> float:
        geometry = frame_geometry(frontend)
        n_numbers = geometry.n_frames(self._kept_s(frontend, archive)) * geometry.width
        n_utterances = self.sizes.n_utterances(self.experiment.archives[archive])
        return float(n_utterances * n_numbers * FEATURE_BYTES)

    def _computing(
        self, rule: str, loads: Sequence[tuple[str, float]], *, trains: bool = False
    ) -> Stage:
        """Return a stage whose jobs each take so many crops through the network of a recipe."""
        audio_h = sum(n_crops * self._crop_s(recipe) / 3600 for recipe, n_crops in loads)
        hours = sum(self._hours(recipe, n_crops, trains=trains) for recipe, n_crops in loads)
        if not self._n_gpus:
            return self._stage(rule, len(loads), audio_h=audio_h, cpu_h=hours)
        n_processes = 1 + int(self.experiment.config.get("loader_workers", 0))
        return self._stage(
            rule, len(loads), audio_h=audio_h, gpu_h=hours, cpu_h=n_processes * hours
        )

    def _hours(self, recipe: str, n_crops: float, *, trains: bool) -> float:
        """Return the hours of a GPU, or of a core, that crops take through a network."""
        speeds = self.speeds
        if self.experiment.source_of(recipe) != AUDIO:
            per_s = speeds.crops_per_gpu_s if self._n_gpus else speeds.crops_per_cpu_s
            return n_crops / per_s / 3600
        if not self._n_gpus:
            per_hour = speeds.audio_hours_per_cpu_hour
        elif trains:
            per_hour = speeds.trained_audio_hours_per_gpu_hour
        else:
            per_hour = speeds.audio_hours_per_gpu_hour
        return n_crops * self._crop_s(recipe) / 3600 / per_hour

    def _crop_s(self, recipe: str) -> float:
        """Return the seconds of a crop; of a classifier that is given, at most those of a clip."""
        return float(self.experiment.config["recipes"][recipe].get("crop_s", CLIP_S))


#: The rules of the workflow, in its order.
STAGES: Final[tuple[Callable[[Planner], Stage], ...]] = (
    Planner.make_demo_archives,
    Planner.make_demo_frontend,
    Planner.build_manifest,
    Planner.pack_audio,
    Planner.locate_trials,
    Planner.extract_features,
    Planner.inspect_audio,
    Planner.gather_utterances,
    Planner.count_quarantine,
    Planner.sample_labels,
    Planner.pretrain_encoder,
    Planner.train_classifier,
    Planner.score,
    Planner.score_dev,
    Planner.measure,
    Planner.tabulate,
    Planner.tabulate_breakdown,
    Planner.tabulate_pretraining,
)


def plan_experiment(experiment: Experiment, speeds: Speeds | None = None) -> list[Stage]:
    """Return what each stage of an experiment takes, from nothing; stages without jobs left out.

    Parameters
    ----------
    experiment : Experiment
        What is asked for.
    speeds : Speeds, optional
        What the machines are assumed to do.
    """
    planner = Planner(experiment, speeds or Speeds())
    return [stage for plan in STAGES if (stage := plan(planner)).jobs]


def format_plan(stages: Iterable[Stage]) -> str:
    """Return a plan as a table for people, with its totals."""
    stages = list(stages)
    total = Stage(
        "total",
        sum(stage.jobs for stage in stages),
        n_bytes=sum(stage.n_bytes for stage in stages),
        gpu_h=sum(stage.gpu_h for stage in stages),
        cpu_h=sum(stage.cpu_h for stage in stages),
    )
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
        _number(value).rjust(width) for value, width in columns
    )


def _number(value: float) -> str:
    """Return a number with as many digits as an estimate has, a dash for nothing."""
    if not value:
        return "-"
    return f"{value:,.0f}" if value >= 10 else f"{value:.1f}" if value >= 0.05 else "<0.1"
