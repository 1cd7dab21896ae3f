"""ASVspoof 2019 LA: the train and dev partitions of 2021 DF, which published none of its own.

Marks at the facts: [C] from an official document or file, [R] reported by people who handled
the archives, [I] inferred.
"""

from collections.abc import Iterator
from typing import Final

from signl.archives.descriptions import PUBLISHED, UNPACKED, Archive, ArchiveSet, one_form
from signl.archives.streams import read_protocols, source_name
from signl.archives.whereabouts import LocatedArchive
from signl.corpora.corpus import Expected
from signl.corpora.rows import NOTHING, RowChecker, read_rows
from signl.corpora.trials import Trial
from signl.errors import ArchiveError
from signl.labels import DEV, TRAIN

_PAGE: Final = "https://datashare.ed.ac.uk/handle/10283/3336"
_README: Final = "README.LA.txt and the protocols of ASVspoof 2019"
LA_PROTOCOLS: Final = {
    TRAIN: "ASVspoof2019.LA.cm.train.trn.txt",
    DEV: "ASVspoof2019.LA.cm.dev.trl.txt",
}
_N_TRAIN: Final = 25_380
_N_DEV: Final = 24_844


def _la(files: tuple[str, ...], **facts: object) -> Archive:
    return Archive(
        name="LA",
        files=files,
        set="LA",
        folder="ASVspoof2021",
        page=_PAGE,
        # Train and dev [C]; its eval partition is not used.
        n_utterances=_N_TRAIN + _N_DEV,
        partitions=(TRAIN, DEV),
        root="LA",
        **facts,  # type: ignore[arg-type]
    )


#: ASVspoof 2019 logical access. Size and checksums [R].
LA: Final = ArchiveSet(
    name="LA",
    holds_protocols=True,
    n_bytes=7.64e9,
    n_files=121_461,
    mean_s=3.4,  # assumed, from bytes at 18.5 kB/s
    forms=(
        one_form(
            PUBLISHED,
            _la(
                ("LA.zip",),
                size_bytes=7_640_952_520,
                md5="30c98f11d8b2bc21f2c257bfd78bb5c5",
                sha256="208a7e4e3913f8c75ae1afd19bf32a5b29ae68435e9e30e23e5e98b6a155e4ec",
            ),
        ),
        one_form(UNPACKED, _la(("LA",), markers=("LA/ASVspoof2019_LA_train",))),
    ),
)

LA_EXPECTED: Final = (
    Expected(partitions=(TRAIN,), total=_N_TRAIN, bonafide=2_580, spoof=22_800, source=_README),
    Expected(partitions=(DEV,), total=_N_DEV, bonafide=2_548, spoof=22_296, source=_README),
)


def read_la_trials(la: LocatedArchive) -> list[Trial]:
    """Read the trials of train and dev.

    Raises
    ------
    ArchiveError
        If a protocol is not in the archive, or the archive is damaged.
    ProtocolError
        If a row does not follow the published form.
    """
    trials: list[Trial] = []
    files = read_protocols(la, lambda name: name.endswith(tuple(LA_PROTOCOLS.values())))
    for partition, basename in LA_PROTOCOLS.items():
        matches = [name for name in files if name.rsplit("/", 1)[-1] == basename]
        if len(matches) != 1:
            raise ArchiveError(
                f"{la.paths[0]} holds {len(matches)} files {basename} instead of one; get it anew "
                f"from {la.archive.page}"
            )
        source = source_name(la.paths, matches[0])
        trials += parse_la_protocol(files[matches[0]], source, partition=partition)
    return trials


def parse_la_protocol(content: bytes, source: str, *, partition: str) -> Iterator[Trial]:
    """Yield the trials of a countermeasure protocol of 2019 LA.

    Columns: speaker, utterance, ``-``, attack, key; one space apart, without a header.

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
    folder = f"LA/ASVspoof2019_LA_{partition}/flac"
    for number, (speaker, name, unused, attack, key) in read_rows(content, source, n_columns=5):
        check.identifier(number, name)
        check.one_of(number, "column 3", unused, (NOTHING,))
        label = check.label(number, key)
        yield Trial(
            utterance_id=name,
            archive=LA.name,
            member=f"{folder}/{name}.flac",
            partition=partition,
            protocols=(),
            label=label,
            attack=check.attack(number, attack, label),
            speaker=speaker,
        )
