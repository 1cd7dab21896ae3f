# Usable utterances -> label subsets, pre-trained encoders, classifiers.
# No rule here is given the trials of an eval partition.


rule sample_labels:
    input:
        manifest="results/manifests/{corpus}.parquet",
    output:
        labels="results/labels/{corpus}/seed-{seed}/labels-{percent}.parquet",
    log:
        "results/logs/sample_labels/{corpus}/seed-{seed}/labels-{percent}.log",
    benchmark:
        "results/benchmarks/sample_labels/{corpus}/seed-{seed}/labels-{percent}.tsv"
    conda:
        "../envs/signl.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 3000 * attempt,
        runtime=20,
    params:
        cfg={},
        revision=f"labels-{revisions.LABELS}",
    script:
        "../workflow_scripts/sample_labels.py"


rule pretrain_encoder:
    input:
        train=usable_for("train"),
        dev=usable_for("dev"),
        shards=training_shards,
        frontend=trained_frontend,
    output:
        model="results/encoders/{recipe}/{corpus}/seed-{seed}/model.safetensors",
        config="results/encoders/{recipe}/{corpus}/seed-{seed}/config.json",
        history="results/encoders/{recipe}/{corpus}/seed-{seed}/history.jsonl",
        card="results/encoders/{recipe}/{corpus}/seed-{seed}/README.md",
    log:
        "results/logs/pretrain_encoder/{recipe}/{corpus}/seed-{seed}.log",
    benchmark:
        "results/benchmarks/pretrain_encoder/{recipe}/{corpus}/seed-{seed}.tsv"
    conda:
        "../envs/signl.yaml"
    threads: COMPUTING_THREADS
    resources:
        gpu=GPUS,
        mem_mb=lambda wildcards, attempt: 16000 * max(1, GPUS) * attempt,
        runtime=2880,
    params:
        cfg=pretraining_options,
        revision=f"pretraining-{revisions.PRETRAINING}",
    script:
        "../workflow_scripts/pretrain_encoder.py"


rule train_classifier:
    input:
        train=usable_for("train"),
        dev=usable_for("dev"),
        labels="results/labels/{corpus}/seed-{seed}/labels-{percent}.parquet",
        shards=training_shards,
        frontend=trained_frontend,
        encoder=encoder_of,
    output:
        model="results/classifiers/{recipe}/{corpus}/labels-{percent}/seed-{seed}/model.safetensors",
        config="results/classifiers/{recipe}/{corpus}/labels-{percent}/seed-{seed}/config.json",
        history="results/classifiers/{recipe}/{corpus}/labels-{percent}/seed-{seed}/history.jsonl",
        card="results/classifiers/{recipe}/{corpus}/labels-{percent}/seed-{seed}/README.md",
    log:
        "results/logs/train_classifier/{recipe}/{corpus}/labels-{percent}/seed-{seed}.log",
    benchmark:
        "results/benchmarks/train_classifier/{recipe}/{corpus}/labels-{percent}/seed-{seed}.tsv"
    conda:
        "../envs/signl.yaml"
    threads: COMPUTING_THREADS
    resources:
        gpu=GPUS,
        mem_mb=lambda wildcards, attempt: 16000 * max(1, GPUS) * attempt,
        runtime=1440,
    params:
        cfg=finetuning_options,
        revision=f"finetuning-{revisions.FINETUNING}",
    script:
        "../workflow_scripts/train_classifier.py"
