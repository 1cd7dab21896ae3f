"""Protocols of ASVspoof 5, track 1, and the reference implementation's re-split of its dev."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from signl.corpora.archives import CHALLENGE
from signl.corpora.published import ASVSPOOF5_PROTOCOLS, FLAC_D, FLAC_E, FLAC_T, SIGNL_SPLIT
from signl.corpora.rows import RowChecker, count_columns, optional, read_rows, row_error
from signl.corpora.streams import read_protocols, source_name
from signl.corpora.trials import Reading, Trial
from signl.corpora.whereabouts import LocatedArchive
from signl.errors import ArchiveError
from signl.labels import BONAFIDE, DEV, EVAL, SPOOF, TRAIN
from signl.seeds import stable_hash

_KINDS: Final = ("metadata.txt", "metainfor.txt")
#: Names of the protocol of each partition; those of the challenge-time release last.
_FILES: Final[Mapping[str, tuple[str, ...]]] = {
    TRAIN: ("ASVspoof5.train.tsv", *(f"ASVspoof5.train.{kind}" for kind in _KINDS)),
    DEV: ("ASVspoof5.dev.track_1.tsv", *(f"ASVspoof5.dev.{kind}" for kind in _KINDS)),
    EVAL: ("ASVspoof5.eval.track_1.tsv", *(f"ASVspoof5.eval.{kind}" for kind in _KINDS)),
}
_SETS: Final = {TRAIN: FLAC_T.name, DEV: FLAC_D.name, EVAL: FLAC_E.name}
_FOLDERS: Final = {TRAIN: "flac_T", DEV: "flac_D", EVAL: "flac_E_eval"}
_N_COLUMNS: Final = 10
_N_CHALLENGE_COLUMNS: Final = 6
_GENDERS: Final = ("F", "M")
_CODECS: Final = frozenset(("-", *(f"C{number:02d}" for number in range(1, 12))))
_QUALITIES: Final = {"-": None, **{str(quality): quality for quality in range(9)}}
_TAGS: Final = ("-", "AC1", "AC2", "AC3")

#: Attacks of which the reference implementation validates on one half and tests on the other.
HALVED_ATTACKS: Final = frozenset(f"A{number:02d}" for number in range(9, 15))
_SIGNL_HEADER: Final = ["id", "label", "vocoder", "language", "speaker"]
_SIGNL_FOLDER: Final = "/ASVspoof5/dev/flac/"
_SIGNL_LABELS: Final = {"fake": SPOOF, "bonafide": BONAFIDE}


@dataclass(frozen=True, kw_only=True)
class Options:
    """Options of the manifest.

    Attributes
    ----------
    subset : bool
        Whether the archives hold a subset of the corpus, whose counts then differ.
    """

    subset: bool = False


@dataclass(frozen=True, kw_only=True)
class ResplitOptions(Options):
    """Options of the manifest of the re-split.

    Attributes
    ----------
    seed : int
        Draws the halves where the reference's own list is not there.
    """

    seed: int = 0


def read_trials(archives: Sequence[LocatedArchive], options: Options) -> Reading:
    """Read the trials of the official partitions.

    The challenge-time release has no protocol of eval: unless one of eval lies beside it, there
    are no eval trials.

    Raises
    ------
    ArchiveError
        If a protocol is not in its archive, or the archive is damaged.
    ProtocolError
        If a row does not follow a published form.
    """
    del options
    located = next(item for item in archives if item.archive.set == ASVSPOOF5_PROTOCOLS.name)
    trials: list[Trial] = []
    names = []
    has_eval = located.form != CHALLENGE or len(located.paths) == len(_FILES)
    partitions = (TRAIN, DEV, EVAL) if has_eval else (TRAIN, DEV)
    basenames = {name for partition in partitions for name in _FILES[partition]}
    files = read_protocols(located.paths, lambda name: name.rsplit("/", 1)[-1] in basenames)
    for partition in partitions:
        name = _choose(files, partition, located)
        names.append(name.rsplit("/", 1)[-1])
        source = source_name(located.paths, name)
        trials += parse_protocol(files[name], source, partition=partition)
    absent = () if EVAL in partitions else (EVAL,)
    return Reading(trials=trials, notes={"protocols": names}, absent_partitions=absent)


def _choose(files: Collection[str], partition: str, located: LocatedArchive) -> str:
    """Return the name of the one protocol of a partition."""
    for basename in _FILES[partition]:
        matches = [name for name in files if name.rsplit("/", 1)[-1] == basename]
        if len(matches) == 1:
            return matches[0]
        if matches:
            raise ArchiveError(f"{located.paths[0]} holds {basename} {len(matches)} times")
    raise ArchiveError(
        f"{located.paths[0]} holds no {_FILES[partition][0]}; get it anew from "
        f"{located.archive.page}"
    )


def parse_protocol(content: bytes, source: str, *, partition: str) -> Iterator[Trial]:
    """Yield the trials of a protocol in the public or the challenge-time form.

    Public columns: speaker, utterance, gender, codec, codec quality, codec seed, attack tag,
    attack, key, ``-``. Challenge-time columns: speaker, utterance, gender, codec, attack, key.
    One space apart (although named ``.tsv``), without a header.

    Parameters
    ----------
    content : bytes
        The protocol file.
    source : str
        The file, as messages are to name it.
    partition : str
        The partition that it lists.

    Raises
    ------
    ProtocolError
        Names the row that does not follow this form.
    """
    check = RowChecker(source)
    is_public = count_columns(content) != _N_CHALLENGE_COLUMNS
    n_columns = _N_COLUMNS if is_public else _N_CHALLENGE_COLUMNS
    for number, columns in read_rows(content, source, n_columns=n_columns):
        speaker, name, gender, codec = columns[:4]
        attack, key = columns[7:9] if is_public else columns[4:6]
        quality, tag = (columns[4], columns[6]) if is_public else ("-", "-")
        check.identifier(number, name)
        check.one_of(number, "attack tag", tag, _TAGS)
        label = check.label(number, key)
        yield Trial(
            utterance_id=name,
            archive=_SETS[partition],
            member=f"{_FOLDERS[partition]}/{name}.flac",
            partition=partition,
            protocols=("eval",) if partition == EVAL else (),
            label=label,
            attack=check.attack(number, attack, label, bonafide="bonafide"),
            speaker=speaker,
            codec=optional(check.one_of(number, "codec", codec, _CODECS)),
            codec_quality=_QUALITIES[check.one_of(number, "quality", quality, _QUALITIES)],
            gender=check.one_of(number, "gender", gender, _GENDERS),
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
            read_protocols([path], lambda _: True)[path.name], str(path), dev
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
