"""Choices on the command line that concern score files."""

from enum import Enum


class Form(Enum):
    """:data:`signl.evaluation.scores.TextForm`, which a command need not load to show its help."""

    ASVSPOOF5 = "asvspoof5"
    ASVSPOOF2021 = "asvspoof2021"


class Delimiter(Enum):
    """:data:`signl.evaluation.score_file_options.Delimiter`."""

    TAB = "tab"
    BAR = "bar"
    SEMICOLON = "semicolon"
    COMMA = "comma"
    SPACE = "space"


class Higher(Enum):
    """What high scores speak for."""

    BONAFIDE = "bonafide"
    SPOOF = "spoof"


class ExportForm(Enum):
    """The official forms, and that of a leaderboard."""

    ASVSPOOF5 = "asvspoof5"
    ASVSPOOF2021 = "asvspoof2021"
    ARENA = "arena"
