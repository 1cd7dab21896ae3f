"""An experiment on a corpus that a table describes, and such a corpus."""

import csv

import numpy as np

from signl.demo.encoding import wav_bytes

N_SPEAKERS = 10
#: Recordings of a speaker; of the last one no label is known.
LABELS = ("real", "fake", "real", "fake", "")


def config_of(entry):
    """Return the configuration of the smallest experiment on a corpus, by its entry."""
    frontend = {"kind": "logmel", "n_mels": 16, "window_ms": 40.0, "hop_ms": 40.0}
    recipe = {
        "frontend": "mel",
        "crop_s": 1.0,
        "model": {"kind": "mean_pool"},
        "finetuning": {"kind": "logistic"},
    }
    axes = {
        "recipes": ["pool"],
        "train_corpora": ["mine"],
        "label_percents": [100],
        "seeds": [1],
        "evaluate_on": ["mine"],
    }
    return {
        "archives": "archives",
        "gpus_per_job": 0,
        "corpora": {"mine": entry},
        "frontends": {"mel": frontend},
        "recipes": {"pool": recipe},
        "experiments": {"mine": axes},
    }


def write_corpus(folder):
    """Write recordings, of which fakes are noise and others tones in noise, and their table."""
    rng = np.random.default_rng(0)
    rows = []
    for speaker in range(N_SPEAKERS):
        place = folder / "recordings" / f"speaker {speaker}"
        place.mkdir(parents=True)
        for number, label in enumerate(LABELS):
            tone = 0.3 * np.sin(np.arange(24_000) * rng.uniform(0.1, 0.3))
            waveform = 0.1 * rng.standard_normal(24_000) + (0 if label == "fake" else tone)
            (place / f"{number}.wav").write_bytes(wav_bytes(waveform))
            attack = "noise" if label == "fake" else ""
            rows.append([f"speaker {speaker}/{number}.wav", label, f"S{speaker}", attack])
    with (folder / "mine.csv").open("w", newline="", encoding="utf-8") as handle:
        csv.writer(handle).writerows([["file", "class", "speaker", "attack"], *rows])
