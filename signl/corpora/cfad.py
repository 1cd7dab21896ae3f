"""CFAD, which has no protocol: folders tell labels and methods.

Marks at the facts: [C] from an official document or file, [R] reported by people who handled
the archives, [I] inferred.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, Literal

from pydantic import Field

from signl.archives.descriptions import JOINED, PUBLISHED, UNPACKED, Archive, ArchiveSet, one_form
from signl.archives.members import shown
from signl.archives.streams import stream_members
from signl.archives.whereabouts import LocatedArchive
from signl.corpora.corpus import Corpus, CorpusOptions, Expected
from signl.corpora.trials import Reading, Trial
from signl.errors import ArchiveError, ProtocolError
from signl.labels import BONAFIDE, DEV, EVAL, PARTITIONS, SPOOF, TRAIN

_PAGE: Final = "https://zenodo.org/records/8122764"
_COUNTED: Final = "the files of the published archive, as counted by users"
_PAPER: Final = "Ma et al. (2022), CFAD; only the sum of train and dev has been confirmed"
_N_OF_A_VERSION: Final = 115_800
_SPANS: Final = ("CFAD.z01", "CFAD.z02", "CFAD.z03")


def _cfad(files: tuple[str, ...], **facts: object) -> Archive:
    return Archive(
        name="CFAD",
        files=files,
        set="CFAD",
        folder="CFAD",
        page=_PAGE,
        n_utterances=_N_OF_A_VERSION,  # of each version [R]
        partitions=(TRAIN, DEV, EVAL),
        root="CFAD",
        **facts,  # type: ignore[arg-type]
    )


#: CFAD: one zip in four spans. No checksum is known.
CFAD_SET: Final = ArchiveSet(
    name="CFAD",
    holds_protocols=True,
    n_bytes=35.6e9,
    n_files=3 * _N_OF_A_VERSION,
    mean_s=3.7,  # assumed, from bytes at 28 kB/s (WAV, deflated)
    forms=(
        one_form(PUBLISHED, _cfad((*_SPANS, "CFAD.zip"))),
        # First: beside it may lie what is left of the spans.
        one_form(JOINED, _cfad(("CFAD_joined.zip",))),
        one_form(JOINED, _cfad(("CFAD.zip",)), unless=_SPANS),
        one_form(
            UNPACKED,
            _cfad(
                ("CFAD",),
                markers=tuple(f"CFAD/{v}_version" for v in ("clean", "noisy", "codec")),
            ),
        ),
    ),
)

#: Versions and the suffix that their folders have.
VERSIONS: Final = {"clean": "clean", "noisy": "noise", "codec": "codec"}
_PARTITIONS: Final = {"train": TRAIN, "dev": DEV, "test_seen": EVAL, "test_unseen": EVAL}
_PROTOCOLS: Final = {
    "train": (),
    "dev": (),
    "test_seen": ("seen", "all"),
    "test_unseen": ("unseen", "all"),
}
_LABELS: Final = {"real": BONAFIDE, "fake": SPOOF}


class CfadOptions(CorpusOptions):
    """Options of CFAD."""

    version: Literal["clean", "noisy", "codec"] = Field(
        default="clean", description="which of the three versions of the recordings"
    )


def read_trials(archives: Sequence[LocatedArchive], options: CfadOptions) -> Reading:
    """Read the trials of one version from the names of the archive's members.

    Raises
    ------
    ArchiveError
        If the archive is damaged, or holds nothing of the version.
    ProtocolError
        If a file lies where the published tree has none.
    """
    paths = archives[0].paths
    root = archives[0].archive.root
    names = [member.name for member in stream_members(paths, lambda _: False, root=root)]
    trials = list(parse_members(names, str(paths[-1]), version=options.version))
    if not trials:
        folders = sorted({"/".join(name.split("/")[:2]) for name in names})[:10]
        raise ArchiveError(
            f"{paths[-1]} holds nothing below CFAD/{options.version}_version; it holds "
            f"{', '.join(map(shown, folders))}"
        )
    return Reading(trials=trials, notes={"version": options.version})


def parse_members(names: Iterable[str], source: str, *, version: str) -> Iterator[Trial]:
    """Yield the trials of one version, by partition and then by name.

    Names are ``CFAD/VERSION_version/SPLIT_SUFFIX/LABEL_SUFFIX/METHOD/FILE.wav``.

    Parameters
    ----------
    names : iterable of str
        Members of the archive; those of other versions, and files that are not audio, are
        passed over.
    source : str
        The archive, as messages are to name it.
    version : str
        ``clean``, ``noisy`` or ``codec``.

    Raises
    ------
    ProtocolError
        Names the member that lies where the published tree has none, or is there twice.
    """
    top = f"CFAD/{version}_version/"
    chosen = [name for name in names if name.startswith(top) and name.lower().endswith(".wav")]
    trials = [_parse_member(name, source, VERSIONS[version]) for name in chosen]
    splits = list(_PARTITIONS)
    trials.sort(key=lambda trial: (splits.index(trial.subset or ""), trial.member))
    previous = ""
    for trial in trials:
        if trial.member == previous:
            raise ProtocolError(
                f"{source}: member {trial.member!r} is there twice; get the archive anew from "
                f"{_PAGE}"
            )
        previous = trial.member
        yield trial


def _parse_member(name: str, source: str, suffix: str) -> Trial:
    """Read what the folders of a member say."""
    folders = name.split("/")[2:-1]
    split, kind = (folder.removesuffix(f"_{suffix}") for folder in (*folders, "", "")[:2])
    is_published = folders[:2] == [f"{split}_{suffix}", f"{kind}_{suffix}"]
    if len(folders) != 3 or split not in _PARTITIONS or kind not in _LABELS or not is_published:
        raise ProtocolError(
            f"{source}: member {name!r} does not lie in SPLIT_{suffix}/LABEL_{suffix}/METHOD, "
            f"where SPLIT is one of {', '.join(_PARTITIONS)} and LABEL one of "
            f"{', '.join(_LABELS)}; get the archive anew from {_PAGE}"
        )
    label, method = _LABELS[kind], folders[2]
    if not method.isprintable():
        raise ProtocolError(f"{source}: member {name!r}: the method's name is no printable text")
    return Trial(
        utterance_id=name,
        archive=CFAD_SET.name,
        member=name,
        partition=_PARTITIONS[split],
        protocols=_PROTOCOLS[split],
        label=label,
        attack=method if label == SPOOF else None,
        source=method if label == BONAFIDE else None,
        subset=split,
    )


CFAD: Final = Corpus(
    name="cfad",
    sets=(CFAD_SET,),
    partitions=PARTITIONS,
    protocols=("seen", "unseen", "all"),
    packed_by="cfad",
    read_trials=read_trials,
    options=CfadOptions,
    expected=(
        Expected(partitions=PARTITIONS, total=_N_OF_A_VERSION, source=_COUNTED),
        *(
            Expected(
                partitions=(partition,),
                total=bonafide + spoof,
                bonafide=bonafide,
                spoof=spoof,
                source=_PAPER,
                is_certain=False,
            )
            for partition, bonafide, spoof in ((TRAIN, 12_800, 25_600), (DEV, 4_800, 9_600))
        ),
        *(
            Expected(
                partitions=partitions,
                protocol=protocol,
                total=bonafide + spoof,
                bonafide=bonafide,
                spoof=spoof,
                source=_COUNTED,
                when={"version": "clean"},
            )
            for partitions, protocol, bonafide, spoof in (
                ((TRAIN, DEV), None, 17_600, 35_200),
                ((EVAL,), "seen", 14_000, 28_000),
                ((EVAL,), "unseen", 7_000, 14_000),
                ((EVAL,), "all", 21_000, 42_000),
            )
        ),
    ),
)
