"""Rule summarise; the work is in signl.evaluation.page.summary."""

from pathlib import Path
from typing import TYPE_CHECKING

from signl.evaluation.page.summary import Tables, summarise
from signl.logs import log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    log_to(snakemake.log[0])
    summarise(
        Tables(*snakemake.input),
        snakemake.output.page,
        results=Path(snakemake.output.page).parent,
        config=snakemake.params.config,
        recipes=snakemake.params.recipes,
        published_as=snakemake.params.published_as,
        pretraining_pairs=snakemake.params.pairs,
    )
