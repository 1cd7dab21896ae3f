# What all rules share: the checked experiment, the wildcards, what is read of archives and shards.

import re
import shlex
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.iocontainers import Wildcards

from signl import stages
from signl.augmentation.perturbed_names import split_perturbed
from signl.configuration import AUDIO
from signl.copied_corpora import CopiedCorpora
from signl.corpora.copied_names import is_copied
from signl.corpora.pools import is_pool, members_of
from signl.errors import SignlError
from signl.experiment import Experiment
from signl.jobs import (
    combining_options,
    jobs_of,
    protocols_of_pool,
    stage_of_scores,
)
from signl.labels import PARTITIONS
from signl.locking import lock_results
from signl.models.own_code import look_in
from signl.paths import is_writable, snakemake_path, unwritable_message
from signl.recipes import check_embeds
from signl.sweeps import Sweeps
from signl.yaml_files import check_keys

try:
    for path in workflow.configfiles:
        check_keys(path)
    look_in(Path(path).parent for path in workflow.configfiles)
    experiment = Experiment(config)
except SignlError as error:
    raise WorkflowError(str(error)) from None


# Else Snakemake ends in a traceback.
if workflow.is_main_process and (said := unwritable_message(".", stages.RESULTS)):
    raise WorkflowError(said)


# Snakemake writes it into command lines as it is, also where a folder's name has a space.
sys.executable = shlex.quote(sys.executable)


holdings = experiment.holdings
copied = CopiedCorpora(experiment)
sweeps = Sweeps(experiment)
GPUS = experiment.config.gpus_per_job
LOADER_WORKERS = experiment.config.loader_workers
#: Threads of a training or scoring job: one a process, which is one a GPU, and its loaders.
COMPUTING_THREADS = max(1, GPUS) * (1 + LOADER_WORKERS)
#: Threads that decode for a GPU that extracts features: one is slower than it.
DECODERS = 4
#: Memory of a scoring job, with features of its own or a front-end that is a part of a classifier; a
#: loader has two batches of a quarter of a gigabyte under way.
SCORING_MB = 12000 + 800 * LOADER_WORKERS


# A limit below what trainings ask for would quietly train on fewer GPUs, with too many loaders.
if workflow.is_main_process and "gpu" in workflow.global_resources:
    limit = workflow.global_resources["gpu"]
    limit = getattr(limit, "value", limit)
    if limit < GPUS:
        raise WorkflowError(
            f"gpus_per_job is {GPUS}, and no more than {limit} may be used at a time: "
            f"say --resources gpu={GPUS}, or more"
        )


# Snakemake's own lock lies in the folder where it is started, of which several may share results.
onstart:
    # An object store has no lock to lie beside its files.
    is_local = workflow.storage_settings.default_storage_provider is None
    try:
        if is_local and any(job.output for job in workflow.dag.needrun_jobs()):
            if not is_writable(f"{stages.RESULTS}/logs/.lock"):
                raise WorkflowError(
                    f"{Path(stages.RESULTS).resolve()} cannot be written to: make it writable, or "
                    "start in another folder (--directory FOLDER) to make results there"
                )
            lock_results(stages.RESULTS)
    except SignlError as error:
        raise WorkflowError(str(error)) from None


def log_of_looking(path):
    """Return where a rule logs that looks at results alone, which may be read-only."""
    return path if is_writable(path) else f".snakemake/log/{Path(path).name}"


def any_of(names):
    """Return a pattern of wildcard values: these names and no others."""
    return "|".join(map(re.escape, names))


wildcard_constraints:
    corpus=any_of([*experiment.config.known_corpora, *experiment.pools]),
    eval_corpus=any_of(experiment.named_perturbed(experiment.config.corpora)),
    partition=any_of(PARTITIONS),
    archive=r"[^/]+",
    shard=r"\d{4}-of-\d{4}",
    frontend=any_of(experiment.named_perturbed(experiment.config.frontends)),
    source=any_of([*experiment.named_perturbed(experiment.config.frontends), AUDIO]),
    resynthesis=any_of(copied.names_in_paths()) or "none",
    recipe=any_of(experiment.config.recipes),
    pool=any_of({each.pool for each in experiment.evaluated_pools}) or "none",
    percent=r"\d+(\.\d+)?",
    seed=r"\d+",
    form=any_of(stages.FIGURE_FORMS),


def path_of(stage, name=None, **wildcards):
    """Return the template of a stage's output, the only one if it has no name."""
    template = stage.outputs[name] if name else next(iter(stage.outputs.values()))
    for key, value in wildcards.items():
        template = template.replace(f"{{{key}}}", value)
    return template


def given_files(paths):
    """Return files that are given, as Snakemake takes them: local, and without wildcards."""
    return local([snakemake_path(path) for path in paths])


def protocol_files(wildcards):
    return given_files(holdings.protocol_files(wildcards.corpus))


def files_of_archive(name):
    """Return an input function: the files of an archive."""
    return lambda wildcards: given_files(holdings.archive_files(name))


def audio_of(wildcards):
    return holdings.shards_with(
        path_of(stages.AUDIO), wildcards.corpus, wildcards.partition
    )


def audio_shard(wildcards):
    """Return what features are made of: a shard of audio, or of copies."""
    stage = stages.COPIES if is_copied(wildcards.archive) else stages.AUDIO
    return f"results/{stage.folder}/{wildcards.archive}/{wildcards.shard}.parquet"


def copies_for(wildcards):
    """Return the table of copies that a fine-tuning learns from; nothing, where it does not."""
    return copied.gathered_paths(
        copied.of_finetuning(wildcards.recipe, wildcards.corpus)
    )


def finetuning_shards(wildcards):
    """Return the shards of a fine-tuning, those of copies behind the others."""
    own = copied.of_finetuning(wildcards.recipe, wildcards.corpus)
    return [*training_shards(wildcards), *copied.training_paths(own)]


def pretraining_copies_for(wildcards):
    """Return the tables of copies that a pre-training learns from, of train and of dev."""
    return copied.gathered_paths(
        *copied.of_pretraining(wildcards.recipe, wildcards.corpus)
    )


def pretraining_shards(wildcards):
    """Return the shards of a pre-training, those of copies behind the others."""
    own = copied.of_pretraining(wildcards.recipe, wildcards.corpus)
    return [*training_shards(wildcards), *copied.training_paths(*own)]


def shard_template(source):
    """Return where the shards lie that a network reads: of features, or of audio."""
    if source == AUDIO:
        return path_of(stages.AUDIO)
    return path_of(stages.FEATURES, "features", frontend=source)


def indexes_of(wildcards):
    """Return what says which utterances of a source can be used."""
    if wildcards.source == AUDIO:
        template = path_of(stages.INSPECTIONS)
    else:
        template = path_of(stages.FEATURES, "index", frontend=wildcards.source)
    return holdings.shards_with(template, wildcards.corpus, wildcards.partition)


def extraction_gpus(wildcards):
    """Return the GPUs of a feature job: one, or none for a front-end that wants none."""
    return (
        min(GPUS, 1) if experiment.frontend_named(wildcards.frontend).wants_gpu else 0
    )


def frontend_options(frontend):
    """Return the options of a front-end; its kind tells which these are."""
    options = experiment.frontend_named(frontend).dump_given()
    return {**options, **experiment.perturbing(frontend)}


def frontend_model(wildcards):
    return given_files(experiment.frontend_files(wildcards.frontend))
