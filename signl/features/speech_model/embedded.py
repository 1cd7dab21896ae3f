"""The small speech model that the workflow makes itself: where it lies, and its options."""

from typing import TYPE_CHECKING, Final

from pydantic import Field

from signl.typed import Count, Options

if TYPE_CHECKING:
    from transformers import Wav2Vec2Config

#: The folder that a front-end names to use it.
DEMO_FRONTEND: Final = "results/demo/wav2vec2"
#: Files of that folder.
FRONTEND_FILES: Final = ("config.json", "model.safetensors", "preprocessor_config.json")


class DemoFrontendOptions(Options):
    """Options of the embedded front-end.

    Its seven convolutions have the usual kernels and strides: 72,000 samples give 224 frames.
    """

    seed: int = Field(default=0, description="Root of its weights.")
    hidden_size: Count = Field(default=64, description="Width of the transformer.")
    n_layers: Count = Field(default=2, description="Layers of the transformer.")
    n_heads: Count = Field(default=4, description="Attention heads of a layer.")
    intermediate_size: Count = Field(default=128, description="Width within a layer.")
    n_filters: Count = Field(default=32, description="Channels of each of the seven convolutions.")

    def described(self) -> "Wav2Vec2Config":
        """Return the description of the model, for transformers."""
        from transformers import Wav2Vec2Config

        return Wav2Vec2Config(
            architectures=["Wav2Vec2Model"],
            hidden_size=self.hidden_size,
            num_hidden_layers=self.n_layers,
            num_attention_heads=self.n_heads,
            intermediate_size=self.intermediate_size,
            conv_dim=(self.n_filters,) * 7,
            conv_bias=True,
            feat_extract_norm="layer",
            do_stable_layer_norm=True,
            num_conv_pos_embeddings=16,
            num_conv_pos_embedding_groups=4,
            vocab_size=32,
        )
