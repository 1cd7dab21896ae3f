"""Difference between cropping frames and cropping the waveform, on the same clips.

    python benchmarks/bench_crop_order.py --archive release_in_the_wild.zip
    python benchmarks/bench_crop_order.py --archive release_in_the_wild.zip --clips 3 --xls-r

Without ``--archive`` the clips are those of the embedded In-the-Wild, which is built in a
temporary folder. With ``--xls-r`` the front-end has the architecture of XLS-R 300M and seeded,
untrained weights; otherwise it is the embedded wav2vec2, and classifiers are trained as well.
"""

import argparse
import csv
import logging
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F
from transformers import Wav2Vec2Config, Wav2Vec2Model

from signl.archives.streams import stream_members
from signl.audio import load_waveform, normalise, repeat_to
from signl.demo.embedded_in_the_wild import write_in_the_wild
from signl.demo.options import DemoOptions
from signl.demo.wav2vec2 import make_wav2vec2
from signl.features.speech_model.hidden_states import SpeechModel
from signl.features.speech_model.options import SpeechModelOptions
from signl.metrics import equal_error_rate
from signl.models.heads import Classifier, score
from signl.models.network import to_picture
from signl.models.published.checkpoint_file import XLS_R_300M
from signl.models.signl.edges import adjacency_of, nearest_neighbours
from signl.models.signl.options import SignlOptions
from signl.models.signl.spectral_temporal import SpectralTemporalEncoder, row_nodes

logger = logging.getLogger("bench_crop_order")

CLIP, CROP, HOP, N_FRAMES = 144_000, 72_000, 320, 224
#: First frames of the crops: the first half of the clip, and one inside of it.
STARTS = (0, 117)
#: Frames from the nearer edge of a crop: lower bounds of the groups.
DISTANCES = (0, 5, 20, 50)
SEEDS = (1, 2, 3)

Encode = Callable[[Tensor], Tensor]


class Clips(NamedTuple):
    """Normalised clips, (clip, time), and whether each is bona fide, (clip,)."""

    waveforms: Tensor
    bonafide: Tensor


class Routes(NamedTuple):
    """Frames of the same crops, each (crop, frame, width), by the ways that are compared.

    Attributes
    ----------
    published : Tensor
        The waveform is cropped, then encoded.
    ours : Tensor
        The clip is encoded, then its frames are cropped.
    stored : Tensor
        As published, and rounded to float16.
    shifted : Tensor
        As published, of the other crop of the same clip: the scale for all differences.
    """

    published: Tensor
    ours: Tensor
    stored: Tensor
    shifted: Tensor


def read_clips(archive: Path, n_clips: int) -> Clips:
    """Read the first clips of an archive in the form of In-the-Wild."""
    names: dict[str, bytes] = {}
    for member in stream_members([archive], lambda name: name.endswith((".wav", ".csv"))):
        names[Path(member.name).name] = member.content or b""
    rows = list(csv.DictReader(names["meta.csv"].decode().splitlines()))[:n_clips]
    waveforms = [
        normalise(repeat_to(load_waveform(names[row["file"]], max_duration_s=9.0), CLIP))
        for row in rows
    ]
    labels = torch.tensor([row["label"] == "bona-fide" for row in rows])
    return Clips(torch.stack(waveforms), labels)


def make_xls_r(gain: float) -> Encode:
    """Return a network of the size of XLS-R 300M with seeded weights.

    The deviation of a weight is ``gain`` over the root of its inputs: the larger, the more
    attention tells positions apart.
    """
    with torch.device("meta"):
        model = Wav2Vec2Model(Wav2Vec2Config(**XLS_R_300M))
    model = model.to_empty(device="cpu").eval()
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if weight.ndim > 1:
                weight.normal_(0, gain * weight[0].numel() ** -0.5, generator=generator)
            else:
                weight.fill_(float(name.endswith("weight")))
    return lambda waveforms: model(waveforms).last_hidden_state


def make_embedded(folder: Path) -> Encode:
    """Return the embedded wav2vec2."""
    make_wav2vec2(folder, options={})
    options = SpeechModelOptions(model=str(folder), dtype="float32")
    return SpeechModel(options, torch.device("cpu"))


def encode_each(encode: Encode, waveforms: Tensor) -> Tensor:
    """Encode one waveform at a time; none depends on its neighbours."""
    return torch.cat([encode(waveform[None]) for waveform in waveforms])


def make_routes(encode: Encode, waveforms: Tensor) -> Routes:
    """Encode the crops of all clips in every way."""
    whole = encode_each(encode, waveforms)
    cropped = [
        encode_each(encode, waveforms[:, start * HOP : start * HOP + CROP]) for start in STARTS
    ]
    published = torch.cat(cropped)
    return Routes(
        published=published,
        ours=torch.cat([whole[:, start : start + N_FRAMES] for start in STARTS]),
        stored=published.half().float(),
        shifted=torch.cat(cropped[::-1]),
    )


def relative(found: Tensor, expected: Tensor) -> float:
    """Return the norm of the difference over that of what is expected."""
    return float((found - expected).norm() / expected.norm())


def by_distance(found: Tensor, expected: Tensor) -> str:
    """Return the relative difference of frames by their distance to the crop's nearer edge."""
    place = torch.arange(N_FRAMES)
    distance = torch.minimum(place, N_FRAMES - 1 - place)
    parts = []
    for lower, upper in zip(DISTANCES, (*DISTANCES[1:], N_FRAMES), strict=True):
        group = (distance >= lower) & (distance < upper)
        parts.append(f"{lower}+: {relative(found[:, group], expected[:, group]):.1e}")
    return ", ".join(parts)


def make_classifier(pictures: Tensor, *, nodes: int, seed: int) -> Classifier:
    """Return a seeded classifier whose normalisations know the statistics of ``pictures``."""
    torch.manual_seed(seed)
    config = SignlOptions(nodes=nodes, neighbours=3)
    model = Classifier.with_mlp(
        SpectralTemporalEncoder(pictures.shape[2], N_FRAMES, config), dropout=0.0
    )
    norms = [m for m in model.modules() if isinstance(m, torch.nn.modules.batchnorm._BatchNorm)]
    for norm in norms:
        norm.momentum = None
    with torch.no_grad():
        model(pictures)
    for norm in norms:
        norm.momentum = 0.1
    return model.eval()


def edges_that_differ(model: Classifier, found: Tensor, expected: Tensor) -> float:
    """Return the share of the edges of both graphs that lead elsewhere."""
    shares = []
    for transposed in (False, True):
        graphs = []
        for pictures in (found, expected):
            grid = model.encoder.stem(pictures)
            nodes = row_nodes(grid.mT if transposed else grid)
            graphs.append(adjacency_of(nearest_neighbours(nodes, 3)))
        shares.append(1 - float((graphs[0] * graphs[1]).sum() / graphs[1].sum()))
    return float(np.mean(shares))


def describe(name: str, found: Tensor, expected: Tensor) -> None:
    """Log how far one route is from the published one."""
    logger.info(
        "%s: frames %.1e (%s)", name, relative(found, expected), by_distance(found, expected)
    )
    found, expected = to_picture(found), to_picture(expected)
    for seed in SEEDS:
        model = make_classifier(expected, nodes=32, seed=seed)
        stems = model.encoder.stem(found), model.encoder.stem(expected)
        embeddings = model.encoder(found).joint, model.encoder(expected).joint
        cosine = F.cosine_similarity(*embeddings)
        scores = score(model(found)), score(model(expected))
        spread = scores[1].std().clamp_min(1e-12)
        logger.info(
            "  seed %d: stem %.1e, edges that differ %.1f %%, cosine of embeddings mean %.4f "
            "least %.4f, score off by %.2f of its deviation",
            seed,
            relative(*stems),
            100 * edges_that_differ(model, found, expected),
            cosine.mean(),
            cosine.min(),
            (scores[0] - scores[1]).abs().mean() / spread,
        )


def fine_tune(model: Classifier, pictures: Tensor, labels: Tensor, seed: int) -> Classifier:
    """Train for 15 epochs with balanced weights."""
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-3, weight_decay=1e-4)
    weights = 1 / torch.bincount(labels).float()
    generator = torch.Generator().manual_seed(seed)
    model.train()
    for _ in range(15):
        for batch in torch.randperm(len(labels), generator=generator).split(32):
            loss = F.nll_loss(model(pictures[batch]), labels[batch], weight=weights)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    return model.eval()


def error_rate(model: Classifier, pictures: Tensor, labels: Tensor) -> float:
    """Return the equal error rate in percent."""
    with torch.no_grad():
        scores = score(model(pictures)).numpy()
    return 100 * equal_error_rate(scores[labels == 1], scores[labels == 0]).rate


def compare_training(routes: Routes, bonafide: Tensor) -> None:
    """Log error rates of the same recipe trained and evaluated on crops made both ways."""
    labels = bonafide.long()
    first = {"published": routes.published[: len(labels)], "ours": routes.ours[: len(labels)]}
    pictures = {name: to_picture(frames) for name, frames in first.items()}
    half = len(labels) * 3 // 5
    for train, test in (("published", "published"), ("ours", "ours"), ("ours", "published")):
        rates = []
        for seed in SEEDS:
            model = make_classifier(pictures[train][:half], nodes=8, seed=seed).requires_grad_(True)
            fine_tune(model, pictures[train][:half], labels[:half], seed)
            rates.append(error_rate(model, pictures[test][half:], labels[half:]))
        shown = ", ".join(f"{rate:.1f}" for rate in rates)
        logger.info("trained on %s, evaluated on %s: EER %s %%", train, test, shown)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the comparison."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--archive", type=Path, help="an archive in the form of In-the-Wild")
    parser.add_argument("--clips", type=int, default=48, help="clips of the differences")
    parser.add_argument("--trained", type=int, default=0, help="clips of the error rates")
    parser.add_argument("--xls-r", action="store_true", help="the size of XLS-R 300M")
    parser.add_argument("--gain", type=float, default=2.0, help="scale of its weights")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stdout)
    logger.setLevel(logging.INFO)
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        archive = options.archive
        if archive is None:
            write_in_the_wild(folder, DemoOptions())
            archive = next(folder.rglob("*.zip"))
        clips = read_clips(archive, max(options.clips, options.trained))
        encode = make_xls_r(options.gain) if options.xls_r else make_embedded(folder / "wav2vec2")
        with torch.no_grad():
            routes = make_routes(encode, clips.waveforms)
            shown = torch.arange(len(clips.bonafide)) < options.clips
            compared = Routes(*(frames[shown.repeat(len(STARTS))] for frames in routes))
            for route in ("ours", "stored", "shifted"):
                describe(route, getattr(compared, route), compared.published)
        if options.trained:
            compare_training(routes, clips.bonafide)


if __name__ == "__main__":
    main()
