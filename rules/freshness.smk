# Before a run: are the archives there, and is what was made what this configuration would make?
# Only where a run is planned; what looks at archives or results alone may find anything.

from functools import wraps

from snakemake.logging import logger

from signl.jobs import jobs_of
from signl.own_network_checks import check_own_networks
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
        if not LOOKING.intersection(workflow.dag_settings.targets):
            if problem := holdings.problem or future_message(holdings.files):
                raise WorkflowError(problem)
            try:
                check_own_networks(experiment)
            except SignlError as error:
                raise WorkflowError(str(error)) from None
            workflow._prepare_dag = force_stale(workflow._prepare_dag)
        return run(*arguments, **options)

    return looked


def force_stale(prepare):
    """Wrap what prepares the graph of jobs: of those that lead to the targets, stale ones are forced.

    The graph is grown when it is asked which of its jobs are needed. Were their files named in the
    settings, as ``--forcerun`` does, they would become targets themselves, wanted or not.
    """

    @wraps(prepare)
    def prepared(*arguments, **options):
        prepare(*arguments, **options)
        dag = workflow.dag
        update = dag.update_needrun

        @wraps(update)
        async def forced(*arguments, **options):
            dag.update_needrun = update
            paths = {path for job in dag.jobs for path in job.output}
            if stale := list(stale_artefacts(jobs_of(experiment), only=paths)):
                logger.warning(told(stale))
                dag.forcefiles.update(each.path for each in stale)
            return await update(*arguments, **options)

        dag.update_needrun = forced

    return prepared


if workflow.is_main_process:
    workflow.execute = look_before(workflow.execute)
