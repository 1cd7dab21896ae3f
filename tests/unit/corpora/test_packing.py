import io
import logging
import os
import signal
import subprocess
import sys
import tarfile

import pyarrow.parquet as pq
import pytest

from signl import stages
from signl.artefacts import MadeBy, table_made_by, write_table
from signl.corpora import audio_shards as shards_module
from signl.corpora.audio_shards import iterate_audio, read_header, read_members
from signl.corpora.manifest import STAGE, build_manifest, to_table
from signl.corpora.packing import pack_audio
from signl.corpora.registry import CORPORA, locate_archives
from signl.corpora.trial_tables import read_manifest
from signl.corpora.trials import Trial
from signl.errors import ArchiveError, ArtefactError, ConfigError, ManifestError
from signl.seeds import shard_index, shard_names

FLAC_T = {"archive": "flac_T"}


@pytest.fixture
def outputs(tmp_path):
    return [tmp_path / f"audio/flac_T/{name}.parquet" for name in shard_names(3)]


def write_manifest(path, names, archive="flac_T"):
    trials = [Trial(name, archive, name, "train", (), "spoof") for name in names]
    made_by = MadeBy(stage=STAGE, revision=stages.MANIFEST.revision, options={})
    write_table(path, to_table(trials), made_by)
    return path


def packed(outputs):
    return {item.member: item.audio for path in outputs for item in iterate_audio(path)}


@pytest.mark.parametrize("corpus", [c.name for c in CORPORA.values() if c.packed_by == c.name])
def test_every_trial_of_a_corpus_is_packed_with_its_bytes(archives, published, tmp_path, corpus):
    manifest = tmp_path / "m.parquet"
    build_manifest(corpus, archives, manifest, options={"subset": True})
    found = {}
    for item in locate_archives(corpus, archives):
        if not item.archive.n_utterances:
            continue
        outputs = [tmp_path / f"{item.name}/{name}.parquet" for name in shard_names(2)]
        options = {"archive": item.name}
        # There are more parts than trials, so that some hold nothing.
        message = published.refusal(
            lambda item=item, outputs=outputs, options=options: pack_audio(
                item.paths, manifest, outputs, options=options
            )
        )
        assert message is None or "holds none of" in message
        found |= packed(outputs) if message is None else {}
    wanted = read_manifest(manifest)["member"].to_pylist()
    assert sorted(found) == sorted(wanted)
    for name, audio in found.items():
        source = name.removeprefix("release_in_the_wild/") if corpus == "in_the_wild" else name
        assert audio == published.audio_of(source)


def test_members_go_to_their_shards_in_the_order_of_the_archive(tmp_path, published, outputs):
    members = {f"flac_T/{index}.flac": bytes([index]) * index for index in range(60)}
    path = published.write_tar(tmp_path / "flac_T.tar", members)
    pack_audio([path], write_manifest(tmp_path / "m", members), outputs, options=FLAC_T)
    for index, output in enumerate(outputs):
        expected = [name for name in members if shard_index(name, 3) == index]
        assert expected
        assert read_members(output) == expected
        assert [item.row for item in iterate_audio(output)] == list(range(len(expected)))
        assert read_header(output) == {**FLAC_T, "shard": index, "n_shards": 3}
        assert table_made_by(output).stage == "pack_audio"
    assert packed(outputs) == members


def test_row_groups_bound_what_is_held(tmp_path, published, outputs, monkeypatch):
    monkeypatch.setattr(shards_module, "ROW_GROUP_BYTES", 10_000)
    monkeypatch.setattr(shards_module, "PENDING_BYTES", 15_000)
    members = {f"flac_T/{index}.flac": bytes(900) for index in range(100)}
    path = published.write_tar(tmp_path / "flac_T.tar", members)
    pack_audio([path], write_manifest(tmp_path / "m", members), outputs, options=FLAC_T)
    for output in outputs:
        with pq.ParquetFile(output) as file:
            groups = [file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)]
        assert len(groups) > 1
        assert max(groups) <= 12
    assert packed(outputs) == members


@pytest.mark.parametrize("n_bytes", [10, 900, 20_000])
def test_a_full_disk_leaves_no_shard(tmp_path, published, small_disk, monkeypatch, n_bytes):
    monkeypatch.setattr(shards_module, "ROW_GROUP_BYTES", 10_000)
    members = {f"flac_T/{index}.flac": bytes(n_bytes) for index in range(100_000 // n_bytes)}
    path = published.write_tar(tmp_path / "flac_T.tar", members)
    manifest = write_manifest(tmp_path / "m", members)
    outputs = [small_disk / f"{name}.parquet" for name in shard_names(3)]
    with pytest.raises(ArtefactError, match=r"no room on the disk for .*parquet; free some"):
        pack_audio([path], manifest, outputs, options=FLAC_T)
    assert not list(small_disk.iterdir())


def test_files_without_a_row_are_counted_and_left_out(tmp_path, published, outputs, caplog):
    members = {"flac_T/a.flac": b"1", "flac_T/b.flac": b"2", "flac_T/LICENSE": b"3"}
    path = published.write_tar(tmp_path / "flac_T.tar", members)
    manifest = write_manifest(tmp_path / "m", ["flac_T/a.flac", "flac_T/absent.flac"])
    with caplog.at_level(logging.INFO):
        pack_audio([path], manifest, outputs, options=FLAC_T)
    assert packed(outputs) == {"flac_T/a.flac": b"1"}
    assert "packed 1 utterances" in caplog.text
    assert "ignored 2 files that no protocol lists" in caplog.text


def check_refused(path, manifest, outputs, words, **options):
    with pytest.raises(ArchiveError, match=words) as caught:
        pack_audio([path], manifest, outputs, options={**FLAC_T, **options})
    assert path.name in str(caught.value)
    assert not list(outputs[0].parent.iterdir())


def test_an_archive_that_holds_nothing_wanted_is_refused(tmp_path, published, outputs):
    path = published.write_tar(tmp_path / "flac_T.tar", {"flac_X/a.flac": b"1"})
    manifest = write_manifest(tmp_path / "m", ["flac_T/a.flac"])
    words = "holds none of the 1 utterances .* but 1 other files, such as 'flac_T/flac_X/a.flac'"
    check_refused(path, manifest, outputs, words)


def test_an_archive_of_which_no_protocol_tells_is_not_read(tmp_path, outputs):
    manifest = write_manifest(tmp_path / "m", ["flac_E_eval/a.flac"], archive="flac_E")
    with pytest.raises(ManifestError, match="names no utterance of flac_T: no protocol"):
        pack_audio([tmp_path / "flac_T.tar"], manifest, outputs, options=FLAC_T)


def test_an_utterance_that_is_there_twice_is_refused(tmp_path, published, outputs):
    members = [("flac_T/a.flac", b"1"), ("./flac_T/a.flac", b"2")]
    path = published.write_tar(tmp_path / "flac_T.tar", members)
    manifest = write_manifest(tmp_path / "m", ["flac_T/a.flac"])
    check_refused(path, manifest, outputs, r"'flac_T/a\.flac' is there twice")


def test_a_bomb_is_refused(tmp_path, published, outputs):
    path = published.write_tar(tmp_path / "flac_T.tar", {"flac_T/a.flac": bytes(5000)})
    manifest = write_manifest(tmp_path / "m", ["flac_T/a.flac"])
    check_refused(path, manifest, outputs, "claims 5,000 bytes", max_member_bytes=4096)


def test_a_truncated_archive_leaves_nothing(tmp_path, published, outputs):
    members = {f"flac_T/{index}.flac": bytes(3000) for index in range(20)}
    path = published.write_tar(tmp_path / "flac_T.tar", members)
    path.write_bytes(path.read_bytes()[:30_000])
    check_refused(path, write_manifest(tmp_path / "m", members), outputs, "truncated")


def test_nothing_is_written_beside_the_shards(tmp_path, published, outputs):
    members = [("flac_T/a.flac", b"1"), ("../escaped.flac", b"2")]
    path = published.write_tar(tmp_path / "in/flac_T.tar", members)
    manifest = write_manifest(tmp_path / "in/m", ["flac_T/a.flac", "../escaped.flac"])
    check_refused(path, manifest, outputs, r"escaped\.flac' has a path that leaves")
    assert {item.name for item in tmp_path.iterdir()} == {"in", "audio"}


def test_unknown_archives_and_options_are_refused(tmp_path, outputs):
    with pytest.raises(ConfigError, match=r"pack_audio\.shards is no key; known are"):
        pack_audio([tmp_path], tmp_path / "m", outputs, options={"shards": 3})
    manifest = write_manifest(tmp_path / "m", [])
    with pytest.raises(ConfigError, match="archive 'flac_X' is none of"):
        pack_audio([tmp_path], manifest, outputs, options={"archive": "flac_X"})


@pytest.mark.parametrize("step", ["write", "sync"])
def test_a_full_disk_leaves_nothing(tmp_path, published, outputs, monkeypatch, step):
    work = getattr(shards_module._Shard, step)

    def fail(shard, *arguments):
        if outputs[1].stem in shard._path.name:
            raise OSError(28, "No space left on device")
        work(shard, *arguments)

    monkeypatch.setattr(shards_module._Shard, step, fail)
    members = {f"flac_T/{index}.flac": b"1" for index in range(30)}
    path = published.write_tar(tmp_path / "flac_T.tar", members)
    manifest = write_manifest(tmp_path / "m", members)
    with pytest.raises(ArtefactError, match="no room on the disk for"):
        pack_audio([path], manifest, outputs, options=FLAC_T)
    assert not list(outputs[0].parent.iterdir())


def test_a_killed_pack_leaves_no_shard_and_the_next_clears_its_scratch(
    tmp_path, published, outputs
):
    members = {f"flac_T/{index}.flac": bytes(20_000) for index in range(50)}
    path = published.write_tar(tmp_path / "flac_T.tar", members)
    manifest = write_manifest(tmp_path / "m", members)
    fifo = tmp_path / "slow.tar"
    os.mkfifo(fifo)
    code = (
        "import sys; from signl.corpora.packing import pack_audio\n"
        "import signl.corpora.packing as p\n"
        "stream = p.stream_members\n"
        "def stall(*args, **kwargs):\n"
        "    yield next(stream(*args, **kwargs))\n"
        f"    open({str(fifo)!r}, 'w').close(); import time; time.sleep(60)\n"
        "p.stream_members = stall\n"
        f"pack_audio([{str(path)!r}], {str(manifest)!r}, {[str(p) for p in outputs]!r}, "
        "options={'archive': 'flac_T'})\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.DEVNULL)
    fifo.open().close()  # waits until one utterance has been packed
    process.send_signal(signal.SIGKILL)
    process.wait()
    left = [item.name for item in outputs[0].parent.iterdir()]
    assert left
    assert all(name.endswith(".part") for name in left)
    pack_audio([path], manifest, outputs, options=FLAC_T)
    assert sorted(outputs[0].parent.iterdir()) == outputs
    assert packed(outputs) == members


def test_damaged_shards_are_named(tmp_path, published, outputs):
    path = published.write_tar(tmp_path / "flac_T.tar", {"flac_T/a.flac": b"1" * 5000})
    manifest = write_manifest(tmp_path / "m", ["flac_T/a.flac"])
    pack_audio([path], manifest, outputs, options=FLAC_T)
    full = next(output for output in outputs if read_members(output))
    full.write_bytes(full.read_bytes()[:3000])
    with pytest.raises(ArtefactError, match=f"{full.name}.*make it anew"):
        read_members(full)
    with pytest.raises(ArtefactError, match=f"{full.name}.*make it anew"):
        list(iterate_audio(full))


@pytest.mark.slow
def test_memory_does_not_grow_with_the_archive(tmp_path):
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from signl.corpora.packing import pack_audio\n"
        "pack_audio([sys.argv[1]], sys.argv[2], sys.argv[3:], options={'archive': 'flac_T'})\n"
        # Not getrusage: its peak is that of the process which started this one, if larger.
        "status = Path('/proc/self/status').read_text()\n"
        "print(status.split('VmHWM:')[1].split()[0])\n"
    )
    peaks = []
    for n_files in (1000, 5000):
        names = [f"flac_T/{index}.flac" for index in range(n_files)]
        path, content = tmp_path / f"{n_files}.tar", os.urandom(80_000)
        with tarfile.open(path, "w") as tar:
            for name in names:
                info = tarfile.TarInfo(name)
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
        manifest = write_manifest(tmp_path / f"{n_files}.m", names)
        outputs = [str(tmp_path / f"{n_files}-{name}.parquet") for name in shard_names(40)]
        run = [sys.executable, "-c", code, str(path), str(manifest), *outputs]
        result = subprocess.run(run, check=True, capture_output=True, text=True)
        peaks.append(int(result.stdout) / 1024)
    assert max(peaks) < 1000, peaks
    assert peaks[1] - peaks[0] < 300, peaks


def test_a_long_recording_gets_a_row_group_of_its_own(tmp_path, published, outputs, monkeypatch):
    monkeypatch.setattr(shards_module, "ROW_GROUP_BYTES", 10_000)
    members = {"flac_T/a": b"1", "flac_T/b": bytes(50_000), "flac_T/c": b"2"}
    path = published.write_tar(tmp_path / "flac_T.tar", members)
    manifest = write_manifest(tmp_path / "m", members)
    pack_audio([path], manifest, outputs[:1], options=FLAC_T)
    with pq.ParquetFile(outputs[0]) as file:
        assert [file.metadata.row_group(i).num_rows for i in range(3)] == [1, 1, 1]
    assert packed(outputs[:1]) == members
