# The embedded experiment: small corpora in the published layouts, and a small front-end.
# As all archives and models they stay local where the rest is kept in an object store.


rule make_demo_archives:
    output:
        local(experiment.demo_archives()),
    log:
        "results/logs/make_demo_archives.log",
    benchmark:
        "results/benchmarks/make_demo_archives.tsv"
    conda:
        "../envs/signl.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 2000 * attempt,
        runtime=10,
    params:
        cfg=config.get("demo", {}).get("archives", {}),
        revision=f"demo-{revisions.DEMO}",
        folder=lambda wildcards, output: Path(output[0]).parents[1],
    script:
        "../workflow_scripts/make_demo_archives.py"


rule make_demo_frontend:
    output:
        local(experiment.demo_frontend()),
    log:
        "results/logs/make_demo_frontend.log",
    benchmark:
        "results/benchmarks/make_demo_frontend.tsv"
    conda:
        "../envs/signl.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 2000 * attempt,
        runtime=10,
    params:
        cfg=config.get("demo", {}).get("frontend", {}),
        revision=f"demo-{revisions.DEMO}",
        folder=lambda wildcards, output: Path(output[0]).parent,
    script:
        "../workflow_scripts/make_demo_frontend.py"
