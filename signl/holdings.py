"""The archives that an experiment reads, where they lie, and the shards they are packed into."""

from collections.abc import Collection, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from signl import stages
from signl.archives.whereabouts import LocatedArchive
from signl.configuration import PACKED, Configuration
from signl.corpora.checking import check_archives, missing_message
from signl.corpora.corpus import Corpus
from signl.corpora.registry import (
    CORPORA,
    archive_named,
    locate_archives,
    locate_protocols,
)
from signl.demo.demo_files import DEMO_ARCHIVES, demo_files
from signl.errors import ConfigError
from signl.labels import PARTITIONS
from signl.seeds import shard_names


class Holdings:
    """The archives of the corpora in use.

    Parameters
    ----------
    config : Configuration
        The configuration.
    partitions_in_use : Mapping
        Corpus -> the partitions of it whose audio is used; none, where its manifest will do.
    """

    def __init__(
        self, config: Configuration, partitions_in_use: Mapping[str, Collection[str]]
    ) -> None:
        self.config, self.partitions_in_use = config, partitions_in_use
        self._found: dict[tuple[str, frozenset[str]], list[LocatedArchive]] = {}

    @property
    def are_embedded(self) -> bool:
        """Whether the archives are the embedded ones, which the workflow makes itself."""
        return Path(self.config.archives) == Path(DEMO_ARCHIVES)

    @property
    def are_packed(self) -> bool:
        """Whether the archives were taken away after packing, as the configuration says."""
        return self.config.archives == PACKED

    def corpus_options(self, corpus: str) -> dict[str, Any]:
        """Return the options of ``build_manifest`` for a corpus, those that are not defaults.

        A corpus that is not configured is needed for another, over the same archives: where of
        that one only a part is there, so is it of this.
        """
        configured = self.config.corpora
        if corpus in configured:
            given: dict[str, Any] = configured[corpus].dump_given()
            given.pop("shards", None)
            return given
        dependants = [name for name in configured if self.config.corpus(name).packed_by == corpus]
        return {"subset": True} if any(map(self._is_subset, dependants)) else {}

    def _is_subset(self, corpus: str) -> bool:
        return bool(self.corpus_options(corpus).get("subset"))

    @cached_property
    def archives(self) -> dict[str, LocatedArchive]:
        """Archive name -> where it lies, of all archives with audio that are used."""
        return {
            located.name: located
            for corpus, partitions in self.partitions_in_use.items()
            for located in self._located(corpus, partitions)
            if located.archive.n_utterances and partitions
        }

    @cached_property
    def manifests(self) -> list[str]:
        """The corpora that need a manifest: those in use, and those that say what is packed."""
        return sorted({*self.partitions_in_use, *map(self.packing_corpus, self.archives)})

    def protocol_files(self, corpus: str) -> list[str]:
        """Return the files from which the manifest of a corpus is read."""
        if self.are_packed:
            return []
        if self.are_embedded and corpus in CORPORA:
            located = self._published(self.config.corpus(corpus), protocols=True)
        else:
            located = locate_protocols(self.config.corpus(corpus), self.config.archives)
        return [str(path) for archive in located for path in archive.paths]

    def archive_files(self, archive: str) -> list[str]:
        """Return the files of an archive."""
        return [str(path) for path in self.archives[archive].paths]

    @property
    def files(self) -> list[str]:
        """All files of archives that are read, protocols included; those that are there."""
        of_protocols = map(self.protocol_files, self.manifests)
        of_audio = map(self.archive_files, self.archives)
        paths = {path for paths in (*of_protocols, *of_audio) for path in paths}
        return sorted(path for path in paths if Path(path).exists())

    def packing_corpus(self, archive: str) -> str:
        """Return the corpus whose manifest says what is packed of an archive."""
        for corpus, partitions in self.partitions_in_use.items():
            if archive in {located.name for located in self._located(corpus, partitions)}:
                return self.config.corpus(corpus).packed_by
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

    def shards_with(self, template: str, corpus: str, partition: str) -> list[str]:
        """Fill a template of {archive} and {shard} for all shards that a partition lies in."""
        return [
            template.format(archive=archive, shard=shard)
            for archive in self.audio_archives(corpus, partition)
            for shard in self.shards_of(archive)
        ]

    @cached_property
    def archive_check(self) -> dict[str, Any]:
        """Arguments of :func:`signl.corpora.checking.check_archives` for what is in use."""
        return {
            "corpora": {name: sorted(used) for name, used in self.partitions_in_use.items()},
            "archives_folder": self.config.archives,
            "subsets": [name for name in self.partitions_in_use if self._is_subset(name)],
            "tables": {
                name: self.corpus_options(name)
                for name in self.partitions_in_use
                if name not in CORPORA
            },
        }

    @property
    def published_in_use(self) -> list[str]:
        """The corpora in use that are published, of whose archives checksums may be known."""
        return sorted(name for name in self.partitions_in_use if name in CORPORA)

    @cached_property
    def missing_message(self) -> str:
        """Which archives that the experiments need are not there; empty if all are."""
        if self.are_packed:
            return ""
        check = self.archive_check
        if self.are_embedded:
            tables = {name: check["corpora"][name] for name in check["tables"]}
            check = {**check, "corpora": tables}
        return missing_message(check_archives(**check), self.config.archives)

    @property
    def problem(self) -> str:
        """Why a run cannot begin: archives, or what was packed of them, are not there."""
        if not self.are_packed:
            return self.missing_message
        needed = [
            path for corpus in self.manifests for path in stages.MANIFEST.paths(corpus=corpus)
        ] + [
            path
            for archive in self.archives
            for shard in self.shards_of(archive)
            for path in stages.AUDIO.paths(archive=archive, shard=shard)
        ]
        missing = [path for path in needed if not Path(path).is_file()]
        if not self.archives and any(self.partitions_in_use.values()):
            missing.append(f"{stages.RESULTS}/{stages.AUDIO.folder}")
        if not missing:
            return ""
        return (
            f"archives is {PACKED!r}, and of what was packed {len(missing):,} files are missing, "
            f"first {missing[0]}; name the folder of the archives, and they are packed anew"
        )

    def _located(self, corpus: str, partitions: Collection[str]) -> list[LocatedArchive]:
        # Asked for by every job that is planned, and each answer looks at dozens of files.
        key = corpus, frozenset(partitions)
        if key not in self._found:
            self._found[key] = self._locate(corpus, partitions)
        return self._found[key]

    def _locate(self, corpus: str, partitions: Collection[str]) -> list[LocatedArchive]:
        if self.are_embedded and corpus in CORPORA:
            return self._published(self.config.corpus(corpus), partitions=partitions)
        if self.are_packed:
            return self._packed(corpus, partitions)
        return locate_archives(
            self.config.corpus(corpus),
            self.config.archives,
            partitions=partitions,
            subset=self._is_subset(corpus),
        )

    def _packed(self, corpus: str, partitions: Collection[str]) -> list[LocatedArchive]:
        """Return the archives of which the results hold packed audio, whatever their form was."""
        found = {
            # Of forms with archives of one name the first is the published one.
            archive.name: LocatedArchive(archive=archive, form=form.name, paths=())
            for archive_set in self.config.corpus(corpus).sets
            if set(archive_set.partitions).intersection(partitions)
            for form in reversed(archive_set.forms)
            for archive in form.archives
            if Path(stages.RESULTS, stages.AUDIO.folder, archive.name).is_dir()
        }
        return list(found.values())

    def _published(
        self,
        corpus: Corpus,
        *,
        partitions: Collection[str] = PARTITIONS,
        protocols: bool = False,
    ) -> list[LocatedArchive]:
        """Return the embedded archives of a corpus: made on demand, in the published form."""
        embedded = set(demo_files(DEMO_ARCHIVES))
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
            if str(Path(DEMO_ARCHIVES, archive.folder, archive.files[0])) in embedded
        ]

    def _n_shards(self, archive: str) -> int:
        """Return the shards of an archive: as configured, else one for some thousand files.

        Of an archive of which only a part is there, nobody has published how many it holds:
        without a word in the configuration it becomes one shard.
        """
        described = archive_named(archive)
        for corpus, options in self.config.corpora.items():
            if archive in options.shards:
                return int(options.shards[archive])
            holds_it = described.set in {
                of_corpus.name for of_corpus in self.config.corpus(corpus).sets
            }
            if holds_it and options.subset:
                return 1
        return described.n_shards
