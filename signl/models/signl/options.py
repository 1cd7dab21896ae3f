"""Options of SIGNL's network and of the augmentation of its graphs."""

import importlib.util
from typing import TYPE_CHECKING, ClassVar, Final, Literal, Self

from pydantic import Field, model_validator

from signl.models.base import NetworkOptions
from signl.typed import Count, NotNegative, Options, Rate

if TYPE_CHECKING:
    from signl.models.signl.spectral_temporal import SpectralTemporalEncoder

#: Channels that the grouped 1x1 convolution of a graph encoder mixes with each other.
GROUP_WIDTH: Final = 4


class SignlOptions(NetworkOptions):
    """Sizes of the two graphs and of their encoders (arXiv 2501.04942)."""

    augments_graphs: ClassVar[bool] = True

    kind: Literal["signl"] = "signl"
    nodes: Count = Field(
        default=32, description="Nodes N of a graph: rows and columns of the stem's grid."
    )
    channels: int = Field(
        default=32,
        ge=8,
        multiple_of=8,
        description="Channels C of the stem's grid. A node has D = C * N features.",
    )
    neighbours: Count = Field(
        default=3,
        description="Edges that lead into each node, less than nodes. Published: 3 for the "
        "ASVspoof corpora, 4 for CFAD.",
    )
    layers: Count = Field(
        default=5,
        description="Layers of a graph encoder; each halves the width, and D / 2**layers is a "
        "multiple of 4.",
    )
    projection: Count | None = Field(
        default=None,
        description="Width to which a linear layer brings each frame first, its channels "
        "standardised: for hidden states, whose neighbouring channels are not alike. Published: "
        "none.",
    )
    search: Literal["dense", "torch-cluster"] = Field(
        default="dense",
        description="Who finds the neighbours. torch-cluster is the published implementation's "
        "package, an extra of this one; both give the same graphs.",
    )

    @model_validator(mode="after")
    def _check_sizes(self) -> Self:
        check_neighbours(self.neighbours, self.nodes)
        check_widths(self.channels * self.nodes, self.layers)
        if self.search == "torch-cluster" and importlib.util.find_spec("torch_cluster") is None:
            raise ValueError(
                "search is 'torch-cluster', and that package is not installed; allowed is dense, "
                "or after: pip install 'signl-pipeline[torch-cluster]' --no-build-isolation"
            )
        return self

    @property
    def embedding_width(self) -> int:
        """Width of the joint embedding, 2 * N * D / 2**layers."""
        return 2 * self.nodes * (self.channels * self.nodes >> self.layers)

    def build(self, width: int, n_frames: int) -> "SpectralTemporalEncoder":
        """Build the network."""
        from signl.models.signl.spectral_temporal import SpectralTemporalEncoder

        return SpectralTemporalEncoder(width, n_frames, self)


class GraphAugmentation(Options):
    """Strengths of the three augmentations of a graph, in the order in which they act."""

    keep_edge: Rate = Field(
        default=0.5,
        description="Probability that an edge from a lower to a higher node index stays; every "
        "other edge is the reverse of one that stays.",
    )
    noise_std: NotNegative = Field(
        default=0.1, description="Standard deviation of the Gaussian noise added to features."
    )
    mask: Rate = Field(
        default=0.5,
        description="Probability that an element of the features is zeroed; the others are not "
        "rescaled.",
    )


def check_neighbours(k: int, n_nodes: int) -> None:
    """Raise ValueError unless each of ``n_nodes`` nodes can have ``k`` neighbours."""
    if not 1 <= k < n_nodes:
        raise ValueError(f"neighbours must lie in 1..{n_nodes - 1} for {n_nodes} nodes, got {k}")


def check_widths(width: int, layers: int) -> None:
    """Raise ValueError unless ``width`` halves ``layers`` times to a multiple of 4."""
    divisor = GROUP_WIDTH * 2**layers
    if layers < 1 or width < 1 or width % divisor:
        raise ValueError(
            f"the width of a node's features (channels * nodes) must be a multiple of "
            f"4 * 2**layers = {divisor} with layers >= 1, got width {width} and layers {layers}"
        )
