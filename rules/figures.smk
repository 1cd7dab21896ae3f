# Figures of the results: on request, a job for all figures of a kind, in one form.

RECIPES = sorted(experiment.config.recipes)


localrules:
    figures,
    figures_pdf,
    draw_label_efficiency,
    draw_crossdomain,
    draw_breakdown,
    draw_training,


rule figures:
    input:
        figures_on_request("svg"),


rule figures_pdf:
    input:
        figures_on_request("pdf"),


rule draw_label_efficiency:
    input:
        metrics=path_of(stages.COLLECTED, "metrics"),
    output:
        shown(path_of(stages.LABEL_FIGURE), "label_efficiency", "all"),
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
        published_as=experiment.config.published_as,
        recipes=RECIPES,
        revision=stages.LABEL_FIGURE.tag,
    script:
        "../workflow_scripts/draw_label_efficiency.py"


rule draw_crossdomain:
    input:
        metrics=path_of(stages.COLLECTED, "metrics"),
    output:
        shown(path_of(stages.DOMAIN_FIGURE), "crossdomain", "all"),
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
        figures_of(stages.PART_FIGURES, experiment.figures_of_pairs, "part_dots"),
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
        trials=all_measured_trials(),
        metrics=path_of(stages.COLLECTED, "metrics"),
    output:
        figures_of(stages.DET_FIGURES, experiment.figures_of_pairs, "det"),
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
        revision=stages.DET_FIGURES.tag,
    script:
        "../workflow_scripts/draw_det.py"


rule draw_histograms:
    input:
        scores=all_scores(),
        trials=all_measured_trials(),
        metrics=path_of(stages.COLLECTED, "metrics"),
    output:
        figures_of(stages.SCORE_FIGURES, experiment.figures_of_pairs, "histograms"),
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
        revision=stages.SCORE_FIGURES.tag,
    script:
        "../workflow_scripts/draw_histograms.py"


rule draw_attacks:
    input:
        scores=all_scores(),
        trials=all_measured_trials(),
        metrics=path_of(stages.COLLECTED, "metrics"),
    output:
        figures_of(stages.ATTACK_FIGURES, experiment.figures_of_pairs, "attacks"),
    log:
        stages.ATTACK_FIGURES.log,
    benchmark:
        stages.ATTACK_FIGURES.benchmark
    conda:
        "../envs/signl.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=120,
    params:
        revision=stages.ATTACK_FIGURES.tag,
    script:
        "../workflow_scripts/draw_attacks.py"


rule draw_reliability:
    input:
        scores=all_scores(),
        trials=all_measured_trials(),
        metrics=path_of(stages.COLLECTED, "metrics"),
    output:
        figures_of(
            stages.RELIABILITY_FIGURES, experiment.figures_of_pairs, "reliability"
        ),
    log:
        stages.RELIABILITY_FIGURES.log,
    benchmark:
        stages.RELIABILITY_FIGURES.benchmark
    conda:
        "../envs/signl.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=120,
    params:
        recipes=RECIPES,
        revision=stages.RELIABILITY_FIGURES.tag,
    script:
        "../workflow_scripts/draw_reliability.py"


# Of a cell that is named: the network has to look at its trials once more.
rule draw_embeddings:
    input:
        classifier=embedding_classifier,
        frontend=frontend_of_scoring,
        trials=usable_eval_trials,
        shards=eval_shards,
    output:
        shown(path_of(stages.EMBEDDING_FIGURE), "embeddings", "{recipe}"),
    log:
        stages.EMBEDDING_FIGURE.log,
    benchmark:
        stages.EMBEDDING_FIGURE.benchmark
    conda:
        "../envs/signl.yaml"
    threads: scoring_threads
    resources:
        gpu=min(GPUS, 1),
        mem_mb=lambda wildcards, attempt: SCORING_MB * attempt,
        runtime=lambda wildcards, attempt: 240 * attempt,
    params:
        cfg=scoring_options,
        revision=stages.EMBEDDING_FIGURE.tag,
    script:
        "../workflow_scripts/draw_embeddings.py"


rule draw_training:
    input:
        encoders=pretraining_histories(),
        classifiers=classifier_histories(),
    output:
        figures_of(stages.TRAINING_FIGURES, experiment.figures_of_trainings, "training"),
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
