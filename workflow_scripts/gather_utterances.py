"""Rule gather_utterances; the work is in signl.features.usable."""

from typing import TYPE_CHECKING

from signl.features.usable import gather_utterances
from signl.logs import log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    log_to(snakemake.log[0])
    gather_utterances(
        snakemake.input.trials,
        snakemake.input.indexes,
        snakemake.output.usable,
        snakemake.output.quarantine,
        partition=snakemake.wildcards.partition,
        options=snakemake.params.cfg,
    )
