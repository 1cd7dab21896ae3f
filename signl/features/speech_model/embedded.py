"""The small speech model that the workflow makes itself: where it lies, and its options."""

from typing import Final

from pydantic import Field

from signl.typed import Count, Options

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
