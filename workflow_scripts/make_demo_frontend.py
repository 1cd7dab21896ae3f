"""Rule make_demo_frontend; the work is in signl.demo.wav2vec2."""

from typing import TYPE_CHECKING

from signl.demo.wav2vec2 import make_wav2vec2
from signl.logs import log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    log_to(snakemake.log[0])
    make_wav2vec2(
        snakemake.params.folder, options=snakemake.params.cfg, record=snakemake.output.made
    )
