"""Rule audit; the work is in signl.audit."""

import sys
from typing import TYPE_CHECKING

from signl.audit import audit, format_report
from signl.experiment import Experiment
from signl.jobs import jobs_of
from signl.logs import log_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    log_to(snakemake.log[0])
    experiment = Experiment(snakemake.params.config)
    report = audit(
        "results",
        jobs_of(experiment),
        published_as=experiment.config.published_as,
        n_workers=snakemake.threads,
    )
    sys.stdout.write(format_report(report))
    report.check()
