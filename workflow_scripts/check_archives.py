"""Rule check_archives; the work is in signl.corpora.checking."""

from typing import TYPE_CHECKING

from signl.corpora.checking import print_archives
from signl.logs import log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    log_to(snakemake.log[0])
    print_archives(**snakemake.params.cfg)
