# Packed audio -> copies of utterances of train and dev; features of every shard; trials -> usable utterances.


rule resynthesise:
    input:
        audio=path_of(stages.AUDIO),
        trials=copied.trials_path,
    output:
        **stages.COPIES.outputs,
    log:
        stages.COPIES.log,
    benchmark:
        stages.COPIES.benchmark
    conda:
        "../envs/signl.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 3000 * attempt,
        runtime=lambda wildcards, attempt: 240 * attempt,
    params:
        cfg=lambda wildcards: copied.parameters(wildcards.resynthesis),
        revision=stages.COPIES.tag,
    script:
        "../workflow_scripts/resynthesise.py"


rule extract_features:
    input:
        audio=audio_shard,
        model=frontend_model,
    output:
        **stages.FEATURES.outputs,
    log:
        stages.FEATURES.log,
    benchmark:
        stages.FEATURES.benchmark
    conda:
        "../envs/signl.yaml"
    threads: lambda wildcards: DECODERS if extraction_gpus(wildcards) else 1
    resources:
        gpu=extraction_gpus,
        mem_mb=lambda wildcards, attempt: 12000 * attempt,
        runtime=lambda wildcards, attempt: 120 * attempt,
    params:
        cfg=lambda wildcards: frontend_options(wildcards.frontend),
        revision=stages.FEATURES.tag,
    script:
        "../workflow_scripts/extract_features.py"


rule inspect_audio:
    input:
        audio=path_of(stages.AUDIO),
    output:
        **stages.INSPECTIONS.outputs,
    log:
        stages.INSPECTIONS.log,
    benchmark:
        stages.INSPECTIONS.benchmark
    conda:
        "../envs/signl.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 2000 * attempt,
        runtime=lambda wildcards, attempt: 60 * attempt,
    params:
        cfg={"clip_s": experiment.inspected_s},
        revision=stages.INSPECTIONS.tag,
    script:
        "../workflow_scripts/inspect_audio.py"


rule gather_utterances:
    input:
        trials=path_of(stages.TRIALS),
        indexes=indexes_of,
    output:
        **stages.USABLE.outputs,
    log:
        stages.USABLE.log,
    benchmark:
        stages.USABLE.benchmark
    conda:
        "../envs/signl.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=30,
    params:
        cfg={"max_undecodable": experiment.config.limits.undecodable},
        revision=stages.USABLE.tag,
    script:
        "../workflow_scripts/gather_utterances.py"


rule gather_copies:
    input:
        copies=copied.copies_paths,
        indexes=lambda wildcards: copied.feature_paths("index", wildcards),
    output:
        **stages.GATHERED_COPIES.outputs,
    log:
        stages.GATHERED_COPIES.log,
    benchmark:
        stages.GATHERED_COPIES.benchmark
    conda:
        "../envs/signl.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=30,
    params:
        cfg={"max_undecodable": experiment.config.limits.undecodable},
        revision=stages.GATHERED_COPIES.tag,
    script:
        "../workflow_scripts/gather_copies.py"


rule count_quarantine:
    input:
        usable=usable_partitions("usable"),
        quarantines=usable_partitions("quarantine"),
    output:
        table=report(
            path_of(stages.QUARANTINE),
            caption="report/quarantine.rst",
            category="Utterances",
        ),
    log:
        stages.QUARANTINE.log,
    benchmark:
        stages.QUARANTINE.benchmark
    conda:
        "../envs/signl.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=10,
    params:
        revision=stages.QUARANTINE.tag,
    script:
        "../workflow_scripts/count_quarantine.py"
