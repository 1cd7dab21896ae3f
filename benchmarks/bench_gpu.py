"""Not run on a card yet. Extraction and training on one GPU, beside what the card gives.

    python benchmarks/bench_gpu.py [--hours 2]

Weights are random, of the form of XLS-R 300M; the audio is noise. Prints the rate of extraction
beside that of the model on clips in memory, the TFLOP/s that it achieves and their share of the
card's peak, and a training step on cached features with the synchronisations of its epoch. Ends
with 2 where there is no GPU.
"""

import argparse
import logging
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any

import torch
from bench import extraction_sides, training_rows, trainings, walls
from transformers.utils.logging import disable_progress_bar

from signl.costs import frontend_arithmetic
from signl.devices import prepare_device
from signl.features.frontends import frontend_options
from signl.measuring import machine_name
from signl.speeds import FLOP

logger = logging.getLogger("bench_gpu")

CLIP_S = 9.0
XLS_R = {
    "hidden_size": 1024,
    "num_hidden_layers": 24,
    "num_attention_heads": 16,
    "intermediate_size": 4096,
}
#: The published network, and the batch that it is trained with.
SIGNL: dict[str, object] = {
    "kind": "signl",
    "nodes": 32,
    "channels": 32,
    "neighbours": 3,
    "layers": 5,
}
BATCH = 96
#: Dense bfloat16 TFLOP/s of cards, as their makers state them, by a part of their names.
PEAKS = {"H200": 989.0, "H100": 989.0, "A100": 312.0, "L40S": 362.0, "L4": 121.0, "A10": 125.0}


def extraction(device: torch.device, hours: float) -> None:
    """Print how fast features are extracted, beside the model alone."""
    n_clips = max(64, int(hours * 3600 / CLIP_S))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sides = extraction_sides(folder, device, n_clips=n_clips, clip_s=CLIP_S, **XLS_R)
        mine, bare, built = walls(*sides, repeats=2)
        options = {"kind": "wav2vec2", "model": str(folder / "model"), "clip_s": CLIP_S}
        per_s = FLOP * frontend_arithmetic(frontend_options(options)).multiply_adds
    audio_s = n_clips * CLIP_S
    rates = {"extraction": audio_s / (mine - built), "cached batches": audio_s / bare}
    peak = next((peak for part, peak in PEAKS.items() if part in machine_name(device)), None)
    for what, rate in rates.items():
        achieved = rate * per_s / 1e12
        share = f"{achieved / peak:.0%} of the peak" if peak else "peak not known"
        logger.info("%s: %.0f x real time, %.1f TFLOP/s, %s", what, rate, achieved, share)
    logger.info("extraction / cached batches: %.2f", rates["extraction"] / rates["cached batches"])


def training(device: torch.device) -> None:
    """Print what training steps take, and how often they wait for the GPU."""
    with tempfile.TemporaryDirectory() as name:
        for row in training_rows(Path(name), device, SIGNL, batch_size=BATCH):
            logger.info("%s", row)
        for what, job, _ in trainings(Path(name), device, SIGNL, BATCH):
            logger.info("%s: %d synchronisations an epoch of two steps", what, waits_of(job))


def waits_of(job: Any) -> int:  # noqa: ANN401
    """Return how often an epoch of a training waits for the GPU."""
    torch.cuda.set_sync_debug_mode("warn")
    try:
        with warnings.catch_warnings(record=True) as found:
            warnings.simplefilter("always")
            job.train_epoch(0)
    finally:
        torch.cuda.set_sync_debug_mode("default")
    return sum("synchroniz" in str(each.message) for each in found)


def main() -> int:
    """Run all, where there is a GPU."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--hours", type=float, default=2.0, help="of audio to extract")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stdout)
    logger.setLevel(logging.INFO)
    disable_progress_bar()
    if not torch.cuda.is_available():
        logger.info("there is no GPU here that PyTorch can use; nothing was measured")
        return 2
    device = prepare_device(gpu=1)
    logger.info("%s; PyTorch %s", machine_name(device), torch.__version__)
    extraction(device, arguments.hours)
    training(device)
    return 0


if __name__ == "__main__":
    sys.exit(main())
