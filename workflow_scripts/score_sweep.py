"""Rule score_sweep; the work is in signl.evaluation.scoring."""

from typing import TYPE_CHECKING

from signl.devices import Resources
from signl.evaluation.scoring import score_sweep
from signl.logs import log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    log_to(snakemake.log[0])
    score_sweep(
        snakemake.input.models,
        snakemake.input.configs,
        snakemake.input.trials,
        snakemake.input.shards,
        snakemake.output.scores,
        options=snakemake.params.cfg,
        resources=Resources.of(snakemake.resources.gpu, snakemake.threads),
    )
