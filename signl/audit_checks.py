"""The checks of single artefacts that an audit makes, by what kind of file they are."""

import json
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

import pyarrow.parquet as pq
from safetensors import SafetensorError, safe_open

from signl import stages
from signl.artefacts import (
    HEADER,
    MadeBy,
    check_made_by,
    check_table_data,
    check_tensor_data,
    place_of,
    read_document,
    remedy,
    table_made_by,
)
from signl.corpora.copied_names import is_copied
from signl.errors import ArtefactError
from signl.evaluation.collecting import collect_metrics
from signl.evaluation.comparisons import tabulate_comparisons
from signl.evaluation.pretraining import tabulate_pretraining
from signl.evaluation.tables import tabulate, tabulate_breakdown
from signl.jobs import Job
from signl.models.card import card_text, model_card
from signl.seals import file_digest
from signl.stages import Stage

#: The tables that all metrics are collected in.
_COLLECTED: Final = ("metrics.parquet", "breakdown.parquet")


def check_artefact(path: Path, stage: Stage) -> None:
    """Refuse a file in a folder of artefacts that is not what its header says, or has none.

    Raises
    ------
    ArtefactError
        Names the file, what is wrong, and how it is made anew.
    """
    check = _CHECKS.get(path.suffix)
    if check is None:
        raise ArtefactError(f"{path} is no file that {stage.rule} makes; take it away")
    check(path, stage)


def _check_table(path: Path, stage: Stage) -> None:
    made_by = table_made_by(path)
    check_made_by(made_by, path, stage=stage.maker, revision=stage.revision)
    check_table_data(path)
    results = _results_of(path)
    if stage in (stages.FEATURES, stages.INSPECTIONS):
        _check_members(path, made_by.digests.get("members", ""), results)
    for shard, digest in made_by.digests.items():
        if stage in (stages.USABLE, stages.GATHERED_COPIES) and "/" in shard:
            _compare(path, digest, _audio_of(shard, results))
    _check_sources(path, made_by)


@cache
def _digest_of(path: Path, _mtime_ns: int) -> str:
    """Return the digest of a file from which others were made: a classifier has many scores."""
    return file_digest(path)


def _check_sources(path: Path, made_by: MadeBy) -> None:
    """Check that the files with which an artefact was made are still there as they were."""
    for place, digest in made_by.digests.items():
        source = _results_of(path).parent / place
        is_file = place_of(place) == place and source.is_file()
        if is_file and _digest_of(source, source.stat().st_mtime_ns) != digest:
            raise ArtefactError(f"{path} was made with another {place}; {remedy(path)}")


def _check_tensors(path: Path, stage: Stage) -> None:
    made_by = tensors_made_by(path)
    check_tensor_data(path)
    if stage == stages.FEATURES:
        check_made_by(made_by, path, stage=stage.maker, revision=stage.revision)
        _check_members(path, made_by.digests.get("members", ""), _results_of(path))
        return
    config = path.with_name("config.json")
    document = _whole_document(config, stage)
    expected = document["made_by"] if document else made_by
    # Weights are made for where their configuration lies.
    if made_by != expected or made_by.made_for != place_of(config):
        raise ArtefactError(
            f"{path} was made by {made_by}, which is not what made {config.name} beside it; "
            f"{remedy(path)}"
        )
    if (made_by.stage, made_by.revision) != (stage.rule, stage.revision):
        raise ArtefactError(
            f"{path} was made by {made_by.stage} revision {made_by.revision}, expected "
            f"{stage.rule} revision {stage.revision}; {remedy(path)}"
        )


def _whole_document(path: Path, stage: Stage) -> dict[str, Any] | None:
    """Return a document; nothing, where it is missing or has a problem of its own."""
    try:
        return read_document(path, stage=stage.rule, revision=stage.revision)
    except (ArtefactError, FileNotFoundError):
        return None


def _stated_digest(path: Path, name: str) -> str | None:
    """Return a digest in a table's header; nothing, as :func:`_whole_document`."""
    try:
        return table_made_by(path).digests.get(name, "")
    except (ArtefactError, FileNotFoundError):
        return None


def _check_document(path: Path, stage: Stage) -> None:
    document = read_document(path, stage=stage.maker, revision=stage.revision)
    _check_sources(path, document["made_by"])


def _check_history(path: Path, stage: Stage) -> None:
    """Check that epochs follow each other, and that the one that was kept is among them."""
    try:
        text = path.read_text(encoding="utf-8")
        records = [json.loads(line) for line in text.split("\n")[:-1]]
        epochs = [record["epoch"] for record in records]
    except (ValueError, KeyError, TypeError) as error:
        raise ArtefactError(f"{path} is no history ({error!r}); {remedy(path)}") from error
    if not text.endswith("\n") or epochs != list(range(len(epochs))):
        raise ArtefactError(f"{path} holds the epochs {epochs[:20]}; {remedy(path)}")
    document = _whole_document(path.with_name("config.json"), stage)
    if document is None:
        return
    kept = document.get("card", {}).get("dev")
    if kept and kept not in records:
        raise ArtefactError(
            f"{path} is not the history that config.json beside it tells of; {remedy(path)}"
        )


def _check_card(path: Path, stage: Stage) -> None:
    """Check that a model card is of the model beside it; earlier ones are without metadata."""
    document = _whole_document(path.with_name("config.json"), stage)
    if document is None:
        return
    forms = (model_card(document), card_text(document))
    if path.read_bytes() not in [each.encode() for each in forms]:
        raise ArtefactError(f"{path} is not the card of the model beside it; {remedy(path)}")


def _check_quarantine(path: Path, stage: Stage) -> None:
    usable = path.with_name(path.name.replace(".quarantine.csv", ".parquet"))
    if _stated_digest(usable, "quarantine") not in (None, file_digest(path)):
        raise ArtefactError(
            f"{path} is not the quarantine that was written with {usable.name}; {remedy(path)}"
        )


_CHECKS: Final = {
    ".parquet": _check_table,
    ".safetensors": _check_tensors,
    ".json": _check_document,
    ".jsonl": _check_history,
    ".csv": _check_quarantine,
    ".md": _check_card,
}


class Tables:
    """The tables of results, and what each is made of.

    Parameters
    ----------
    jobs : sequence of Job
        Those of the experiment.
    published_as : Mapping
        Recipe -> the published system beside which its results stand.
    """

    def __init__(self, jobs: Sequence[Job], published_as: Mapping[str, Any]) -> None:
        self._options = {"published_as": published_as}
        measured = (stages.METRICS, stages.POOLED_METRICS)
        metrics = [path for job in jobs if job.stage in measured for path in job.outputs]
        histories = [
            stages.PRETRAINING.outputs["history"].format(**job.wildcards)
            for job in jobs
            if job.stage == stages.PRETRAINING
        ]
        collected = stages.COLLECTED.outputs
        self._sources = {
            **dict.fromkeys(_COLLECTED, metrics),
            "pretraining.csv": histories,
            "breakdown.csv": [collected["breakdown"]],
            "comparisons.csv": [stages.COMPARISONS.outputs["comparisons"]],
            **{f"{name}.csv": [collected["metrics"]] for name in ("indomain", "crossdomain")},
        }

    def check(self, path: Path, root: Path) -> None:
        """Refuse a table that is not what its sources give, where all of these are there.

        Parameters
        ----------
        path : Path
            The table.
        root : Path
            The folder in which the results folder lies.

        Raises
        ------
        ArtefactError
            Says how it is made anew.
        """
        if path.name in _COLLECTED:
            _check_table(path, stages.COLLECTED)
        if path.name == "comparisons.parquet":
            _check_table(path, stages.COMPARISONS)
        sources = [root / each for each in self._sources.get(path.name, [])]
        if not sources or not all(each.is_file() for each in sources):
            return
        with tempfile.TemporaryDirectory() as folder:
            anew = Path(folder, path.name)
            self._make(anew, sources)
            differs = _content_of(anew) != _content_of(path)
        if differs:
            raise ArtefactError(f"{path} is not what its sources give; {remedy(path)}")

    def _make(self, path: Path, sources: Sequence[Path]) -> None:
        """Make a table of results from its sources."""
        if path.name in _COLLECTED:
            collect_metrics(sources, *(path.with_name(name) for name in _COLLECTED))
        elif path.name == "pretraining.csv":
            tabulate_pretraining(sources, path)
        elif path.name == "breakdown.csv":
            tabulate_breakdown(sources[0], path)
        elif path.name == "comparisons.csv":
            tabulate_comparisons(sources[0], path)
        else:
            table: Any = path.stem
            tabulate(sources[0], path, table=table, options=self._options)


def _content_of(table: Path) -> object:
    """Return what two equal tables have in common: Parquet holds the version of its writer too."""
    if table.suffix == ".parquet":
        return pq.read_table(table).to_pylist()
    return table.read_bytes()


def tensors_made_by(path: Path) -> MadeBy:
    """Return the header of a safetensors file."""
    try:
        with safe_open(path, framework="numpy") as file:
            return MadeBy.from_json((file.metadata() or {})[HEADER])
    except (SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
        raise ArtefactError(
            f"{path} is not a whole file of tensors of this project ({error}); {remedy(path)}"
        ) from error


def _results_of(path: Path) -> Path:
    """Return the results folder in which an artefact lies."""
    return path.parents[place_of(path).count("/") - 1]


def _check_members(path: Path, digest: str, results: Path) -> None:
    """Check that a file of features is of the utterances of its audio shard."""
    _compare(path, digest, _audio_of(f"{path.parent.name}/{path.stem}", results))


def _audio_of(shard: str, results: Path) -> Path:
    """Return the audio shard, or the shard of copies, of a name ``{archive}/{shard}``."""
    archive, _, _ = shard.partition("/")
    stage = stages.COPIES if is_copied(archive) else stages.AUDIO
    return results / stage.folder / f"{shard}.parquet"


def _compare(path: Path, digest: str, audio: Path) -> None:
    if _stated_digest(audio, "members") not in (None, digest):
        raise ArtefactError(
            f"{path} was made of other utterances than {place_of(audio)} holds; {remedy(path)}"
        )
