"""Trials of CFAD, which has no protocol: folders tell labels and methods."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from signl.corpora.published import CFAD
from signl.corpora.streams import stream_members
from signl.corpora.trials import Reading, Trial
from signl.corpora.whereabouts import LocatedArchive
from signl.errors import ArchiveError, ProtocolError
from signl.labels import BONAFIDE, DEV, EVAL, SPOOF, TRAIN

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


@dataclass(frozen=True, kw_only=True)
class Options:
    """Options of the manifest.

    Attributes
    ----------
    subset : bool
        Whether the archives hold a subset of the corpus, whose counts then differ.
    version : str
        ``clean``, ``noisy`` or ``codec``.
    """

    subset: bool = False
    version: str = "clean"

    def __post_init__(self) -> None:
        """Check the version."""
        if self.version not in VERSIONS:
            raise ValueError(f"version {self.version!r} is none of {sorted(VERSIONS)}")


def read_trials(archives: Sequence[LocatedArchive], options: Options) -> Reading:
    """Read the trials of one version from the names of the archive's members.

    Raises
    ------
    ArchiveError
        If the archive is damaged, or holds nothing of the version.
    ProtocolError
        If a file lies where the published tree has none.
    """
    paths = archives[0].paths
    names = [member.name for member in stream_members(paths, lambda _: False)]
    trials = list(parse_members(names, str(paths[-1]), version=options.version))
    if not trials:
        raise ArchiveError(
            f"{paths[-1]} holds nothing below CFAD/{options.version}_version; it holds "
            f"{', '.join(sorted({'/'.join(name.split('/')[:2]) for name in names})[:10])}"
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
                f"{CFAD.archives[0].page}"
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
            f"{', '.join(_LABELS)}; get the archive anew from {CFAD.archives[0].page}"
        )
    label, method = _LABELS[kind], folders[2]
    return Trial(
        utterance_id=name,
        archive=CFAD.name,
        member=name,
        partition=_PARTITIONS[split],
        protocols=_PROTOCOLS[split],
        label=label,
        attack=method if label == SPOOF else None,
        source=method if label == BONAFIDE else None,
        subset=split,
    )
