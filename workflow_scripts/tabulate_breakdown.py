"""Rule tabulate_breakdown; the work is in signl.evaluation.tables."""

from typing import TYPE_CHECKING

from signl.evaluation.tables import tabulate_breakdown
from signl.logs import log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    log_to(snakemake.log[0])
    tabulate_breakdown(snakemake.input.breakdown, snakemake.output.table)
