"""AASIST: spectral and temporal nodes of the raw waveform, through a residual encoder."""

from torch import Tensor, nn
from torch.nn import functional as F

from signl.models.aasist.graph_branches import GraphNetwork
from signl.models.aasist.options import POOLED, AasistOptions
from signl.models.aasist.residual_blocks import residual_blocks
from signl.models.aasist.sinc_filters import SincFilters
from signl.models.draws import AnyGenerator
from signl.models.network import AudioNetwork
from signl.models.signl.options import GraphAugmentation


class RawWaveformNetwork(GraphNetwork, AudioNetwork):
    """Embeds a waveform by a graph of its frequencies and a graph of its time.

    Parameters
    ----------
    n_samples : int
        Samples of a crop at 16 kHz.
    config : AasistOptions
        Sizes.

    References
    ----------
    Jung et al., AASIST, ICASSP 2022, arXiv 2110.01200.
    """

    config: AasistOptions

    def __init__(self, n_samples: int, config: AasistOptions) -> None:
        super().__init__(n_samples, config)
        self.sinc = SincFilters(config.filters, masked=config.masked_filters)
        self.first_bn = nn.BatchNorm2d(1)
        self.encoder = residual_blocks(config.channels, pools=True)
        self.add_graphs(config.filters // POOLED)

    def embed(
        self,
        crops: Tensor,
        *,
        augmentation: GraphAugmentation | None = None,
        generator: AnyGenerator | None = None,
    ) -> Tensor:
        """Return embeddings of waveforms (batch, time); its graphs are not augmented.

        Raises
        ------
        ValueError
            If the waveforms have another shape.
        """
        if crops.shape[1:] != (self.n_samples,):
            raise ValueError(
                f"waveforms must have shape (batch, {self.n_samples}), got {tuple(crops.shape)}"
            )
        filtered = self.sinc(crops).abs().unsqueeze(1)  # (batch, 1, filter, time)
        maps = F.selu(self.first_bn(F.max_pool2d(filtered, POOLED)))
        strengths = self.encoder(maps).abs()  # (batch, channel, frequency, time)
        return self.embed_nodes(strengths.amax(dim=-1).mT, strengths.amax(dim=-2).mT)

    forward = embed
