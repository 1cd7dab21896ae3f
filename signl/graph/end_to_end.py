"""The encoder with its front-end: from waveforms to embeddings, trained as one network."""

from typing import cast

from torch import Tensor, nn

from signl.features.frontend import n_frames_of
from signl.features.speech_model.hidden_states import TrainableSpeechModel
from signl.graph.augment import GraphAugmentation
from signl.graph.config import GraphConfig
from signl.graph.draws import AnyGenerator
from signl.graph.model import Embeddings, SpectralTemporalEncoder
from signl.graph.stem import to_picture


class EndToEndEncoder(nn.Module):
    """A speech model and the spectral-temporal encoder on its frames.

    Parameters
    ----------
    frontend : TrainableSpeechModel
    config : GraphConfig
        Size of the graphs.
    clip_s : float
        Seconds of the clips, normalised, of which crops are given.
    crop_samples : int
        Samples of a crop at 16 kHz.

    References
    ----------
    SIGNL, arXiv 2501.04942.
    """

    def __init__(
        self,
        frontend: TrainableSpeechModel,
        config: GraphConfig,
        *,
        clip_s: float,
        crop_samples: int,
    ) -> None:
        super().__init__()
        self.frontend, self.clip_s, self.crop_samples = frontend, clip_s, crop_samples
        n_frames = n_frames_of(
            crop_samples,
            window_samples=frontend.window_samples,
            hop_samples=frontend.hop_samples,
        )
        self.graphs = SpectralTemporalEncoder(frontend.width, n_frames, config)

    @property
    def config(self) -> GraphConfig:
        """Size of the graphs."""
        return self.graphs.config

    @property
    def embedding_width(self) -> int:
        """Width of the joint embedding."""
        return self.graphs.embedding_width

    def forward(
        self,
        waveforms: Tensor,
        *,
        augmentation: GraphAugmentation | None = None,
        generator: AnyGenerator | None = None,
    ) -> Embeddings:
        """Embed crops.

        Parameters
        ----------
        waveforms : Tensor of shape (batch, crop_samples)
            At 16 kHz; the clips that they are of had zero mean and unit variance.
        augmentation, generator
            As :class:`signl.graph.model.SpectralTemporalEncoder` takes them.

        Raises
        ------
        ValueError
            If the waveforms have another shape.
        """
        if waveforms.ndim != 2 or waveforms.shape[1] != self.crop_samples:
            raise ValueError(
                f"waveforms must have shape (batch, {self.crop_samples}), "
                f"got {tuple(waveforms.shape)}"
            )
        picture = to_picture(self.frontend(waveforms))
        embeddings = self.graphs(picture, augmentation=augmentation, generator=generator)
        return cast(Embeddings, embeddings)


#: On cached frames, or with the front-end.
Encoder = SpectralTemporalEncoder | EndToEndEncoder
