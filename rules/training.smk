# Usable utterances -> label subsets, pre-trained encoders, classifiers.
# No rule here is given the trials of an eval partition.


rule sample_labels:
    input:
        manifest=path_of(stages.MANIFEST),
    output:
        **stages.LABELS.outputs,
    log:
        stages.LABELS.log,
    benchmark:
        stages.LABELS.benchmark
    # Before all packing: a corpus that cannot be trained on should stop the run early.
    priority: 20
    conda:
        "../envs/signl.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 3000 * attempt,
        runtime=20,
    params:
        cfg={},
        revision=stages.LABELS.tag,
    script:
        "../workflow_scripts/sample_labels.py"


rule pool_utterances:
    input:
        usable=of_members(path_of(stages.USABLE, "usable")),
    output:
        **stages.POOLED.outputs,
    log:
        stages.POOLED.log,
    benchmark:
        stages.POOLED.benchmark
    conda:
        "../envs/signl.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=30,
    params:
        revision=stages.POOLED.tag,
    script:
        "../workflow_scripts/pool_utterances.py"


rule pool_labels:
    input:
        labels=of_members(path_of(stages.LABELS)),
    output:
        **stages.POOLED_LABELS.outputs,
    log:
        stages.POOLED_LABELS.log,
    benchmark:
        stages.POOLED_LABELS.benchmark
    conda:
        "../envs/signl.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 3000 * attempt,
        runtime=20,
    params:
        revision=stages.POOLED_LABELS.tag,
    script:
        "../workflow_scripts/pool_labels.py"


rule pretrain_encoder:
    input:
        train=usable_for("train"),
        dev=usable_for("dev"),
        copies=pretraining_copies_for,
        shards=pretraining_shards,
        frontend=trained_frontend,
    output:
        **stages.PRETRAINING.outputs,
    log:
        stages.PRETRAINING.log,
    benchmark:
        stages.PRETRAINING.benchmark
    conda:
        "../envs/signl.yaml"
    threads: COMPUTING_THREADS
    resources:
        gpu=GPUS,
        mem_mb=lambda wildcards, attempt: 16000 * max(1, GPUS) * attempt,
        runtime=2880,
    params:
        cfg=pretraining_options,
        revision=stages.PRETRAINING.tag,
    script:
        "../workflow_scripts/pretrain_encoder.py"


rule train_classifier:
    input:
        train=usable_for("train"),
        dev=usable_for("dev"),
        labels=labels_for,
        copies=copies_for,
        shards=finetuning_shards,
        frontend=trained_frontend,
        encoder=encoder_of,
    output:
        **stages.FINETUNING.outputs,
    log:
        stages.FINETUNING.log,
    benchmark:
        stages.FINETUNING.benchmark
    conda:
        "../envs/signl.yaml"
    threads: COMPUTING_THREADS
    resources:
        gpu=GPUS,
        mem_mb=lambda wildcards, attempt: 16000 * max(1, GPUS) * attempt,
        runtime=1440,
    params:
        cfg=finetuning_options,
        revision=stages.FINETUNING.tag,
    script:
        "../workflow_scripts/train_classifier.py"
