"""Rule train_classifier; the work is in signl.training.finetune."""

from typing import TYPE_CHECKING

from signl.devices import Resources
from signl.logs import log_to
from signl.training.files import EncoderFiles, ModelFiles
from signl.training.finetune import train_classifier

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    log_to(snakemake.log[0])
    train_classifier(
        snakemake.input.train,
        snakemake.input.dev,
        snakemake.input.labels,
        snakemake.input.shards,
        ModelFiles(snakemake.output.model, snakemake.output.config, snakemake.output.history),
        encoder=EncoderFiles.of(snakemake.input.encoder),
        corpus=snakemake.wildcards.corpus,
        percent=float(snakemake.wildcards.percent),
        seed=int(snakemake.wildcards.seed),
        options=snakemake.params.cfg,
        resources=Resources.of(snakemake.resources.gpu, snakemake.threads),
    )
