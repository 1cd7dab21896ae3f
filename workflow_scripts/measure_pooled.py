"""Rule measure_pooled; the work is in signl.evaluation.pooled_measure."""

from typing import TYPE_CHECKING

from signl.evaluation.cells import Cell
from signl.evaluation.development import DevFiles
from signl.evaluation.pooled_measure import measure_pooled
from signl.logs import log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    log_to(snakemake.log[0])
    measure_pooled(
        snakemake.input.scores,
        snakemake.input.trials,
        snakemake.output.metrics,
        dev=DevFiles.of(snakemake.input.dev),
        protocols=snakemake.params.protocols,
        cell=Cell.of_job(
            dict(snakemake.wildcards.items()),
            frontend=snakemake.params.frontend,
            resynthesis=snakemake.params.resynthesis,
        ),
        options=snakemake.params.cfg,
    )
