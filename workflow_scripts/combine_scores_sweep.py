"""Rule combine_scores_sweep; the work is in signl.evaluation.sweep_evaluation."""

from typing import TYPE_CHECKING

from signl.evaluation.sweep_evaluation import combine_sweep
from signl.logs import log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    log_to(snakemake.log[0])
    combine_sweep(
        snakemake.input.scores,
        snakemake.input.dev,
        snakemake.output.scores,
        options=snakemake.params.cfg,
    )
