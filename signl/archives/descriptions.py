"""Archives, sets of them, and the forms in which a set comes.

A *set* of archives holds one body of audio or of protocols: the five tars ``flac_T_aa`` to
``flac_T_ae`` are one set. A set comes in *forms*: as published now, as once published, joined,
or already unpacked.
"""

import math
from dataclasses import dataclass, field
from typing import Final

#: Utterances a shard holds by default: some hundred megabytes of encoded audio.
UTTERANCES_PER_SHARD: Final = 4000

PUBLISHED: Final = "published"
CHALLENGE: Final = "challenge"
JOINED: Final = "joined"
UNCOMPRESSED: Final = "uncompressed"
UNPACKED: Final = "unpacked"
LOOSE: Final = "loose"
STAGE_1: Final = "stage-1"
GIVEN: Final = "given"

#: Root of an archive whose members are named as below it, be it a folder of whatever name.
BARE: Final = "."


@dataclass(frozen=True, kw_only=True)
class Archive:
    """One published file, or the files of one spanned archive, or the folder of an unpacked one.

    Attributes
    ----------
    name : str
        Names the folder of the packed audio.
    files : tuple of str
        File names as published; of a spanned zip in order, ``.zip`` last.
    set : str
        The set it belongs to; the manifest's column ``archive``.
    folder : str
        Subfolder of the archives folder in which it is looked for first.
    page : str
        Where to get it.
    n_utterances : int
        Published number of audio files, of which protocols list nearly all; 0: no audio.
    partitions : tuple of str
        Partitions whose audio it holds.
    size_bytes, md5, sha256 : optional
        As published, of archives that are one file.
    markers : tuple of str
        Of an unpacked archive: it is there if one of these paths is.
    root : str
        The folder in which all its members were published; empty, where there is none;
        :data:`BARE`, where nothing is to be added to or taken from their names.
    """

    name: str
    files: tuple[str, ...]
    set: str
    folder: str
    page: str
    n_utterances: int = 0
    partitions: tuple[str, ...] = ()
    size_bytes: int | None = None
    md5: str | None = None
    sha256: str | None = None
    markers: tuple[str, ...] = ()
    root: str = ""

    @property
    def n_shards(self) -> int:
        """Number of shards into which its audio is packed by default."""
        return math.ceil(self.n_utterances / UTTERANCES_PER_SHARD)


@dataclass(frozen=True, kw_only=True)
class Form:
    """One way in which a set of archives comes.

    Attributes
    ----------
    name : str
        ``published``, ``challenge``, ``joined``, ``uncompressed``, ``unpacked``, ``loose``,
        ``stage-1`` or ``given``.
    archives : tuple of Archive
        The archives of the set in this form.
    unless : tuple of str
        Files whose presence says that the set does not come in this form.
    """

    name: str
    archives: tuple[Archive, ...]
    unless: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ArchiveSet:
    """Archives that together hold one body of audio or of protocols.

    Attributes
    ----------
    name : str
        The manifest's column ``archive``, if it holds audio.
    forms : tuple of Form
        The published form first.
    holds_protocols : bool
        Whether manifests are read from it.
    is_optional : bool
        Whether a corpus can do without it.
    is_given : bool
        Whether the user names its files by their paths, so that they are not looked for in the
        archives folder.
    n_bytes, n_files : float, int
        Of all its archives together, as published: for the estimates of a plan.
    mean_s : float
        Mean seconds of a recording, for the same.
    """

    name: str
    forms: tuple[Form, ...] = field(repr=False)
    holds_protocols: bool = False
    is_optional: bool = False
    is_given: bool = False
    n_bytes: float = 0.0
    n_files: int = 0
    mean_s: float = 0.0

    @property
    def archives(self) -> tuple[Archive, ...]:
        """The archives of the published form."""
        return self.forms[0].archives

    @property
    def partitions(self) -> tuple[str, ...]:
        """Partitions whose audio the set holds."""
        return self.archives[0].partitions


def one_form(name: str, archive: Archive, *, unless: tuple[str, ...] = ()) -> Form:
    """Return a form of a single archive."""
    return Form(name=name, archives=(archive,), unless=unless)
