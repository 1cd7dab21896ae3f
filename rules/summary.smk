# What was found, on one page that needs nothing else to be read.

from signl.recipes import pretraining_pairs


rule summarise:
    input:
        metrics=path_of(stages.COLLECTED, "metrics"),
        comparisons=path_of(stages.COMPARISONS, "comparisons"),
        indomain=path_of(stages.TABLES, table="indomain"),
        crossdomain=path_of(stages.TABLES, table="crossdomain"),
        compared=path_of(stages.COMPARISONS, "table"),
        breakdown=path_of(stages.BREAKDOWN_TABLE),
        pretraining=path_of(stages.PRETRAINING_TABLE),
        quarantine=path_of(stages.QUARANTINE),
    output:
        page=report(
            path_of(stages.SUMMARY),
            caption="report/summary.rst",
            category="Summary",
            labels={"page": "what was found"},
        ),
    log:
        stages.SUMMARY.log,
    benchmark:
        stages.SUMMARY.benchmark
    conda:
        "../envs/signl.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 2000 * attempt,
        runtime=10,
    params:
        config=config,
        recipes=sorted(experiment.config.recipes),
        published_as=experiment.config.published_as,
        pairs=pretraining_pairs(experiment.config.recipes),
        revision=stages.SUMMARY.tag,
    script:
        "../workflow_scripts/summarise.py"
