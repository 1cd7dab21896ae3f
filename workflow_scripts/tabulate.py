"""Rule tabulate; the work is in signl.evaluation.tables."""

from typing import TYPE_CHECKING

from signl.evaluation.tables import tabulate
from signl.logs import log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    log_to(snakemake.log[0])
    tabulate(
        snakemake.input.metrics,
        snakemake.output.table,
        table=snakemake.wildcards.table,
        options=snakemake.params.cfg,
    )
