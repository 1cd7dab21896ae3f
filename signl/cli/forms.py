"""The official text forms of score files, as choices on the command line."""

from enum import Enum


class Form(Enum):
    """:data:`signl.evaluation.scores.TextForm`, which a command need not load to show its help."""

    ASVSPOOF5 = "asvspoof5"
    ASVSPOOF2021 = "asvspoof2021"
