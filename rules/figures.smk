# Figures of the results: on request (snakemake figures), a job for all figures of a kind.

from signl.jobs import jobs_of

RECIPES = sorted(experiment.config.recipes)
SOURCES = {
    each.recipe: experiment.source_of(each.recipe) for each in experiment.classifiers
}


def shown(path, caption, name):
    """Return a figure as the report takes it."""
    # Behind a word: at the beginning of a line Snakemake takes it for its own directive.
    marked = report(
        path,
        caption=f"report/{caption}.rst",
        category="Figures",
        labels={"kind": caption, "figure": name},
    )
    return marked


def figures_of(stage, names, caption):
    """Return the outputs of a job that draws many figures; the report shows those in SVG."""
    paths = {
        form: [path_of(stage, form, figure=name) for name in names]
        for form in stage.outputs
    }
    marked = [shown(path, caption, name) for path, name in zip(paths["svg"], names)]
    return paths | {"svg": marked}


def all_scores():
    """Return the scores of all classifiers on all corpora."""
    return [
        path
        for cell in experiment.evaluated
        for path in stages.SCORES.paths(**cell.wildcards)
    ]


def all_eval_trials():
    """Return the usable evaluation trials of all sources and corpora."""
    return [
        path_of(stages.USABLE, "usable", source=source, corpus=corpus, partition="eval")
        for source, corpus, partition in experiment.usable_in_use
        if partition == "eval"
    ]


def classifier_histories():
    """Return the histories of all classifiers that are trained."""
    return [
        stages.FINETUNING.outputs["history"].format(**each.wildcards)
        for each in experiment.trained
    ]


def figures_on_request():
    """Return all figures of the experiment."""
    jobs = (job for job in jobs_of(experiment) if job.stage.on_request)
    return [path for job in jobs for path in job.outputs]


localrules:
    figures,
    draw_label_efficiency,
    draw_crossdomain,
    draw_breakdown,
    draw_training,


rule figures:
    input:
        figures_on_request(),


rule draw_label_efficiency:
    input:
        metrics=path_of(stages.COLLECTED, "metrics"),
    output:
        svg=shown(path_of(stages.LABEL_FIGURE, "svg"), "label_efficiency", "all"),
        pdf=path_of(stages.LABEL_FIGURE, "pdf"),
    log:
        stages.LABEL_FIGURE.log,
    benchmark:
        stages.LABEL_FIGURE.benchmark
    conda:
        "../envs/signl.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 2000 * attempt,
        runtime=10,
    params:
        published_as=experiment.published_as(),
        recipes=RECIPES,
        revision=stages.LABEL_FIGURE.tag,
    script:
        "../workflow_scripts/draw_label_efficiency.py"


rule draw_crossdomain:
    input:
        metrics=path_of(stages.COLLECTED, "metrics"),
    output:
        svg=shown(path_of(stages.DOMAIN_FIGURE, "svg"), "crossdomain", "all"),
        pdf=path_of(stages.DOMAIN_FIGURE, "pdf"),
    log:
        stages.DOMAIN_FIGURE.log,
    benchmark:
        stages.DOMAIN_FIGURE.benchmark
    conda:
        "../envs/signl.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 2000 * attempt,
        runtime=10,
    params:
        revision=stages.DOMAIN_FIGURE.tag,
    script:
        "../workflow_scripts/draw_crossdomain.py"


rule draw_breakdown:
    input:
        breakdown=path_of(stages.COLLECTED, "breakdown"),
    output:
        **figures_of(stages.PART_FIGURES, experiment.figures_of_pairs, "part_dots"),
    log:
        stages.PART_FIGURES.log,
    benchmark:
        stages.PART_FIGURES.benchmark
    conda:
        "../envs/signl.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 2000 * attempt,
        runtime=10,
    params:
        recipes=RECIPES,
        revision=stages.PART_FIGURES.tag,
    script:
        "../workflow_scripts/draw_breakdown.py"


rule draw_det:
    input:
        scores=all_scores(),
        trials=all_eval_trials(),
        metrics=path_of(stages.COLLECTED, "metrics"),
    output:
        **figures_of(stages.DET_FIGURES, experiment.figures_of_pairs, "det"),
    log:
        stages.DET_FIGURES.log,
    benchmark:
        stages.DET_FIGURES.benchmark
    conda:
        "../envs/signl.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=120,
    params:
        recipes=RECIPES,
        sources=SOURCES,
        revision=stages.DET_FIGURES.tag,
    script:
        "../workflow_scripts/draw_det.py"


rule draw_histograms:
    input:
        scores=all_scores(),
        trials=all_eval_trials(),
        metrics=path_of(stages.COLLECTED, "metrics"),
    output:
        **figures_of(stages.SCORE_FIGURES, experiment.figures_of_pairs, "histograms"),
    log:
        stages.SCORE_FIGURES.log,
    benchmark:
        stages.SCORE_FIGURES.benchmark
    conda:
        "../envs/signl.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=120,
    params:
        sources=SOURCES,
        revision=stages.SCORE_FIGURES.tag,
    script:
        "../workflow_scripts/draw_histograms.py"


rule draw_training:
    input:
        encoders=pretraining_histories(),
        classifiers=classifier_histories(),
    output:
        **figures_of(
            stages.TRAINING_FIGURES, experiment.figures_of_trainings, "training"
        ),
    log:
        stages.TRAINING_FIGURES.log,
    benchmark:
        stages.TRAINING_FIGURES.benchmark
    conda:
        "../envs/signl.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 2000 * attempt,
        runtime=10,
    params:
        recipes=RECIPES,
        revision=stages.TRAINING_FIGURES.tag,
    script:
        "../workflow_scripts/draw_training.py"
