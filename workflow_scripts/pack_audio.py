"""Rule pack_audio; the work is in signl.corpora.packing."""

from typing import TYPE_CHECKING

from signl.corpora.packing import pack_audio
from signl.logs import log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    log_to(snakemake.log[0])
    pack_audio(
        snakemake.input.archive,
        snakemake.input.manifest,
        snakemake.output.shards,
        options=snakemake.params.cfg,
    )
