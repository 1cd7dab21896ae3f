"""Speed of reading archives: each figure beside that of the common tool, from one run.

    python benchmarks/bench_corpora.py [--files 20000] [--rows 611829]

Builds its own archives of noise in a temporary folder (about 5 GB for 20,000 files).
"""

import argparse
import io
import logging
import os
import resource
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import soundfile

from signl import stages
from signl.archives.facts import Witness
from signl.archives.streams import stream_members
from signl.artefacts import MadeBy, write_table
from signl.corpora.audio_shards import ShardWriter
from signl.corpora.manifest import STAGE, build_manifest, to_table
from signl.corpora.packing import pack_audio
from signl.corpora.trials import Trial
from signl.seeds import shard_names

logger = logging.getLogger("bench_corpora")

SAMPLE_RATE_HZ = 16_000
N_SHARDS = 39
N_DISTINCT = 200
#: Of a spoof and of a bona fide trial of 2021 DF, the columns from the attack to the vocoder.
_DF_KEYS = (
    "Task1-team00 spoof notrim eval traditional_vocoder",
    "- bonafide notrim eval bonafide",
)
_DF, _WILD = "ASVspoof2021_DF_eval", "release_in_the_wild"
#: Archives: name, set, folder in it, and the common tool that reads one.
ARCHIVES = (
    (f"{_DF}_part00.tar.gz", _DF, f"{_DF}/flac", ["tar", "-xzOf"]),
    (f"{_DF}_part00.tar", _DF, f"{_DF}/flac", ["tar", "-xOf"]),
    (f"{_WILD}.zip", _WILD, _WILD, ["unzip", "-p"]),
)


def make_flacs(n_files: int) -> list[bytes]:
    """Return FLACs of coloured noise, of 1 to 5 s; a few hundred distinct ones."""
    generator = np.random.default_rng(0)
    flacs = []
    for _ in range(min(n_files, N_DISTINCT)):
        noise = generator.normal(size=int(generator.uniform(1, 5) * SAMPLE_RATE_HZ))
        waveform = np.convolve(noise, np.hanning(9), "same") * 0.02
        buffer = io.BytesIO()
        soundfile.write(buffer, waveform, SAMPLE_RATE_HZ, "PCM_16", format="FLAC")
        flacs.append(buffer.getvalue())
    return flacs


def members_of(folder: str, n_files: int) -> Iterator[tuple[str, bytes]]:
    """Yield names and contents."""
    flacs = make_flacs(n_files)
    for index in range(n_files):
        yield f"{folder}/DF_E_{index:07d}.flac", flacs[index % len(flacs)]


def write_tar(path: Path, folder: str, n_files: int) -> None:
    """Write a tar."""
    with tarfile.open(path, "w") as tar:
        for name, content in members_of(folder, n_files):
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))


def write_zip(path: Path, folder: str, n_files: int) -> None:
    """Write a zip."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members_of(folder, n_files):
            archive.writestr(name, content)


def write_manifest(path: Path, archive_set: str, folder: str, n_files: int) -> None:
    """Write a manifest that names every file."""
    trials = [
        Trial(
            utterance_id=f"DF_E_{index:07d}",
            archive=archive_set,
            member=f"{folder}/DF_E_{index:07d}.flac",
            partition="eval",
            protocols=("all",),
            label="spoof",
        )
        for index in range(n_files)
    ]
    made_by = MadeBy(stage=STAGE, revision=stages.MANIFEST.revision, options={})
    write_table(path, to_table(trials), made_by)


def write_df_keys(path: Path, n_rows: int) -> None:
    """Write keys of 2021 DF, and beside them the protocols of 2019 LA that a manifest needs."""
    codecs = ("nocodec", "low_mp3", "high_mp3", "low_m4a", "high_m4a", "low_ogg", "high_ogg")
    rows = (
        f"LA_{index % 60:04d} DF_E_{2_000_000 + index:07d} {codecs[index % 7]} vcc2020 "
        f"{_DF_KEYS[index % 27 == 0]} Task1 team{index % 30:02d} FF E\n"
        for index in range(n_rows)
    )
    content = "".join(rows).encode()
    with tarfile.open(path / "DF-keys-full.tar.gz", "w:gz", compresslevel=1) as tar:
        info = tarfile.TarInfo("keys/DF/CM/trial_metadata.txt")
        info.size = len(content)
        tar.addfile(info, io.BytesIO(content))
    with zipfile.ZipFile(path / "LA.zip", "w") as archive:
        for letter, name in (("T", "train.trn"), ("D", "dev.trl")):
            archive.writestr(
                f"LA/ASVspoof2019_LA_cm_protocols/ASVspoof2019.LA.cm.{name}.txt",
                f"LA_0001 LA_{letter}_0000001 - A01 spoof\n",
            )


class Cost(NamedTuple):
    """Seconds by the clock, and of all processors together."""

    wall: float
    cpu: float

    def __str__(self) -> str:
        """Return both, for the report."""
        return f"{self.wall:.2f} s ({self.cpu:.2f} s of CPU)"


def cpu_seconds() -> float:
    """Return the processor time of this process and of the tools that it ran."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def costs_of(
    jobs: Sequence[Callable[[], object]],
    repeats: int = 3,
    before: Callable[[], object] = lambda: None,
) -> list[Cost]:
    """Return the shortest of several times of each job, of both kinds; the jobs take turns.

    Each time ``before`` is called first, which counts for none of them.
    """
    costs: list[list[Cost]] = [[] for _ in jobs]
    for _ in range(repeats):
        for job, mine in zip(jobs, costs, strict=True):
            before()
            wall, cpu = time.perf_counter(), cpu_seconds()
            job()
            mine.append(Cost(time.perf_counter() - wall, cpu_seconds() - cpu))
    return [Cost(*map(min, zip(*mine, strict=True))) for mine in costs]


def write_archive(folder: Path, name: str, top: str, n_files: int) -> None:
    """Write an archive of the form that its name says."""
    if name.endswith(".zip"):
        write_zip(folder / name, top, n_files)
        return
    tar = folder / name.removesuffix(".gz")
    if not tar.is_file():
        write_tar(tar, top, n_files)
    if name.endswith(".gz"):
        subprocess.run(["gzip", "-k", "-6", str(tar)], check=True)


def packing_costs(
    folder: Path, archive: str, archive_set: str, tool: list[str], top: str, n_files: int
) -> tuple[Cost, Cost, Cost]:
    """Return what packing an archive takes, the common tool, and a copy with fsync."""
    path = folder / archive
    write_archive(folder, archive, top, n_files)
    manifest = folder / f"{archive}.manifest"
    write_manifest(manifest, archive_set, top, n_files)
    audio, copied = folder / "audio", folder / "copy"
    outputs = [audio / f"{name}.parquet" for name in shard_names(N_SHARDS)]
    name = archive.split(".")[0]

    def pack() -> None:
        pack_audio([path], manifest, outputs, options={"archive": name})

    def unpack() -> None:
        subprocess.run([*tool, str(path)], stdout=subprocess.DEVNULL, check=True)

    def copy() -> None:
        with path.open("rb") as source, copied.open("wb") as target:
            shutil.copyfileobj(source, target, 1 << 20)
            os.fsync(target.fileno())

    def remove() -> None:
        # As Snakemake does before a job: to free the blocks of what is replaced takes time.
        shutil.rmtree(audio, ignore_errors=True)
        copied.unlink(missing_ok=True)

    packing, theirs, copying = costs_of([pack, unpack, copy], before=remove)
    return packing, theirs, copying


def bench_packing(
    folder: Path, archive: str, archive_set: str, tool: list[str], top: str, n_files: int
) -> str:
    """Time a pack and the common tool on one archive."""
    packing, theirs, copying = packing_costs(folder, archive, archive_set, tool, top, n_files)

    def read() -> None:
        deque(stream_members([folder / archive], lambda _: True), maxlen=0)

    (reading,) = costs_of([read])
    return (
        f"{archive}: {' '.join(tool)} {theirs}; reading {reading}, "
        f"{reading.wall / theirs.wall:.2f} x; pack_audio {packing}, "
        f"{packing.wall / theirs.wall:.2f} x; copying the file {copying}, "
        f"{packing.wall / copying.wall:.2f} x"
    )


def bench_parts(folder: Path, path: Path, n_files: int = 6_000) -> str:
    """Time the digest of an archive's first members, and the writing of their shards.

    Both take the members from memory; in a pack both go on beside the reading.
    """
    reading = islice(stream_members([path], lambda _: True), n_files)
    members = [(member.name, member.content or b"") for member in reading]
    outputs = [folder / "parts" / f"{name}.parquet" for name in shard_names(N_SHARDS)]

    def digest() -> None:
        witness = Witness([path])
        for name, content in members:
            witness.add(name, content)
        assert witness.digest

    def write() -> None:
        with ShardWriter(outputs, {"archive": path.name}) as writer:
            for name, content in members:
                writer.add(name, content)

    def remove() -> None:
        shutil.rmtree(folder / "parts", ignore_errors=True)

    digesting, writing = costs_of([digest, write], before=remove)
    n_mb = sum(len(content) for _, content in members) / 1e6
    return f"of {n_mb:.0f} MB of members the digest {digesting}, writing their shards {writing}"


def bench_manifest(folder: Path, n_rows: int) -> str:
    """Time the manifest of 2021 DF."""
    write_df_keys(folder, n_rows)

    def build() -> None:
        build_manifest("asvspoof2021_df", folder, folder / "m.parquet", options={"subset": True})

    return f"manifest of {n_rows:,} rows: {costs_of([build], 1)[0]}"


def peak_mb() -> float:
    """Return the most memory this process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Run all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=20_000)
    parser.add_argument("--rows", type=int, default=611_829)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stdout)
    logger.setLevel(logging.INFO)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for archive, archive_set, top, tool in ARCHIVES:
            logger.info(bench_packing(folder, archive, archive_set, tool, top, arguments.files))
        logger.info("packing held at most %.0f MB", peak_mb())
        logger.info(bench_parts(folder, folder / ARCHIVES[1][0]))
        logger.info(bench_manifest(folder, arguments.rows))
        logger.info("pyarrow %s, Python %s", pa.__version__, sys.version.split()[0])


if __name__ == "__main__":
    main()
