"""Rule locate_trials; the work is in signl.corpora.locating."""

from typing import TYPE_CHECKING

from signl.corpora.locating import locate_trials
from signl.logs import log_to
from signl.shards import by_archive

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    log_to(snakemake.log[0])
    locate_trials(
        snakemake.input.manifest,
        by_archive(snakemake.input.audio),
        snakemake.output.trials,
        options=snakemake.params.cfg,
    )
