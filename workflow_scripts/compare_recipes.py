"""Rule compare_recipes; the work is in signl.evaluation.comparisons."""

from typing import TYPE_CHECKING

from signl.evaluation.comparisons import compare_recipes
from signl.logs import log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    log_to(snakemake.log[0])
    compare_recipes(
        snakemake.input.scores,
        snakemake.input.trials,
        snakemake.output.comparisons,
        snakemake.output.table,
        protocols=snakemake.params.protocols,
        options=snakemake.params.cfg,
    )
