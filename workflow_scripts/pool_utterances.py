"""Rule pool_utterances; the work is in signl.training.corpus_pools."""

from typing import TYPE_CHECKING

from signl.logs import log_to
from signl.training.corpus_pools import pool_utterances

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    log_to(snakemake.log[0])
    pool_utterances(
        snakemake.input.usable, snakemake.output.usable, pool=snakemake.wildcards.corpus
    )
