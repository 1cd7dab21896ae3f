import pytest
import torch

from signl.devices import Resources
from signl.training.job import (
    EncoderFiles,
    ModelFiles,
    digest_of,
    make_fabric,
    seed_epoch,
    seed_weights,
)


def test_one_thread_computes_and_the_others_load():
    assert Resources.of(1, 1) == Resources(gpu=1, n_workers=0)
    assert Resources.of(0, 5) == Resources(gpu=0, n_workers=4)


def test_a_recipe_without_pretraining_has_no_encoder_files():
    assert EncoderFiles.of([]) is None
    assert EncoderFiles.of(["model", "config"]) == EncoderFiles("model", "config")


def test_the_checkpoint_lies_beside_the_history(tmp_path):
    files = ModelFiles("model", "config", tmp_path / "history.jsonl")
    assert files.checkpoint == tmp_path / ".resume.ckpt"


@pytest.mark.parametrize("precision", ["bf16-mixed", "32-true"])
def test_a_cpu_computes_in_float32(precision):
    fabric = make_fabric(precision, gpu=0)
    assert fabric.device == torch.device("cpu")
    module = fabric.setup_module(torch.nn.Linear(2, 2))
    assert module(torch.zeros(1, 2)).dtype == torch.float32


def draws(seed, *arguments):
    seed(*arguments)
    return torch.rand(3).tolist()


def test_what_modules_draw_follows_seed_and_epoch():
    assert draws(seed_weights, 1) == draws(seed_weights, 1)
    assert draws(seed_epoch, 1, 2) == draws(seed_epoch, 1, 2)
    different = [
        draws(seed_weights, 1),
        draws(seed_weights, 2),
        draws(seed_epoch, 1, 2),
        draws(seed_epoch, 1, 3),
        draws(seed_epoch, 2, 2),
    ]
    assert len({tuple(values) for values in different}) == len(different)


def test_digests_follow_content_alone(tmp_path):
    for name, content in (("a", b"x"), ("b", b"x"), ("c", b"y")):
        (tmp_path / name).write_bytes(content)
    assert digest_of(tmp_path / "a") == digest_of(tmp_path / "b") != digest_of(tmp_path / "c")
