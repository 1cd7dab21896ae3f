"""Rule draw_embeddings; the work is in signl.evaluation.embedding_drawing."""

from typing import TYPE_CHECKING

from signl.devices import Resources
from signl.evaluation.embedding_drawing import draw_embeddings
from signl.logs import log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    log_to(snakemake.log[0])
    draw_embeddings(
        *snakemake.input.classifier,
        snakemake.input.trials,
        snakemake.input.shards,
        snakemake.output,
        title=f"{snakemake.wildcards.recipe} trained on {snakemake.wildcards.corpus}, "
        f"{snakemake.wildcards.percent} % of the labels, seed {snakemake.wildcards.seed}, "
        f"on {snakemake.wildcards.eval_corpus}",
        options=snakemake.params.cfg,
        resources=Resources.of(snakemake.resources.gpu, snakemake.threads),
    )
