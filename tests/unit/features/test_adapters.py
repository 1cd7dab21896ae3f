"""Low-rank adapters on a small wav2vec2: what they compute, what moves, and what is saved."""

import pytest
import torch
from torch import nn
from transformers import (
    AutoModel,
    Wav2Vec2Config,
    Wav2Vec2ConformerConfig,
    Wav2Vec2ConformerModel,
    Wav2Vec2Model,
    WavLMConfig,
    WavLMModel,
)

from signl.errors import ConfigError
from signl.features.speech_model.adapters import (
    AdaptedSpeechModel,
    Base,
    BaseModelError,
    adapted,
    weights_digest,
    weights_of_base,
    weights_to_save,
)
from signl.features.speech_model.hidden_states import TrainableSpeechModel
from signl.features.speech_model.lora_options import LoraOptions
from signl.typed import build

SMALL = {
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "conv_dim": (8,) * 7,
    "num_conv_pos_embeddings": 4,
    "num_conv_pos_embedding_groups": 2,
}


@pytest.fixture
def published(speech_model_folder):
    return AutoModel.from_pretrained(speech_model_folder).eval()


@pytest.fixture
def base(speech_model_folder, published):
    digest = weights_digest(published.state_dict())
    return Base(model=str(speech_model_folder), digest=digest)


@pytest.fixture
def make(speech_model_folder, base):
    """Return a function that gives a model with adapters, of which B is drawn too."""

    def made(**options):
        torch.manual_seed(3)
        plain = TrainableSpeechModel(AutoModel.from_pretrained(speech_model_folder))
        model = adapted(plain, LoraOptions(**options), base)
        for name, weight in model.named_parameters():
            if "lora_B" in name:
                nn.init.normal_(weight)
        return model.eval()

    return made


@pytest.fixture(scope="module")
def waveforms():
    return torch.randn(2, 8000, generator=torch.Generator().manual_seed(0))


def frames(model, waveforms):
    with torch.no_grad():
        return model(waveforms)


def test_new_adapters_change_nothing(speech_model_folder, waveforms):
    plain = TrainableSpeechModel(AutoModel.from_pretrained(speech_model_folder)).eval()
    expected = frames(plain, waveforms)
    assert torch.equal(frames(adapted(plain, LoraOptions()).eval(), waveforms), expected)


def test_an_adapter_adds_its_product_times_alpha_over_rank(make, published, waveforms):
    model = make(rank=4, alpha=6.0)
    given = dict(model.model.named_parameters())
    state = published.state_dict()
    for layer in range(3):
        for part in ("q_proj", "k_proj", "v_proj", "out_proj"):
            name = f"encoder.layers.{layer}.attention.{part}"
            a, b = (given[f"{name}.lora_{each}.default.weight"] for each in "AB")
            assert (a.shape, b.shape) == ((4, 16), (16, 4))
            state[f"{name}.weight"] = state[f"{name}.weight"] + 1.5 * b.detach() @ a.detach()
    published.load_state_dict(state)
    with torch.no_grad():
        expected = published(waveforms).last_hidden_state
    torch.testing.assert_close(frames(model, waveforms), expected, rtol=1e-5, atol=1e-5)
    merged = weights_to_save(model)
    assert merged.keys() == {f"model.{name}" for name in state}
    for name, tensor in state.items():
        torch.testing.assert_close(merged[f"model.{name}"], tensor, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(
    ("targets", "n_layers", "n_weights"),
    [(("q", "k", "v", "out"), 12, 12 * 2 * 16 * 2), (("q", "output"), 6, 3 * 2 * (32 + 48))],
)
def test_adapters_alone_are_trained(make, targets, n_layers, n_weights):
    model = make(rank=2, targets=targets)
    trained = {name for name, each in model.named_parameters() if each.requires_grad}
    assert all(".lora_" in name for name in trained)
    assert len(trained) == 2 * n_layers
    assert sum(each.numel() for each in model.adapter_weights()) == n_weights


def test_a_step_moves_the_adapters_and_nothing_else(make, waveforms):
    model = make().train()
    before = {name: each.clone() for name, each in model.state_dict().items()}
    optimiser = torch.optim.Adam(
        [each for each in model.parameters() if each.requires_grad], lr=0.1
    )
    model(waveforms).square().mean().backward()
    optimiser.step()
    moved = {
        name for name, each in model.state_dict().items() if not torch.equal(each, before[name])
    }
    assert moved == {name for name in before if ".lora_" in name}


def test_kept_adapters_and_their_base_are_the_model(make, waveforms):
    model = make(merge=False, rank=2)
    kept = weights_to_save(model)
    assert all(".lora_" in name or name.endswith("masked_spec_embed") for name in kept)
    held = weights_of_base(model)
    assert not held.keys() & kept.keys()
    assert kept.keys() | held.keys() == model.state_dict().keys()
    assert all(torch.equal(model.state_dict()[name], each) for name, each in held.items())


def test_a_base_that_is_another_or_is_not_there_is_refused(make, base, tmp_path):
    model = make(merge=False)
    model.base = base.model_copy(update={"digest": "0" * 64})
    with pytest.raises(BaseModelError, match=rf"digest 0{{64}}; found .* digest {base.digest}"):
        weights_of_base(model)
    model.base = base.model_copy(update={"model": str(tmp_path / "gone")})
    with pytest.raises(BaseModelError, match=r"is needed to load it: .*gone' is no folder here"):
        weights_of_base(model)


def test_a_digest_tells_names_shapes_and_values_apart():
    weights = {"a": torch.arange(6.0), "b": torch.zeros(2)}
    same = {"b": torch.zeros(2), "a": torch.arange(6.0), "masked_spec_embed": torch.ones(3)}
    others = [
        {"a": torch.arange(6.0).reshape(2, 3), "b": torch.zeros(2)},
        {"a": torch.arange(6.0), "c": torch.zeros(2)},
        {"a": torch.arange(6.0), "b": torch.tensor([0.0, -0.0])},
    ]
    assert weights_digest(same) == weights_digest(weights)
    assert len({weights_digest(each) for each in [weights, *others]}) == 4


def test_normalised_convolutions_keep_their_statistics(waveforms):
    torch.manual_seed(0)
    model = Wav2Vec2ConformerModel(Wav2Vec2ConformerConfig(**SMALL, conv_depthwise_kernel_size=3))
    adapters = adapted(TrainableSpeechModel(model), LoraOptions(targets=("q", "out"))).train()
    trained = {name for name, each in adapters.named_parameters() if each.requires_grad}
    assert {name.split(".")[5] for name in trained} == {"linear_q", "linear_out"}
    before = {name: each.clone() for name, each in adapters.named_buffers()}
    assert any("running_mean" in name for name in before)
    adapters(waveforms).sum().backward()
    assert all(torch.equal(each, before[name]) for name, each in adapters.named_buffers())


def test_attention_that_passes_adapters_by_is_refused(waveforms):
    torch.manual_seed(0)
    plain = TrainableSpeechModel(WavLMModel(WavLMConfig(**SMALL)))
    with pytest.raises(ConfigError, match=r"a wavlm, whose attention .* allowed are intermediate"):
        adapted(plain, LoraOptions())
    model = adapted(plain, LoraOptions(targets=("intermediate",))).train()
    model(waveforms).sum().backward()
    gradients = [each.grad for name, each in model.named_parameters() if "lora_B" in name]
    assert len(gradients) == 2
    assert all(each.abs().sum() > 0 for each in gradients)


def test_every_default_target_of_wav2vec2_has_a_gradient(waveforms):
    torch.manual_seed(0)
    model = AdaptedSpeechModel(Wav2Vec2Model(Wav2Vec2Config(**SMALL)), lora=LoraOptions())
    model.train()(waveforms).square().sum().backward()
    gradients = [each.grad for name, each in model.named_parameters() if "lora_B" in name]
    assert len(gradients) == 2 * 4
    assert all(each is not None and each.abs().sum() > 0 for each in gradients)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rank": 0}, r"x\.rank is 0; allowed is at least 1"),
        ({"targets": ["q", "keys"]}, r"x\.targets\.1 is 'keys'; allowed is 'q', 'k', 'v', 'out'"),
        ({"targets": []}, r"x\.targets is \[\]; allowed is at least 1"),
        ({"kind": "dora"}, r"x\.kind is 'dora'; allowed is 'lora'"),
        ({"alpha": 0}, r"x\.alpha is 0; allowed is more than 0"),
        ({"r": 4}, r"x\.r is no key; known are \['alpha'"),
    ],
)
def test_wrong_options_are_refused(change, message):
    with pytest.raises(ConfigError, match=message):
        build(LoraOptions, change, "x")
