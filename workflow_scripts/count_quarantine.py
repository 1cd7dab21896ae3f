"""Rule count_quarantine; the work is in signl.features.usable."""

from typing import TYPE_CHECKING

from signl.features.usable import count_quarantine
from signl.logs import log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    log_to(snakemake.log[0])
    count_quarantine(snakemake.input.usable, snakemake.input.quarantines, snakemake.output.table)
