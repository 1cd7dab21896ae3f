import pytest
import torch
from safetensors import safe_open
from torch import nn

from signl.training.run import Patience, Run, best_of


def start(path, *, made_from="options", epochs=3, scheduled=True):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 1))
    optimiser = torch.optim.Adam(model.parameters(), lr=0.1)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, T_max=3)
    return Run(
        path,
        made_from=made_from,
        model=model,
        optimiser=optimiser,
        scheduler=scheduler if scheduled else None,
        patience=Patience(epochs=epochs),
    )


#: Results of the epochs; the third is the best.
RESULTS = [3.0, 2.0, 1.0, 1.5, 1.2]


def advance(run, n_epochs):
    """Train until as many epochs have been, each on inputs of its own."""
    while run.next_epoch < n_epochs:
        generator = torch.Generator().manual_seed(run.next_epoch)
        loss = run.model(torch.randn(8, 3, generator=generator)).square().mean()
        run.optimiser.zero_grad()
        loss.backward()
        run.optimiser.step()
        result = RESULTS[run.next_epoch]
        run.end_epoch({"loss": loss.item()}, [result], counts=run.next_epoch > 0)
    return run


def state_of(run):
    return {name: tensor.clone() for name, tensor in run.model.state_dict().items()}


def assert_equal_states(first, second):
    assert first.keys() == second.keys()
    assert all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize("scheduled", [True, False])
@pytest.mark.parametrize("n_before", [1, 2, 3, 4])
def test_a_resumed_run_is_the_run_that_was_not_disturbed(tmp_path, n_before, scheduled):
    whole = advance(start(tmp_path / "whole.ckpt", scheduled=scheduled), 5)
    advance(start(tmp_path / "killed.ckpt", scheduled=scheduled), n_before)
    resumed = start(tmp_path / "killed.ckpt", scheduled=scheduled)
    assert resumed.next_epoch == n_before
    advance(resumed, 5)
    assert resumed.history == whole.history
    assert resumed.patience == whole.patience
    assert_equal_states(state_of(resumed), state_of(whole))
    assert_equal_states(resumed.best_state, whole.best_state)
    if scheduled:
        assert resumed.scheduler.get_last_lr() == whole.scheduler.get_last_lr()


def test_a_checkpoint_of_another_run_is_not_resumed(tmp_path):
    advance(start(tmp_path / "run.ckpt", made_from="some options"), 3)
    anew = start(tmp_path / "run.ckpt", made_from="other options")
    assert anew.next_epoch == 0
    assert anew.patience == Patience(epochs=3)
    assert_equal_states(state_of(anew), state_of(start(tmp_path / "none.ckpt")))


def test_a_damaged_checkpoint_is_told_of_and_not_resumed(tmp_path, caplog):
    path = tmp_path / "run.ckpt"
    advance(start(path), 3)
    path.write_bytes(path.read_bytes()[:-100])
    assert advance(start(path), 5).history == advance(start(tmp_path / "none.ckpt"), 5).history
    assert f"{path} is damaged" in caplog.text


def flip(path, place, bit=0x40):
    content = bytearray(path.read_bytes())
    content[place] ^= bit
    path.write_bytes(content)


def places_of(path):
    """Places in every part of a checkpoint: its header, and the bytes of its tensors."""
    size = path.stat().st_size
    return [*range(0, size, max(1, size // 60)), size - 1]


def test_a_flipped_bit_anywhere_is_never_resumed_from(tmp_path, caplog):
    path = tmp_path / "run.ckpt"
    advance(start(path), 2)
    sound = path.read_bytes()
    fresh = state_of(start(tmp_path / "none.ckpt"))
    for place in places_of(path):
        path.write_bytes(sound)
        flip(path, place)
        run = start(path)
        assert run.next_epoch == 0
        assert_equal_states(state_of(run), fresh)
        assert "is damaged" in caplog.text
        caplog.clear()
        assert not path.exists()
        assert (tmp_path / "run.ckpt.damaged").exists()


def test_a_sound_checkpoint_of_another_shape_is_set_aside(tmp_path, caplog):
    path = tmp_path / "run.ckpt"
    advance(start(path), 2)
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 5), nn.BatchNorm1d(5), nn.Linear(5, 1))
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    optimiser = torch.optim.Adam(model.parameters(), lr=0.1)
    run = Run(
        path, made_from="options", model=model, optimiser=optimiser, patience=Patience(epochs=3)
    )
    assert run.next_epoch == 0
    assert_equal_states(state_of(run), before)
    assert "has not the tensors of the network in training" in caplog.text


def test_a_checkpoint_holds_nothing_pickled(tmp_path):
    path = tmp_path / "run.ckpt"
    advance(start(path), 2)
    with safe_open(path, framework="pt") as file:
        assert "model.0.weight" in file.keys()  # noqa: SIM118
    torch.save({"made_from": "options"}, path)
    assert start(path).next_epoch == 0


def test_the_model_ends_with_the_weights_of_the_best_epoch(tmp_path):
    best = state_of(advance(start(tmp_path / "three.ckpt"), 3))
    run = advance(start(tmp_path / "run.ckpt"), 5)
    assert any(not torch.equal(state_of(run)[name], best[name]) for name in best)
    assert best_of(run.history)["epoch"] == 2
    run.take_best()
    assert_equal_states(state_of(run), best)


def test_the_history_tells_of_every_epoch(tmp_path):
    run = advance(start(tmp_path / "run.ckpt"), 5)
    assert [record["epoch"] for record in run.history] == [0, 1, 2, 3, 4]
    assert [record["best"] for record in run.history] == [True, True, True, False, False]


def observe(patience, results, counts=None):
    """Observe results until the patience is over; return which were better."""
    better = []
    for place, result in enumerate(results):
        before = patience.best
        patience.observe(result, counts=counts[place] if counts else True)
        better.append(patience.best is not before)
        if patience.is_over:
            break
    return better


def test_patience_ends_after_as_many_epochs_without_a_better_one():
    patience = Patience(epochs=2)
    assert observe(patience, [[3.0], [2.0], [2.0], [1.0], [1.5], [1.0], [0.0]]) == [
        True,
        True,
        False,
        True,
        False,
        False,
    ]
    assert patience.is_over
    assert patience.best == 1.0


def test_better_means_by_more_than_the_least_difference():
    patience = Patience(epochs=3, min_delta=0.1)
    # Slow progress adds up: what is compared is the best that counted.
    assert observe(patience, [[1.0], [0.95], [0.89], [0.85]]) == [True, False, True, False]


def test_only_the_first_figure_renews_the_patience():
    patience = Patience(epochs=3)
    results = [[0.2, 5.0], [0.2, 4.0], [0.1, 9.0], [0.1, 8.0], [0.1, 7.0], [0.1, 6.0], [0.0, 0.0]]
    assert observe(patience, results) == [True, False, True, False, False, False]
    assert patience.is_over


def test_epochs_that_do_not_count_wear_out_nothing_but_may_be_best():
    patience = Patience(epochs=1)
    results, counts = [[2.0], [3.0], [1.0], [1.0], [1.0]], [False, False, False, False, True]
    assert observe(patience, results, counts) == [True, False, True, False, False]
    assert patience.is_over
