# Packed audio -> features of every shard; trials -> usable utterances.


rule extract_features:
    input:
        audio="results/audio/{archive}/{shard}.parquet",
        model=frontend_model,
    output:
        features="results/features/{frontend}/{archive}/{shard}.safetensors",
        index="results/features/{frontend}/{archive}/{shard}.parquet",
    log:
        "results/logs/extract_features/{frontend}/{archive}/{shard}.log",
    benchmark:
        "results/benchmarks/extract_features/{frontend}/{archive}/{shard}.tsv"
    conda:
        "../envs/signl.yaml"
    threads: 1
    resources:
        gpu=extraction_gpus,
        mem_mb=lambda wildcards, attempt: 12000 * attempt,
        runtime=120,
    params:
        cfg=lambda wildcards: experiment.frontend_options(wildcards.frontend),
        revision=f"features-{revisions.FEATURES}",
    script:
        "../workflow_scripts/extract_features.py"


rule inspect_audio:
    input:
        audio="results/audio/{archive}/{shard}.parquet",
    output:
        index="results/inspected/{archive}/{shard}.parquet",
    log:
        "results/logs/inspect_audio/{archive}/{shard}.log",
    benchmark:
        "results/benchmarks/inspect_audio/{archive}/{shard}.tsv"
    conda:
        "../envs/signl.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 2000 * attempt,
        runtime=60,
    params:
        cfg={"clip_s": experiment.inspected_s},
        revision=f"inspections-{revisions.INSPECTIONS}",
    script:
        "../workflow_scripts/inspect_audio.py"


rule gather_utterances:
    input:
        trials="results/trials/{corpus}/{partition}.parquet",
        indexes=indexes_of,
    output:
        usable="results/usable/{source}/{corpus}/{partition}.parquet",
        quarantine="results/usable/{source}/{corpus}/{partition}.quarantine.csv",
    log:
        "results/logs/gather_utterances/{source}/{corpus}/{partition}.log",
    benchmark:
        "results/benchmarks/gather_utterances/{source}/{corpus}/{partition}.tsv"
    conda:
        "../envs/signl.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=30,
    params:
        cfg={"max_undecodable": LIMITS["undecodable"]},
        revision=f"usable-{revisions.USABLE}",
    script:
        "../workflow_scripts/gather_utterances.py"


rule count_quarantine:
    input:
        usable=usable_partitions("results/usable/{}/{}/{}.parquet"),
        quarantines=usable_partitions("results/usable/{}/{}/{}.quarantine.csv"),
    output:
        table=report(
            "results/quarantine.csv",
            caption="../report/quarantine.rst",
            category="Utterances",
        ),
    log:
        "results/logs/count_quarantine.log",
    benchmark:
        "results/benchmarks/count_quarantine.tsv"
    conda:
        "../envs/signl.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=10,
    params:
        revision=f"usable-{revisions.USABLE}",
    script:
        "../workflow_scripts/count_quarantine.py"
