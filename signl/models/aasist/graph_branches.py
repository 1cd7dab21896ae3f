"""From spectral and temporal nodes to an embedding: two graphs, two branches, one readout."""

from typing import Final, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from signl.models.aasist.graph_attention import GraphAttention, MixedGraphAttention, MixedNodes
from signl.models.aasist.graph_options import GraphOptions
from signl.models.aasist.graph_pooling import GraphPooling
from signl.models.network import Network

#: Rate of dropout of the nodes that a branch gives.
BRANCH_DROPOUT: Final = 0.2
_BRANCHES: Final = ("1", "2")


class GraphNetwork(Network):
    """A network that ends in the graphs of AASIST; a kind says where its nodes come from.

    Its weights have the names of the published checkpoints, which number layers by branch and
    place: ``HtrgGAT_layer_ST12`` is the second of the first branch.

    References
    ----------
    Jung et al., AASIST, ICASSP 2022, arXiv 2110.01200.
    """

    config: GraphOptions

    @property
    def embedding_width(self) -> int:  # type: ignore[override]
        """Width of the embedding."""
        return self.config.embedding_width

    def add_graphs(self, n_rows: int) -> None:
        """Build all from the graphs on, for ``n_rows`` spectral nodes."""
        width, (first, second) = self.config.channels[-1], self.config.gat_dims
        of_spectral, of_temporal, of_branches = self.config.ratios
        spectral_t, temporal_t, mixed_t = self.config.temperatures
        self.pos_S = nn.Parameter(torch.randn(1, n_rows, width))
        self.GAT_layer_S = GraphAttention(width, first, temperature=spectral_t)
        self.GAT_layer_T = GraphAttention(width, first, temperature=temporal_t)
        self.pool_S = GraphPooling(of_spectral, first)
        self.pool_T = GraphPooling(of_temporal, first)
        for branch in _BRANCHES:
            self.register_parameter(f"master{branch}", nn.Parameter(torch.randn(1, 1, first)))
            for place, width_before in (("1", first), ("2", second)):
                layer = MixedGraphAttention(width_before, second, temperature=mixed_t)
                self.add_module(f"HtrgGAT_layer_ST{branch}{place}", layer)
            for nodes in ("S", "T"):
                self.add_module(f"pool_h{nodes}{branch}", GraphPooling(of_branches, second))

    def embed_nodes(self, spectral: Tensor, temporal: Tensor) -> Tensor:
        """Return embeddings (batch, embedding_width) of nodes.

        In full precision: attention at a temperature of 100 is so even that half of it would be
        lost, and close scores of a pooling would tie.

        Parameters
        ----------
        spectral, temporal : Tensor of shape (batch, node, width)
            Of the residual blocks' width; the position of a spectral node is not yet in it.
        """
        with torch.autocast(spectral.device.type, enabled=False):
            spectral = self.pool_S(self.GAT_layer_S(spectral.float() + self.pos_S))
            temporal = self.pool_T(self.GAT_layer_T(temporal.float()))
            branches = [self._branch(branch, temporal, spectral) for branch in _BRANCHES]
            temporal, spectral, master = (
                torch.maximum(*of_both) for of_both in zip(*branches, strict=True)
            )
            embedding = torch.cat(
                [
                    temporal.abs().amax(dim=1),
                    temporal.mean(dim=1),
                    spectral.abs().amax(dim=1),
                    spectral.mean(dim=1),
                    master.squeeze(1),
                ],
                dim=1,
            )
            return F.dropout(embedding, self.config.dropout, self.training)

    def _branch(self, branch: str, temporal: Tensor, spectral: Tensor) -> MixedNodes:
        """Return what a branch makes of the pooled nodes: temporal, spectral, master."""
        layers = (self.get_submodule(f"HtrgGAT_layer_ST{branch}{place}") for place in "12")
        first, second = (cast(MixedGraphAttention, layer) for layer in layers)
        mixed = first(temporal, spectral, self.get_parameter(f"master{branch}"))
        pooled = MixedNodes(
            self.get_submodule(f"pool_hT{branch}")(mixed.first),
            self.get_submodule(f"pool_hS{branch}")(mixed.second),
            mixed.master,
        )
        moved = second(*pooled)
        return MixedNodes(
            *(
                F.dropout(before + after, BRANCH_DROPOUT, self.training)
                for before, after in zip(pooled, moved, strict=True)
            )
        )
