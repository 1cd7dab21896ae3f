# Classifiers -> scores, metrics, tables; and whether all artefacts are what they should be.


rule score:
    input:
        model="results/classifiers/{recipe}/{corpus}/labels-{percent}/seed-{seed}/model.safetensors",
        config="results/classifiers/{recipe}/{corpus}/labels-{percent}/seed-{seed}/config.json",
        trials=usable_eval_trials,
        features=eval_features,
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
        gpu=GPUS,
        mem_mb=lambda wildcards, attempt: 8000 * attempt,
        runtime=240,
    params:
        cfg={},
        revision=f"scores-{revisions.SCORES}",
    script:
        "../workflow_scripts/score.py"


rule measure:
    input:
        scores="results/scores/{recipe}/{corpus}/labels-{percent}/seed-{seed}/{eval_corpus}.parquet",
        trials=usable_eval_trials,
    output:
        metrics=(
            "results/metrics/{recipe}/{corpus}/labels-{percent}/seed-{seed}/"
            "{eval_corpus}/{protocol}.json"
        ),
    log:
        "results/logs/measure/{recipe}/{corpus}/labels-{percent}/seed-{seed}/{eval_corpus}/{protocol}.log",
    benchmark:
        "results/benchmarks/measure/{recipe}/{corpus}/labels-{percent}/seed-{seed}/{eval_corpus}/{protocol}.tsv"
    conda:
        "../envs/signl.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=30,
    params:
        cfg={},
        frontend=lambda wildcards: experiment.frontend_of(wildcards.recipe),
        revision=f"metrics-{revisions.METRICS}",
    script:
        "../workflow_scripts/measure.py"


rule tabulate:
    input:
        metrics=lambda wildcards: metrics_of(in_domain=wildcards.table == "indomain"),
    output:
        table=report(
            "results/{table}.csv",
            caption="../report/table.rst",
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
        mem_mb=2000,
        runtime=10,
    params:
        cfg={"published_as": experiment.published_as()},
        revision=f"tables-{revisions.TABLES}",
    script:
        "../workflow_scripts/tabulate.py"


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
                "results/indomain.csv": metrics_of(in_domain=True),
                "results/crossdomain.csv": metrics_of(in_domain=False),
            },
            "table_options": {"published_as": experiment.published_as()},
        },
    script:
        "../workflow_scripts/audit.py"
