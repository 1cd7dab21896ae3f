"""Rule score_dev_sweep; the work is in signl.evaluation.scoring."""

from typing import TYPE_CHECKING

from signl.devices import Resources
from signl.evaluation.scoring import score_dev_sweep
from signl.logs import log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    log_to(snakemake.log[0])
    score_dev_sweep(
        snakemake.input.models,
        snakemake.input.configs,
        snakemake.input.labels,
        snakemake.output.scores,
        snakemake.output.operating_point,
        trials=snakemake.input.trials,
        shards=snakemake.input.shards,
        options=snakemake.params.cfg,
        resources=Resources.of(snakemake.resources.gpu, snakemake.threads),
    )
