"""Error rates that the paper reports, to stand beside ours where both measure the same.

``published.csv`` holds tables III (in domain) and IV (cross domain) of arXiv 2501.04942: mean
and standard deviation of the EER, in percent, over the paper's runs. Its corpora carry the
paper's names. What the paper calls ``asvspoof5`` is not the corpus's official evaluation set
but a new split of the official development set, here the corpus ``asvspoof5_signl``.
"""

import csv
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from pydantic import Field

from signl.corpora.registry import CORPORA
from signl.errors import ConfigError
from signl.typed import Options, build


class PaperCorpus(NamedTuple):
    """What the paper evaluates on: its name for a corpus, our protocol, its trials."""

    name: str
    protocol: str
    n_trials: int


#: By our names of the corpora.
PAPER_CORPORA = {
    "asvspoof2021_df": PaperCorpus(
        "asvspoof2021_df", "all", CORPORA["asvspoof2021_df"].n_trials("all")
    ),
    "asvspoof5_signl": PaperCorpus(
        "asvspoof5", "eval", CORPORA["asvspoof5_signl"].n_trials("eval")
    ),
    "cfad": PaperCorpus("cfad", "all", CORPORA["cfad"].n_trials("all")),
    "in_the_wild": PaperCorpus("in_the_wild", "all", CORPORA["in_the_wild"].n_trials("all")),
}
#: Share of the paper's trials that a cell must hold: a few files may prove unreadable, but a
#: part of a corpus, or a stand-in for it, is another corpus.
LEAST_SHARE = 0.99


class PublishedSystem(Options):
    """A system as the paper names it."""

    model: str = Field(description="the paper's name of the model, in lower case")
    frontend: str = Field(description="the paper's name of the front-end, in lower case")


class PublishedEER(NamedTuple):
    """Mean and standard deviation of an EER, in percent."""

    mean: float
    deviation: float


class _Key(NamedTuple):
    system: PublishedSystem
    train_corpus: str
    eval_corpus: str
    label_percent: float


def published_eer(
    system: PublishedSystem,
    *,
    train_corpus: str,
    eval_corpus: str,
    protocol: str,
    label_percent: float,
    n_trials: int,
) -> PublishedEER | None:
    """Return what the paper reports for corpora, a protocol and a label percent.

    Parameters
    ----------
    system : PublishedSystem
        The paper's system to look up.
    train_corpus, eval_corpus, protocol : str
        Our names.
    label_percent : float
        Share of the training labels.
    n_trials : int
        Trials that ours was measured on.

    Returns
    -------
    PublishedEER or None
        None where the paper has no number for this protocol, or ours lacks more than a hundredth
        of its trials.
    """
    trained, evaluated = (PAPER_CORPORA.get(name) for name in (train_corpus, eval_corpus))
    if trained is None or evaluated is None or evaluated.protocol != protocol:
        return None
    if not LEAST_SHARE * evaluated.n_trials <= n_trials <= evaluated.n_trials:
        return None
    key = _Key(system, trained.name, evaluated.name, float(label_percent))
    return _load().get(key)


def published_systems() -> list[PublishedSystem]:
    """Return the systems of the paper's tables, sorted."""
    systems = {key.system for key in _load()}
    return sorted(systems, key=lambda system: (system.model, system.frontend))


def systems_of(published_as: Mapping[str, Mapping[str, str] | None]) -> dict[str, PublishedSystem]:
    """Return the paper's system of each recipe that has one.

    Parameters
    ----------
    published_as : Mapping
        Recipe -> ``model`` and ``frontend``, as the paper names them; or None.

    Raises
    ------
    ConfigError
        If the paper has no such system; names those that it has.
    """
    systems = {}
    for recipe, names in published_as.items():
        if names is None:
            continue
        system = build(PublishedSystem, names, f"recipes.{recipe}.published_as")
        if system not in published_systems():
            known = ", ".join(f"{each.model}/{each.frontend}" for each in published_systems())
            raise ConfigError(
                f"recipes.{recipe}.published_as: the paper has no {system.model}/{system.frontend}"
                f"; it has {known}"
            )
        systems[recipe] = system
    return systems


@cache
def _load() -> dict[_Key, PublishedEER]:
    """Read the table."""
    text = files("signl.evaluation").joinpath("published.csv").read_text(encoding="utf-8")
    return {
        _Key(
            PublishedSystem(model=row["model"], frontend=row["frontend"]),
            row["train_corpus"],
            row["eval_corpus"],
            float(row["label_percent"]),
        ): PublishedEER(float(row["eer_mean"]), float(row["eer_std"]))
        for row in csv.DictReader(text.splitlines())
    }
