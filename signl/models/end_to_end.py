"""A network with its front-end: from waveforms to embeddings, trained as one."""

from typing import Any

from torch import Tensor

from signl.features.frontend import n_frames_of
from signl.features.speech_model.adapters import AdaptedSpeechModel
from signl.features.speech_model.hidden_states import TrainableSpeechModel
from signl.models.base import NetworkOptions
from signl.models.draws import AnyGenerator
from signl.models.network import Network, to_picture
from signl.models.signl.options import GraphAugmentation


class EndToEndEncoder(Network):
    """A speech model and a network on its frames.

    Parameters
    ----------
    frontend : TrainableSpeechModel
    config : NetworkOptions
        The network, of any kind that reads frames.
    clip_s : float
        Seconds of the clips, normalised, of which crops are given.
    crop_samples : int
        Samples of a crop at 16 kHz.

    References
    ----------
    SIGNL, arXiv 2501.04942.
    """

    reads = "audio"

    def __init__(
        self,
        frontend: TrainableSpeechModel,
        config: NetworkOptions,
        *,
        clip_s: float,
        crop_samples: int,
    ) -> None:
        super().__init__()
        self.frontend, self.clip_s, self.crop_samples = frontend, clip_s, crop_samples
        self.config = config
        n_frames = n_frames_of(
            crop_samples,
            window_samples=frontend.window_samples,
            hop_samples=frontend.hop_samples,
        )
        # The name under which weights are saved.
        self.graphs = config.build(frontend.width, n_frames)

    @property
    def crop_length(self) -> int:  # type: ignore[override]
        """Samples of a crop."""
        return self.crop_samples

    @property
    def embedding_width(self) -> int:  # type: ignore[override]
        """Width of the network's embedding."""
        return self.graphs.embedding_width

    def embed(
        self,
        crops: Tensor,
        *,
        augmentation: GraphAugmentation | None = None,
        generator: AnyGenerator | None = None,
    ) -> Tensor:
        """Embed crops.

        Parameters
        ----------
        crops : Tensor of shape (batch, crop_samples)
            At 16 kHz; the clips that they are of had zero mean and unit variance.
        augmentation, generator
            As :class:`signl.models.network.Network` takes them.

        Raises
        ------
        ValueError
            If the waveforms have another shape.
        """
        return self.graphs.embed(
            self._picture(crops), augmentation=augmentation, generator=generator
        )

    def _picture(self, waveforms: Tensor) -> Tensor:
        if waveforms.ndim != 2 or waveforms.shape[1] != self.crop_samples:
            raise ValueError(
                f"waveforms must have shape (batch, {self.crop_samples}), "
                f"got {tuple(waveforms.shape)}"
            )
        return to_picture(self.frontend(waveforms))

    def forward(
        self,
        waveforms: Tensor,
        *,
        augmentation: GraphAugmentation | None = None,
        generator: AnyGenerator | None = None,
    ) -> Any:  # noqa: ANN401
        """Return what the network returns of the frames; see :meth:`embed`."""
        return self.graphs(self._picture(waveforms), augmentation=augmentation, generator=generator)

    def form(self) -> dict[str, Any]:
        """Return layer, clip and crop, adapters that are kept, and the options of the network."""
        frontend, adapters = self.frontend, {}
        if isinstance(frontend, AdaptedSpeechModel) and frontend.keeps_adapters:
            adapters = frontend.lora.form()
        return {
            "front-end": "its own",
            "layer": self.frontend.layer,
            "clip_s": self.clip_s,
            "samples": self.crop_samples,
            "model": self.config,
            **({"adapters": adapters} if adapters else {}),
        }

    def describe(self) -> dict[str, Any]:
        """Return the architecture of the front-end, clip and crop, and the options.

        Of adapters that are saved alone also their options and the model to which they belong.
        """
        adapters = self.frontend.describe() if isinstance(self.frontend, AdaptedSpeechModel) else {}
        return {
            "frontend": {
                "layer": self.frontend.layer,
                "config": self.frontend.model.config.to_diff_dict(),
                **adapters,
            },
            "clip_s": self.clip_s,
            "crop_samples": self.crop_samples,
            "network": self.config.dump(),
        }

    def checkpoint_gradients(self) -> None:
        """Compute the layers of the front-end again on the way back."""
        self.frontend.model.activation_checkpointing_enable()
