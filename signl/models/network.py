"""The module of a network: crops in, an embedding out."""

from typing import Any, Literal, cast

from torch import Tensor, nn

from signl.errors import ConfigError
from signl.models.base import AudioOptions, NetworkOptions
from signl.models.draws import AnyGenerator
from signl.models.signl.options import GraphAugmentation


def to_picture(frames: Tensor) -> Tensor:
    """Turn front-end frames into the picture that networks read.

    Parameters
    ----------
    frames : Tensor of shape (batch, frame, width)
        Frames of a front-end, ``width`` channels each.

    Returns
    -------
    Tensor of shape (batch, 1, width, frame)
    """
    return frames.mT.unsqueeze(1)


class Network(nn.Module):
    """A network that embeds crops.

    Attributes
    ----------
    config : NetworkOptions
        Of what kind and size it is.
    reads : {"frames", "audio"}
        Whether its crops are pictures (batch, 1, width, frame) or waveforms (batch, time).
    crop_length : int
        Frames, or samples, of a crop.
    embedding_width : int
        Width of the embedding.
    clip_s : float
        Seconds of the clips that its crops are of; of a network that reads audio.
    normalises : bool
        Whether these clips have zero mean and unit variance.
    """

    config: NetworkOptions
    reads: Literal["frames", "audio"]
    crop_length: int
    embedding_width: int
    clip_s: float
    normalises: bool = True

    def embed(
        self,
        crops: Tensor,
        *,
        augmentation: GraphAugmentation | None = None,
        generator: AnyGenerator | None = None,
    ) -> Tensor:
        """Return embeddings (batch, embedding_width).

        Parameters
        ----------
        crops : Tensor
            As :attr:`reads` says.
        augmentation : GraphAugmentation, optional
            For networks with graphs; others are given views of the crops and nothing else.
        generator : torch.Generator or SharedGenerator, optional
            Source of the augmentation's draws; needed with it.
        """
        raise NotImplementedError

    def form(self) -> dict[str, Any]:
        """Return what must agree between the network and a recipe that takes it."""
        raise NotImplementedError

    def describe(self) -> dict[str, Any]:
        """Return how the network is built, as its ``config.json`` says it."""
        raise NotImplementedError

    def checkpoint_gradients(self) -> None:
        """Compute the layers of its front-end again on the way back instead of keeping them.

        Raises
        ------
        ConfigError
            If it has no front-end of its own.
        """
        raise ConfigError("gradient_checkpointing is for recipes with trainable_frontend: true")


class FrameNetwork(Network):
    """A network that reads frames of a front-end."""

    reads = "frames"

    def __init__(self, width: int, n_frames: int, config: NetworkOptions) -> None:
        super().__init__()
        self.width, self.n_frames, self.config = width, n_frames, config

    @property
    def crop_length(self) -> int:  # type: ignore[override]
        """Frames of a crop."""
        return self.n_frames

    def embed(
        self,
        crops: Tensor,
        *,
        augmentation: GraphAugmentation | None = None,
        generator: AnyGenerator | None = None,
    ) -> Tensor:
        """Return embeddings (batch, embedding_width) of pictures; there are no graphs to augment.

        Raises
        ------
        ValueError
            If a picture has another shape than (1, width, n_frames).
        """
        self.check_picture(crops)
        return cast(Tensor, self(crops))

    def check_picture(self, crops: Tensor) -> None:
        """Refuse pictures that are not (batch, 1, width, n_frames).

        Raises
        ------
        ValueError
            Names both shapes.
        """
        if crops.shape[1:] != (1, self.width, self.n_frames):
            raise ValueError(
                f"a picture must have shape (batch, 1, {self.width}, {self.n_frames}), "
                f"got {tuple(crops.shape)}"
            )

    def form(self) -> dict[str, Any]:
        """Return channels and number of frames, and the options."""
        return {"width": self.width, "frames": self.n_frames, "model": self.config}

    def describe(self) -> dict[str, Any]:
        """Return channels and number of frames, and the options."""
        return {"width": self.width, "n_frames": self.n_frames, "network": self.config.dump()}


class AudioNetwork(Network):
    """A network that reads waveforms itself."""

    reads = "audio"
    config: AudioOptions

    def __init__(self, n_samples: int, config: AudioOptions) -> None:
        super().__init__()
        self.n_samples, self.config = n_samples, config
        self.clip_s, self.normalises = config.clip_s, config.normalise

    @property
    def crop_length(self) -> int:  # type: ignore[override]
        """Samples of a crop."""
        return self.n_samples

    def form(self) -> dict[str, Any]:
        """Return the number of samples, and the options."""
        return {"samples": self.n_samples, "model": self.config}

    def describe(self) -> dict[str, Any]:
        """Return the number of samples, and the options."""
        return {"crop_samples": self.n_samples, "network": self.config.dump()}
