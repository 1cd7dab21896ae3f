"""The archives in which the corpora are published, as facts, and the other forms users have.

Marks at the facts: [C] from an official document or file, [R] reported by people who handled
the archives, [I] inferred.
"""

from typing import Final

from signl.corpora.archives import (
    CHALLENGE,
    JOINED,
    LOOSE,
    PUBLISHED,
    STAGE_1,
    UNCOMPRESSED,
    UNPACKED,
    Archive,
    ArchiveSet,
    Form,
)
from signl.labels import DEV, EVAL, TRAIN


def _one(form: str, archive: Archive, *, unless: tuple[str, ...] = ()) -> Form:
    """Return a form of a single archive."""
    return Form(name=form, archives=(archive,), unless=unless)


_LA_PAGE: Final = "https://datashare.ed.ac.uk/handle/10283/3336"
_DF_PAGE: Final = "https://zenodo.org/records/4835108"
_KEYS_PAGE: Final = "https://www.asvspoof.org/asvspoof2021/DF-keys-full.tar.gz"
_ASVSPOOF5_PAGE: Final = "https://zenodo.org/records/14498691"
_CFAD_PAGE: Final = "https://zenodo.org/records/8122764"
_WILD_PAGE: Final = "https://deepfake-total.com/in_the_wild"
_SIGNL_PAGE: Final = "https://github.com/falihgoz/SIGNL (datasets/ASVspoof5)"


def _la(files: tuple[str, ...], **facts: object) -> Archive:
    return Archive(
        name="LA",
        files=files,
        set="LA",
        folder="ASVspoof2021",
        page=_LA_PAGE,
        # Train and dev [C]; its eval partition is not used.
        n_utterances=25_380 + 24_844,
        partitions=(TRAIN, DEV),
        **facts,  # type: ignore[arg-type]
    )


#: ASVspoof 2019 logical access. Size and checksums [R].
LA: Final = ArchiveSet(
    name="LA",
    holds_protocols=True,
    forms=(
        _one(
            PUBLISHED,
            _la(
                ("LA.zip",),
                size_bytes=7_640_952_520,
                md5="30c98f11d8b2bc21f2c257bfd78bb5c5",
                sha256="208a7e4e3913f8c75ae1afd19bf32a5b29ae68435e9e30e23e5e98b6a155e4ec",
            ),
        ),
        _one(UNPACKED, _la(("LA",), markers=("LA/ASVspoof2019_LA_train",))),
    ),
)

# Files [R], bytes [R], md5 (two sources agree; of part 03 they differ in one digit, so that it
# is not given here) and sha256 [R].
_DF_PARTS: Final = (
    (
        152_955,
        8_637_050_238,
        "4f2cbae07cf3ede2a1dde3b8d2ee55ea",
        "99273ef077604afa8f79f25070755bf99f3524f9fc55397e59ab0c00661165ea",
    ),
    (
        152_958,
        8_624_944_890,
        "1578c89ab433c2b60b1dce93bdf8fbec",
        "5c3c749c47ba60808c4e088e36d865984a65cd0a436bc656f3fd9b8f4a670e17",
    ),
    (
        152_958,
        8_616_337_195,
        "5497a35f0126e94a1d7a7d26db57b4f7",
        "04f2fb7a057363483892132f075feeabc41e1debfdbe69e783c5ca258d81ae97",
    ),
    (
        152_958,
        8_656_151_261,
        None,
        "a45bdae8ce6f35e3d03b24eae8d70cb486d4cc0d7d75225d8ba6e9cd371ec7ab",
    ),
)


def _df(name: str, file: str, n_utterances: int, **facts: object) -> Archive:
    return Archive(
        name=name,
        files=(file,),
        set="ASVspoof2021_DF_eval",
        folder="ASVspoof2021",
        page=_DF_PAGE,
        n_utterances=n_utterances,
        partitions=(EVAL,),
        **facts,  # type: ignore[arg-type]
    )


#: ASVspoof 2021 deepfake, evaluation audio: four complete, independent tars.
DF: Final = ArchiveSet(
    name="ASVspoof2021_DF_eval",
    forms=(
        Form(
            name=PUBLISHED,
            archives=tuple(
                _df(
                    f"ASVspoof2021_DF_eval_part{part:02d}",
                    f"ASVspoof2021_DF_eval_part{part:02d}.tar.gz",
                    n_files,
                    size_bytes=size,
                    md5=md5,
                    sha256=sha256,
                )
                for part, (n_files, size, md5, sha256) in enumerate(_DF_PARTS)
            ),
        ),
        _one(
            UNPACKED,
            _df(
                "ASVspoof2021_DF_eval",
                "ASVspoof2021_DF_eval",
                611_829,
                markers=("ASVspoof2021_DF_eval/flac",),
            ),
        ),
    ),
)


def _df_keys(file: str, **facts: object) -> Archive:
    return Archive(
        name="DF-keys-full",
        files=(file,),
        set="DF-keys-full",
        folder="ASVspoof2021",
        page=_KEYS_PAGE,
        **facts,  # type: ignore[arg-type]
    )


#: Keys of 2021 DF. The stage-1 keys are known so that they can be refused by name.
DF_KEYS: Final = ArchiveSet(
    name="DF-keys-full",
    holds_protocols=True,
    forms=(
        _one(
            PUBLISHED,
            _df_keys(
                "DF-keys-full.tar.gz",
                md5="dabbc5628de4fcef53036c99ac7ab93a",
                sha256="426f93e1cdaf507bf36c355c00c0567137ba1fe8bc177b17281eeae6f4d870a6",
            ),
        ),
        _one(UNPACKED, _df_keys("keys", markers=("keys/DF/CM/trial_metadata.txt",))),
        _one(LOOSE, _df_keys("trial_metadata.txt")),
        _one(STAGE_1, _df_keys("DF-keys-stage-1.tar.gz")),
        _one(STAGE_1, _df_keys("keys", markers=("keys/CM/trial_metadata.txt",))),
    ),
)

# Audio files of each part and md5, both [C].
_FLAC_T: Final = (
    (36_500, "b0cc86b14826a7701b52aad4f53daf9c"),
    (36_500, "d05be3f4be7a343fdbdd0ed29fdff2e1"),
    (36_500, "70d1ba4ad75a20aef3dae541fbd321e3"),
    (36_500, "c9bb56af2cc410d98338d74babcb95c9"),
    (36_357, "a3969816982f3e52300d6147ad796df7"),
)
_FLAC_D: Final = (
    (47_400, "df0be44957623991028cce59792beb17"),
    (47_400, "1e8cd685d89b64502692f1bcf1a13db3"),
    (47_334, "5e0031f08c30e4bdbf0c59f91b2d662b"),
)
_FLAC_E: Final = (
    (68_188, "a8c800766f3d4ef87971e2b4f29663e2"),
    (68_188, "c35064188f54f07c87aba58de22534a0"),
    (68_188, "ed7cbcd1b2847998b72472ddf6b445e3"),
    (68_188, "626a080e994b05df49c577d7b3dede8d"),
    (68_188, "05f19a5e64fa556714ae1b38eb2ea70b"),
    (68_188, "2ca2f52a3bbf827f7ec155ecb47e85d6"),
    (68_188, "671200b5de2fc1e74a563b07b057af8f"),
    (68_188, "eaf885b1299a61eb07f71e82e96dba37"),
    (68_188, "b2625683bf440abae2af901a45542ad9"),
    (68_180, "c50281c8233af6f3b0899604d21ade44"),
)


def _flac_set(
    letter: str, partitions: tuple[str, ...], folder: str, parts: tuple[tuple[int, str], ...]
) -> ArchiveSet:
    """Return one of the three sets of ASVspoof 5 audio; ``folder`` is its top directory."""
    name = f"flac_{letter}"
    total = sum(n_files for n_files, _ in parts)

    def archive(suffix: str, file: str, n_utterances: int, **facts: object) -> Archive:
        return Archive(
            name=name + suffix,
            files=(file,),
            set=name,
            folder="ASVspoof5",
            page=_ASVSPOOF5_PAGE,
            n_utterances=n_utterances,
            partitions=partitions,
            **facts,  # type: ignore[arg-type]
        )

    published = tuple(
        archive(f"_a{last}", f"{name}_a{last}.tar", n_files, md5=md5)
        for last, (n_files, md5) in zip("abcdefghij", parts, strict=False)
    )
    return ArchiveSet(
        name=name,
        forms=(
            Form(name=PUBLISHED, archives=published),
            _one(CHALLENGE, archive("", f"{name}.tar", total)),
            _one(UNPACKED, archive("", folder, total, markers=(folder,))),
        ),
    )


FLAC_T: Final = _flac_set("T", (TRAIN,), "flac_T", _FLAC_T)
FLAC_D: Final = _flac_set("D", (DEV,), "flac_D", _FLAC_D)
FLAC_E: Final = _flac_set("E", (EVAL,), "flac_E_eval", _FLAC_E)
#: The same archives, as the reference implementation divides them.
FLAC_D_RESPLIT: Final = _flac_set("D", (DEV, EVAL), "flac_D", _FLAC_D)


def _asvspoof5_protocols(*files: str, **facts: object) -> Archive:
    return Archive(
        name="ASVspoof5_protocols",
        files=files,
        set="ASVspoof5_protocols",
        folder="ASVspoof5",
        page=_ASVSPOOF5_PAGE,
        **facts,  # type: ignore[arg-type]
    )


#: Protocols of ASVspoof 5. Checksum [C], size [R].
ASVSPOOF5_PROTOCOLS: Final = ArchiveSet(
    name="ASVspoof5_protocols",
    holds_protocols=True,
    forms=(
        _one(
            PUBLISHED,
            _asvspoof5_protocols(
                "ASVspoof5_protocols.tar.gz",
                size_bytes=20_669_392,
                md5="865d0e894ea9f686f0f37e5ae3ae3616",
            ),
        ),
        _one(UNCOMPRESSED, _asvspoof5_protocols("ASVspoof5_protocols.tar")),
        _one(
            UNPACKED,
            _asvspoof5_protocols(
                "ASVspoof5_protocols", markers=("ASVspoof5_protocols/ASVspoof5.train.tsv",)
            ),
        ),
        _one(
            LOOSE,
            _asvspoof5_protocols(
                "ASVspoof5.train.tsv", "ASVspoof5.dev.track_1.tsv", "ASVspoof5.eval.track_1.tsv"
            ),
        ),
        *(
            _one(
                CHALLENGE,
                _asvspoof5_protocols(
                    f"ASVspoof5.train.{kind}.txt", f"ASVspoof5.dev.{kind}.txt", *of_eval
                ),
            )
            for kind in ("metadata", "metainfor")
            for of_eval in (
                ("ASVspoof5.eval.track_1.tsv",),
                (f"ASVspoof5.eval.{kind}.txt",),
                (),
            )
        ),
    ),
)

#: The reference implementation's own list of its dev half of the ASVspoof 5 dev partition.
SIGNL_SPLIT: Final = ArchiveSet(
    name="dev_meta_SIGNL",
    holds_protocols=True,
    is_optional=True,
    forms=(
        _one(
            PUBLISHED,
            Archive(
                name="dev_meta_SIGNL",
                files=("dev_meta_SIGNL.txt",),
                set="dev_meta_SIGNL",
                folder="ASVspoof5",
                page=_SIGNL_PAGE,
            ),
        ),
    ),
)

_SPANS: Final = ("CFAD.z01", "CFAD.z02", "CFAD.z03")


def _cfad(files: tuple[str, ...], **facts: object) -> Archive:
    return Archive(
        name="CFAD",
        files=files,
        set="CFAD",
        folder="CFAD",
        page=_CFAD_PAGE,
        n_utterances=115_800,  # of each version [R]
        partitions=(TRAIN, DEV, EVAL),
        **facts,  # type: ignore[arg-type]
    )


#: CFAD: one zip in four spans. No checksum is known.
CFAD: Final = ArchiveSet(
    name="CFAD",
    holds_protocols=True,
    forms=(
        _one(PUBLISHED, _cfad((*_SPANS, "CFAD.zip"))),
        # First: beside it may lie what is left of the spans.
        _one(JOINED, _cfad(("CFAD_joined.zip",))),
        _one(JOINED, _cfad(("CFAD.zip",)), unless=_SPANS),
        _one(
            UNPACKED,
            _cfad(
                ("CFAD",),
                markers=tuple(f"CFAD/{v}_version" for v in ("clean", "noisy", "codec")),
            ),
        ),
    ),
)


def _in_the_wild(file: str, **facts: object) -> Archive:
    return Archive(
        name="release_in_the_wild",
        files=(file,),
        set="release_in_the_wild",
        folder="InTheWild",
        page=_WILD_PAGE,
        n_utterances=31_779,
        partitions=(EVAL,),
        **facts,  # type: ignore[arg-type]
    )


#: In-the-Wild. No checksum is known.
IN_THE_WILD: Final = ArchiveSet(
    name="release_in_the_wild",
    holds_protocols=True,
    forms=(
        _one(PUBLISHED, _in_the_wild("release_in_the_wild.zip")),
        _one(
            UNPACKED,
            _in_the_wild("release_in_the_wild", markers=("release_in_the_wild/meta.csv",)),
        ),
    ),
)
