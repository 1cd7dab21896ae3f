"""Rule draw_training; the work is in signl.evaluation.figures.drawing."""

from typing import TYPE_CHECKING

from signl.evaluation.figures.drawing import draw_training
from signl.logs import log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    log_to(snakemake.log[0])
    draw_training(
        snakemake.input.encoders,
        snakemake.input.classifiers,
        snakemake.output,
        recipes=snakemake.params.recipes,
    )
