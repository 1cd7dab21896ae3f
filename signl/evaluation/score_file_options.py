"""Options of the score files and keys of other systems: which columns say what."""

from typing import Annotated, Final, Literal, get_args

from pydantic import Field

from signl.typed import Options

Delimiter = Literal["tab", "bar", "semicolon", "comma", "space"]
DELIMITER_NAMES: Final[tuple[str, ...]] = get_args(Delimiter)
#: A column by its name in the header, or by its number from 1.
Column = str | Annotated[int, Field(ge=1)]


class ScoreFileOptions(Options):
    """How a score file is to be read; what is not given is told from the file."""

    trial: Column | None = Field(
        default=None, description="column of the trials' names: its name, or its number from 1"
    )
    score: Column | None = Field(default=None, description="column of the scores")
    delimiter: Delimiter | None = Field(
        default=None, description="what stands between columns; space is any blanks"
    )
    higher: Literal["bonafide", "spoof"] = Field(
        default="bonafide", description="the class that higher scores speak for"
    )


class KeyFileOptions(Options):
    """How a key is to be read; what is not given is told from the file."""

    trial: Column | None = Field(
        default=None, description="column of the trials' names: its name, or its number from 1"
    )
    label: Column | None = Field(default=None, description="column of the labels")
    delimiter: Delimiter | None = Field(
        default=None, description="what stands between columns; space is any blanks"
    )
    bonafide: tuple[str, ...] = Field(
        default=(), description="words for bona fide beside bonafide and bona-fide"
    )
    spoof: tuple[str, ...] = Field(default=(), description="words for a spoof beside spoof")
