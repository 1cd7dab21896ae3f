# Archives, as published -> manifests, packed audio, located trials.


rule check_archives:
    log:
        "results/logs/check_archives.log",
    conda:
        "../envs/signl.yaml"
    params:
        cfg=experiment.archive_check,
    script:
        "../workflow_scripts/check_archives.py"


rule verify_archives:
    log:
        "results/logs/verify_archives.log",
    conda:
        "../envs/signl.yaml"
    params:
        cfg={
            "corpora": sorted(experiment.partitions_in_use),
            "archives_folder": config["archives"],
        },
        memory="results/archives.verified.json",
    script:
        "../workflow_scripts/verify_archives.py"


rule manifests:
    input:
        expand(
            "results/manifests/{corpus}.parquet", corpus=experiment.partitions_in_use
        ),


rule build_manifest:
    input:
        protocol_files,
    output:
        manifest="results/manifests/{corpus}.parquet",
    log:
        "results/logs/build_manifest/{corpus}.log",
    benchmark:
        "results/benchmarks/build_manifest/{corpus}.tsv"
    conda:
        "../envs/signl.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 3000 * attempt,
        runtime=30,
    params:
        cfg=lambda wildcards: experiment.corpus_options(wildcards.corpus),
        revision=f"manifest-{revisions.MANIFEST}",
        # A function: braces in a text would be wildcards.
        archives=lambda wildcards: config["archives"],
    script:
        "../workflow_scripts/build_manifest.py"


# One rule an archive, because each has its own number of shards, all written in one pass.
for name in experiment.archives:

    rule:
        name:
            f"pack_audio_{name}"
        input:
            manifest=f"results/manifests/{experiment.packing_corpus(name)}.parquet",
            archive=files_of_archive(name),
        output:
            shards=expand(
                "results/audio/{archive}/{shard}.parquet",
                archive=name,
                shard=experiment.shards_of(name),
            ),
        log:
            f"results/logs/pack_audio/{name}.log",
        benchmark:
            f"results/benchmarks/pack_audio/{name}.tsv"
        conda:
            "../envs/signl.yaml"
        threads: 1
        resources:
            mem_mb=lambda wildcards, attempt: 2000 * attempt,
            runtime=lambda wildcards, attempt: 240 * attempt,
        params:
            cfg={"archive": name},
            revision=f"audio-{revisions.AUDIO}",
        script:
            "../workflow_scripts/pack_audio.py"


rule locate_trials:
    input:
        manifest="results/manifests/{corpus}.parquet",
        audio=audio_of,
    output:
        trials="results/trials/{corpus}/{partition}.parquet",
    log:
        "results/logs/locate_trials/{corpus}/{partition}.log",
    benchmark:
        "results/benchmarks/locate_trials/{corpus}/{partition}.tsv"
    # Before the features: a trial without audio should stop the run early.
    priority: 10
    conda:
        "../envs/signl.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=30,
    params:
        cfg=lambda wildcards: {
            "max_missing": LIMITS["missing_audio"],
            "partitions": [wildcards.partition],
        },
        revision=f"trials-{revisions.TRIALS}",
    script:
        "../workflow_scripts/locate_trials.py"
