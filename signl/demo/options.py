"""How large the embedded corpora are."""

from dataclasses import dataclass, replace


@dataclass(frozen=True, kw_only=True)
class Counts:
    """Numbers of trials of one split.

    Attributes
    ----------
    bonafide, spoof : int
        Trials of each class, at least one.
    """

    bonafide: int
    spoof: int

    def __post_init__(self) -> None:
        """Refuse a split that lacks a class."""
        if min(self.bonafide, self.spoof) < 1:
            raise ValueError(f"a split needs trials of both classes, got {self}")

    def scaled(self, factor: float) -> "Counts":
        """Return the counts times ``factor``, rounded, but at least one of each class."""
        return replace(
            self,
            bonafide=max(1, round(factor * self.bonafide)),
            spoof=max(1, round(factor * self.spoof)),
        )


@dataclass(frozen=True, kw_only=True)
class DemoOptions:
    """Options of the embedded corpora.

    Attributes
    ----------
    seed : int
        Root of all randomness.
    scale : float
        Multiplies all counts of trials.
    train, dev, eval : Counts
        Trials of each corpus' splits. The ASVspoof 5 eval split counts its coded copies, CFAD
        divides ``eval`` equally among its two test splits.
    df_sources : Counts
        Utterances of ASVspoof 2021 DF, each of which gives ``df_codecs`` trials.
    df_codecs : int
        Codec conditions under which each of those appears, 1 to 9.
    wild : Counts
        Trials of In-the-Wild.
    unlisted : int
        Files that no protocol lists, in each set that has such files.
    long_s : float
        Duration in seconds of the one long utterance of CFAD.
    """

    seed: int = 0
    scale: float = 1.0
    train: Counts = Counts(bonafide=30, spoof=90)
    dev: Counts = Counts(bonafide=20, spoof=40)
    eval: Counts = Counts(bonafide=40, spoof=60)
    df_sources: Counts = Counts(bonafide=13, spoof=20)
    df_codecs: int = 3
    wild: Counts = Counts(bonafide=60, spoof=40)
    unlisted: int = 3
    long_s: float = 60.0

    def __post_init__(self) -> None:
        """Refuse values that no layout can hold."""
        if self.scale <= 0:
            raise ValueError(f"scale must be positive, got {self.scale}")
        if not 1 <= self.df_codecs <= 9:
            raise ValueError(f"df_codecs must lie in 1..9, got {self.df_codecs}")
        if self.long_s < 1:
            raise ValueError(f"long_s must be at least 1 s, got {self.long_s}")
