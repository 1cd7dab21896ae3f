"""Rule draw_reliability; the work is in signl.evaluation.figures.drawing."""

from typing import TYPE_CHECKING

from signl.evaluation.figures.drawing import draw_reliability
from signl.logs import log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    log_to(snakemake.log[0])
    draw_reliability(
        snakemake.input.scores,
        snakemake.input.trials,
        snakemake.input.metrics,
        snakemake.output,
        recipes=snakemake.params.recipes,
    )
