"""Rule build_manifest; the work is in signl.corpora.manifest."""

from typing import TYPE_CHECKING

from signl.corpora.manifest import build_manifest
from signl.logs import log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    log_to(snakemake.log[0])
    build_manifest(
        snakemake.wildcards.corpus,
        snakemake.params.archives,
        snakemake.output.manifest,
        options=snakemake.params.cfg,
    )
