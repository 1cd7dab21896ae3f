"""The experiment that a configuration asks for: what the workflow must make, and from what.

This module is what the Snakefile knows of the library. It is imported whenever the workflow is
parsed, in every job, and so imports nothing heavy, and looks at no file's content.
"""

from collections.abc import Collection, Mapping
from dataclasses import astuple, dataclass
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import Any, Final

from signl.consistency import CLIP_S, check_consistency
from signl.corpora.checking import check_archives, missing_message
from signl.corpora.table import (
    Corpus,
    LocatedArchive,
    archive_named,
    corpus_named,
    locate_archives,
    locate_protocols,
)
from signl.demo.files import demo_files, frontend_files
from signl.errors import ConfigError
from signl.features.speech_model.embedded import DEMO_FRONTEND
from signl.labels import DEV, EVAL, PARTITIONS, TRAIN
from signl.schema import check_schema
from signl.seeds import shard_names

#: What stands in paths where a network reads audio instead of a front-end's features.
AUDIO: Final = "audio"
#: What a training writes into a folder of its own.
MODEL_FILES: Final = ("model.safetensors", "config.json", "history.jsonl", "README.md")
DEMO_ARCHIVES: Final = "results/demo/archives"


@dataclass(frozen=True, order=True)
class Trained:
    """A classifier: recipe, training corpus, per cent of the labels, seed."""

    recipe: str
    corpus: str
    percent: float
    seed: int


@dataclass(frozen=True, order=True)
class Pretrained:
    """A pre-trained encoder: recipe, corpus, seed."""

    recipe: str
    corpus: str
    seed: int


@dataclass(frozen=True, order=True)
class Evaluated:
    """A classifier under one protocol of an evaluation corpus."""

    classifier: Trained
    eval_corpus: str
    protocol: str

    @property
    def is_in_domain(self) -> bool:
        """Whether training and evaluation corpus are the same."""
        return self.classifier.corpus == self.eval_corpus


class Experiment:
    """A checked configuration.

    Parameters
    ----------
    config : Mapping
        The configuration, as YAML gives it.
    schema : path
        The JSON Schema of the configuration.

    Raises
    ------
    ConfigError
        If a key is unknown, a value is not allowed, or a name is used that is not defined;
        says which, and what is allowed.
    """

    def __init__(self, config: Mapping[str, Any], schema: str | Path) -> None:
        check_schema(config, schema)
        self.config = config
        self._found: dict[tuple[str, frozenset[str]], list[LocatedArchive]] = {}
        check_consistency(config)

    # What is asked for.

    @cached_property
    def evaluated(self) -> list[Evaluated]:
        """All cells of the tables, sorted."""
        cells = {
            Evaluated(Trained(recipe, corpus, percent, seed), eval_corpus, protocol)
            for axes in self.config["experiments"].values()
            for recipe, corpus, percent, seed, eval_corpus in product(
                axes["recipes"],
                axes["train_corpora"],
                axes["label_percents"],
                axes["seeds"],
                axes["evaluate_on"],
            )
            for protocol in corpus_named(eval_corpus).protocols
        }
        return sorted(cells)

    @property
    def pretrained(self) -> list[Pretrained]:
        """All encoders that the classifiers start from, sorted."""
        classifiers = {cell.classifier for cell in self.evaluated}
        encoders = {
            Pretrained(pretrained_by, classifier.corpus, classifier.seed)
            for classifier in classifiers
            if (pretrained_by := self.pretrained_by(classifier.recipe))
        }
        return sorted(encoders)

    @cached_property
    def partitions_in_use(self) -> dict[str, set[str]]:
        """Corpus -> the partitions of it that the experiments use."""
        used: dict[str, set[str]] = {}
        for cell in self.evaluated:
            if not self.given_classifier(cell.classifier.recipe):
                used.setdefault(cell.classifier.corpus, set()).update({TRAIN, DEV})
            used.setdefault(cell.eval_corpus, set()).add(EVAL)
        return used

    @cached_property
    def usable_in_use(self) -> list[tuple[str, str, str]]:
        """Source (:meth:`source_of`), corpus and partition of all utterances in use."""
        used = set()
        for cell in self.evaluated:
            recipe, corpus = cell.classifier.recipe, cell.classifier.corpus
            source = self.source_of(recipe)
            if not self.given_classifier(recipe):
                used |= {(source, corpus, partition) for partition in (TRAIN, DEV)}
            used.add((source, cell.eval_corpus, EVAL))
        return sorted(used)

    @cached_property
    def artefacts(self) -> list[str]:
        """Paths of what the workflow makes, but for tables, logs and what the demo starts from."""
        paths = set()
        for archive in self.archives:
            paths.add(f"results/manifests/{self.packing_corpus(archive)}.parquet")
            paths |= {
                f"results/audio/{archive}/{shard}.parquet" for shard in self.shards_of(archive)
            }
        for corpus, partitions in self.partitions_in_use.items():
            paths.add(f"results/manifests/{corpus}.parquet")
            paths |= {f"results/trials/{corpus}/{partition}.parquet" for partition in partitions}
        for source, corpus, partition in self.usable_in_use:
            usable = f"results/usable/{source}/{corpus}/{partition}"
            paths |= {f"{usable}.parquet", f"{usable}.quarantine.csv"}
            paths |= {
                template.format(archive=archive, shard=shard)
                for template in _indexed(source)
                for archive in self.audio_archives(corpus, partition)
                for shard in self.shards_of(archive)
            }
        for cell in self.evaluated:
            paths |= self._artefacts_of(cell)
        return sorted(paths)

    def _artefacts_of(self, cell: Evaluated) -> set[str]:
        """Return what is made for one cell, from its labels to its metrics."""
        recipe, corpus, percent, seed = astuple(cell.classifier)
        trained = f"{recipe}/{corpus}/labels-{percent:g}/seed-{seed}"
        evaluated = {
            f"results/scores/{trained}/{cell.eval_corpus}.parquet",
            f"results/metrics/{trained}/{cell.eval_corpus}/{cell.protocol}.json",
        }
        if self.given_classifier(recipe):
            return evaluated
        folders = [f"results/classifiers/{trained}"]
        if pretrained_by := self.pretrained_by(recipe):
            folders.append(f"results/encoders/{pretrained_by}/{corpus}/seed-{seed}")
        return evaluated | {
            f"results/labels/{corpus}/seed-{seed}/labels-{percent:g}.parquet",
            f"results/dev_scores/{trained}.parquet",
            *(f"{folder}/{file}" for folder in folders for file in MODEL_FILES),
        }

    # Corpora and archives.

    def corpus_options(self, corpus: str) -> dict[str, Any]:
        """Return the options of ``build_manifest`` for a corpus.

        A corpus that is not configured is needed for another, over the same archives: where of
        that one only a part is there, so is it of this.
        """
        configured = self.config["corpora"]
        if corpus not in configured:
            dependants = (name for name in configured if corpus_named(name).packed_by == corpus)
            return {"subset": any(self.corpus_options(name)["subset"] for name in dependants)}
        given = dict(configured[corpus] or {})
        given.pop("shards", None)
        return {"subset": False} | given

    def owner_of(self, corpus: str) -> str:
        """Return the corpus whose manifest says which audio of its archives is packed."""
        return corpus_named(corpus).packed_by

    @property
    def uses_demo_archives(self) -> bool:
        """Whether the archives are the embedded ones, which the workflow makes itself."""
        return Path(self.config["archives"]) == Path(DEMO_ARCHIVES)

    def demo_archives(self) -> list[str]:
        """Return the paths of the embedded archives."""
        return demo_files(DEMO_ARCHIVES)

    def demo_frontend(self) -> list[str]:
        """Return the paths of the embedded front-end."""
        return frontend_files(DEMO_FRONTEND)

    @cached_property
    def archives(self) -> dict[str, LocatedArchive]:
        """Archive name -> where it lies, of all archives with audio that are used."""
        return {
            located.name: located
            for corpus, partitions in self.partitions_in_use.items()
            for located in self._located(corpus, partitions)
            if located.archive.n_utterances
        }

    def protocol_files(self, corpus: str) -> list[str]:
        """Return the files from which the manifest of a corpus is read."""
        located = (
            self._published(corpus_named(corpus), protocols=True)
            if self.uses_demo_archives
            else locate_protocols(corpus, self.config["archives"])
        )
        return [str(path) for archive in located for path in archive.paths]

    def archive_files(self, archive: str) -> list[str]:
        """Return the files of an archive."""
        return [str(path) for path in self.archives[archive].paths]

    def packing_corpus(self, archive: str) -> str:
        """Return the corpus whose manifest says what is packed of an archive."""
        for corpus, partitions in self.partitions_in_use.items():
            if archive in {located.name for located in self._located(corpus, partitions)}:
                return self.owner_of(corpus)
        raise ConfigError(f"no corpus in use has an archive {archive!r}")

    def shards_of(self, archive: str) -> list[str]:
        """Return the names of the shards of an archive."""
        return shard_names(self._n_shards(archive))

    def audio_archives(self, corpus: str, partition: str) -> list[str]:
        """Return the names of the archives that hold the audio of a partition."""
        return [
            located.name
            for located in self._located(corpus, {partition})
            if located.archive.n_utterances and partition in located.archive.partitions
        ]

    @cached_property
    def archive_check(self) -> dict[str, Any]:
        """Arguments of :func:`signl.corpora.checking.check_archives` for what is in use."""
        return {
            "corpora": {name: sorted(used) for name, used in self.partitions_in_use.items()},
            "archives_folder": self.config["archives"],
            "subsets": [
                name for name in self.partitions_in_use if self.corpus_options(name)["subset"]
            ],
        }

    @cached_property
    def missing_message(self) -> str:
        """Which archives that the experiments need are not there; empty if all are."""
        if self.uses_demo_archives:
            return ""
        return missing_message(check_archives(**self.archive_check), self.config["archives"])

    # Front-ends and recipes.

    def frontend_options(self, frontend: str) -> dict[str, Any]:
        """Return the options of ``extract_features`` for a front-end."""
        options = dict(self.config["frontends"][frontend])
        return {**options.pop("options", {}), **options}

    def frontend_inputs(self, frontend: str) -> list[str]:
        """Return the files of a front-end's model, where that is a folder."""
        model = self.config["frontends"][frontend].get("options", {}).get("model")
        if model is None:
            return []
        if Path(model) == Path(DEMO_FRONTEND):
            return self.demo_frontend()
        return sorted(str(path) for path in Path(model).glob("*") if path.is_file())

    def frontend_of(self, recipe: str) -> str:
        """Return the name of a recipe's front-end."""
        return str(self.config["recipes"][recipe]["frontend"])

    def is_end_to_end(self, recipe: str) -> bool:
        """Tell whether a recipe trains its front-end too."""
        return bool(self.config["recipes"][recipe].get("trainable_frontend"))

    def source_of(self, recipe: str) -> str:
        """Return what the network of a recipe reads: features, by front-end, or :data:`AUDIO`."""
        if self.is_end_to_end(recipe) or "frontend" not in self.config["recipes"][recipe]:
            return AUDIO
        return self.frontend_of(recipe)

    def frontend_label(self, recipe: str) -> str:
        """Return what tables call the front-end of a recipe."""
        if "frontend" not in self.config["recipes"][recipe]:
            return "its own"
        return self.frontend_of(recipe) + (" (trained)" if self.is_end_to_end(recipe) else "")

    @property
    def inspected_s(self) -> float:
        """Seconds of an utterance that must be decoded: the longest clip that is read from audio.

        A given classifier reads clips of the published length.
        """
        frontends = (
            self.config["frontends"][self.frontend_of(recipe)]
            for recipe in self.config["recipes"]
            if self.is_end_to_end(recipe)
        )
        return float(max([CLIP_S, *(frontend.get("clip_s", CLIP_S) for frontend in frontends)]))

    def pretrained_by(self, recipe: str) -> str | None:
        """Return the recipe whose pre-training a recipe starts from, often itself; or nothing."""
        options = self.config["recipes"][recipe]
        return recipe if options.get("pretraining") is not None else options.get("encoder_of")

    def given_encoder(self, recipe: str) -> str | None:
        """Return the folder of the encoder that a recipe starts from, if it names one."""
        return self._folder(recipe, "encoder")

    def given_classifier(self, recipe: str) -> str | None:
        """Return the folder of the classifier that a recipe evaluates, if it names one."""
        return self._folder(recipe, "classifier")

    def _folder(self, recipe: str, key: str) -> str | None:
        folder = self.config["recipes"][recipe].get(key)
        return None if folder is None else str(folder)

    def pretraining_options(self, recipe: str, corpus: str) -> dict[str, Any]:
        """Return what pre-training on a corpus takes of a recipe."""
        return self._training_options(recipe, corpus, "pretraining")

    def finetuning_options(self, recipe: str, corpus: str) -> dict[str, Any]:
        """Return what fine-tuning on a corpus takes of a recipe."""
        return self._training_options(recipe, corpus, "finetuning")

    def _training_options(self, recipe: str, corpus: str, stage: str) -> dict[str, Any]:
        """Return what a training takes: its front-end is an option where it is trained too."""
        resolved = self._recipe_for(recipe, corpus)
        options = {key: resolved[key] for key in ("crop_s", "graph", stage)}
        if self.is_end_to_end(recipe):
            frontend = self.frontend_options(self.frontend_of(recipe))
            # The precision of extraction alone: trainings have one of their own.
            options["frontend"] = {k: v for k, v in frontend.items() if k != "dtype"}
        return options

    def published_as(self) -> dict[str, Any]:
        """Return recipe -> the published system beside which its results stand."""
        return {
            name: recipe["published_as"]
            for name, recipe in self.config["recipes"].items()
            if recipe.get("published_as")
        }

    # Details.

    def _located(self, corpus: str, partitions: Collection[str]) -> list[LocatedArchive]:
        # Asked for by every job that is planned, and each answer looks at dozens of files.
        key = corpus, frozenset(partitions)
        if key not in self._found:
            self._found[key] = self._locate(corpus, partitions)
        return self._found[key]

    def _locate(self, corpus: str, partitions: Collection[str]) -> list[LocatedArchive]:
        if self.uses_demo_archives:
            return self._published(corpus_named(corpus), partitions=partitions)
        return locate_archives(
            corpus,
            self.config["archives"],
            partitions=partitions,
            subset=bool(self.corpus_options(corpus)["subset"]),
        )

    def _published(
        self,
        corpus: Corpus,
        *,
        partitions: Collection[str] = PARTITIONS,
        protocols: bool = False,
    ) -> list[LocatedArchive]:
        """Return the embedded archives of a corpus: made on demand, in the published form."""
        return [
            LocatedArchive(
                archive=archive,
                form="published",
                paths=tuple(Path(DEMO_ARCHIVES, archive.folder, file) for file in archive.files),
            )
            for archive_set in corpus.sets
            if not archive_set.is_optional
            and (
                archive_set.holds_protocols
                or (not protocols and set(archive_set.partitions).intersection(partitions))
            )
            for archive in archive_set.archives
            if str(Path(DEMO_ARCHIVES, archive.folder, archive.files[0])) in self.demo_archives()
        ]

    def _n_shards(self, archive: str) -> int:
        """Return the shards of an archive: as configured, else one for some thousand files.

        Of an archive of which only a part is there, nobody has published how many it holds:
        without a word in the configuration it becomes one shard.
        """
        described = archive_named(archive)
        for corpus, options in self.config["corpora"].items():
            shards = (options or {}).get("shards", {})
            if archive in shards:
                return int(shards[archive])
            holds_it = described.set in {of_corpus.name for of_corpus in corpus_named(corpus).sets}
            if holds_it and self.corpus_options(corpus)["subset"]:
                return 1
        return described.n_shards

    def _recipe_for(self, recipe: str, corpus: str) -> dict[str, Any]:
        options = self.config["recipes"][recipe]
        overrides = (options.get("per_corpus") or {}).get(corpus) or {}
        return _merged(options, overrides)


def _indexed(source: str) -> list[str]:
    """Return templates of the files that say which utterances of a source can be used."""
    if source == AUDIO:
        return ["results/inspected/{archive}/{shard}.parquet"]
    shard = f"results/features/{source}/{{archive}}/{{shard}}"
    return [f"{shard}.safetensors", f"{shard}.parquet"]


def _merged(options: Mapping[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Return options with those of ``overrides`` put in, mapping by mapping."""
    merged = dict(options)
    for key, value in overrides.items():
        both = isinstance(value, Mapping) and isinstance(merged.get(key), Mapping)
        merged[key] = _merged(merged[key], value) if both else value
    return merged
