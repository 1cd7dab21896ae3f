"""Small classifiers as saved folders, and audio in many forms for them to score."""

from functools import wraps
from pathlib import Path

import av
import numpy as np
import soundfile
import torch

from signl import stages
from signl.artefacts import MadeBy
from signl.evaluation.operating_point import write_operating_point
from signl.features.feature_shards import MODEL_DIGEST
from signl.features.frontends import frontend_options
from signl.metrics import Scores
from signl.models.end_to_end import EndToEndEncoder
from signl.models.heads import Classifier
from signl.models.saving import save_model
from signl.models.signl.options import SignlOptions

CLIP_S, CROP_S = 0.6, 0.3
NETWORK = SignlOptions(nodes=4, channels=8, neighbours=2, layers=2)
#: Form -> its ending, codec, bits a second, rate, layout of channels.
FORMS = {
    "wav": (".wav", "pcm_s16le", None, 16_000, "mono"),
    "wav24": (".wav", "pcm_s24le", None, 16_000, "mono"),
    "flac": (".flac", "flac", None, 16_000, "mono"),
    "mp3": (".mp3", "libmp3lame", 64_000, 16_000, "mono"),
    "m4a": (".m4a", "aac", 64_000, 16_000, "mono"),
    "opus": (".opus", "libopus", 32_000, 48_000, "mono"),
    "8khz": (".wav", "pcm_s16le", None, 8_000, "mono"),
    "stereo": (".flac", "flac", None, 44_100, "stereo"),
}


def tone(seconds, *, seed=0, rate_hz=16_000):
    """A tone of any pitch in noise, (time,)."""
    rng = np.random.default_rng(seed)
    time = np.arange(round(seconds * rate_hz)) / rate_hz
    wave = 0.3 * np.sin(2 * np.pi * rng.uniform(100, 3000) * time)
    return wave + 0.02 * rng.standard_normal(len(time))


def write_audio(path, seconds, *, seed=0, rate_hz=16_000):
    """Write a tone in the form of the path's ending, and give the path."""
    soundfile.write(path, tone(seconds, seed=seed, rate_hz=rate_hz), rate_hz)
    return path


def write_form(folder, form, *, seconds=0.8):
    """Write a tone in one of :data:`FORMS`, with FFmpeg's libraries, and give the path."""
    suffix, codec, bits, rate_hz, layout = FORMS[form]
    path = Path(folder, f"{form}{suffix}")
    samples = (tone(seconds)[None] * 32_767).round().astype(np.int16)
    whole = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
    whole.sample_rate = 16_000
    container_format = {".m4a": "mp4", ".opus": "ogg"}.get(suffix, suffix[1:])
    with av.open(str(path), "w", format=container_format) as container:
        stream = container.add_stream(codec, rate=rate_hz, layout=layout)
        if bits is not None:
            stream.bit_rate = bits
        resampler = av.AudioResampler(
            format=stream.format, layout=layout, rate=rate_hz, frame_size=stream.frame_size or 1024
        )
        for frame in [*resampler.resample(whole), *resampler.resample(None)]:
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def _seeded(make):
    """Draw the same weights at each call, whatever was drawn before."""

    @wraps(make)
    def made(*arguments, **options):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            return make(*arguments, **options)

    return made


@_seeded
def save_frame_classifier(folder, frontend, *, crop_s=CROP_S, n_crops=1, network=NETWORK):
    """Write a classifier of random weights that reads frames of a front-end."""
    options = frontend_options({"clip_s": CLIP_S, **frontend})
    geometry = options.cached(options.geometry())
    n_frames = geometry.n_frames(crop_s)
    network = network.build(geometry.width, n_frames)
    digest = options.model_digest()
    card = {"features": options.dump()} | ({MODEL_DIGEST: digest} if digest else {})
    crops = torch.randn(8, 1, geometry.width, n_frames)
    return _save(folder, network, crops, card, n_crops)


@_seeded
def save_audio_classifier(folder, model, *, n_crops=1):
    """Write one that reads audio, with the speech model of a folder as its front-end."""
    options = frontend_options({"kind": "wav2vec2", "clip_s": CLIP_S, "model": str(model)})
    crop_samples = round(CROP_S * 16_000)
    network = EndToEndEncoder(
        options.build_trainable(), NETWORK, clip_s=CLIP_S, crop_samples=crop_samples
    )
    return _save(folder, network, torch.randn(8, crop_samples), {}, n_crops)


def _save(folder, network, crops, card, n_crops):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        classifier = Classifier.with_mlp(network, widths=(8, 6))
        classifier.n_crops = n_crops
        classifier(crops)  # moves the running statistics
        # Random weights hear little: without this all files have all but the same score.
        classifier.head.classes.weight.data *= 10
    revision = stages.FINETUNING.revision
    made_by = MadeBy(stage=stages.FINETUNING.rule, revision=revision, options={})
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    save_model(
        folder / "model.safetensors",
        folder / "config.json",
        classifier.eval(),
        made_by=made_by,
        card={"corpus": "toy", **card},
    )
    return folder


def write_point(folder, *, n_dev=12, seed=0):
    """Write the operating point that drawn dev scores fix, and give these."""
    rng = np.random.default_rng(seed)
    dev = Scores(rng.normal(1.0, 0.5, n_dev), rng.normal(0.5, 0.5, n_dev))
    model = Path(folder, "model.safetensors")
    write_operating_point(Path(folder, stages.OPERATING_POINT), dev, model, options={})
    return dev
