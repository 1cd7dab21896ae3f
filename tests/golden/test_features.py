"""Values of the front-ends that must not move unless the revision of the features does.

After an intended change, raise ``FEATURES`` in signl/revisions.py and write the file anew:
``python tests/golden/test_features.py``.
"""

import io
import tempfile
from pathlib import Path

import numpy as np
import soundfile
import torch
from transformers import Wav2Vec2Config, Wav2Vec2Model

from signl import stages
from signl.features.extract import Clipper
from signl.features.frontends import frontend_options
from signl.seeds import stable_hash

GOLDEN = Path(__file__).with_name("features.npz")
CLIP_S = 0.4


def draw(name, shape):
    """Draw numbers that follow from a name alone, on any machine and with any torch."""
    generator = np.random.Generator(np.random.Philox(stable_hash(name)))
    return generator.normal(size=shape)


def encode(samples, rate_hz=16_000):
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, rate_hz, format="FLAC", subtype="PCM_16")
    return buffer.getvalue()


def hum(rate_hz, seconds):
    """A chord with some noise."""
    time = np.arange(round(rate_hz * seconds)) / rate_hz
    chord = sum(np.sin(2 * np.pi * hz * time) / place for place, hz in ((3, 220), (5, 1370)))
    return chord + 0.05 * draw(f"hum {rate_hz}", time.shape)


def make_utterances():
    """Encoded audio of the kinds that go wrong."""
    return {
        "speech-like": encode(0.5 * hum(16_000, 0.5)),
        "silence": encode(np.zeros(6400)),
        "clipped": encode((8 * hum(16_000, 0.4)).clip(-1, 1)),
        "one sample": encode(np.array([0.25])),
        "short": encode(0.5 * hum(16_000, 0.11)),
        "8 kHz": encode(0.5 * hum(8_000, 0.4), rate_hz=8_000),
    }


def write_speech_model(folder):
    """Write a tiny wav2vec 2.0 with weights that follow from their names."""
    config = Wav2Vec2Config(
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        conv_dim=(8,) * 7,
        conv_bias=True,
        feat_extract_norm="layer",
        do_stable_layer_norm=True,
        num_conv_pos_embeddings=4,
        num_conv_pos_embedding_groups=2,
    )
    model = Wav2Vec2Model(config)
    with torch.no_grad():
        for name, tensor in model.state_dict().items():
            drawn = torch.from_numpy(draw(name, tuple(tensor.shape)))
            if name.endswith("norm.weight"):
                tensor.copy_(1 + 0.1 * drawn)
            elif name.endswith("bias"):
                tensor.copy_(0.05 * drawn)
            else:
                tensor.copy_(drawn / max(1, tensor[0].numel()) ** 0.5)
    model.save_pretrained(folder)


def compute():
    """Compute all values that the golden file holds: front-end and utterance -> frames."""
    with tempfile.TemporaryDirectory() as folder:
        write_speech_model(folder)
        configs = {
            "logmel": {"kind": "logmel", "n_mels": 20},
            "lfcc": {"kind": "lfcc", "n_coefficients": 8},
            "wav2vec2": {"kind": "wav2vec2", "model": folder},
        }
        frontends = {
            name: frontend_options(config).build(torch.device("cpu"))
            for name, config in configs.items()
        }
    values = {}
    for name, frontend in frontends.items():
        for repeat in ("waveform", "frames"):
            clipper = Clipper(
                clip_s=CLIP_S,
                repeat=repeat,
                window_samples=frontend.window_samples,
                hop_samples=frontend.hop_samples,
            )
            for member, encoded in make_utterances().items():
                waveform = clipper.clip(member, encoded).waveform
                frames = frontend(waveform[None])[0]
                # Every fourth frame is enough, and the last one, where padding would show.
                chosen = torch.cat([frames[::4], frames[-1:]])
                values[f"{name}, {repeat} repeated, {member}"] = chosen.numpy()
    return values


def test_the_features_have_not_moved():
    with np.load(GOLDEN) as golden:
        assert int(golden["revision"]) == stages.FEATURES.revision, (
            f"the revision of the features was raised: write {GOLDEN} anew"
        )
        values = compute()
        assert values.keys() == set(golden.files) - {"revision"}
        for name, value in values.items():
            np.testing.assert_allclose(
                value,
                golden[name],
                rtol=1e-3,
                # Of the logarithm of power: what lies at the floor follows from rounding.
                atol=2e-3,
                err_msg=f"{name}: moved; raise stages.FEATURES.revision and write {GOLDEN} anew",
            )


def test_the_file_is_small():
    assert GOLDEN.stat().st_size < 50_000


if __name__ == "__main__":
    np.savez_compressed(GOLDEN, revision=stages.FEATURES.revision, **compute())
