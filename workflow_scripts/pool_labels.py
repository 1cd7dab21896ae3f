"""Rule pool_labels; the work is in signl.training.corpus_pools."""

from typing import TYPE_CHECKING

from signl.logs import log_to
from signl.training.corpus_pools import pool_labels

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    log_to(snakemake.log[0])
    pool_labels(
        snakemake.input.labels,
        snakemake.output.labels,
        pool=snakemake.wildcards.corpus,
        seed=int(snakemake.wildcards.seed),
        percent=float(snakemake.wildcards.percent),
    )
