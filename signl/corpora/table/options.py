"""Options of a corpus that a table of the user's describes."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from signl.corpora.corpus import CorpusOptions
from signl.corpora.rows import LABELS
from signl.labels import PARTITIONS
from signl.paths import expand_path
from signl.typed import FromList, Options, Rate

#: What the configuration names such a corpus by.
KIND: Final = "table"
#: What a table may say of a recording; the first two it must.
COLUMNS: Final = (
    *("path", "label", "partition", "utterance_id", "attack"),
    *("speaker", "codec", "language", "protocol"),
)
#: The protocol that all eval trials are of.
ALL: Final = "all"
PROTOCOL: Final = re.compile(r"[a-z][a-z0-9_-]{0,63}")
_SHARES_AGREE: Final = 1e-6

Column = Literal[
    "path",
    "label",
    "partition",
    "utterance_id",
    "attack",
    "speaker",
    "codec",
    "language",
    "protocol",
]


def as_word(value: object) -> str:
    """Return what a cell of a table or a key of YAML says, as the text of a table."""
    # A column of numbers has NaN where it says nothing.
    if value is None or value != value:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _words(values: object) -> object:
    """Return a mapping whose keys are text: YAML takes 0 for a number, and true for no text."""
    if not isinstance(values, Mapping):
        return values
    words = [as_word(key) for key in values]
    if len({word.casefold() for word in words}) < len(words):
        raise ValueError("allowed is each word once, in large or small letters")
    return dict(zip(words, values.values(), strict=True))


def _protocols(names: tuple[str, ...]) -> tuple[str, ...]:
    if wrong := [name for name in names if not PROTOCOL.fullmatch(name)]:
        raise ValueError(f"{wrong[0]!r} is no name; allowed are small letters, digits, _ and -")
    if len(set(names)) < len(names):
        raise ValueError("allowed is each name once")
    return names


def _path(key: str) -> AfterValidator:
    """Return a validator of a path, in which ~ and $NAME stand for what they do in a shell."""
    return AfterValidator(lambda text: str(Path(expand_path(text, key))))


class Shares(Options):
    """The shares of the recordings that partitions get, where the table names none."""

    train: Rate = Field(default=0.0, description="share of train")
    dev: Rate = Field(default=0.0, description="share of dev")
    eval: Rate = Field(default=0.0, description="share of eval")

    @model_validator(mode="after")
    def _check_sum(self) -> Self:
        total = self.train + self.dev + self.eval
        if abs(total - 1) > _SHARES_AGREE:
            raise ValueError(f"they sum to {total:g}; allowed is 1")
        return self

    @property
    def given(self) -> dict[str, float]:
        """The shares above nothing, by partition."""
        shares = {name: getattr(self, name) for name in PARTITIONS}
        return {name: share for name, share in shares.items() if share > 0}


class TableOptions(CorpusOptions):
    """Options of a corpus that a table describes."""

    kind: Literal["table"] = KIND
    table: Annotated[str, Field(min_length=1), _path("table")] = Field(
        description="the table: CSV, TSV or Parquet, a row for each recording"
    )
    audio: Annotated[str, Field(min_length=1), _path("audio")] | None = Field(
        default=None,
        description="folder, tar or zip of the recordings, below which the table's paths lie; by "
        "default the folder of the table",
    )
    columns: dict[Column, str] = Field(
        default={}, description="what a column says -> its name in the table, where that is another"
    )
    labels: Annotated[
        dict[str, Literal["bonafide", "spoof", "unlabelled"]], BeforeValidator(_words)
    ] = Field(
        default={},
        description="the table's words for labels -> bonafide, spoof, unlabelled; by default "
        "bonafide, bona-fide and spoof",
    )
    partitions: Annotated[dict[str, Literal["train", "dev", "eval"]], BeforeValidator(_words)] = (
        Field(
            default={},
            description="the table's words for partitions -> train, dev, eval; by default these",
        )
    )
    shares: Shares = Field(
        default=Shares(train=0.7, dev=0.1, eval=0.2),
        description="shares of the partitions, where the table has no column of them",
    )
    split_by: Literal["speaker", "utterance"] | None = Field(
        default=None,
        description="what is kept together where the table has no column of partitions; by "
        "default speakers, if it names them",
    )
    seed: Annotated[int, Field(ge=0)] = Field(
        default=0, description="draws the partitions where the table has no column of them"
    )
    protocols: Annotated[
        tuple[str, ...], FromList, Field(min_length=1), AfterValidator(_protocols)
    ] = Field(
        default=(ALL,),
        description="sets of eval trials that are measured: all, and those of the table's column",
    )
    subset: Literal[False] = Field(
        default=False, description="nothing is published of it, of which it could be a part"
    )

    @property
    def audio_place(self) -> str:
        """Where the recordings lie."""
        return str(Path(self.table).parent) if self.audio is None else self.audio

    @property
    def label_words(self) -> dict[str, str]:
        """The table's words for labels, in small letters -> labels."""
        return _small(self.labels.items() or LABELS.items())

    @property
    def partition_words(self) -> dict[str, str]:
        """The table's words for partitions, in small letters -> partitions."""
        return _small(self.partitions.items() or ((name, name) for name in PARTITIONS))

    @property
    def possible_partitions(self) -> tuple[str, ...]:
        """The partitions that the corpus may have, as far as that is known without the table."""
        is_chosen = "shares" in self.model_fields_set
        return tuple(self.shares.given) if is_chosen else PARTITIONS


def _small(items: Iterable[tuple[str, Any]]) -> dict[str, str]:
    return {word.casefold(): value for word, value in items}
