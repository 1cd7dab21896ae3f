# Before a run: are the archives there, and is what was made what this configuration would make?
# Only where a run is planned; what looks at archives or results alone may find anything.

from functools import wraps

from snakemake.logging import logger

from signl.jobs import jobs_of
from signl.own_network_checks import check_own_networks
from signl.paths import future_message
from signl.places import place_of
from signl.staleness import stale_artefacts, told
from signl.stored_heads import StoredFile, copy_heads, told_unseen

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
            stale = await stale_outputs(dag)
            if stale:
                logger.warning(told(list(stale.values())))
                dag.forcefiles.update(stale)
            return await update(*arguments, **options)

        dag.update_needrun = forced

    return prepared


async def stale_outputs(dag):
    """Return the outputs that are to be made anew, and why; those in a store by copies of their heads."""
    jobs = jobs_of(experiment)
    outputs = {path for job in dag.jobs for path in job.output}
    local_paths = {str(path) for path in outputs if not path.is_storage}
    stale = {each.path: each for each in stale_artefacts(jobs, only=local_paths)}
    stored = {place_of(path): path for path in outputs if path.is_storage}
    stored = {
        place: path for place, path in stored.items() if place and await path.exists()
    }
    if stored:
        heads = heads_folder(stored)
        files = [await stored_file(place, path) for place, path in stored.items()]
        if unseen := told_unseen(jobs, copy_heads(files, heads)):
            logger.warning(unseen)
        for each in stale_artefacts(jobs, root=heads, only=stored):
            stale[stored[each.path]] = each
    return stale


def heads_folder(stored):
    """Return where the heads of stored files are kept: beside where their local copies come to lie."""
    place, path = next(iter(stored.items()))
    return Path(str(path).removesuffix(place), ".heads")


async def stored_file(place, path):
    """Return what is known of an output in a store."""
    mtime = (await path.mtime()).storage()
    return StoredFile(place, await path.size(), mtime, path.storage_object)


if workflow.is_main_process:
    workflow.execute = look_before(workflow.execute)
