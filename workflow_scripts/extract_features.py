"""Rule extract_features; the work is in signl.features.extract."""

from typing import TYPE_CHECKING

from signl.features.extract import extract_features
from signl.logs import log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    log_to(snakemake.log[0])
    extract_features(
        snakemake.input.audio,
        snakemake.output.features,
        snakemake.output.index,
        options=snakemake.params.cfg,
        gpu=snakemake.resources.gpu,
        n_decoders=snakemake.threads,
    )
