"""How large the embedded corpora are, and the embedded front-end."""

from typing import Self

from pydantic import Field

from signl.features.speech_model.embedded import DemoFrontendOptions
from signl.typed import Count, Options, Positive


class Counts(Options):
    """Numbers of trials of one split, which needs both classes."""

    bonafide: Count
    spoof: Count

    def scaled(self, factor: float) -> Self:
        """Return the counts times ``factor``, rounded, but at least one of each class."""
        return type(self)(
            bonafide=max(1, round(factor * self.bonafide)),
            spoof=max(1, round(factor * self.spoof)),
        )


class DemoOptions(Options):
    """Options of the embedded corpora."""

    seed: int = Field(default=0, description="Root of all randomness.")
    scale: Positive = Field(default=1.0, description="Multiplies all counts of trials.")
    train: Counts = Field(
        default=Counts(bonafide=30, spoof=90), description="Trials of each corpus' train split."
    )
    dev: Counts = Field(
        default=Counts(bonafide=20, spoof=40), description="Trials of each corpus' dev split."
    )
    eval: Counts = Field(
        default=Counts(bonafide=40, spoof=60),
        description="Trials of each corpus' eval split. That of ASVspoof 5 counts its coded "
        "copies; CFAD divides them equally among its two test splits.",
    )
    df_sources: Counts = Field(
        default=Counts(bonafide=13, spoof=20),
        description="Utterances of ASVspoof 2021 DF, each of which gives df_codecs trials.",
    )
    df_codecs: int = Field(
        default=3, ge=1, le=9, description="Codec conditions under which each of those appears."
    )
    wild: Counts = Field(
        default=Counts(bonafide=60, spoof=40), description="Trials of In-the-Wild."
    )
    unlisted: int = Field(
        default=3,
        ge=0,
        description="Files that no protocol lists, in each set that has such files.",
    )
    long_s: float = Field(
        default=60.0, ge=1, description="Duration in seconds of the one long utterance of CFAD."
    )


class Demo(Options):
    """What the workflow makes itself: archives of embedded corpora, and a front-end."""

    archives: DemoOptions = DemoOptions()
    frontend: DemoFrontendOptions = DemoFrontendOptions()
