"""Writers of small archives in the published forms, hostile ones included."""

import io
import shutil
import struct
import tarfile
import zipfile
import zlib
from pathlib import Path

import pytest

from signl.errors import SignlError

LA_TRAIN = (
    "LA_0079 LA_T_1000001 - - bonafide\n"
    "LA_0080 LA_T_1000002 - A01 spoof\n"
    "LA_0080 LA_T_1000003 - A02 spoof\n"
)
LA_DEV = "LA_0069 LA_D_1000001 - - bonafide\nLA_0069 LA_D_1000002 - A03 spoof\n"
DF_METADATA = (
    "LA_0023 DF_E_2000011 nocodec asvspoof A14 spoof notrim progress traditional_vocoder "
    "- - - -\n"
    "TEF2 DF_E_2000013 low_m4a vcc2020 Task1-team20 spoof notrim eval "
    "neural_vocoder_nonautoregressive Task1 team20 FF E\n"
    "LA_0001 DF_E_2000014 mp3m4a asvspoof - bonafide trim hidden bonafide - - - -\n"
    "TGF1 DF_E_2000024 high_ogg vcc2020 - bonafide notrim eval bonafide - - - -\n"
)
A5_TRAIN = (
    "T_4850 T_0000000000 F - - - AC3 A05 spoof -\n"
    "T_3734 T_0000000011 F - - - - bonafide bonafide -\n"
)
A5_DEV = "".join(
    f"D_{index:04d} D_{21 * index + 1:010d} M - - - {tag} {attack} {key} -\n"
    for index, (tag, attack, key) in enumerate(
        [("-", "bonafide", "bonafide")] * 4
        + [("AC1", f"A{number:02d}", "spoof") for number in range(9, 17) for _ in range(2)]
    )
)
A5_EVAL = (
    "E_4608 E_0002302238 F C04 2 E_0007161785 AC2 A18 spoof -\n"
    "E_5190 E_0007062451 M C11 5 E_0006783957 - bonafide bonafide -\n"
    "E_0261 E_0000273937 F - 0 - AC3 A27 spoof -\n"
)
WILD_META = (
    "file,speaker,label\n"
    "0.wav,Alec Guinness,spoof\n"
    '1.wav,"Lincoln, Abraham",bona-fide\n'
    "2.wav,Calvin Coolidge,bona-fide\n"
)


def challenge_form(protocol):
    """The six columns of the challenge-time release."""
    rows = (row.split(" ") for row in protocol.splitlines())
    return "".join(f"{' '.join([*row[:4], *row[7:9]])}\n" for row in rows)


def audio_of(name):
    """Some bytes that differ from member to member, of some hundreds to thousands."""
    return name.encode() * (10 + zlib.crc32(name.encode()) % 50)


def ids_of(protocol):
    return [row.split(" ")[1] for row in protocol.splitlines()]


def as_bytes(content):
    return content.encode() if isinstance(content, str) else content


def write_tar(path, members, *, prefix="", form=tarfile.GNU_FORMAT):
    """Write a tar, gzip-compressed if so named; a TarInfo as content is a special member."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:gz" if path.suffix == ".gz" else "w", format=form) as tar:
        for name, content in list(members.items()) if isinstance(members, dict) else members:
            info = content if isinstance(content, tarfile.TarInfo) else tarfile.TarInfo()
            info.name = prefix + name
            content = b"" if content is info else as_bytes(content)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return path


def write_zip(path, members, *, method=zipfile.ZIP_DEFLATED, zip64=False):
    """Write a zip, with ZIP64 fields throughout if asked to."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in list(members.items()) if isinstance(members, dict) else members:
            info = zipfile.ZipInfo(name)
            info.compress_type = method
            with archive.open(info, "w", force_zip64=zip64) as member:
                member.write(as_bytes(content))
    return path


class SpannedWriter:
    """Bytes in spans of at most so many: headers are never divided, contents are."""

    def __init__(self, span_bytes):
        self._span_bytes = span_bytes
        self.spans = [bytearray(b"PK\x07\x08")]

    def put_header(self, header):
        """Return the number of the span and the offset in it."""
        if len(self.spans[-1]) + len(header) > self._span_bytes:
            self.spans.append(bytearray())
        place = len(self.spans) - 1, len(self.spans[-1])
        self.spans[-1] += header
        return place

    def put_content(self, content):
        while content:
            if len(self.spans[-1]) >= self._span_bytes:
                self.spans.append(bytearray())
            room = self._span_bytes - len(self.spans[-1])
            self.spans[-1] += content[:room]
            content = content[room:]


def write_spanned_zip(folder, stem, members, *, span_bytes):
    """Write a zip in spans; return their paths, ``.zip`` last. Offsets count from their span."""
    writer, entries = SpannedWriter(span_bytes), []
    for name, content in members.items():
        raw, deflate = as_bytes(content), zlib.compressobj(wbits=-15)
        deflated = deflate.compress(raw) + deflate.flush()
        sizes = (zlib.crc32(raw), len(deflated), len(raw), len(name))
        header = struct.pack("<4s5H3L2H", b"PK\3\4", 20, 0, 8, 0, 0, *sizes, 0) + name.encode()
        entries.append((name, sizes, *writer.put_header(header)))
        writer.put_content(deflated)
    places = []
    for name, sizes, disk, offset in entries:
        fields = (20, 20, 0, 8, 0, 0, *sizes, 0, 0, disk, 0, 0, offset)
        header = struct.pack("<4s6H3L5H2L", b"PK\1\2", *fields) + name.encode()
        places.append(writer.put_header(header))
    (disk, offset), last, n = places[0], len(writer.spans) - 1, len(entries)
    size = sum(map(len, writer.spans[disk:])) - offset
    writer.spans[-1] += struct.pack("<4s4H2LH", b"PK\5\6", last, disk, n, n, size, offset, 0)
    folder.mkdir(parents=True, exist_ok=True)
    suffixes = [*(f"z{number:02d}" for number in range(1, last + 1)), "zip"]
    paths = [folder / f"{stem}.{suffix}" for suffix in suffixes]
    for path, span in zip(paths, writer.spans, strict=True):
        path.write_bytes(span)
    return paths


def la_members():
    protocols = "LA/ASVspoof2019_LA_cm_protocols/ASVspoof2019.LA.cm."
    members = {f"{protocols}train.trn.txt": LA_TRAIN, f"{protocols}dev.trl.txt": LA_DEV}
    for split, text in (("train", LA_TRAIN), ("dev", LA_DEV)):
        for name in [*ids_of(text), "LA_X_9999999"]:
            member = f"LA/ASVspoof2019_LA_{split}/flac/{name}.flac"
            members[member] = audio_of(member)
    return members


def flac_members(folder, protocol):
    names = [f"{folder}/{name}.flac" for name in [*ids_of(protocol), "X_A0000000001"]]
    return {name: audio_of(name) for name in names}


def cfad_members():
    members = {}
    for version, suffix in (("clean", "clean"), ("noisy", "noise"), ("codec", "codec")):
        for split in ("train", "dev", "test_seen", "test_unseen"):
            for kind, method in (("real", "aishell1"), ("fake", "gl"), ("fake", "hifigan")):
                # Equal file names in different folders, as published.
                name = f"CFAD/{version}_version/{split}_{suffix}/{kind}_{suffix}/{method}/A1.wav"
                members[name] = audio_of(name)
    return members


def wild_members():
    members = {f"release_in_the_wild/{i}.wav": audio_of(f"{i}.wav") for i in range(3)}
    return {**members, "release_in_the_wild/meta.csv": WILD_META}


def unpack(folder, members):
    for name, content in members.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(as_bytes(content))


def write_published(folder):
    """Write small archives of all corpora, as published."""
    write_zip(folder / "ASVspoof2021/LA.zip", la_members(), zip64=True)
    df = list(flac_members("ASVspoof2021_DF_eval/flac", DF_METADATA).items())
    for part in range(4):
        name = f"ASVspoof2021/ASVspoof2021_DF_eval_part{part:02d}.tar.gz"
        write_tar(folder / name, dict(df[part : part + 1]))
    keys = {"keys/DF/README.txt": "-", "keys/DF/CM/trial_metadata.txt": DF_METADATA}
    write_tar(folder / "ASVspoof2021/DF-keys-full.tar.gz", keys)
    for letter, top, protocol, parts in (
        ("T", "flac_T", A5_TRAIN, "abcde"),
        ("D", "flac_D", A5_DEV, "abc"),
        ("E", "flac_E_eval", A5_EVAL, "abcdefghij"),
    ):
        members = list(flac_members(top, protocol).items())
        for index, last in enumerate(parts):
            mine = dict(members[index :: len(parts)])
            write_tar(folder / f"ASVspoof5/flac_{letter}_a{last}.tar", mine, prefix="./")
    protocols = {
        "ASVspoof5.train.tsv": A5_TRAIN,
        "ASVspoof5.dev.track_1.tsv": A5_DEV,
        "ASVspoof5.dev.track_2.trial.tsv": "D_0001 D_0000000022 target\n",
        "ASVspoof5.eval.track_1.tsv": A5_EVAL,
    }
    write_tar(folder / "ASVspoof5/ASVspoof5_protocols.tar.gz", protocols)
    (whole,) = write_spanned_zip(folder / "CFAD", "CFAD", cfad_members(), span_bytes=1 << 30)
    span_bytes = whole.stat().st_size * 2 // 7
    spans = write_spanned_zip(folder / "CFAD", "CFAD", cfad_members(), span_bytes=span_bytes)
    assert len(spans) == 4, spans
    write_zip(folder / "InTheWild/release_in_the_wild.zip", wild_members())
    return folder


def refusal(job):
    """Run ``job``; return the message if it fails as this project may, None if it does not."""
    try:
        job()
    except SignlError as error:
        return str(error)
    return None


class Published:
    """The writers, for tests."""

    LA_TRAIN, LA_DEV, DF_METADATA = LA_TRAIN, LA_DEV, DF_METADATA
    A5_TRAIN, A5_DEV, A5_EVAL, WILD_META = A5_TRAIN, A5_DEV, A5_EVAL, WILD_META
    refusal = staticmethod(refusal)
    write_tar = staticmethod(write_tar)
    write_zip = staticmethod(write_zip)
    write_spanned_zip = staticmethod(write_spanned_zip)
    write_all = staticmethod(write_published)
    unpack = staticmethod(unpack)
    la_members = staticmethod(la_members)
    cfad_members = staticmethod(cfad_members)
    wild_members = staticmethod(wild_members)
    flac_members = staticmethod(flac_members)
    audio_of = staticmethod(audio_of)
    challenge_form = staticmethod(challenge_form)


@pytest.fixture(scope="session")
def published():
    """Writers of small archives in the published forms."""
    return Published


@pytest.fixture(scope="session")
def all_archives(tmp_path_factory):
    return write_published(tmp_path_factory.mktemp("archives"))


@pytest.fixture
def archives(all_archives, tmp_path) -> Path:
    """A folder with small archives of all corpora, as published, to be changed at will."""
    return Path(shutil.copytree(all_archives, tmp_path / "archives"))
