# What all rules share: the checked experiment, the wildcards, the input functions.

import re
from pathlib import Path

from snakemake.exceptions import WorkflowError

from signl import revisions
from signl.corpora.table import CORPORA
from signl.errors import SignlError
from signl.experiment import Experiment
from signl.labels import PARTITIONS

try:
    experiment = Experiment(
        config, Path(workflow.basedir, "rules", "schemas", "config.schema.yaml")
    )
except SignlError as error:
    raise WorkflowError(str(error)) from None


LIMITS = {"missing_audio": 0.0, "undecodable": 0.001} | config.get("limits", {})
GPUS = config.get("gpus_per_job", 1)
LOADER_WORKERS = config.get("loader_workers", 0)


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
    recipe=any_of(config["recipes"]),
    percent=r"\d+(\.\d+)?",
    seed=r"\d+",
    protocol=r"[a-z]+",


def archives_at_hand(paths):
    """Return the paths, unless archives are missing: then say which, all at once."""
    if experiment.missing_message:
        raise WorkflowError(experiment.missing_message)
    return paths


def protocol_files(wildcards):
    return local(archives_at_hand(experiment.protocol_files(wildcards.corpus)))


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


def indexes_of(wildcards):
    return shards_with(
        f"results/features/{wildcards.frontend}/{{archive}}/{{shard}}.parquet",
        wildcards.corpus,
        wildcards.partition,
    )


def extraction_gpus(wildcards):
    """Return the GPUs of a feature job: spectral front-ends need none."""
    return GPUS if config["frontends"][wildcards.frontend]["kind"] == "wav2vec2" else 0


def frontend_model(wildcards):
    return local(experiment.frontend_inputs(wildcards.frontend))


def usable_for(partition):
    """Return an input function: the usable trials of a partition of the training corpus."""

    def usable(wildcards):
        frontend = experiment.frontend_of(wildcards.recipe)
        return f"results/usable/{frontend}/{wildcards.corpus}/{partition}.parquet"

    return usable


def usable_partitions(template):
    """Fill a template of front-end, corpus and partition for all that the experiments use."""
    return [template.format(*used) for used in experiment.usable_in_use]


def training_features(wildcards):
    frontend = experiment.frontend_of(wildcards.recipe)
    template = f"results/features/{frontend}/{{archive}}/{{shard}}.safetensors"
    shards = [
        shard
        for partition in ("train", "dev")
        for shard in shards_with(template, wildcards.corpus, partition)
    ]
    return sorted(set(shards))


def encoder_of(wildcards):
    """Return the encoder to start from: nothing, for a recipe without pre-training."""
    if not experiment.is_pretrained(wildcards.recipe):
        return []
    folder = "results/encoders/{recipe}/{corpus}/seed-{seed}".format(**wildcards)
    return [f"{folder}/model.safetensors", f"{folder}/config.json"]


def usable_eval_trials(wildcards):
    frontend = experiment.frontend_of(wildcards.recipe)
    return f"results/usable/{frontend}/{wildcards.eval_corpus}/eval.parquet"


def eval_features(wildcards):
    frontend = experiment.frontend_of(wildcards.recipe)
    template = f"results/features/{frontend}/{{archive}}/{{shard}}.safetensors"
    return shards_with(template, wildcards.eval_corpus, "eval")


def pretraining_options(wildcards):
    return experiment.pretraining_options(wildcards.recipe, wildcards.corpus)


def finetuning_options(wildcards):
    return experiment.finetuning_options(wildcards.recipe, wildcards.corpus)


def percent_text(percent):
    """Return a label percent as it stands in paths: 5, 100, 0.5."""
    return f"{percent:g}"


def metrics_of(in_domain):
    """Return the metrics of all cells of a table."""
    return [
        "results/metrics/{0.recipe}/{0.corpus}/labels-{1}/seed-{0.seed}/{2.eval_corpus}/"
        "{2.protocol}.json".format(
            cell.classifier, percent_text(cell.classifier.percent), cell
        )
        for cell in experiment.evaluated
        if cell.is_in_domain == in_domain
    ]
