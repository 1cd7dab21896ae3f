"""What makes the two views of a log-spectrum differ: mixing, cropping, compression, noise.

All draws are of an utterance's own, the same whether one process holds the batch or several.
"""

import math
from typing import Final, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from signl.models.draws import SharedGenerator, draw_normal, draw_uniform
from signl.training.sharing import gather_rows
from signl.training.view_options import ViewOptions

#: Frames of the canvas of which crops are taken, in those of the picture.
_CANVAS: Final = 1.5
# Keeps silence finite, as published.
_FLOOR: Final = math.log(2**-23)


class Box(NamedTuple):
    """A crop of a canvas: its first channel and frame, and how many of them."""

    channel: int
    frame: int
    n_channels: int
    n_frames: int


class PictureViews(nn.Module):
    """Augments the views of a batch.

    Parameters
    ----------
    options : ViewOptions
        What is done.
    shape : tuple of int
        Channels and frames of a picture.

    Attributes
    ----------
    bank : Tensor of shape (bank, 1, width, frame)
        Earlier views, of training, where they are mixed in.
    n_kept : Tensor of shape (1,), int64
        Views that have entered the bank, those that have left it again among them.

    References
    ----------
    Niizumi et al. (2021), BYOL-A, arXiv 2103.06695, section III-C; Fonseca et al. (2021), arXiv
    2011.07616, section 2. Here a batch is mixed with what the bank held before it, and enters it
    as a whole.
    """

    bank: Tensor
    n_kept: Tensor

    def __init__(self, options: ViewOptions, shape: tuple[int, int]) -> None:
        super().__init__()
        self.options = options
        if options.mixes:
            self.register_buffer("bank", torch.zeros(options.bank, 1, *shape))
            self.register_buffer("n_kept", torch.zeros(1, dtype=torch.long))

    @torch.no_grad()
    def forward(self, views: tuple[Tensor, ...], shared: SharedGenerator) -> tuple[Tensor, ...]:
        """Return views augmented, each by draws of its own.

        Parameters
        ----------
        views : tuple of Tensor of shape (row, 1, width, frame)
            Of this process's rows.
        shared : SharedGenerator
            Source of the draws.
        """
        return tuple(self._view(view, shared) for view in views)

    def _view(self, picture: Tensor, shared: SharedGenerator) -> Tensor:
        options, view = self.options, picture
        if options.mixes and self.training:
            view = self._mixed(view, shared)
            self._keep(gather_rows(picture, first=shared.first, n_rows=shared.n_rows))
        if options.resize_crop is not None:
            view = _cropped(view, options.resize_crop, shared)
        if options.compression:
            view = view * (1 - options.compression * _of_rows(view, shared))
        if options.noise:
            noise = draw_normal(view.shape, shared).to(view)
            view = view + options.noise * _of_rows(view, shared) * noise
        return view

    def _mixed(self, picture: Tensor, shared: SharedGenerator) -> Tensor:
        n_places = self.n_kept.clamp_max(len(self.bank))
        for largest, mix in ((self.options.mixup, mixup), (self.options.mixback, mixback)):
            if largest:
                share = largest * _of_rows(picture, shared)
                place = (_of_rows(picture, shared).flatten() * n_places).long()
                other = self.bank[place.clamp_max(len(self.bank) - 1)]
                # An empty bank has nothing to mix in.
                picture = torch.where(n_places > 0, mix(picture, other, share), picture)
        return picture

    def _keep(self, pictures: Tensor) -> None:
        """Let views take the places of the oldest; of more than there are places, the last."""
        size = len(self.bank)
        pictures = pictures[-size:]
        places = self.n_kept + torch.arange(len(pictures), device=pictures.device)
        self.bank[places % size] = pictures.to(self.bank)
        self.n_kept += len(pictures)


def mixup(picture: Tensor, other: Tensor, share: Tensor) -> Tensor:
    """Return log((1 - share) exp(picture) + share exp(other) + 2**-23)."""
    mixed = torch.logaddexp(picture + torch.log1p(-share), other + share.log())
    return torch.logaddexp(mixed, torch.full_like(mixed, _FLOOR))


def mixback(picture: Tensor, other: Tensor, share: Tensor) -> Tensor:
    """Return the same without the floor, ``other`` scaled to the energy of the picture."""
    energy, its = (each.logsumexp(dim=(1, 2, 3), keepdim=True) for each in (picture, other))
    return torch.logaddexp(picture + torch.log1p(-share), other + energy - its + share.log())


def canvas_of(picture: Tensor, fill: Tensor) -> Tensor:
    """Return pictures (row, 1, width, frame) in the middle of a longer canvas of fill."""
    n_frames = picture.shape[-1]
    beyond = int(_CANVAS * n_frames) - n_frames
    parts = [fill.expand(*picture.shape[:3], n) for n in (beyond // 2, beyond - beyond // 2)]
    return torch.cat([parts[0], picture, parts[1]], dim=-1)


def resized(canvas: Tensor, box: Box, shape: tuple[int, int]) -> Tensor:
    """Return a crop of a canvas (1, 1, width, frame) stretched to a shape (width, frame)."""
    channels = slice(box.channel, box.channel + box.n_channels)
    frames = slice(box.frame, box.frame + box.n_frames)
    crop = canvas[..., channels, frames]
    return F.interpolate(crop, size=shape, mode="bicubic", align_corners=True)


def _cropped(picture: Tensor, scale: tuple[float, float], shared: SharedGenerator) -> Tensor:
    """Crop each picture; beyond its ends lies its mean, as zeros lie beyond those of mean 0."""
    width, n_frames = picture.shape[-2:]
    canvas = canvas_of(picture, picture.mean(dim=(1, 2, 3), keepdim=True))
    least, largest = scale
    rows = []
    for row, drawn in enumerate(draw_uniform((len(picture), 4), shared).tolist()):
        height, length = (least + (largest - least) * each for each in drawn[:2])
        n_channels = min(max(int(width * height), 1), width)
        n_cropped = min(max(int(n_frames * length), 1), canvas.shape[-1])
        box = Box(
            int(drawn[2] * (width - n_channels + 1)),
            int(drawn[3] * (canvas.shape[-1] - n_cropped + 1)),
            n_channels,
            n_cropped,
        )
        rows.append(resized(canvas[row : row + 1], box, (width, n_frames)))
    return torch.cat(rows)


def _of_rows(picture: Tensor, shared: SharedGenerator) -> Tensor:
    """Draw a number of 0..1 for each row, in a shape that spreads over its picture."""
    return draw_uniform((len(picture), 1, 1, 1), shared).to(picture)
