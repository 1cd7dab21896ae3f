"""Rule pretrain_encoder; the work is in signl.training.pretrain."""

from typing import TYPE_CHECKING

from signl.devices import Resources
from signl.logs import log_to
from signl.training.job import train
from signl.training.metric_logs import MetricLog
from signl.training.model_files import ModelFiles
from signl.training.pretrain import PretrainingJob

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    log_to(snakemake.log[0])
    train(
        PretrainingJob(
            train=snakemake.input.train,
            dev=snakemake.input.dev,
            copies=snakemake.input.copies,
            shards=snakemake.input.shards,
            output=ModelFiles(
                snakemake.output.model, snakemake.output.config, snakemake.output.history
            ),
            corpus=snakemake.wildcards.corpus,
            seed=int(snakemake.wildcards.seed),
            options=snakemake.params.cfg,
            metric_log=MetricLog.of(snakemake.config.get("logger"), snakemake.log[0]),
            resources=Resources.of(snakemake.resources.gpu, snakemake.threads),
        )
    )
