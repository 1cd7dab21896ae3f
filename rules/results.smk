# What tables and figures are made of, and how a report shows them.


def metrics_in_use():
    """Return the metrics of all classifiers on all corpora, and on several as one."""
    single = [stages.METRICS.paths(**each.wildcards) for each in experiment.evaluated]
    pools = [
        stages.POOLED_METRICS.paths(**each.wildcards)
        for each in experiment.evaluated_pools
    ]
    return [path for paths in [*single, *pools] for path in paths]


def pretraining_histories():
    """Return the histories of all pre-trainings."""
    return [
        stages.PRETRAINING.outputs["history"].format(**encoder.wildcards)
        for encoder in experiment.pretrained
    ]


def shown(path, caption, name):
    """Return a figure as the report takes it."""
    # Behind a word: at the beginning of a line Snakemake takes it for its own directive.
    marked = report(
        path,
        caption=f"report/{caption}.rst",
        category="Figures",
        labels={"kind": caption, "figure": name, "form": "{form}"},
    )
    return marked


def figures_of(stage, names, caption):
    """Return the outputs of a job that draws many figures."""
    return [shown(path_of(stage, figure=name), caption, name) for name in names]


def measured_cells():
    """Return what stands for all classifiers on all corpora in paths, in the order of both below."""
    return [Wildcards(fromdict=cell.wildcards) for cell in experiment.evaluated]


def all_scores():
    """Return the scores of all classifiers on all corpora."""
    return [scores_of(cell) for cell in measured_cells()]


def all_measured_trials():
    """Return the trials of each of these, the same ones several times."""
    return [measured_trials(cell) for cell in measured_cells()]


def protocols_in_use():
    """Return the protocols of each corpus that is evaluated on."""
    corpora = sorted({cell.eval_corpus for cell in experiment.evaluated})
    return {corpus: experiment.protocols_of(corpus) for corpus in corpora}


def classifier_histories():
    """Return the histories of all classifiers that are trained."""
    return [
        stages.FINETUNING.outputs["history"].format(**each.wildcards)
        for each in experiment.trained
    ]


def figures_on_request(form):
    """Return all figures of the experiment in a form."""
    jobs = (job for job in jobs_of(experiment) if job.stage.on_request)
    return [
        path for job in jobs if job.wildcards["form"] == form for path in job.outputs
    ]
