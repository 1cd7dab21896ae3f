# What all rules share: the checked experiment, the wildcards, the input functions.

import re
import shlex
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError

from signl import revisions
from signl.corpora.registry import CORPORA
from signl.errors import SignlError
from signl.experiment import AUDIO, Experiment
from signl.labels import PARTITIONS
from signl.locking import lock_results
from signl.paths import future_message, snakemake_path

try:
    experiment = Experiment(
        config, Path(workflow.basedir, "rules", "schemas", "config.schema.yaml")
    )
except SignlError as error:
    raise WorkflowError(str(error)) from None


# Snakemake writes it into command lines as it is, also where a folder's name has a space.
sys.executable = shlex.quote(sys.executable)


LIMITS = {"missing_audio": 0.0, "undecodable": 0.001} | config.get("limits", {})
GPUS = config.get("gpus_per_job", 1)
LOADER_WORKERS = config.get("loader_workers", 0)
#: Threads of a training or scoring job: one a process, which is one a GPU, and its loaders.
COMPUTING_THREADS = max(1, GPUS) * (1 + LOADER_WORKERS)
#: Memory of a scoring job; a loader has two batches of a quarter of a gigabyte under way.
SCORING_MB = 8000 + 800 * LOADER_WORKERS


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
    try:
        if any(job.output for job in workflow.dag.needrun_jobs()):
            lock_results("results")
    except SignlError as error:
        raise WorkflowError(str(error)) from None


def any_of(names):
    """Return a pattern of wildcard values: these names and no others."""
    return "|".join(map(re.escape, names))


wildcard_constraints:
    corpus=any_of(CORPORA),
    eval_corpus=any_of(config["corpora"]),
    partition=any_of(PARTITIONS),
    archive=r"[^/]+",
    shard=r"\d{4}-of-\d{4}",
    frontend=any_of(config["frontends"]),
    source=any_of([*config["frontends"], AUDIO]),
    recipe=any_of(config["recipes"]),
    percent=r"\d+(\.\d+)?",
    seed=r"\d+",


def given_files(paths):
    """Return files that are given, as Snakemake takes them: local, and without wildcards."""
    return local([snakemake_path(path) for path in paths])


def archives_at_hand(paths):
    """Return the paths, unless archives cannot be used: then say which, all at once."""
    for message in (experiment.missing_message, future_message(paths)):
        if message:
            raise WorkflowError(message)
    return given_files(paths)


def protocol_files(wildcards):
    return archives_at_hand(experiment.protocol_files(wildcards.corpus))


def files_of_archive(name):
    """Return an input function: the files of an archive."""
    return lambda wildcards: archives_at_hand(experiment.archive_files(name))


def shards_with(template, corpus, partition):
    """Expand a template of {archive} and {shard} over the shards of a partition."""
    return [
        template.format(archive=archive, shard=shard)
        for archive in experiment.audio_archives(corpus, partition)
        for shard in experiment.shards_of(archive)
    ]


def audio_of(wildcards):
    return shards_with(
        "results/audio/{archive}/{shard}.parquet", wildcards.corpus, wildcards.partition
    )


def index_template(source):
    """Return where the row indexes lie of a front-end, or of inspected audio."""
    if source == AUDIO:
        return "results/inspected/{archive}/{shard}.parquet"
    return f"results/features/{source}/{{archive}}/{{shard}}.parquet"


def shard_template(source):
    """Return where the shards lie that a network reads: of features, or of audio."""
    if source == AUDIO:
        return "results/audio/{archive}/{shard}.parquet"
    return f"results/features/{source}/{{archive}}/{{shard}}.safetensors"


def indexes_of(wildcards):
    return shards_with(
        index_template(wildcards.source), wildcards.corpus, wildcards.partition
    )


def extraction_gpus(wildcards):
    """Return the GPUs of a feature job: one, or none for spectral front-ends."""
    is_neural = config["frontends"][wildcards.frontend]["kind"] == "wav2vec2"
    return min(GPUS, 1) if is_neural else 0


def frontend_model(wildcards):
    return given_files(experiment.frontend_inputs(wildcards.frontend))


def usable_for(partition):
    """Return an input function: the usable trials of a partition of the training corpus."""

    def usable(wildcards):
        source = experiment.source_of(wildcards.recipe)
        return f"results/usable/{source}/{wildcards.corpus}/{partition}.parquet"

    return usable


def usable_partitions(template):
    """Fill a template of source, corpus and partition for all that the experiments use."""
    return [template.format(*used) for used in experiment.usable_in_use]


def training_shards(wildcards):
    template = shard_template(experiment.source_of(wildcards.recipe))
    shards = [
        shard
        for partition in ("train", "dev")
        for shard in shards_with(template, wildcards.corpus, partition)
    ]
    return sorted(set(shards))


def dev_shards(wildcards):
    template = shard_template(experiment.source_of(wildcards.recipe))
    return shards_with(template, wildcards.corpus, "dev")


def trained_frontend(wildcards):
    """Return the model that a recipe trains on from; nothing, where it trains none."""
    if not experiment.is_end_to_end(wildcards.recipe):
        return []
    return given_files(
        experiment.frontend_inputs(experiment.frontend_of(wildcards.recipe))
    )


def model_files(folder):
    """Return the two files of a saved model."""
    return [f"{folder}/model.safetensors", f"{folder}/config.json"]


def encoder_of(wildcards):
    """Return the encoder to start from: nothing, for a recipe without pre-training."""
    if folder := experiment.given_encoder(wildcards.recipe):
        return given_files(model_files(folder))
    pretrained_by = experiment.pretrained_by(wildcards.recipe)
    if pretrained_by is None:
        return []
    return model_files(
        "results/encoders/{}/{corpus}/seed-{seed}".format(pretrained_by, **wildcards)
    )


def classifier_of(wildcards):
    """Return the files of a classifier: of the folder that a recipe names, or trained."""
    if folder := experiment.given_classifier(wildcards.recipe):
        return given_files(model_files(folder))
    trained = (
        "results/classifiers/{recipe}/{corpus}/labels-{percent}/seed-{seed}".format(
            **wildcards
        )
    )
    return model_files(trained)


def usable_eval_trials(wildcards):
    source = experiment.source_of(wildcards.recipe)
    return f"results/usable/{source}/{wildcards.eval_corpus}/eval.parquet"


def dev_files_of(wildcards):
    """Return what fixes threshold and calibration: nothing, for a classifier that is given."""
    if experiment.given_classifier(wildcards.recipe):
        return []
    of_classifier = "{recipe}/{corpus}/labels-{percent}/seed-{seed}".format(**wildcards)
    of_labels = "{corpus}/seed-{seed}/labels-{percent}".format(**wildcards)
    return [
        f"results/dev_scores/{of_classifier}.parquet",
        usable_for("dev")(wildcards),
        f"results/labels/{of_labels}.parquet",
    ]


def eval_shards(wildcards):
    template = shard_template(experiment.source_of(wildcards.recipe))
    return shards_with(template, wildcards.eval_corpus, "eval")


def pretraining_options(wildcards):
    return experiment.pretraining_options(wildcards.recipe, wildcards.corpus)


def finetuning_options(wildcards):
    return experiment.finetuning_options(wildcards.recipe, wildcards.corpus)


def percent_text(percent):
    """Return a label percent as it stands in paths: 5, 100, 0.5."""
    return f"{percent:g}"


def metrics_of_all():
    """Return the metrics of all classifiers on all of their evaluation corpora."""
    return [
        "results/metrics/{0.recipe}/{0.corpus}/labels-{1}/seed-{0.seed}/{2}.json".format(
            cell.classifier, percent_text(cell.classifier.percent), cell.eval_corpus
        )
        for cell in experiment.evaluated
    ]


def pretraining_histories():
    """Return the histories of all pre-trainings."""
    template = "results/encoders/{0.recipe}/{0.corpus}/seed-{0.seed}/history.jsonl"
    return [template.format(encoder) for encoder in experiment.pretrained]
