"""Rule convert_scores; the work is in signl.evaluation.converting."""

from typing import TYPE_CHECKING

from signl.evaluation.converting import convert_scores
from signl.logs import log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    log_to(snakemake.log[0])
    convert_scores(
        *snakemake.input.scores,
        snakemake.input.manifest,
        snakemake.output.scores,
        options=snakemake.params.cfg,
    )
