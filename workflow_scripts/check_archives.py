"""Rule check_archives; the work is in signl.corpora.checking."""

import sys
from typing import TYPE_CHECKING

from signl.corpora.checking import check_archives, format_archives
from signl.logs import log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    log_to(snakemake.log[0])
    sys.stdout.write(format_archives(check_archives(**snakemake.params.cfg)))
