"""A small wav2vec2 with untrained weights, in the ordinary Hugging Face folder format.

Convolutions with independent random weights follow the phase of the waveform: successive frames
have little in common, and the classes even less. Here the first layer is a bank of band-pass
filters, and the others mix channels at random but average over time, so that after the rectifying
activations the network passes on the envelopes of bands, as trained ones do.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from torch import Tensor, nn
from transformers import Wav2Vec2FeatureExtractor, Wav2Vec2Model

from signl import stages
from signl.artefacts import MadeBy, atomic_write, write_document, write_text
from signl.features.speech_model.embedded import FRONTEND_FILES, DemoFrontendOptions
from signl.seeds import derive_seed
from signl.typed import build


def make_wav2vec2(
    folder: Path, *, options: Mapping[str, Any], record: str | Path | None = None
) -> None:
    """Write the configuration, the weights and the preprocessor of a small wav2vec2.

    Its normalisation is that of XLS-R: layer norms in the convolutions and before each block.

    Parameters
    ----------
    folder : Path
        Where the files of ``FRONTEND_FILES`` go.
    options : Mapping
        Fields of ``DemoFrontendOptions``; the same options give the same bytes.
    record : path, optional
        A document that says with which options it was made.

    Raises
    ------
    ConfigError
        If an option is unknown.
    """
    demo_options = build(DemoFrontendOptions, options, "demo.frontend")
    model = _make_model(demo_options)
    preprocessor = Wav2Vec2FeatureExtractor(  # type: ignore[no-untyped-call]
        return_attention_mask=True
    )
    config_name, weights_name, preprocessor_name = FRONTEND_FILES
    write_text(folder / config_name, model.config.to_json_string(use_diff=True))
    weights = safetensors.torch.save(model.state_dict(), metadata={"format": "pt"})
    with atomic_write(folder / weights_name) as scratch:
        scratch.write_bytes(weights)
    write_text(folder / preprocessor_name, preprocessor.to_json_string())
    if record is not None:
        stage = stages.DEMO_FRONTEND
        made_by = MadeBy(stage=stage.rule, revision=stage.revision, options=demo_options.dump())
        write_document(record, {}, made_by)


def _make_model(options: DemoFrontendOptions) -> Wav2Vec2Model:
    """Initialise the network, leaving the global generator as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive_seed(options.seed, "demo", "frontend") % 2**32)
        model: Wav2Vec2Model = Wav2Vec2Model(options.described())
        modules = model.feature_extractor.modules()
        _follow_envelopes([module for module in modules if isinstance(module, nn.Conv1d)])
    return model


@torch.no_grad()
def _follow_envelopes(convolutions: Sequence[nn.Conv1d]) -> None:
    """Make the first convolution a filter bank and let the others average over time."""
    first, *others = convolutions
    first.weight.copy_(_filter_bank(first.out_channels, first.kernel_size[0])[:, None])
    for convolution in others:
        (width,) = convolution.kernel_size
        mixture = nn.init.orthogonal_(torch.empty(convolution.weight.shape[:2]))
        convolution.weight.copy_((mixture / width)[:, :, None].expand(-1, -1, width))


def _filter_bank(n_filters: int, width: int) -> Tensor:
    """Return windowed cosines and sines, shape (filter, width), evenly over the whole band."""
    n_bands = (n_filters + 1) // 2
    cycles = (torch.arange(n_bands) + 0.5) / (2 * n_bands)  # per sample
    phase = 2 * torch.pi * cycles[:, None] * (torch.arange(width) - (width - 1) / 2)
    window = torch.hann_window(width + 2)[1:-1]
    return torch.cat([window * phase.cos(), window * phase.sin()])[:n_filters]
