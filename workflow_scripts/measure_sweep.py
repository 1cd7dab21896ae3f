"""Rule measure_sweep; the work is in signl.evaluation.sweep_evaluation."""

from typing import TYPE_CHECKING

from signl.evaluation.sweep_evaluation import measure_sweep
from signl.logs import log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    log_to(snakemake.log[0])
    measure_sweep(
        snakemake.input.scores,
        snakemake.output.metrics,
        (snakemake.input.dev_scores, snakemake.input.dev_trials, snakemake.input.labels),
        trials=snakemake.input.trials,
        wildcards=dict(snakemake.wildcards.items()),
        labellings=snakemake.params.labellings,
        told=snakemake.params.told,
        protocols=snakemake.params.protocols,
        options=snakemake.params.cfg,
    )
