# Archives, as published -> manifests, packed audio, located trials.


rule check_archives:
    log:
        log_of_looking("results/logs/check_archives.log"),
    conda:
        "../envs/signl.yaml"
    params:
        cfg=holdings.archive_check,
    script:
        "../workflow_scripts/check_archives.py"


rule verify_archives:
    log:
        log_of_looking("results/logs/verify_archives.log"),
    conda:
        "../envs/signl.yaml"
    params:
        cfg={
            "corpora": holdings.published_in_use,
            "archives_folder": experiment.config.archives,
        },
        memory="results/archives.verified.json",
    script:
        "../workflow_scripts/verify_archives.py"


rule manifests:
    input:
        expand(path_of(stages.MANIFEST), corpus=experiment.partitions_in_use),


# Where the archives were taken away after packing, what was made of them is where all begins.
if not holdings.are_packed:

    rule build_manifest:
        input:
            protocol_files,
        output:
            **stages.MANIFEST.outputs,
        log:
            stages.MANIFEST.log,
        benchmark:
            stages.MANIFEST.benchmark
        # Before all packing: what a protocol lacks is told first.
        priority: 20
        conda:
            "../envs/signl.yaml"
        threads: 1
        resources:
            mem_mb=lambda wildcards, attempt: 3000 * attempt,
            runtime=30,
        params:
            cfg=lambda wildcards: holdings.corpus_options(wildcards.corpus),
            revision=stages.MANIFEST.tag,
            # A function: braces in a text would be wildcards.
            archives=lambda wildcards: experiment.config.archives,
        script:
            "../workflow_scripts/build_manifest.py"

    # One rule an archive, because each has its own number of shards, all written in one pass.
    for name in holdings.archives:

        rule:
            name:
                f"pack_audio_{name}"
            input:
                manifest=path_of(stages.MANIFEST, corpus=holdings.packing_corpus(name)),
                archive=files_of_archive(name),
            output:
                shards=expand(
                    path_of(stages.AUDIO), archive=name, shard=holdings.shards_of(name)
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
                revision=stages.AUDIO.tag,
            script:
                "../workflow_scripts/pack_audio.py"


rule locate_trials:
    input:
        manifest=path_of(stages.MANIFEST),
        audio=audio_of,
    output:
        **stages.TRIALS.outputs,
    log:
        stages.TRIALS.log,
    benchmark:
        stages.TRIALS.benchmark
    # Before the features: a trial without audio should stop the run early.
    priority: 10
    conda:
        "../envs/signl.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=30,
    params:
        cfg=lambda wildcards: experiment.locate_options(wildcards.partition),
        revision=stages.TRIALS.tag,
    script:
        "../workflow_scripts/locate_trials.py"
