"""Speed of scoring a folder, beside that of the same model on clips that are ready in memory.

    python benchmarks/bench_scoring.py [--files 200] [--layers 24] [--width 1024] [--gpu]

Writes FLACs of 9 s and a wav2vec 2.0 of random weights, in the form of XLS-R, into a temporary
folder. What is lost between the two rates is what decoding does not hide behind computing.
"""

import argparse
import logging
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile
import torch
from transformers import Wav2Vec2Config, Wav2Vec2Model

from signl.audio import SAMPLE_RATE_HZ
from signl.devices import prepare_device
from signl.evaluation.model_inputs import FrameInputs
from signl.evaluation.score_files import find_files, score_files
from signl.evaluation.scorer import BATCH, Scorer
from signl.features.extract import batches_of
from signl.features.frontends import frontend_options
from signl.models.heads import Classifier
from signl.models.signl.options import SignlOptions

logger = logging.getLogger("bench_scoring")

CLIP_S, CROP_S = 9.0, 4.5


def write_files(folder: Path, n_files: int) -> None:
    """Write FLACs of noise."""
    generator = np.random.default_rng(0)
    for number in range(n_files):
        noise = 0.1 * generator.standard_normal(round(CLIP_S * SAMPLE_RATE_HZ))
        soundfile.write(folder / f"{number:05d}.flac", noise.clip(-1, 1), SAMPLE_RATE_HZ)


def write_speech_model(folder: Path, layers: int, width: int) -> None:
    """Write a speech model of random weights."""
    config = Wav2Vec2Config(
        hidden_size=width,
        num_hidden_layers=layers,
        num_attention_heads=width // 64,
        intermediate_size=4 * width,
        conv_dim=(width // 2,) * 7,
        feat_extract_norm="layer",
        do_stable_layer_norm=True,
        conv_bias=True,
    )
    Wav2Vec2Model(config).save_pretrained(folder)


def make_scorer(model: Path, device: torch.device) -> Scorer:
    """Return a classifier of random weights on frames of the speech model."""
    options = frontend_options({"kind": "wav2vec2", "model": str(model), "clip_s": CLIP_S})
    geometry = options.geometry()
    classifier = Classifier.with_mlp(
        SignlOptions().build(geometry.width, geometry.n_frames(CROP_S))
    )
    return Scorer(classifier, FrameInputs(options, classifier, device), None, device)


def main() -> None:
    """Measure both rates and print them."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--files", type=int, default=200)
    parser.add_argument("--layers", type=int, default=24)
    parser.add_argument("--width", type=int, default=1024)
    parser.add_argument("--threads", type=int, default=2, help="threads that decode")
    parser.add_argument("--gpu", action="store_true")
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    device = prepare_device(gpu=int(given.gpu))
    with tempfile.TemporaryDirectory() as place:
        audio, model = Path(place, "audio"), Path(place, "model")
        audio.mkdir()
        write_files(audio, given.files)
        write_speech_model(model, given.layers, given.width)
        scorer = make_scorer(model, device)
        files = find_files([audio]).files
        clips = [
            scorer.inputs.clip_of(file, scorer.waveform(file, max_duration_s=CLIP_S))
            for file in files
        ]
        scorer.judge(clips[:BATCH])  # what is done once, is done
        began = time.perf_counter()
        for batch in batches_of(clips, BATCH):
            scorer.judge(batch)
        own = given.files / (time.perf_counter() - began)
        began = time.perf_counter()
        n_rows = sum(1 for _ in score_files(scorer, files, n_threads=given.threads))
        whole = n_rows / (time.perf_counter() - began)
    logger.info("clips in memory  %8.2f a second", own)
    logger.info("files of a folder%8.2f a second, %.0f %%", whole, 100 * whole / own)


if __name__ == "__main__":
    main()
