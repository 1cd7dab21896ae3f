# Before a run: are the archives there, and is what was made what this configuration would make?
# Only where a run is planned; what looks at archives or results alone may find anything.

from snakemake.logging import logger

from signl.jobs import jobs_of
from signl.paths import future_message
from signl.staleness import stale_artefacts, told

LOOKING = {"check_archives", "verify_archives", "audit"}

settings = workflow.dag_settings
if workflow.is_main_process and settings and not LOOKING.intersection(settings.targets):
    if problem := holdings.problem or future_message(holdings.files):
        raise WorkflowError(problem)
    stale = list(stale_artefacts(jobs_of(experiment)))
    if stale:
        logger.warning(told(stale))
        settings.forcerun = {*settings.forcerun, *(each.path for each in stale)}
