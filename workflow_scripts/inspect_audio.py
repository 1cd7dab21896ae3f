"""Rule inspect_audio; the work is in signl.features.inspection."""

from typing import TYPE_CHECKING

from signl.features.inspection import inspect_audio
from signl.logs import log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    log_to(snakemake.log[0])
    inspect_audio(
        snakemake.input.audio,
        snakemake.output.index,
        options=snakemake.params.cfg,
    )
