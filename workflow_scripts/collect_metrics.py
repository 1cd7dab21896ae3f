"""Rule collect_metrics; the work is in signl.evaluation.collecting."""

from typing import TYPE_CHECKING

from signl.evaluation.collecting import collect_metrics
from signl.logs import log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    log_to(snakemake.log[0])
    collect_metrics(snakemake.input.metrics, snakemake.output.metrics, snakemake.output.breakdown)
