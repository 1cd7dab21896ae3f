"""A step of networks without graphs; those with graphs are in test_pretrain."""

import pytest
import torch
from pydantic import ValidationError
from transformers import Wav2Vec2Model

from signl.errors import ConfigError
from signl.features.speech_model.hidden_states import TrainableSpeechModel
from signl.models.audio_ntt.options import AudioNTTOptions
from signl.models.end_to_end import EndToEndEncoder
from signl.models.heads import PretrainingModel
from signl.objectives.cola.options import COLAOptions
from signl.objectives.moco.options import MoCoOptions
from signl.objectives.nt_xent import nt_xent
from signl.objectives.simclr.options import SimCLROptions
from signl.training.crops import Batch
from signl.training.objective_step import Network
from signl.training.options import PretrainingOptions
from signl.training.view_options import ViewOptions


def network(**options):
    torch.manual_seed(0)
    encoder = AudioNTTOptions(embedding=12, dropout=0.0).build(8, 16)
    model = PretrainingModel(encoder, widths=[10, 6], dropout=0.0)
    options = {"objective": SimCLROptions(temperature=0.5), "head_widths": (10, 6), **options}
    return Network(model, PretrainingOptions(**options))


def batch():
    views = torch.randn(2, 4, 1, 8, 16, generator=torch.Generator().manual_seed(1))
    return Batch(tuple(views), torch.zeros(4, dtype=torch.long))


def step(module):
    return module(batch(), torch.Generator().manual_seed(2))


def passes(module):
    return int(module.model.encoder.features[1].num_batches_tracked)


def test_joint_views_are_one_batch_of_batch_normalisation():
    joint, apart = network(joint_views=True).train(), network().train()
    found, _ = step(joint), step(apart)
    assert (passes(joint), passes(apart)) == (1, 2)
    model = network().train().model
    both = model.projection(model.encoder.embed(torch.cat(batch().views)))
    torch.testing.assert_close(found.loss, nt_xent(both[:4], both[4:], 0.5))
    torch.testing.assert_close(found.projections, both[:4])
    assert not torch.allclose(found.loss, step(network().train()).loss)


def test_without_batch_statistics_joint_views_change_nothing():
    found, expected = (step(network(joint_views=joint).eval()) for joint in (True, False))
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other)


def test_joint_views_and_a_momentum_copy_are_refused():
    with pytest.raises(ValidationError, match="joint_views is true with an objective of kind moco"):
        PretrainingOptions(joint_views=True, objective=MoCoOptions())


def test_the_weights_of_an_objective_are_trained():
    module = network(objective=COLAOptions()).train()
    step(module).loss.backward()
    assert module.objective.objective.bilinear.weight.grad.any()
    assert module.model.encoder.features[0].weight.grad.any()


def test_the_momentum_copy_is_not_trained():
    module = network(objective=MoCoOptions(queue=96)).train()
    step(module).loss.backward()
    assert all(weight.grad is None for weight in module.target.parameters())
    assert all(weight.grad is not None for weight in module.model.parameters())


def test_views_are_augmented_before_the_network_sees_them():
    views = {"views": ViewOptions(compression=1.0)}
    found, plain = step(network(**views).eval()), step(network().eval())
    assert not torch.allclose(found.embeddings, plain.embeddings)
    assert torch.equal(step(network(**views).eval()).embeddings, found.embeddings)


def test_views_of_waveforms_are_refused(speech_model_folder):
    frontend = TrainableSpeechModel(Wav2Vec2Model.from_pretrained(speech_model_folder), layer=-1)
    encoder = EndToEndEncoder(frontend, AudioNTTOptions(), clip_s=0.5, crop_samples=4000)
    options = PretrainingOptions(objective=SimCLROptions(), views=ViewOptions(noise=0.1))
    with pytest.raises(ConfigError, match="this network reads audio"):
        Network(PretrainingModel(encoder), options)
