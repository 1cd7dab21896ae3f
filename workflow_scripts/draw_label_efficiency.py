"""Rule draw_label_efficiency; the work is in signl.evaluation.figures.drawing."""

from typing import TYPE_CHECKING

from signl.evaluation.figures.drawing import draw_label_efficiency
from signl.logs import log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    log_to(snakemake.log[0])
    draw_label_efficiency(
        snakemake.input.metrics,
        snakemake.output,
        recipes=snakemake.params.recipes,
        published_as=snakemake.params.published_as,
    )
