# What one job makes of several classifiers of a recipe and a training corpus (signl/sweeps.py).
# Which shares of the labels and seeds there are differs, so each set of them has a rule of its own.


for name, sweep in enumerate(sweeps.trained, start=1):

    rule:
        name:
            f"train_classifier_sweep_{name}"
        input:
            train=usable_for("train"),
            dev=usable_for("dev"),
            labels=of_sweep(sweep, labels_for),
            copies=copies_for,
            shards=finetuning_shards,
        output:
            **outputs_of(sweep, stages.FINETUNING),
        log:
            stages.FINETUNING.of_sweep.log,
        benchmark:
            stages.FINETUNING.of_sweep.benchmark
        wildcard_constraints:
            recipe=any_of(sweep.recipes),
            corpus=any_of(sweep.corpora),
        conda:
            "../envs/signl.yaml"
        threads: COMPUTING_THREADS
        resources:
            gpu=GPUS,
            mem_mb=lambda wildcards, attempt: 16000 * max(1, GPUS) * attempt,
            runtime=lambda wildcards, attempt: 1440 * attempt,
        params:
            cfg=finetuning_options,
            labellings=[list(each) for each in sweep.labellings],
            revision=stages.FINETUNING.tag,
        script:
            "../workflow_scripts/train_classifier_sweep.py"

    workflow.ruleorder(f"train_classifier_sweep_{name}", "train_classifier")


for name, sweep in enumerate(sweeps.scored_dev, start=1):

    rule:
        name:
            f"score_dev_sweep_{name}"
        input:
            models=of_sweep(sweep, swept(stages.FINETUNING, "model")),
            configs=of_sweep(sweep, swept(stages.FINETUNING, "config")),
            trials=usable_for("dev"),
            labels=of_sweep(sweep, labels_for),
            shards=dev_shards,
        output:
            **outputs_of(sweep, stages.DEV_SCORES),
        log:
            stages.DEV_SCORES.of_sweep.log,
        benchmark:
            stages.DEV_SCORES.of_sweep.benchmark
        wildcard_constraints:
            recipe=any_of(sweep.recipes),
            corpus=any_of(sweep.corpora),
        conda:
            "../envs/signl.yaml"
        threads: 1 + LOADER_WORKERS
        resources:
            gpu=min(GPUS, 1),
            mem_mb=lambda wildcards, attempt: SCORING_MB * attempt,
            runtime=lambda wildcards, attempt: 240 * attempt,
        params:
            cfg=dev_scoring_options,
            revision=stages.DEV_SCORES.tag,
        script:
            "../workflow_scripts/score_dev_sweep.py"

    workflow.ruleorder(f"score_dev_sweep_{name}", "score_dev")


for name, sweep in enumerate(sweeps.combined, start=1):

    rule:
        name:
            f"combine_dev_scores_sweep_{name}"
        input:
            dev=of_sweep(sweep, scores_of_members(stages.DEV_SCORES)),
        output:
            **outputs_of(sweep, stages.COMBINED_DEV_SCORES),
        log:
            stages.COMBINED_DEV_SCORES.of_sweep.log,
        benchmark:
            stages.COMBINED_DEV_SCORES.of_sweep.benchmark
        wildcard_constraints:
            recipe=any_of(sweep.recipes),
            corpus=any_of(sweep.corpora),
        conda:
            "../envs/signl.yaml"
        threads: 1
        resources:
            mem_mb=lambda wildcards, attempt: 4000 * attempt,
            runtime=lambda wildcards, attempt: 60 * attempt,
        params:
            cfg=combining_of,
            revision=stages.COMBINED_DEV_SCORES.tag,
        script:
            "../workflow_scripts/combine_dev_scores_sweep.py"

    workflow.ruleorder(f"combine_dev_scores_sweep_{name}", "combine_dev_scores")


for name, sweep in enumerate(sweeps.scored, start=1):

    rule:
        name:
            f"score_sweep_{name}"
        input:
            models=of_sweep(sweep, swept(stages.FINETUNING, "model")),
            configs=of_sweep(sweep, swept(stages.FINETUNING, "config")),
            frontend=frontend_of_scoring,
            trials=usable_eval_trials,
            shards=eval_shards,
        output:
            **outputs_of(sweep, stages.SCORES),
        log:
            stages.SCORES.of_sweep.log,
        benchmark:
            stages.SCORES.of_sweep.benchmark
        wildcard_constraints:
            recipe=any_of(sweep.recipes),
            corpus=any_of(sweep.corpora),
            eval_corpus=any_of(sweep.eval_corpora),
        conda:
            "../envs/signl.yaml"
        threads: scoring_threads
        resources:
            gpu=min(GPUS, 1),
            mem_mb=lambda wildcards, attempt: SCORING_MB * attempt,
            runtime=lambda wildcards, attempt: 480 * attempt,
        params:
            cfg=scoring_options,
            revision=stages.SCORES.tag,
        script:
            "../workflow_scripts/score_sweep.py"

    workflow.ruleorder(f"score_sweep_{name}", "score")


for name, sweep in enumerate(sweeps.scored_combined, start=1):

    rule:
        name:
            f"combine_scores_sweep_{name}"
        input:
            scores=of_sweep(sweep, scores_of_members(stages.SCORES)),
            dev=of_sweep(sweep, scores_of_members(stages.DEV_SCORES)),
        output:
            **outputs_of(sweep, stages.COMBINED_SCORES),
        log:
            stages.COMBINED_SCORES.of_sweep.log,
        benchmark:
            stages.COMBINED_SCORES.of_sweep.benchmark
        wildcard_constraints:
            recipe=any_of(sweep.recipes),
            corpus=any_of(sweep.corpora),
            eval_corpus=any_of(sweep.eval_corpora),
        conda:
            "../envs/signl.yaml"
        threads: 1
        resources:
            mem_mb=lambda wildcards, attempt: 4000 * attempt,
            runtime=lambda wildcards, attempt: 120 * attempt,
        params:
            cfg=combining_of,
            revision=stages.COMBINED_SCORES.tag,
        script:
            "../workflow_scripts/combine_scores_sweep.py"

    workflow.ruleorder(f"combine_scores_sweep_{name}", "combine_scores")


for name, sweep in enumerate([*sweeps.scored, *sweeps.scored_combined], start=1):

    rule:
        name:
            f"measure_sweep_{name}"
        input:
            scores=of_sweep(sweep, scores_of),
            trials=measured_trials,
            dev_scores=of_sweep(sweep, dev_scores_of),
            dev_trials=usable_for("dev"),
            labels=of_sweep(sweep, labels_for),
        output:
            **outputs_of(sweep, stages.METRICS),
        log:
            stages.METRICS.of_sweep.log,
        benchmark:
            stages.METRICS.of_sweep.benchmark
        wildcard_constraints:
            recipe=any_of(sweep.recipes),
            corpus=any_of(sweep.corpora),
            eval_corpus=any_of(sweep.eval_corpora),
        conda:
            "../envs/signl.yaml"
        threads: 1
        resources:
            mem_mb=lambda wildcards, attempt: 4000 * attempt,
            runtime=lambda wildcards, attempt: 240 * attempt,
        params:
            told=lambda wildcards: {
                "frontend": experiment.frontend_label(wildcards.recipe),
                "resynthesis": copied.methods_of(wildcards.recipe, wildcards.corpus),
            },
            labellings=[list(each) for each in sweep.labellings],
            cfg=lambda wildcards: experiment.config.families_of(wildcards.eval_corpus),
            protocols=lambda wildcards: experiment.protocols_of(wildcards.eval_corpus),
            revision=stages.METRICS.tag,
        script:
            "../workflow_scripts/measure_sweep.py"

    workflow.ruleorder(f"measure_sweep_{name}", "measure")
