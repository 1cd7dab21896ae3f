"""Rule tabulate_pretraining; the work is in signl.evaluation.pretraining."""

from typing import TYPE_CHECKING

from signl.evaluation.pretraining import tabulate_pretraining
from signl.logs import log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    log_to(snakemake.log[0])
    tabulate_pretraining(snakemake.input.histories, snakemake.output.table)
