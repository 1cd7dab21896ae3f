"""Where this workflow stands beside what bounds it, each as a ratio of one run on this machine.

    python benchmarks/bench.py [--only decoding,start,...]

Takes some minutes on two cores; on a busy machine the ratios tell more than the
seconds. Every figure is the shortest of some times, between which the two sides take turns.
"""

import argparse
import io
import logging
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import bench_corpora
import bench_forms
import numpy as np
import pyarrow as pa
import soundfile
import torch
from bench_corpora import costs_of
from lightning_fabric import Fabric
from torch import nn
from transformers import Wav2Vec2Config, Wav2Vec2Model
from transformers.utils.logging import disable_progress_bar

from signl.audio import SAMPLE_RATE_HZ, load_clip
from signl.corpora.audio_shards import ShardWriter
from signl.devices import prepare_device
from signl.evaluation.bootstrap import eer_interval
from signl.features.extract import BATCH_S, extract_features
from signl.features.feature_shards import Shape, write_shard
from signl.features.frontends import frontend_options
from signl.measuring import machine_name
from signl.metrics import equal_error_rate
from signl.training.clips import FrameClips
from signl.training.crops import Loading, Utterances
from signl.training.finetune import Finetuning
from signl.training.options import FinetuningRecipe, PretrainingRecipe
from signl.training.pretrain import Pretraining
from signl.typed import build

logger = logging.getLogger("bench")

CPU = torch.device("cpu")
ROOT = Path(__file__).resolve().parents[1]
#: Modules of a job without a network, and of one with.
MEASURE, SCORE = "signl.evaluation.measure", "signl.evaluation.scoring"
#: What the plan of the paper's experiment may take of a processor.
PLAN_S = 10.0


class Row(NamedTuple):
    """One line of the report: what, the seconds of both sides, and what the ratio is to be."""

    what: str
    ours: float
    theirs: float
    target: str

    def __str__(self) -> str:
        """Return the line."""
        ratio = self.ours / self.theirs
        return f"{self.what:58}{_s(self.ours):>10}{_s(self.theirs):>10}{ratio:>8.2f}  {self.target}"


def _s(seconds: float) -> str:
    return f"{1e3 * seconds:.2f} ms" if seconds < 1 else f"{seconds:.2f} s"


def flac(seconds: float, seed: int) -> bytes:
    """Return a FLAC of noise."""
    noise = np.random.default_rng(seed).normal(scale=0.05, size=round(seconds * SAMPLE_RATE_HZ))
    encoded = io.BytesIO()
    soundfile.write(encoded, noise, SAMPLE_RATE_HZ, "PCM_16", format="FLAC")
    return encoded.getvalue()


def walls(*jobs: Callable[[], object], repeats: int = 3) -> list[float]:
    """Return the shortest seconds by the clock of jobs that take turns."""
    return [cost.wall for cost in costs_of(jobs, repeats)]


def decoding(_: Path) -> Iterator[Row]:
    """Decode and normalise utterances of 3 s, beside a decoding by soundfile."""
    files = [flac(3.0, seed) for seed in range(100)]

    def ours() -> None:
        for file in files:
            load_clip(file, clip_s=3.0)

    def theirs() -> None:
        for file in files:
            soundfile.read(io.BytesIO(file), dtype="float32")

    mine, bare = (cost.cpu / len(files) for cost in costs_of([ours, theirs], 5))
    yield Row("decoding, normalising an utterance of 3 s / soundfile, CPU", mine, bare, "0.6 ms")


def start(_: Path) -> Iterator[Row]:
    """Start jobs, beside a Python that does nothing, and beside the import of PyTorch."""
    runs = [
        lambda code=code: subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
        for code in ("pass", f"import {MEASURE}", "import torch", f"import {SCORE}")
    ]
    bare, measure, network, score = (cost.cpu for cost in costs_of(runs, 5))
    yield Row("start of a job without a network / python -c pass, CPU", measure, bare, "0.4 s")
    yield Row("start of a job with a network / import torch, CPU", score, network, "-")


def extraction(folder: Path) -> Iterator[Row]:
    """Extract the features of a shard, beside the passes of the model on clips in memory."""
    model = {"hidden_size": 192, "num_hidden_layers": 4, "intermediate_size": 768}
    small = {"num_attention_heads": 4, "conv_dim": (64,) * 7}
    device = prepare_device(gpu=0)
    sides = extraction_sides(folder, device, n_clips=54, clip_s=4.0, **model, **small)
    mine, bare, built = walls(*sides)
    yield Row("extraction, wav2vec 2.0 of 4 layers / its passes", mine - built, bare, "1.05")


def extraction_sides(
    folder: Path, device: torch.device, *, n_clips: int, clip_s: float, **model: object
) -> tuple[Callable[[], None], Callable[[], None], Callable[[], None]]:
    """Return an extraction, the passes of its model on clips in memory, and its building."""
    torch.manual_seed(0)
    form = {"feat_extract_norm": "layer", "do_stable_layer_norm": True, "conv_bias": True}
    Wav2Vec2Model(Wav2Vec2Config(**model, **form)).save_pretrained(folder / "model")
    options = frontend_options(
        {"kind": "wav2vec2", "model": str(folder / "model"), "clip_s": clip_s}
    )
    shard = folder / "audio" / "0000-of-0001.parquet"
    with ShardWriter([shard], {"archive": "noise"}) as writer:
        for number in range(n_clips):
            writer.add(f"{number}.flac", flac(clip_s, number % 100))
    frontend = options.build(device)
    n_batch = int(BATCH_S[device.type] / clip_s)
    batch = torch.randn(n_batch, round(clip_s * SAMPLE_RATE_HZ), device=device)
    output = folder / "features" / "0000-of-0001.safetensors"

    def ours() -> None:
        extract_features(
            shard,
            output,
            output.with_suffix(".parquet"),
            options=options,
            gpu=int(device.type == "cuda"),
            n_decoders=os.cpu_count() or 1,
        )

    def theirs() -> None:
        for _ in range(n_clips // n_batch):
            frontend(batch)
        _synchronise(device)

    def building() -> None:
        options.build(device)
        _synchronise(device)

    return ours, theirs, building


def _synchronise(device: torch.device) -> None:
    """Wait for a GPU."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def training(folder: Path) -> Iterator[Row]:
    """Train on cached features, beside passes forwards and backwards of the network alone."""
    model = {"kind": "signl", "nodes": 16, "channels": 16, "neighbours": 3, "layers": 3}
    yield from training_rows(folder, prepare_device(gpu=0), model, batch_size=32)


def training_rows(
    folder: Path, device: torch.device, model: dict[str, object], *, batch_size: int
) -> Iterator[Row]:
    """Yield the rows of both trainings of a network on cached features; an epoch has two steps."""
    for what, job, n_views in trainings(folder, device, model, batch_size):
        encoder = job.encoder if n_views == 2 else job.trained.encoder
        passes = _passes(encoder, n_views, batch_size, device)
        mine, bare = (each / 2 for each in walls(lambda job=job: job.train_epoch(0), passes))
        yield Row(f"step of {what}, SIGNL, {batch_size} utterances / its passes", mine, bare, "-")


def trainings(
    folder: Path, device: torch.device, model: dict[str, object], batch_size: int
) -> list[tuple[str, Any, int]]:
    """Return a pre-training and a fine-tuning, with the views of an utterance that they take."""
    partitions, clips = _corpus(folder, n_utterances=2 * batch_size)
    precision = "bf16-mixed" if device.type == "cuda" else "32-true"
    common = {"epochs": 1, "batch_size": batch_size, "precision": precision}
    loading = Loading(clips=clips, device=device, batch_size=batch_size)
    fabric = Fabric(accelerator=device.type, devices=1, precision=precision)
    values = {"crop_s": _CROP_S, "model": model}
    before = build(PretrainingRecipe, {**values, "pretraining": common}, "")
    after = build(FinetuningRecipe, {**values, "finetuning": common}, "")
    return [
        ("pre-training", Pretraining(before, partitions, loading, fabric, seed=0), 2),
        (
            "fine-tuning",
            Finetuning(after, partitions, loading, fabric, encoder=None, seed=0),
            1,
        ),
    ]


_CROP_S = 2.0
_SHAPE = Shape(width=128, window_samples=640, hop_samples=320, clip_frames=199)


def _corpus(folder: Path, n_utterances: int) -> tuple[dict[str, Utterances], FrameClips]:
    """Write features of noise, and return the partitions that name them."""
    path = folder / "features" / "noise" / "0000-of-0001.safetensors"
    generator = torch.Generator().manual_seed(0)
    form = (_SHAPE.clip_frames, _SHAPE.width)
    frames = [torch.randn(form, generator=generator).half() for _ in range(n_utterances)]
    index = [
        {"member": str(row), "n_frames": len(each), "duration_s": 4.0, "reason": None}
        for row, each in enumerate(frames)
    ]
    options = {"kind": "logmel", "clip_s": 4.0}
    write_shard(
        path,
        path.with_suffix(".parquet"),
        frames=frames,
        index=index,
        shape=_SHAPE,
        options=options,
    )
    rows = [
        {
            "utterance_id": str(row),
            "packed_archive": "noise",
            "shard": 0,
            "row": row,
            "label": ("bonafide", "spoof")[row % 2],
        }
        for row in range(n_utterances)
    ]
    partition = Utterances.of(pa.Table.from_pylist(rows))
    return {"train": partition, "dev": partition}, FrameClips([path])


def _passes(
    encoder: nn.Module, n_views: int, batch_size: int, device: torch.device
) -> Callable[[], None]:
    """Return two batches of bare passes of an encoder, forwards and backwards, in training mode."""
    form = (n_views, batch_size, 1, encoder.width, encoder.n_frames)
    views = torch.randn(form, device=device)
    is_half = device.type == "cuda"

    def run() -> None:
        encoder.train()
        for _ in range(2):
            encoder.zero_grad()
            with torch.autocast(device.type, torch.bfloat16, enabled=is_half):
                loss = sum(encoder.embed(crops).float().square().mean() for crops in views)
            loss.backward()
        _synchronise(device)

    return run


def forms(_: Path) -> Iterator[Row]:
    """Pass crops through SIGNL in forms of its arithmetic, beside the one that is the default."""
    prepare_device(gpu=0)  # one thread
    by_name = bench_forms.forms()
    *mine, product, bare = walls(*by_name.values(), bench_forms.product, bench_forms.step())
    least = product * bench_forms.products_of_a_step()
    yield Row("a pass of SIGNL / its arithmetic as products of matrices", bare, least, "-")
    for name, seconds in zip(by_name, mine, strict=True):
        yield Row(f"a pass of SIGNL, {name} / as it is", seconds, bare, "-")


def packing(folder: Path) -> Iterator[Row]:
    """Pack archives, beside the common tools; more in bench_corpora.py."""
    n_files = 6000
    for name, archive_set, top, tool in bench_corpora.ARCHIVES:
        mine, bare, copied = bench_corpora.packing_costs(
            folder, name, archive_set, tool, top, n_files
        )
        yield Row(f"packing {name} / {' '.join(tool)}", mine.wall, bare.wall, "-")
        if name.endswith(".tar"):
            yield Row(f"packing {name} / a copy with fsync", mine.wall, copied.wall, "1.5")


def plan(_: Path) -> Iterator[Row]:
    """Plan the paper's experiment, beside the ten seconds of a processor that it may take."""
    command = [sys.executable, "-m", "signl", "plan", "--config", "config.paper.yaml"]

    def run() -> None:
        subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.DEVNULL)

    (cost,) = costs_of([run], 1)
    yield Row("plan of the paper's experiment, CPU / 10 s", cost.cpu, PLAN_S, "1")


def evaluation(_: Path) -> Iterator[Row]:
    """EER and its bootstrap of a system on 2021 DF, beside a sort of its scores."""
    generator = np.random.default_rng(0)
    bonafide, spoof = generator.normal(1, 1, 22_617), generator.normal(0, 1, 589_212)

    def ours() -> None:
        equal_error_rate(bonafide, spoof)
        eer_interval(bonafide, spoof, seed=0)

    def theirs() -> None:
        np.sort(np.concatenate([bonafide, spoof]))

    mine, bare = walls(ours, theirs)
    yield Row("EER and 1000 resamples of 2021 DF / sort of its scores", mine, bare, "0.2 s")


BENCHES: dict[str, Callable[[Path], Iterator[Row]]] = {
    each.__name__: each
    for each in (decoding, start, extraction, training, forms, packing, plan, evaluation)
}


def main(names: Sequence[str]) -> None:
    """Print the rows of the benchmarks that are named."""
    logger.info("%s; PyTorch %s, one thread", machine_name(CPU), torch.__version__)
    logger.info("load before: %.1f", os.getloadavg()[0])
    logger.info(f"{'what / beside':58}{'ours':>10}{'beside':>10}{'ratio':>8}  target")
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            for row in BENCHES[name](Path(folder)):
                logger.info("%s", row)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--only", help=f"some of {','.join(BENCHES)}")
    chosen = parser.parse_args().only
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stdout)
    logger.setLevel(logging.INFO)
    disable_progress_bar()
    main(chosen.split(",") if chosen else list(BENCHES))
