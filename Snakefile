# From the archives, as published, to the tables of in-domain and cross-domain results.

from pathlib import Path

from snakemake.utils import min_version

min_version("9.20")

# A --configfile takes the place of config.yaml; --config alone changes keys of it.
if "experiments" not in config:

    configfile: Path(workflow.current_basedir, "config.yaml")


include: "rules/common.smk"
include: "rules/models.smk"
include: "rules/results.smk"
include: "rules/demo.smk"
include: "rules/archives.smk"
include: "rules/features.smk"
include: "rules/training.smk"
include: "rules/evaluation.smk"
include: "rules/sweeps.smk"
include: "rules/figures.smk"
include: "rules/summary.smk"
include: "rules/freshness.smk"


report: "rules/report/workflow.rst"


localrules:
    all,
    manifests,
    check_archives,
    verify_archives,
    sample_labels,
    audit,
    collect_metrics,
    tabulate,
    tabulate_breakdown,
    tabulate_pretraining,
    count_quarantine,
    summarise,


rule all:
    default_target: True
    input:
        "results/indomain.csv",
        "results/crossdomain.csv",
        "results/comparisons.csv",
        "results/breakdown.csv",
        "results/pretraining.csv",
        "results/quarantine.csv",
        "results/summary.html",
