"""A step of pre-training: from the crops of a batch to the loss of an objective."""

from functools import partial
from typing import Any, NamedTuple, cast

import torch
from torch import Tensor, nn

from signl.errors import ConfigError
from signl.models.draws import SharedGenerator
from signl.models.heads import PretrainingModel, View, Views
from signl.models.network import FrameNetwork
from signl.models.network import Network as Encoder
from signl.training.crops import Batch
from signl.training.options import PretrainingOptions
from signl.training.picture_views import PictureViews
from signl.training.sharing import gather_rows
from signl.training.view_options import ViewOptions


class Step(NamedTuple):
    """Loss of a batch, a scalar, and of its first view the embeddings and their projections."""

    loss: Tensor
    embeddings: Tensor
    projections: Tensor


class Network(nn.Module):
    """The pre-training model and its objective, trained together.

    Parameters
    ----------
    model : PretrainingModel
        What is trained.
    options : PretrainingOptions
        Which objective, and how views and graphs are augmented. What the objective sees besides,
        a momentum copy of the model among it, lies in here, and so in the checkpoint.
    n_classes : int
        With resynthesis: recordings, and the methods of pseudo-spoofs.
    """

    def __init__(
        self, model: PretrainingModel, options: PretrainingOptions, *, n_classes: int = 0
    ) -> None:
        super().__init__()
        self.sees_classes = options.objective.resynthesised is not None
        self.model, self.augmentation = model, options.augmentation
        self.sees, self.joint_views = options.objective.sees, options.joint_views
        self.objective = options.objective.build(options.head_widths[-1], n_classes=n_classes)
        self.target = options.objective.target(model)
        self.views = _views(options.views, model.encoder)

    def forward(self, batch: Batch, generator: torch.Generator) -> Step:
        """Compute the loss of the two views of a batch."""
        n_rows = len(batch.classes)
        shared = SharedGenerator(generator, batch.first, n_rows)
        views = batch.views if self.views is None else self.views(batch.views, shared)
        draws = generator.get_state()
        first, second = self._seen(views, shared)
        gather = partial(_gather, first=batch.first, n_rows=n_rows)
        seen: dict[str, Any] = {"classes": batch.classes} if self.sees_classes else {}
        if self.sees == "embeddings":
            seen["embeddings"] = gather(first.embedding), gather(second.embedding)
        if self.sees == "targets":
            # The copy sees what the network saw, graphs augmented alike.
            generator.set_state(draws)
            one, two = (self._view(self._copy, view, shared) for view in views)
            seen["targets"] = gather(one.projection), gather(two.projection)
        projections = gather(first.projection), gather(second.projection)
        loss = self.objective(*projections, **seen).loss
        return Step(loss, gather(first.embedding), projections[0])

    def _seen(self, views: tuple[Tensor, ...], shared: SharedGenerator) -> Views:
        """Return both views as the objective is to see them, of this process's rows."""
        if self.joint_views:
            both = self._view(self.model, torch.cat(views), shared)
            parts = zip(*(part.chunk(2) for part in both), strict=True)
            return Views(*(View(*part) for part in parts))
        return Views(
            self._view(self.model, views[0], shared), self._view(self._second, views[1], shared)
        )

    @property
    def _copy(self) -> PretrainingModel:
        """The momentum copy of the model."""
        assert self.target is not None
        return cast(PretrainingModel, self.target.copied)

    @property
    def _second(self) -> PretrainingModel:
        """What sees the second view."""
        return self._copy if self.sees == "keys" else self.model

    def _view(self, model: PretrainingModel, crops: Tensor, shared: SharedGenerator) -> View:
        return model.view(crops, augmentation=self.augmentation, generator=shared)


def _views(options: ViewOptions, encoder: Encoder) -> PictureViews | None:
    """Return what augments the views of an encoder, if anything does.

    Raises
    ------
    ConfigError
        If the encoder reads audio.
    """
    if options.is_none:
        return None
    if not isinstance(encoder, FrameNetwork):
        raise ConfigError(
            "pretraining.views augment the pictures of a front-end, and this network reads audio; "
            "allowed is that without trainable_frontend"
        )
    return PictureViews(options, (encoder.width, encoder.n_frames))


def _gather(rows: Tensor, *, first: int, n_rows: int) -> Tensor:
    """Return the rows of all processes, in full precision, for their gradients are summed."""
    return gather_rows(rows.float(), first=first, n_rows=n_rows)
