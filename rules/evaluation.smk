# Classifiers -> scores, metrics, tables; and whether all artefacts are what they should be.


rule score:
    input:
        classifier=classifier_of,
        frontend=frontend_of_scoring,
        trials=usable_eval_trials,
        shards=eval_shards,
    output:
        **stages.SCORES.outputs,
    log:
        stages.SCORES.log,
    benchmark:
        stages.SCORES.benchmark
    conda:
        "../envs/signl.yaml"
    threads: scoring_threads
    resources:
        gpu=min(GPUS, 1),
        mem_mb=lambda wildcards, attempt: SCORING_MB * attempt,
        runtime=lambda wildcards, attempt: 240 * attempt,
    params:
        cfg=scoring_options,
        revision=stages.SCORES.tag,
    script:
        "../workflow_scripts/score.py"


# What the classifier's own corpus fixes for all evaluations, with the labels that it was given.
rule score_dev:
    input:
        classifier=classifier_of,
        frontend=kept_frontend,
        trials=usable_for("dev"),
        labels=labels_for,
        shards=dev_shards,
    output:
        **stages.DEV_SCORES.outputs,
    log:
        stages.DEV_SCORES.log,
    benchmark:
        stages.DEV_SCORES.benchmark
    conda:
        "../envs/signl.yaml"
    threads: 1 + LOADER_WORKERS
    resources:
        gpu=min(GPUS, 1),
        mem_mb=lambda wildcards, attempt: SCORING_MB * attempt,
        runtime=lambda wildcards, attempt: 60 * attempt,
    params:
        cfg=dev_scoring_options,
        revision=stages.DEV_SCORES.tag,
    script:
        "../workflow_scripts/score_dev.py"


# Of a system that is given by its scores, nothing is computed, and no audio is needed.
rule convert_scores:
    input:
        scores=score_file_of,
        manifest=path_of(stages.MANIFEST, corpus="{eval_corpus}"),
    output:
        **stages.GIVEN_SCORES.outputs,
    log:
        stages.GIVEN_SCORES.log,
    benchmark:
        stages.GIVEN_SCORES.benchmark
    conda:
        "../envs/signl.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=30,
    params:
        cfg=lambda wildcards: experiment.recipe(
            wildcards.recipe
        ).score_files.dump_given(),
        revision=stages.GIVEN_SCORES.tag,
    script:
        "../workflow_scripts/convert_scores.py"


# Of a recipe that is the mean of others, nothing is computed but from their scores.
rule combine_scores:
    input:
        scores=scores_of_members(stages.SCORES),
        dev=scores_of_members(stages.DEV_SCORES),
    output:
        **stages.COMBINED_SCORES.outputs,
    log:
        stages.COMBINED_SCORES.log,
    benchmark:
        stages.COMBINED_SCORES.benchmark
    conda:
        "../envs/signl.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=30,
    params:
        cfg=combining_of,
        revision=stages.COMBINED_SCORES.tag,
    script:
        "../workflow_scripts/combine_scores.py"


rule combine_dev_scores:
    input:
        dev=scores_of_members(stages.DEV_SCORES),
    output:
        **stages.COMBINED_DEV_SCORES.outputs,
    log:
        stages.COMBINED_DEV_SCORES.log,
    benchmark:
        stages.COMBINED_DEV_SCORES.benchmark
    conda:
        "../envs/signl.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=30,
    params:
        cfg=combining_of,
        revision=stages.COMBINED_DEV_SCORES.tag,
    script:
        "../workflow_scripts/combine_dev_scores.py"


rule measure:
    input:
        scores=scores_of,
        trials=measured_trials,
        dev=dev_files_of,
    output:
        **stages.METRICS.outputs,
    log:
        stages.METRICS.log,
    benchmark:
        stages.METRICS.benchmark
    conda:
        "../envs/signl.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=30,
    params:
        cfg=lambda wildcards: experiment.config.families_of(wildcards.eval_corpus),
        frontend=lambda wildcards: experiment.frontend_label(wildcards.recipe),
        protocols=lambda wildcards: experiment.protocols_of(wildcards.eval_corpus),
        resynthesis=lambda wildcards: copied.methods_of(
            wildcards.recipe, wildcards.corpus
        ),
        revision=stages.METRICS.tag,
    script:
        "../workflow_scripts/measure.py"


# Raw scores of a classifier on several corpora, all trials together; attacks are those of a corpus.
rule measure_pooled:
    input:
        scores=of_evaluated(scores_of),
        trials=of_evaluated(measured_trials),
        dev=dev_files_of,
    output:
        **stages.POOLED_METRICS.outputs,
    log:
        stages.POOLED_METRICS.log,
    benchmark:
        stages.POOLED_METRICS.benchmark
    conda:
        "../envs/signl.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 8000 * attempt,
        runtime=30,
    params:
        cfg={},
        frontend=lambda wildcards: experiment.frontend_label(wildcards.recipe),
        protocols=lambda wildcards: protocols_of_pool(experiment, wildcards.pool),
        resynthesis=lambda wildcards: copied.methods_of(
            wildcards.recipe, wildcards.corpus
        ),
        revision=stages.POOLED_METRICS.tag,
    script:
        "../workflow_scripts/measure_pooled.py"


rule collect_metrics:
    input:
        metrics=metrics_in_use(),
    output:
        **stages.COLLECTED.outputs,
    log:
        stages.COLLECTED.log,
    benchmark:
        stages.COLLECTED.benchmark
    conda:
        "../envs/signl.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 2000 * attempt,
        runtime=10,
    params:
        revision=stages.COLLECTED.tag,
    script:
        "../workflow_scripts/collect_metrics.py"


rule compare_recipes:
    input:
        scores=all_scores(),
        trials=all_measured_trials(),
    output:
        comparisons=path_of(stages.COMPARISONS, "comparisons"),
        table=report(
            path_of(stages.COMPARISONS, "table"),
            caption="report/comparisons.rst",
            category="Results",
            labels={"table": "comparisons"},
        ),
    log:
        stages.COMPARISONS.log,
    benchmark:
        stages.COMPARISONS.benchmark
    conda:
        "../envs/signl.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 8000 * attempt,
        runtime=lambda wildcards, attempt: 120 * attempt,
    params:
        cfg=experiment.config.comparisons.dump_given(),
        protocols=protocols_in_use(),
        revision=stages.COMPARISONS.tag,
    script:
        "../workflow_scripts/compare_recipes.py"


rule tabulate:
    input:
        metrics=path_of(stages.COLLECTED, "metrics"),
    output:
        table=report(
            path_of(stages.TABLES),
            caption="report/table.rst",
            category="Results",
            labels={"table": "{table}"},
        ),
    log:
        stages.TABLES.log,
    benchmark:
        stages.TABLES.benchmark
    wildcard_constraints:
        table="indomain|crossdomain",
    conda:
        "../envs/signl.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 2000 * attempt,
        runtime=10,
    params:
        cfg={"published_as": experiment.config.published_as},
        revision=stages.TABLES.tag,
    script:
        "../workflow_scripts/tabulate.py"


rule tabulate_breakdown:
    input:
        breakdown=path_of(stages.COLLECTED, "breakdown"),
    output:
        table=report(
            path_of(stages.BREAKDOWN_TABLE),
            caption="report/breakdown.rst",
            category="Results",
            labels={"table": "breakdown"},
        ),
    log:
        stages.BREAKDOWN_TABLE.log,
    benchmark:
        stages.BREAKDOWN_TABLE.benchmark
    conda:
        "../envs/signl.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 2000 * attempt,
        runtime=10,
    params:
        revision=stages.BREAKDOWN_TABLE.tag,
    script:
        "../workflow_scripts/tabulate_breakdown.py"


rule tabulate_pretraining:
    input:
        histories=pretraining_histories(),
    output:
        table=report(
            path_of(stages.PRETRAINING_TABLE),
            caption="report/pretraining.rst",
            category="Pre-training",
            labels={"table": "pretraining"},
        ),
    log:
        stages.PRETRAINING_TABLE.log,
    benchmark:
        stages.PRETRAINING_TABLE.benchmark
    conda:
        "../envs/signl.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 2000 * attempt,
        runtime=10,
    params:
        revision=stages.PRETRAINING_TABLE.tag,
    script:
        "../workflow_scripts/tabulate_pretraining.py"


rule audit:
    log:
        log_of_looking("results/logs/audit.log"),
    conda:
        "../envs/signl.yaml"
    threads: 4
    params:
        config=config,
    script:
        "../workflow_scripts/audit.py"
