"""Rule combine_dev_scores; the work is in signl.evaluation.combining."""

from typing import TYPE_CHECKING

from signl.evaluation.combining import combine_scores
from signl.logs import log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    log_to(snakemake.log[0])
    combine_scores(
        snakemake.input.dev,
        snakemake.input.dev,
        snakemake.output.scores,
        options=snakemake.params.cfg,
    )
