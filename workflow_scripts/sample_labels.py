"""Rule sample_labels; the work is in signl.training.label_subsets."""

from typing import TYPE_CHECKING

from signl.logs import log_to
from signl.training.label_subsets import sample_labels

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    log_to(snakemake.log[0])
    sample_labels(
        snakemake.input.manifest,
        snakemake.output.labels,
        corpus=snakemake.wildcards.corpus,
        seed=int(snakemake.wildcards.seed),
        percent=float(snakemake.wildcards.percent),
        options=snakemake.params.cfg,
    )
