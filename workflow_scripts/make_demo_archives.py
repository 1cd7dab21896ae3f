"""Rule make_demo_archives; the work is in signl.demo.layouts."""

from typing import TYPE_CHECKING

from signl.demo.layouts import make_archives
from signl.logs import log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    log_to(snakemake.log[0])
    make_archives(
        snakemake.params.folder, options=snakemake.params.cfg, record=snakemake.output.made
    )
