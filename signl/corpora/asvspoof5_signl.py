"""The reference implementation's re-split of ASVspoof 5: train, and its dev partition in halves."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

from pydantic import Field

from signl.archives.descriptions import PUBLISHED, Archive, ArchiveSet, one_form
from signl.archives.streams import read_protocols
from signl.archives.whereabouts import LocatedArchive
from signl.corpora.asvspoof5 import (
    ASVSPOOF5_PROTOCOLS,
    ASVSPOOF5_TRAIN,
    FLAC_D,
    FLAC_T,
    read_trials,
)
from signl.corpora.corpus import Corpus, CorpusOptions, Expected
from signl.corpora.rows import RowChecker, read_rows, row_error
from signl.corpora.trials import Reading, Trial
from signl.labels import BONAFIDE, DEV, EVAL, PARTITIONS, SPOOF, TRAIN
from signl.seeds import stable_hash

_PAGE: Final = "https://github.com/falihgoz/SIGNL (datasets/ASVspoof5)"


def _of_both(archive: Archive) -> Archive:
    return replace(archive, partitions=(DEV, EVAL))


#: The same archives, as the reference implementation divides them.
FLAC_D_RESPLIT: Final = replace(
    FLAC_D,
    forms=tuple(
        replace(form, archives=tuple(map(_of_both, form.archives))) for form in FLAC_D.forms
    ),
)

#: The reference implementation's own list of its dev half of the ASVspoof 5 dev partition.
SIGNL_SPLIT: Final = ArchiveSet(
    name="dev_meta_SIGNL",
    holds_protocols=True,
    is_optional=True,
    forms=(
        one_form(
            PUBLISHED,
            Archive(
                name="dev_meta_SIGNL",
                files=("dev_meta_SIGNL.txt",),
                set="dev_meta_SIGNL",
                folder="ASVspoof5",
                page=_PAGE,
            ),
        ),
    ),
)

#: Attacks of which the reference implementation validates on one half and tests on the other.
HALVED_ATTACKS: Final = frozenset(f"A{number:02d}" for number in range(9, 15))
_SIGNL_HEADER: Final = ["id", "label", "vocoder", "language", "speaker"]
_SIGNL_FOLDER: Final = "/ASVspoof5/dev/flac/"
_SIGNL_LABELS: Final = {"fake": SPOOF, "bonafide": BONAFIDE}


class ResplitOptions(CorpusOptions):
    """Options of the re-split."""

    seed: int = Field(
        default=0, description="draws the halves where the reference's own list is not there"
    )


def read_resplit_trials(archives: Sequence[LocatedArchive], options: ResplitOptions) -> Reading:
    """Read the trials as the reference implementation divides them.

    Train is the official one. Dev is one half of the official dev's bona fide speech and of
    its attacks A09 to A14; eval is the other half, with all of A15 and A16. The reference's
    own list of its half is used if it is there, else halves are drawn by ``options.seed``.

    Raises
    ------
    ArchiveError
        If a protocol is not in its archive, or the archive is damaged.
    ProtocolError
        If a row does not follow a published form, or the list does not go with the protocol.
    """
    official = read_trials(archives, options)
    train = [trial for trial in official.trials if trial.partition == TRAIN]
    dev = [trial for trial in official.trials if trial.partition == DEV]
    lists = [item for item in archives if item.archive.set == SIGNL_SPLIT.name]
    notes: dict[str, Any] = {
        "protocols": [name for name in official.notes["protocols"] if "eval" not in name]
    }
    if lists:
        path = lists[0].paths[0]
        half = parse_reference_half(
            read_protocols(lists[0], lambda _: True)[path.name], str(path), dev
        )
        notes |= {"split": path.name}
    else:
        half = draw_half(dev, seed=options.seed)
        notes |= {"split": "seeded", "split_seed": options.seed}
    return Reading(trials=[*train, *_divide(dev, half)], notes=notes)


def _divide(dev: Sequence[Trial], half: Collection[str]) -> Iterator[Trial]:
    """Yield the trials of ``half``, then the others as those of eval."""
    yield from (trial for trial in dev if trial.utterance_id in half)
    for trial in dev:
        if trial.utterance_id not in half:
            yield trial._replace(partition=EVAL, protocols=("eval",))


def draw_half(dev: Sequence[Trial], *, seed: int) -> set[str]:
    """Draw one half, rounded down, of the bona fide trials and of each halved attack.

    Parameters
    ----------
    dev : sequence of Trial
        Trials of the official dev partition.
    seed : int
        Which half; it does not depend on the order of ``dev``.
    """
    half: set[str] = set()
    for attack in (None, *sorted(HALVED_ATTACKS)):
        names = [trial.utterance_id for trial in dev if trial.attack == attack]
        names.sort(key=lambda name: stable_hash("asvspoof5_signl", seed, name))
        half.update(names[: len(names) // 2])
    return half


def parse_reference_half(content: bytes, source: str, dev: Sequence[Trial]) -> set[str]:
    """Return the utterances that ``dev_meta_SIGNL.txt`` lists.

    Columns: id, label, vocoder, language, speaker; ``|`` apart, with a header. The id is a
    path, the vocoder the attack.

    Raises
    ------
    ProtocolError
        Names the row that does not follow this form, or that the official protocol does not
        list with the same label and attack.
    """
    check = RowChecker(source)
    official = {trial.utterance_id: trial for trial in dev}
    half: set[str] = set()
    for number, columns in read_rows(content, source, n_columns=5, separator="|"):
        if number == 1:
            if columns != _SIGNL_HEADER:
                raise row_error(
                    source, number, f"{str(columns)[:100]} is not the header {_SIGNL_HEADER}"
                )
            continue
        path, key, attack = columns[:3]
        name = check.identifier(number, path.removeprefix(_SIGNL_FOLDER).removesuffix(".flac"))
        label = _SIGNL_LABELS[check.one_of(number, "label", key, _SIGNL_LABELS)]
        trial = official.get(name)
        expected = None if label == BONAFIDE else attack
        if trial is None or (trial.label, trial.attack) != (label, expected):
            raise row_error(
                source, number, f"{name!r} is not listed as {key} {attack} by the dev protocol"
            )
        half.add(name)
    return half


ASVSPOOF5_SIGNL: Final = Corpus(
    name="asvspoof5_signl",
    sets=(FLAC_T, FLAC_D_RESPLIT, ASVSPOOF5_PROTOCOLS, SIGNL_SPLIT),
    partitions=PARTITIONS,
    protocols=("eval",),
    packed_by="asvspoof5",
    read_trials=read_resplit_trials,
    options=ResplitOptions,
    expected=(
        ASVSPOOF5_TRAIN,
        Expected(
            partitions=(DEV,),
            total=56_773,
            bonafide=15_667,
            spoof=41_106,
            source="dev_meta_SIGNL.txt of the reference implementation",
        ),
        Expected(
            partitions=(EVAL,),
            protocol="eval",
            total=84_177,
            bonafide=15_667,
            spoof=68_510,
            source="the official dev partition less dev_meta_SIGNL.txt",
        ),
    ),
)
