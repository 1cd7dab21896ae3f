"""Rule measure_pooled; the work is in signl.evaluation.pooled_measure."""

from typing import TYPE_CHECKING

from signl.evaluation.development import DevFiles
from signl.evaluation.pooled_measure import measure_pooled
from signl.logs import log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    log_to(snakemake.log[0])
    measure_pooled(
        snakemake.input.scores,
        snakemake.input.trials,
        snakemake.output.metrics,
        dev=DevFiles.of(snakemake.input.dev),
        protocols=snakemake.params.protocols,
        cell={
            "recipe": snakemake.wildcards.recipe,
            "frontend": snakemake.params.frontend,
            "train_corpus": snakemake.wildcards.corpus,
            "eval_corpus": snakemake.wildcards.pool,
            "label_percent": float(snakemake.wildcards.percent),
            "seed": int(snakemake.wildcards.seed),
            "resynthesis": snakemake.params.resynthesis,
        },
        options=snakemake.params.cfg,
    )
