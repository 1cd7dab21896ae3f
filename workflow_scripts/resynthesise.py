"""Rule resynthesise; the work is in signl.corpora.resynthesising."""

from typing import TYPE_CHECKING

from signl.corpora.copied_names import split_partition
from signl.corpora.resynthesising import resynthesise
from signl.logs import log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    log_to(snakemake.log[0])
    resynthesise(
        snakemake.input.audio,
        snakemake.input.trials,
        snakemake.output.copies,
        options=snakemake.params.cfg,
        partition=split_partition(snakemake.wildcards.resynthesis)[1],
    )
