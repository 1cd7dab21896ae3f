"""Rule gather_copies; the work is in signl.features.gathered_copies."""

from typing import TYPE_CHECKING

from signl.features.gathered_copies import gather_copies
from signl.logs import log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    log_to(snakemake.log[0])
    gather_copies(
        snakemake.input.copies,
        snakemake.input.indexes,
        snakemake.output.copies,
        options=snakemake.params.cfg,
    )
