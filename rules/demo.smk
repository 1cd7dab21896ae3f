# The embedded experiment: small corpora in the published layouts, and a small front-end.
# As all archives and models they stay local where the rest is kept in an object store.

from signl.demo.demo_files import (
    DEMO_ARCHIVES,
    DEMO_FRONTEND,
    demo_files,
    frontend_files,
)


rule make_demo_archives:
    output:
        local(demo_files(DEMO_ARCHIVES)),
        made=local(path_of(stages.DEMO_ARCHIVES)),
    log:
        stages.DEMO_ARCHIVES.log,
    benchmark:
        stages.DEMO_ARCHIVES.benchmark
    conda:
        "../envs/signl.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 2000 * attempt,
        runtime=10,
    params:
        cfg=experiment.config.demo.archives.dump_given(),
        revision=stages.DEMO_ARCHIVES.tag,
        folder=Path(DEMO_ARCHIVES),
    script:
        "../workflow_scripts/make_demo_archives.py"


rule make_demo_frontend:
    output:
        local(frontend_files(DEMO_FRONTEND)),
        made=local(path_of(stages.DEMO_FRONTEND)),
    log:
        stages.DEMO_FRONTEND.log,
    benchmark:
        stages.DEMO_FRONTEND.benchmark
    conda:
        "../envs/signl.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 2000 * attempt,
        runtime=10,
    params:
        cfg=experiment.config.demo.frontend.dump_given(),
        revision=stages.DEMO_FRONTEND.tag,
        folder=Path(DEMO_FRONTEND),
    script:
        "../workflow_scripts/make_demo_frontend.py"
