"""Options of the comparisons of recipes."""

from typing import Literal

from pydantic import Field

from signl.typed import Options


class ComparisonOptions(Options):
    """How recipes are compared: what is drawn, how often, and what for p is corrected."""

    n_resamples: int = Field(default=1000, ge=100, description="bootstrap resamples")
    unit: Literal["trial", "speaker", "attack"] = Field(
        default="trial",
        description="what is drawn: single trials, all trials of a speaker, or all spoofs of an "
        "attack and single bona fide trials; where a corpus does not say which, single trials",
    )
    confidence: float = Field(
        default=0.95,
        gt=0.5,
        lt=1,
        description="confidence of the intervals, and 1 less the corrected p of a difference",
    )
    family: Literal["table", "evaluation"] = Field(
        default="table",
        description="for how many comparisons p is corrected: all of the table, or those of one "
        "training corpus, label percent, evaluation corpus and protocol",
    )
