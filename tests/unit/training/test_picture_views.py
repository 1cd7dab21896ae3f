import pytest
import torch
from baseline_fixtures import read_fixture
from pydantic import ValidationError

from signl.models.draws import SharedGenerator
from signl.training.picture_views import Box, PictureViews, canvas_of, mixback, mixup, resized
from signl.training.view_options import ViewOptions

SHAPE = (6, 8)


def pictures(n_rows=5, seed=0):
    return torch.randn(n_rows, 1, *SHAPE, generator=torch.Generator().manual_seed(seed))


def drawn(n_rows=5, seed=1):
    return SharedGenerator(torch.Generator().manual_seed(seed), 0, n_rows)


def made(**options):
    return PictureViews(ViewOptions(**options), SHAPE)


def test_mixing_and_cropping_are_those_of_the_published_code(shared):
    fixture = read_fixture(shared, "byola_augment")
    one, other = (fixture.normal(name, 1, 64, 96)[None] for name in "ab")
    mixed = mixup(one, other, torch.tensor(0.25))
    fixture.assert_close(mixed[0, 0, ::4, ::6], "mixup")
    canvas = canvas_of(one, torch.zeros(1, 1, 1, 1))
    for number, box in enumerate([Box(5, 20, 50, 110), Box(0, 3, 64, 60)], start=1):
        found = resized(canvas, box, (64, 96))
        fixture.assert_close(found[0, 0, ::4, ::6], f"crop{number}")


def test_what_is_mixed_back_has_its_share_of_the_energy():
    one, other = pictures(), 7 + pictures(seed=2)
    mixed = mixback(one, other, torch.tensor(0.3))
    added = mixed.exp() - 0.7 * one.exp()
    energies = (each.exp().sum(dim=(1, 2, 3)) for each in (one, added.log()))
    of_one, of_added = energies
    torch.testing.assert_close(of_added, 0.3 * of_one, rtol=1e-4, atol=0)
    scale = added / other.exp()
    torch.testing.assert_close(scale, scale[:, :, :1, :1].expand_as(scale), rtol=1e-3, atol=0)


def test_no_share_leaves_a_picture_as_it_is():
    one, other = pictures(), pictures(seed=2)
    torch.testing.assert_close(mixup(one, other, torch.zeros(5, 1, 1, 1)), one, atol=1e-5, rtol=0)


def test_the_bank_holds_the_latest_views_unmixed():
    views = made(mixup=0.4, bank=7).train()
    first, second, third = (pictures(seed=seed) for seed in range(3))
    (mixed_first, _) = views((first, second), drawn())
    assert torch.equal(mixed_first, first)  # the bank was empty
    views((third,), drawn())
    kept = torch.cat([first, second, third])[-7:]
    assert views.n_kept.tolist() == [15]
    # Fifteen views in seven places: the fifteenth lies in the first place.
    assert torch.equal(views.bank, kept.roll(1, dims=0))


def test_what_is_mixed_in_comes_from_the_bank():
    views = made(mixup=1.0, bank=4).train()
    loud = torch.full((4, 1, *SHAPE), 20.0)
    views((loud,), drawn(4))
    found = views((pictures(),), drawn())[0]
    share = (found - 20).exp()
    assert (share > 0.001).all()
    assert (share <= 1.001).all()
    flat = share.flatten(start_dim=1)
    torch.testing.assert_close(flat, flat[:, :1].expand_as(flat), rtol=1e-3, atol=0)
    assert flat[:, 0].std() > 0.05  # of each utterance its own


def test_only_training_mixes_and_keeps():
    views = made(mixup=0.4, bank=4).train()
    views((pictures(),), drawn())
    before = views.bank.clone()
    views.eval()
    assert torch.equal(views((pictures(seed=3),), drawn())[0], pictures(seed=3))
    assert torch.equal(views.bank, before)


def test_a_crop_as_large_as_the_picture_leaves_it_where_it_lies_within():
    # A crop of the whole height and length, anywhere on the canvas: the picture, moved.
    moved = made(resize_crop=(1.0, 1.0))((pictures(),), drawn())[0]
    canvas = canvas_of(pictures(), pictures().mean(dim=(1, 2, 3), keepdim=True))
    starts = range(canvas.shape[-1] - SHAPE[1] + 1)
    for row in range(5):
        crops = [canvas[row, :, :, start : start + SHAPE[1]] for start in starts]
        assert any(torch.allclose(moved[row], crop, atol=1e-5) for crop in crops)


@pytest.mark.parametrize("scale", [(0.6, 1.5), (0.01, 0.02), (3.0, 4.0)])
def test_crops_of_any_size_are_stretched_to_the_picture(scale):
    found = made(resize_crop=scale)((pictures(),), drawn())[0]
    assert found.shape == pictures().shape
    assert found.isfinite().all()


def test_compression_multiplies_each_picture_by_a_number():
    ratio = made(compression=0.25)((pictures(200),), drawn(200))[0] / pictures(200)
    numbers = ratio.flatten(start_dim=1)
    torch.testing.assert_close(numbers, numbers[:, :1].expand_as(numbers))
    assert 0.75 <= numbers.min() < 0.76
    assert 0.99 < numbers.max() <= 1.0001


def test_noise_has_a_deviation_of_each_picture_up_to_the_largest():
    noise = made(noise=0.5)((torch.zeros(300, 1, *SHAPE),), drawn(300))[0]
    assert noise.square().mean().item() == pytest.approx(0.5**2 / 3, rel=0.1)
    assert noise.mean().abs() < 0.01


def test_the_two_views_are_drawn_apart_and_the_same_seed_gives_the_same():
    options = {"resize_crop": (0.6, 1.5), "compression": 0.25, "noise": 0.1}
    one, two = made(**options)((pictures(), pictures()), drawn())
    assert not torch.allclose(one, two)
    again, _ = made(**options)((pictures(), pictures()), drawn())
    assert torch.equal(again, one)


def test_a_process_with_some_rows_draws_what_one_alone_does():
    views = made(resize_crop=(0.6, 1.5), compression=0.25, noise=0.1)
    whole = views((pictures(),), drawn())[0]
    part = SharedGenerator(torch.Generator().manual_seed(1), 2, 5)
    torch.testing.assert_close(views((pictures()[2:4],), part)[0], whole[2:4])


def test_ranges_the_wrong_way_round_are_refused():
    with pytest.raises(ValidationError, match=r"resize_crop is \[1.5, 0.6\]; allowed is the least"):
        ViewOptions(resize_crop=(1.5, 0.6))


def test_by_default_nothing_is_done():
    assert ViewOptions().is_none
    for name, value in {
        "mixup": 0.1,
        "mixback": 0.1,
        "resize_crop": (0.5, 1.0),
        "noise": 0.1,
    }.items():
        assert not ViewOptions(**{name: value}).is_none
