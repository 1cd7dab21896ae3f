"""Files that this package writes: whole or absent, and knowing what made them.

A table is Parquet, tensors are safetensors, a document is JSON. All carry a header, ``made_by``:
the stage that made them, its revision (see :mod:`signl.stages`), its options, and the place
they were made for. Readers check it, and the seal (see :mod:`signl.seals`) under which it stands.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet as pq

from signl import seals
from signl.errors import ArtefactError
from signl.places import FOLDERS as FOLDERS
from signl.places import RESULTS as RESULTS
from signl.places import place_of as place_of
from signl.places import remedy as remedy
from signl.whole_files import atomic_write as atomic_write
from signl.whole_files import write_text as write_text

HEADER = "signl"


@dataclass(frozen=True, kw_only=True)
class MadeBy:
    """What made an artefact.

    Attributes
    ----------
    stage : str
        Name of the rule, for example ``extract_features``.
    revision : int
        The stage's number in :mod:`signl.stages` when the artefact was made.
    options : Mapping
        Options of the stage; anything JSON can hold.
    made_for : str
        The place (:func:`place_of`) that the artefact was made for: a file that has come to lie
        elsewhere, where it is taken for another, is found by it.
    digests : Mapping
        Digests by which other files can be told to belong to this one; those of whole files
        by their place (:func:`digests_of`).
    """

    stage: str
    revision: int
    options: Mapping[str, Any]
    made_for: str = ""
    digests: Mapping[str, str] = field(default_factory=dict)

    def placed_at(self, path: str | Path) -> Self:
        """Return the header of the artefact at ``path``."""
        return replace(self, made_for=place_of(path))

    def to_mapping(self) -> dict[str, Any]:
        """Return the plain values."""
        return {
            "stage": self.stage,
            "revision": self.revision,
            "options": dict(self.options),
            "made_for": self.made_for,
            "digests": dict(self.digests),
        }

    def to_json(self) -> str:
        """Return the header's text, the same for equal contents."""
        return json.dumps(self.to_mapping(), sort_keys=True)

    def to_blank_json(self, **others: object) -> str:
        """Return the header's text as it is written: with a blank seal, and other fields."""
        return json.dumps(self.to_mapping() | {"seal": seals.BLANK, **others}, sort_keys=True)

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> Self:
        """Read a header's values; its seal, and what else stands there, are left out."""
        known = {each.name for each in fields(cls)}
        return cls(**{key: value for key, value in values.items() if key in known})

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Read a header's text."""
        return cls.from_mapping(json.loads(text))


def digests_of(*paths: str | Path) -> dict[str, str]:
    """Return digests of whole files, from or with which an artefact is made, by their place."""
    return {place_of(path) or Path(path).name: seals.file_digest(path) for path in paths}


def check_made_by(found: MadeBy, path: str | Path, *, stage: str, revision: int) -> None:
    """Refuse an artefact that another stage has made, another revision of it, or for elsewhere.

    Raises
    ------
    ArtefactError
        Names the file, what made it, what was expected and how to make it anew.
    """
    if (found.stage, found.revision) != (stage, revision):
        raise ArtefactError(
            f"{path} was made by {found.stage} revision {found.revision}, expected {stage} "
            f"revision {revision}; {remedy(path)}"
        )
    place = place_of(path)
    if place and found.made_for != place:
        raise ArtefactError(
            f"{path} was made for {found.made_for or 'no place of a results folder'}, expected "
            f"{place}: another file has taken its place; {remedy(path)}"
        )


def write_table(path: str | Path, table: pa.Table, made_by: MadeBy, **others: object) -> None:
    """Write a Parquet table with its header, and with other fields in that."""
    with atomic_write(path) as scratch:
        with pq.ParquetWriter(
            scratch, table.schema, compression="zstd", write_page_checksum=True
        ) as writer:
            writer.write_table(table)
            close_table(writer, made_by.placed_at(path), data=seals.BLANK, **others)
        seals.seal_table(scratch)


def close_table(writer: pq.ParquetWriter, made_by: MadeBy, **others: object) -> None:
    """Write the header of a table and close it; :func:`signl.seals.seal_table` comes next."""
    writer.add_key_value_metadata({HEADER: made_by.to_blank_json(**others)})
    writer.close()


def table_made_by(path: str | Path) -> MadeBy:
    """Return the header of a Parquet table.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ArtefactError
        If it is damaged or has no header.
    """
    try:
        metadata = pq.read_metadata(path).metadata or {}
        made_by = MadeBy.from_json(metadata[HEADER.encode()])
        seals.check_table(path)
    except FileNotFoundError:
        raise
    except (pa.ArrowException, OSError, KeyError, TypeError, ValueError) as error:
        raise ArtefactError(
            f"{path} is not a whole table of this project ({error}); {remedy(path)}"
        ) from error
    return made_by


@contextmanager
def reading_table(path: str | Path) -> Iterator[None]:
    """Turn errors of damaged Parquet into ours."""
    try:
        yield
    except FileNotFoundError:
        raise
    except (pa.ArrowException, OSError, seals.SealError) as error:
        raise ArtefactError(f"{path} is damaged ({error}); {remedy(path)}") from error


def read_table(
    path: str | Path,
    *,
    stage: str,
    revision: int,
    columns: list[str] | None = None,
) -> pa.Table:
    """Read a Parquet table that ``stage`` made at ``revision``.

    Parameters
    ----------
    path : path
        The file.
    stage, revision : str, int
        What must have made it.
    columns : list of str, optional
        Read these alone.

    Raises
    ------
    ArtefactError
        If the file is damaged, was made by something else, or belongs elsewhere.
    """
    check_made_by(table_made_by(path), path, stage=stage, revision=revision)
    with reading_table(path):
        return pq.read_table(
            path, columns=columns, partitioning=None, page_checksum_verification=True
        )


def check_table_data(path: str | Path) -> None:
    """Refuse a table of which anything is not what was written; reads all of it, in pieces."""
    with reading_table(path):
        if not seals.check_table_data(path):
            with pq.ParquetFile(path, page_checksum_verification=True) as file:
                for group in range(file.num_row_groups):
                    file.read_row_group(group)


def check_tensors(path: str | Path) -> None:
    """Refuse a safetensors file whose header is not what was written.

    Its data, which are memory-mapped, are not read: ``snakemake audit`` does.

    Raises
    ------
    ArtefactError
        Names the file and how to make it anew.
    """
    try:
        seals.check_tensors(path)
    except seals.SealError as error:
        raise ArtefactError(f"{path} is damaged ({error}); {remedy(path)}") from error


def check_tensor_data(path: str | Path) -> None:
    """Refuse a safetensors file of which anything is not what was written; reads all of it."""
    try:
        seals.check_tensor_data(path)
    except seals.SealError as error:
        raise ArtefactError(f"{path} is damaged ({error}); {remedy(path)}") from error


def write_document(path: str | Path, content: Mapping[str, Any], made_by: MadeBy) -> None:
    """Write a JSON document with its header, ``made_by``, and its seal."""
    document = {**content, "made_by": made_by.placed_at(path).to_mapping(), "seal": seals.BLANK}
    text = json.dumps(document, indent=2, sort_keys=True, allow_nan=False) + "\n"
    write_text(path, seals.seal_document(text.encode()).decode())


def read_document(path: str | Path, *, stage: str, revision: int) -> dict[str, Any]:
    """Read a JSON document that ``stage`` made at ``revision``; ``made_by`` is a :class:`MadeBy`.

    Raises
    ------
    ArtefactError
        If the file is damaged, was made by something else, or belongs elsewhere.
    """
    document = open_document(path)
    check_made_by(document["made_by"], path, stage=stage, revision=revision)
    return document


def open_document(path: str | Path) -> dict[str, Any]:
    """Read a JSON document, whatever stage made it.

    Raises
    ------
    ArtefactError
        If the file is damaged, or no document of this project.
    """
    content = Path(path).read_bytes()
    try:
        document: dict[str, Any] = json.loads(content)
        made_by = MadeBy.from_mapping(document["made_by"])
        seals.check_document(content)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ArtefactError(
            f"{path} is not a whole document of this project ({error!r}); {remedy(path)}"
        ) from error
    return {**document, "made_by": made_by}
