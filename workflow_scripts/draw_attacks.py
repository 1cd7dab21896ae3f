"""Rule draw_attacks; the work is in signl.evaluation.figures.drawing."""

from typing import TYPE_CHECKING

from signl.evaluation.figures.drawing import draw_attacks
from signl.logs import log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    log_to(snakemake.log[0])
    draw_attacks(
        snakemake.input.scores,
        snakemake.input.trials,
        snakemake.input.metrics,
        snakemake.output,
    )
