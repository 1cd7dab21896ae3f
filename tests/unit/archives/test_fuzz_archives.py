"""2,800 damaged archives: each is read, or refused by an error of this project.

The cases are the same in every run; a failure names its case, which ``damaged_archive`` makes
anew.
"""

import gzip
import random
import re
import tarfile
import time
import tracemalloc
import zipfile

import pytest

from signl import stages
from signl.archives.members import is_foreign, normalise
from signl.archives.streams import stream_members
from signl.artefacts import MadeBy, write_table
from signl.corpora.audio_shards import iterate_audio
from signl.corpora.manifest import STAGE, to_table
from signl.corpora.packing import pack_audio
from signl.corpora.trials import Trial

KINDS = ("tar", "tar.gz", "zip", "spans")
N_CASES = 700  # of each kind
#: One case in so many goes the whole way to shards, which costs more.
PACKED_EVERY = 7
MAX_MEMBER_BYTES = 1 << 20
#: Of a reader and all that it gives; its buffers are some megabytes.
MAX_HELD_BYTES = 8 << 20
MAX_SECONDS = 5
MAX_MESSAGE = 2000

MEMBERS = {
    "flac_T/T_0000000000.flac": b"fLaC" + bytes(range(256)) * 3,
    "flac_T/empty.flac": b"",
    "flac_T/" + "long" * 40 + ".flac": b"x" * 513,
    "flac_T/T_A0000000001.flac": b"y" * 512,
    "flac_T/zeros.flac": bytes(3000),
    "flac_T/._zeros.flac": b"a system's own",
}
NUMBERS = (0, 1, 0x7F, 0xFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, 1 << 40, (1 << 64) - 1)
ZIP_RECORD = re.compile(rb"PK(\x01\x02|\x03\x04|\x05\x06|\x06\x06|\x06\x07)")
#: Offset and width of fields of a tar's header: name, size, kind, link, magic, prefix.
TAR_FIELDS = ((0, 100), (124, 12), (156, 1), (157, 100), (257, 8), (345, 155))
TAR_VALUES = (b"", b"../", b"/", b"7" * 11, b"\x80" + b"\xff" * 11, b"-1", b"L", b"x", b"2", b"5")


def flip(chance, content):
    for _ in range(chance.randint(1, 8)):
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)


def truncate(chance, content):
    del content[chance.randrange(len(content)) :]


def splice(chance, content):
    """Insert or overwrite a piece with another of the same file."""
    begin, at = chance.randrange(len(content)), chance.randrange(len(content))
    piece = content[begin : begin + chance.choice((1, 16, 512, 1024, 4096))]
    content[at : at + chance.choice((0, len(piece)))] = piece


def cut_out(chance, content):
    begin = chance.randrange(len(content))
    del content[begin : begin + chance.choice((1, 46, 512, 1000))]


def overwrite(chance, content):
    at = chance.randrange(len(content))
    content[at : at + 8] = chance.randbytes(8)


def change_tar_header(chance, content):
    """Change a field of a header, and make the checksum right again."""
    blocks = [at for at in range(0, len(content) - 511, 512) if content[at + 257 :][:5] == b"ustar"]
    begin = chance.choice(blocks or [0])
    offset, width = chance.choice(TAR_FIELDS)
    value = chance.choice((*TAR_VALUES, chance.randbytes(width)))[:width].ljust(width, b"\0")
    header = content[begin : begin + 512].ljust(512, b"\0")
    header[offset : offset + width] = value
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    content[begin : begin + 512] = header


def join(chance, content):
    """Put a copy behind, as ``cat`` does, with zeros between."""
    content += bytes(512 * chance.choice((0, 0, 1, 2, 20))) + content


def change_zip_header(chance, content):
    """Change a number in a record: a local header, an entry, an end of the directory."""
    starts = [found.start() for found in ZIP_RECORD.finditer(content)]
    at = chance.choice(starts or [0]) + chance.randrange(4, 56)
    width = chance.choice((1, 2, 4, 8))
    value = chance.choice((*NUMBERS, chance.getrandbits(64))) % (1 << 8 * width)
    content[at : at + width] = value.to_bytes(width, "little")


ANYWHERE = (flip, truncate, splice, cut_out, overwrite)
DAMAGES = {
    "tar": (change_tar_header, change_tar_header, join, *ANYWHERE),
    "tar.gz": (join, *ANYWHERE),
    "zip": (change_zip_header, change_zip_header, *ANYWHERE),
    "spans": (change_zip_header, change_zip_header, *ANYWHERE),
}


@pytest.fixture(scope="module")
def samples(tmp_path_factory, published):
    """Kind -> several archives of it, each a list of the names and contents of its files."""
    folder = tmp_path_factory.mktemp("samples")

    def contents(paths):
        return [(path.name, path.read_bytes()) for path in paths]

    tars = {
        suffix: [
            contents([published.write_tar(folder / f"a.{suffix}", MEMBERS, form=form)])
            for form in (tarfile.GNU_FORMAT, tarfile.PAX_FORMAT)
        ]
        for suffix in ("tar", "tar.gz")
    }
    zips = [
        contents([published.write_zip(folder / "a.zip", MEMBERS, method=method, zip64=zip64)])
        for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
        for zip64 in (False, True)
    ]
    spans = [
        contents(published.write_spanned_zip(folder / f"{size}", "b", MEMBERS, span_bytes=size))
        for size in (250, 700)
    ]
    return {**tars, "zip": zips, "spans": spans}


def damaged_archive(kind, case, samples):
    """Return the names and contents of the files of an archive, one of them damaged."""
    chance = random.Random(f"{kind} {case}")
    files = [(name, bytearray(content)) for name, content in chance.choice(samples[kind])]
    _, content = chance.choice(files)
    # Damage beneath the compression has right checksums.
    is_beneath = kind == "tar.gz" and chance.random() < 0.5
    if is_beneath:
        content[:] = gzip.decompress(content)
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        damage = chance.choice(DAMAGES["tar" if is_beneath else kind])
        damage(chance, content)
        content[:] = content or b"\0"
    if is_beneath:
        content[:] = gzip.compress(content, 1)
    if kind == "spans" and chance.random() < 0.1:
        files.pop(chance.randrange(len(files) - 1))
    if kind == "spans" and chance.random() < 0.1:
        names, contents = zip(*files, strict=True)
        files = list(zip(names, chance.sample(contents, len(contents)), strict=True))
    return files


def write(folder, files):
    folder.mkdir(exist_ok=True)
    for path in folder.iterdir():
        path.unlink()
    for name, content in files:
        (folder / name).write_bytes(content)
    return [folder / name for name, _ in files]


def read(paths):
    """Read all members, of which none may leave the archive or hold more than it may."""
    members = list(stream_members(paths, lambda _: True, max_bytes=MAX_MEMBER_BYTES, root="flac_T"))
    for member in members:
        assert member.name == normalise(member.name, paths[-1])
        assert member.name.startswith("flac_T/")
        assert not is_foreign(member.name)
        assert len(member.content) == member.size <= MAX_MEMBER_BYTES
    return [(member.name, member.content) for member in members]


@pytest.fixture
def traced():
    """Memory is counted while the test runs."""
    tracemalloc.start()
    yield
    tracemalloc.stop()


@pytest.mark.usefixtures("traced")
@pytest.mark.parametrize("kind", KINDS)
def test_damage_is_read_or_refused_in_bounds(samples, published, tmp_path, kind):
    n_refused = 0
    for case in range(N_CASES):
        paths = write(tmp_path / "in", damaged_archive(kind, case, samples))
        tracemalloc.reset_peak()
        begin, held = time.monotonic(), tracemalloc.get_traced_memory()[0]
        found = []
        message = published.refusal(lambda paths=paths, found=found: found.extend(read(paths)))
        peak = tracemalloc.get_traced_memory()[1] - held
        assert message is None or str(tmp_path) in message, case
        assert len(message or "") < MAX_MESSAGE, case
        assert (message or "").isprintable(), case
        assert peak < MAX_HELD_BYTES, (case, peak)
        assert time.monotonic() - begin < MAX_SECONDS, case
        if kind in ("zip", "spans"):  # each member has a checksum of its own
            assert all(MEMBERS.get(name, content) == content for name, content in found), case
        n_refused += message is not None
    assert [item.name for item in tmp_path.iterdir()] == ["in"]
    assert N_CASES // 4 < n_refused < N_CASES


@pytest.mark.parametrize("kind", KINDS)
def test_damage_is_packed_whole_or_not_at_all(samples, published, tmp_path, kind):
    trials = [Trial(name, "flac_T", name, "train", (), "spoof") for name in MEMBERS]
    manifest, folder = tmp_path / "m", tmp_path / "audio"
    write_table(
        manifest,
        to_table(trials),
        MadeBy(stage=STAGE, revision=stages.MANIFEST.revision, options={}),
    )
    outputs = [folder / "0.parquet", folder / "1.parquet"]
    options = {"archive": "flac_T", "max_member_bytes": MAX_MEMBER_BYTES}
    n_packed = 0
    for case in range(0, N_CASES, PACKED_EVERY):
        paths = write(tmp_path / "in", damaged_archive(kind, case, samples))
        message = published.refusal(
            lambda paths=paths: pack_audio(paths, manifest, outputs, options=options)
        )
        assert {item.name for item in tmp_path.iterdir()} <= {"in", "m", "audio"}, case
        left = sorted(folder.iterdir())
        assert left == (outputs if message is None else []), case
        members = [item.member for path in left for item in iterate_audio(path)]
        assert len(set(members)) == len(members), case
        assert set(members) <= MEMBERS.keys(), case
        n_packed += message is None
        for path in left:
            path.unlink()
    assert 0 < n_packed < N_CASES // PACKED_EVERY
