# Classifiers -> scores, metrics, tables; and whether all artefacts are what they should be.


rule score:
    input:
        classifier=classifier_of,
        trials=usable_eval_trials,
        shards=eval_shards,
    output:
        scores="results/scores/{recipe}/{corpus}/labels-{percent}/seed-{seed}/{eval_corpus}.parquet",
    log:
        "results/logs/score/{recipe}/{corpus}/labels-{percent}/seed-{seed}/{eval_corpus}.log",
    benchmark:
        "results/benchmarks/score/{recipe}/{corpus}/labels-{percent}/seed-{seed}/{eval_corpus}.tsv"
    conda:
        "../envs/signl.yaml"
    threads: 1 + LOADER_WORKERS
    resources:
        gpu=min(GPUS, 1),
        mem_mb=lambda wildcards, attempt: SCORING_MB * attempt,
        runtime=lambda wildcards, attempt: 240 * attempt,
    params:
        cfg=lambda wildcards: {"corpus": wildcards.corpus},
        revision=f"scores-{revisions.SCORES}",
    script:
        "../workflow_scripts/score.py"


# What the classifier's own corpus fixes for all evaluations, with the labels that it was given.
rule score_dev:
    input:
        classifier=classifier_of,
        trials=usable_for("dev"),
        labels="results/labels/{corpus}/seed-{seed}/labels-{percent}.parquet",
        shards=dev_shards,
    output:
        scores="results/dev_scores/{recipe}/{corpus}/labels-{percent}/seed-{seed}.parquet",
    log:
        "results/logs/score_dev/{recipe}/{corpus}/labels-{percent}/seed-{seed}.log",
    benchmark:
        "results/benchmarks/score_dev/{recipe}/{corpus}/labels-{percent}/seed-{seed}.tsv"
    conda:
        "../envs/signl.yaml"
    threads: 1 + LOADER_WORKERS
    resources:
        gpu=min(GPUS, 1),
        mem_mb=lambda wildcards, attempt: SCORING_MB * attempt,
        runtime=lambda wildcards, attempt: 60 * attempt,
    params:
        cfg=lambda wildcards: {"partition": "dev", "corpus": wildcards.corpus},
        revision=f"scores-{revisions.SCORES}",
    script:
        "../workflow_scripts/score_dev.py"


rule measure:
    input:
        scores="results/scores/{recipe}/{corpus}/labels-{percent}/seed-{seed}/{eval_corpus}.parquet",
        trials=usable_eval_trials,
        dev=dev_files_of,
    output:
        metrics="results/metrics/{recipe}/{corpus}/labels-{percent}/seed-{seed}/{eval_corpus}.json",
    log:
        "results/logs/measure/{recipe}/{corpus}/labels-{percent}/seed-{seed}/{eval_corpus}.log",
    benchmark:
        "results/benchmarks/measure/{recipe}/{corpus}/labels-{percent}/seed-{seed}/{eval_corpus}.tsv"
    conda:
        "../envs/signl.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=30,
    params:
        cfg={},
        frontend=lambda wildcards: experiment.frontend_label(wildcards.recipe),
        protocols=lambda wildcards: experiment.protocols_of(wildcards.eval_corpus),
        revision=f"metrics-{revisions.METRICS}",
    script:
        "../workflow_scripts/measure.py"


rule collect_metrics:
    input:
        metrics=metrics_of_all(),
    output:
        metrics="results/metrics.parquet",
        breakdown="results/breakdown.parquet",
    log:
        "results/logs/collect_metrics.log",
    benchmark:
        "results/benchmarks/collect_metrics.tsv"
    conda:
        "../envs/signl.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 2000 * attempt,
        runtime=10,
    params:
        revision=f"collections-{revisions.COLLECTIONS}",
    script:
        "../workflow_scripts/collect_metrics.py"


rule tabulate:
    input:
        metrics="results/metrics.parquet",
    output:
        table=report(
            "results/{table}.csv",
            caption="report/table.rst",
            category="Results",
            labels={"table": "{table}"},
        ),
    log:
        "results/logs/tabulate/{table}.log",
    benchmark:
        "results/benchmarks/tabulate/{table}.tsv"
    wildcard_constraints:
        table="indomain|crossdomain",
    conda:
        "../envs/signl.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 2000 * attempt,
        runtime=10,
    params:
        cfg={"published_as": experiment.published_as()},
        revision=f"tables-{revisions.TABLES}",
    script:
        "../workflow_scripts/tabulate.py"


rule tabulate_breakdown:
    input:
        breakdown="results/breakdown.parquet",
    output:
        table=report(
            "results/breakdown.csv",
            caption="report/breakdown.rst",
            category="Results",
            labels={"table": "breakdown"},
        ),
    log:
        "results/logs/tabulate_breakdown.log",
    benchmark:
        "results/benchmarks/tabulate_breakdown.tsv"
    conda:
        "../envs/signl.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 2000 * attempt,
        runtime=10,
    params:
        revision=f"tables-{revisions.TABLES}",
    script:
        "../workflow_scripts/tabulate_breakdown.py"


rule tabulate_pretraining:
    input:
        histories=pretraining_histories(),
    output:
        table=report(
            "results/pretraining.csv",
            caption="report/pretraining.rst",
            category="Pre-training",
            labels={"table": "pretraining"},
        ),
    log:
        "results/logs/tabulate_pretraining.log",
    benchmark:
        "results/benchmarks/tabulate_pretraining.tsv"
    conda:
        "../envs/signl.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 2000 * attempt,
        runtime=10,
    params:
        revision=f"tables-{revisions.TABLES}",
    script:
        "../workflow_scripts/tabulate_pretraining.py"


rule audit:
    log:
        "results/logs/audit.log",
    conda:
        "../envs/signl.yaml"
    threads: 4
    params:
        cfg=lambda wildcards: {
            "expected": [*experiment.artefacts, "results/quarantine.csv"],
            "tables": {
                "results/metrics.parquet": metrics_of_all(),
                "results/breakdown.parquet": metrics_of_all(),
                "results/indomain.csv": ["results/metrics.parquet"],
                "results/crossdomain.csv": ["results/metrics.parquet"],
                "results/breakdown.csv": ["results/breakdown.parquet"],
                "results/pretraining.csv": pretraining_histories(),
            },
            "table_options": {"published_as": experiment.published_as()},
        },
    script:
        "../workflow_scripts/audit.py"
