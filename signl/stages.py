"""The stages of the workflow: each one's rule, its revision, and where its artefacts lie.

Rules, headers of artefacts, the audit and the plan read these and have no copy. Snakemake does not
see edits of this package: a rule takes the revision of its stage as a parameter, and raising the
number here makes that stage anew, with all that follows from it. The golden tests fail when the
outputs of a stage move and its number does not.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

#: The folder of the workflow's results.
RESULTS: Final = "results"
#: The forms that figures are written in; the first, where no other is asked for.
FIGURE_FORMS: Final = ("svg", "pdf")

#: Rule -> the rule whose artefacts its own are read as, being of the same form and revision.
_READ_AS: Final[Mapping[str, str]] = {
    "score_dev": "score",
    "convert_scores": "score",
    "combine_scores": "score",
    "combine_dev_scores": "score",
    "pool_utterances": "gather_utterances",
    "pool_labels": "sample_labels",
    "measure_pooled": "measure",
}


@dataclass(frozen=True)
class Stage:
    """A stage.

    Attributes
    ----------
    rule : str
        Name of its rule; of packing, the first part of the names of its rules.
    revision : int
        Raised when a change of the library changes what the stage gives.
    cell : str
        What tells its jobs apart, as a path of wildcards; empty where there is one job.
    outputs : Mapping
        Name of an output in the rule -> its path with wildcards.
    folder : str
        The folder under ``results/`` that holds its artefacts with a header; empty where none
        has one.
    on_request : bool
        Whether the workflow makes its outputs only where they are asked for by name.
    """

    rule: str
    revision: int
    cell: str
    outputs: Mapping[str, str]
    folder: str = ""
    on_request: bool = False

    @property
    def maker(self) -> str:
        """What its artefacts' headers call it: all scores, say, are read alike."""
        return _READ_AS.get(self.rule, self.rule)

    @property
    def tag(self) -> str:
        """The parameter of the rule by which a raised revision is seen."""
        return f"{self.rule}-{self.revision}"

    @property
    def log(self) -> str:
        """Path of a job's log, with wildcards."""
        return f"{RESULTS}/logs/{self._job}.log"

    @property
    def benchmark(self) -> str:
        """Path of a job's benchmark, with wildcards."""
        return f"{RESULTS}/benchmarks/{self._job}.tsv"

    @property
    def of_sweep(self) -> "Stage":
        """The stage as it logs what one job makes of many shares of the labels and seeds."""
        return replace(self, cell=self.cell.replace(_LABELLING, ""))

    @property
    def _job(self) -> str:
        return f"{self.rule}/{self.cell}" if self.cell else self.rule

    def paths(self, **wildcards: object) -> list[str]:
        """Return the outputs of a job, in the order of the rule."""
        return [template.format(**wildcards) for template in self.outputs.values()]


def _stage(rule: str, revision: int, folder: str, cell: str, **suffixes: str) -> Stage:
    """Return a stage whose outputs lie at ``results/{folder}/{cell}{suffix}``."""
    outputs = {name: f"{RESULTS}/{folder}/{cell}{end}" for name, end in suffixes.items()}
    return Stage(rule, revision, cell, outputs, folder)


def _table(rule: str, revision: int, name: str, output: str = "table") -> Stage:
    return Stage(rule, revision, "", {output: f"{RESULTS}/{name}"})


def _figure(rule: str, revision: int, name: str) -> Stage:
    """Return a stage that draws; one job of it draws all figures of its name, in one form."""
    outputs = {"figure": f"{RESULTS}/figures/{name}.{{form}}"}
    return Stage(rule, revision, "{form}", outputs, on_request=True)


def _model(rule: str, revision: int, folder: str, cell: str) -> Stage:
    """Return a training, which writes a folder with a model and what belongs to it."""
    return _stage(
        rule,
        revision,
        folder,
        cell,
        model="/model.safetensors",
        config="/config.json",
        history="/history.jsonl",
        card="/README.md",
    )


_LABELLING: Final = "/labels-{percent}/seed-{seed}"
_TRAINED: Final = "{recipe}/{corpus}" + _LABELLING

DEMO_ARCHIVES: Final = Stage("make_demo_archives", 1, "", {"made": f"{RESULTS}/demo/archives.json"})
DEMO_FRONTEND: Final = Stage("make_demo_frontend", 1, "", {"made": f"{RESULTS}/demo/wav2vec2.json"})
MANIFEST: Final = _stage("build_manifest", 3, "manifests", "{corpus}", manifest=".parquet")
AUDIO: Final = _stage("pack_audio", 3, "audio", "{archive}/{shard}", shards=".parquet")
TRIALS: Final = _stage("locate_trials", 2, "trials", "{corpus}/{partition}", trials=".parquet")
FEATURES: Final = _stage(
    "extract_features",
    2,
    "features",
    "{frontend}/{archive}/{shard}",
    features=".safetensors",
    index=".parquet",
)
#: Of copies, which have archives of their own names (:mod:`signl.corpora.copied_names`).
COPIES: Final = _stage(
    "resynthesise", 1, "copies", "{archive}@{corpus}@{resynthesis}/{shard}", copies=".parquet"
)
INSPECTIONS: Final = _stage("inspect_audio", 1, "inspected", "{archive}/{shard}", index=".parquet")
USABLE: Final = _stage(
    "gather_utterances",
    2,
    "usable",
    "{source}/{corpus}/{partition}",
    usable=".parquet",
    quarantine=".quarantine.csv",
)
GATHERED_COPIES: Final = _stage(
    "gather_copies", 1, "gathered_copies", "{frontend}/{resynthesis}/{corpus}", copies=".parquet"
)
QUARANTINE: Final = _table("count_quarantine", 2, "quarantine.csv")
LABELS: Final = _stage(
    "sample_labels", 2, "labels", "{corpus}/seed-{seed}/labels-{percent}", labels=".parquet"
)
#: Of several corpora that are trained on as one; read as USABLE and LABELS are.
POOLED: Final = _stage(
    "pool_utterances", 2, "pooled", "{source}/{corpus}/{partition}", usable=".parquet"
)
POOLED_LABELS: Final = _stage(
    "pool_labels", 2, "pooled_labels", "{corpus}/seed-{seed}/labels-{percent}", labels=".parquet"
)
PRETRAINING: Final = _model("pretrain_encoder", 2, "encoders", "{recipe}/{corpus}/seed-{seed}")
FINETUNING: Final = _model("train_classifier", 3, "classifiers", _TRAINED)
#: Models that are imported lie where the user says.
IMPORTS: Final = Stage("import_checkpoint", 1, "", {})
SCORES: Final = _stage("score", 2, "scores", _TRAINED + "/{eval_corpus}", scores=".parquet")
#: What dev scores fix of a classifier lies beside it, so that a copy of its folder has it too.
OPERATING_POINT: Final = "operating_point.json"
DEV_SCORES: Final = Stage(
    "score_dev",
    2,
    _TRAINED,
    {
        "scores": f"{RESULTS}/dev_scores/{_TRAINED}.parquet",
        "operating_point": f"{RESULTS}/classifiers/{_TRAINED}/{OPERATING_POINT}",
    },
    "dev_scores",
)
#: Of systems that are given by their scores; read as SCORES are, and so of the same revision.
GIVEN_SCORES: Final = _stage(
    "convert_scores", 2, "given_scores", _TRAINED + "/{eval_corpus}", scores=".parquet"
)
#: Of recipes that are the mean of others; read as SCORES are, and so of the same revision.
COMBINED_SCORES: Final = _stage(
    "combine_scores", 2, "combined_scores", _TRAINED + "/{eval_corpus}", scores=".parquet"
)
COMBINED_DEV_SCORES: Final = _stage(
    "combine_dev_scores", 2, "combined_dev_scores", _TRAINED, scores=".parquet"
)
METRICS: Final = _stage("measure", 6, "metrics", _TRAINED + "/{eval_corpus}", metrics=".json")
#: Over several evaluation corpora; read as METRICS are, and so of the same revision.
POOLED_METRICS: Final = _stage(
    "measure_pooled", 6, "pooled_metrics", _TRAINED + "/{pool}", metrics=".json"
)
COLLECTED: Final = Stage(
    "collect_metrics",
    4,
    "",
    {"metrics": f"{RESULTS}/metrics.parquet", "breakdown": f"{RESULTS}/breakdown.parquet"},
)
COMPARISONS: Final = Stage(
    "compare_recipes",
    1,
    "",
    {"comparisons": f"{RESULTS}/comparisons.parquet", "table": f"{RESULTS}/comparisons.csv"},
)
TABLES: Final = Stage("tabulate", 3, "{table}", {"table": f"{RESULTS}/{{table}}.csv"})
BREAKDOWN_TABLE: Final = _table("tabulate_breakdown", 3, "breakdown.csv")
PRETRAINING_TABLE: Final = _table("tabulate_pretraining", 2, "pretraining.csv")
SUMMARY: Final = _table("summarise", 3, "summary.html", output="page")
LABEL_FIGURE: Final = _figure("draw_label_efficiency", 3, "label_efficiency")
DOMAIN_FIGURE: Final = _figure("draw_crossdomain", 2, "crossdomain")
PART_FIGURES: Final = _figure("draw_breakdown", 4, "breakdown/{figure}")
DET_FIGURES: Final = _figure("draw_det", 3, "det/{figure}")
SCORE_FIGURES: Final = _figure("draw_histograms", 3, "histograms/{figure}")
ATTACK_FIGURES: Final = _figure("draw_attacks", 2, "attacks/{figure}")
RELIABILITY_FIGURES: Final = _figure("draw_reliability", 2, "reliability/{figure}")
#: Of one cell, which is named: it is none of the figures that are drawn together.
EMBEDDING_FIGURE: Final = Stage(
    "draw_embeddings",
    2,
    _TRAINED + "/{eval_corpus}/{form}",
    {"figure": f"{RESULTS}/figures/embeddings/{_TRAINED}/{{eval_corpus}}.{{form}}"},
    on_request=True,
)
TRAINING_FIGURES: Final = _figure("draw_training", 3, "training/{figure}")

#: In the order of the workflow.
STAGES: Final[tuple[Stage, ...]] = (
    DEMO_ARCHIVES,
    DEMO_FRONTEND,
    MANIFEST,
    AUDIO,
    TRIALS,
    COPIES,
    FEATURES,
    INSPECTIONS,
    USABLE,
    GATHERED_COPIES,
    QUARANTINE,
    LABELS,
    POOLED,
    POOLED_LABELS,
    PRETRAINING,
    FINETUNING,
    SCORES,
    DEV_SCORES,
    GIVEN_SCORES,
    COMBINED_SCORES,
    COMBINED_DEV_SCORES,
    METRICS,
    POOLED_METRICS,
    COLLECTED,
    COMPARISONS,
    TABLES,
    BREAKDOWN_TABLE,
    PRETRAINING_TABLE,
    SUMMARY,
    LABEL_FIGURE,
    DOMAIN_FIGURE,
    PART_FIGURES,
    DET_FIGURES,
    SCORE_FIGURES,
    ATTACK_FIGURES,
    RELIABILITY_FIGURES,
    EMBEDDING_FIGURE,
    TRAINING_FIGURES,
)
#: Folder under ``results/`` -> the stage that fills it.
BY_FOLDER: Final[Mapping[str, Stage]] = {each.folder: each for each in STAGES if each.folder}


def maker_of(place: str) -> Stage:
    """Return the stage that makes the artefact at a place, ``results/{folder}/...``.

    Raises
    ------
    KeyError
        If no artefacts lie in this folder.
    """
    _, folder, *_, name = place.split("/")
    if folder == FINETUNING.folder and name == OPERATING_POINT:
        return DEV_SCORES
    return BY_FOLDER[folder]
