"""Options of the graphs of AASIST, which both of its forms share."""

from typing import Annotated

from pydantic import Field

from signl.models.base import NetworkOptions
from signl.typed import Count, FromList, Positive, Rate

#: Share of the nodes that a pooling keeps.
Share = Annotated[float, Field(gt=0, le=1)]


class GraphOptions(NetworkOptions):
    """Sizes of the residual blocks and of the graphs (Jung et al., ICASSP 2022)."""

    channels: Annotated[tuple[Count, ...], FromList, Field(min_length=1, max_length=12)] = Field(
        default=(32, 32, 64, 64, 64, 64),
        description="Output channels of the residual blocks, one a block. The last is the width "
        "of a node. AASIST-L: 32, 32, 24, 24, 24, 24.",
    )
    gat_dims: Annotated[tuple[Count, Count], FromList] = Field(
        default=(64, 32),
        description="Width of nodes behind the first graph attention, and behind those of mixed "
        "nodes. AASIST-L: 24, 32.",
    )
    ratios: Annotated[tuple[Share, Share, Share], FromList] = Field(
        default=(0.5, 0.7, 0.5),
        description="Shares of nodes that are kept: of the spectral graph, of the temporal one, "
        "and of both in the branches. AASIST-L: 0.4, 0.5, 0.7.",
    )
    temperatures: Annotated[tuple[Positive, Positive, Positive], FromList] = Field(
        default=(2.0, 2.0, 100.0),
        description="Attention scores are divided by them: of the spectral graph, of the temporal "
        "one, and of mixed nodes.",
    )
    dropout: Rate = Field(
        default=0.5, description="Rate of dropout of the embedding, before the head."
    )

    @property
    def embedding_width(self) -> int:
        """Width of the embedding: maximum and mean of two kinds of nodes, and the master node."""
        return 5 * self.gat_dims[1]
