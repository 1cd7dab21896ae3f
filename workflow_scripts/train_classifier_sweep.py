"""Rule train_classifier_sweep; the work is in signl.training.sweep_training."""

from typing import TYPE_CHECKING

from signl.devices import Resources
from signl.logs import log_to
from signl.training.sweep_training import train_sweep

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    log_to(snakemake.log[0])
    train_sweep(
        snakemake.params.labellings,
        snakemake.input.labels,
        snakemake.output.model,
        snakemake.output.config,
        snakemake.output.history,
        train=snakemake.input.train,
        dev=snakemake.input.dev,
        copies=snakemake.input.copies,
        shards=snakemake.input.shards,
        corpus=snakemake.wildcards.corpus,
        options=snakemake.params.cfg,
        resources=Resources.of(snakemake.resources.gpu, snakemake.threads),
    )
