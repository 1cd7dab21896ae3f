# Before a run: are the archives there, and is what was made what this configuration would make?
# Only where a run is planned; what looks at archives or results alone may find anything.

from functools import wraps

from snakemake.logging import logger

from signl.jobs import jobs_of
from signl.paths import future_message
from signl.staleness import stale_artefacts, told

LOOKING = {"check_archives", "verify_archives", "audit"}


def look_before(run):
    """Wrap what runs the workflow: only then does Snakemake know the targets.

    What it can be told before is not enough: it swallows the errors of input functions where outputs exist,
    and knows of parameters what its own records say, which results may be without.
    """

    @wraps(run)
    def looked(*arguments, **options):
        settings = workflow.dag_settings
        if not LOOKING.intersection(settings.targets):
            if problem := holdings.problem or future_message(holdings.files):
                raise WorkflowError(problem)
            if stale := list(stale_artefacts(jobs_of(experiment))):
                logger.warning(told(stale))
                settings.forcerun = {
                    *settings.forcerun,
                    *(each.path for each in stale),
                }
        return run(*arguments, **options)

    return looked


if workflow.is_main_process:
    workflow.execute = look_before(workflow.execute)
