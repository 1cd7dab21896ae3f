import pytest
import torch

from signl.models.heads import PretrainingModel
from signl.models.signl.options import GraphAugmentation, SignlOptions
from signl.models.signl.spectral_temporal import SpectralTemporalEncoder
from signl.objectives.collapse import MIN_DEVIATION, CollapseDiagnostics, collapsed, diagnose
from signl.objectives.objectives import make_objective


def gaussian(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_an_isotropic_gaussian_has_not_collapsed():
    diagnostics = diagnose(gaussian(4000, 32))
    assert diagnostics.deviation == pytest.approx(1, abs=0.01)
    assert diagnostics.effective_rank == pytest.approx(32, rel=0.01)
    assert diagnostics.correlation == pytest.approx(0.798 / 4000**0.5, rel=0.1)
    assert not collapsed(diagnostics)


def test_a_point_has_collapsed():
    diagnostics = diagnose(gaussian(1, 32).expand(100, 32))
    assert diagnostics.deviation == pytest.approx(0, abs=1e-12)
    assert diagnostics.effective_rank == pytest.approx(1)
    assert diagnostics.correlation == 1
    assert collapsed(diagnostics)


def test_nothing_but_zeros_has_collapsed():
    assert collapsed(diagnose(torch.zeros(10, 4)))


def test_a_line_through_the_origin_has_collapsed_though_it_spreads():
    diagnostics = diagnose(gaussian(500, 1).double() * gaussian(1, 32, seed=1))
    assert diagnostics.deviation > 0.5
    assert diagnostics.effective_rank == pytest.approx(1)
    assert diagnostics.correlation == pytest.approx(1)
    assert collapsed(diagnostics)


def test_the_effective_rank_counts_equal_directions():
    basis = torch.linalg.qr(gaussian(16, 16)).Q[:, :5]  # five orthonormal directions of 16
    orthonormal = torch.linalg.qr(gaussian(200, 5, seed=1)).Q
    assert diagnose(orthonormal @ basis.T).effective_rank == pytest.approx(5, rel=1e-5)


def test_scale_does_not_matter():
    embeddings = gaussian(100, 8)
    assert diagnose(1000 * embeddings) == pytest.approx(diagnose(embeddings), rel=1e-5)


@pytest.mark.parametrize(("noise", "verdict"), [(0.02, True), (0.2, False)])
def test_the_threshold_of_deviation_lies_between(noise, verdict):
    embeddings = torch.ones(300, 64) + noise * gaussian(300, 64)
    diagnostics = diagnose(embeddings)
    assert collapsed(diagnostics) is verdict
    unit = torch.nn.functional.normalize(embeddings, dim=1)
    mean_cosine = ((unit @ unit.T).sum() - 300) / (300 * 299)
    assert diagnostics.deviation <= (1 - mean_cosine) ** 0.5 + 1e-6
    assert (diagnostics.deviation < MIN_DEVIATION) is verdict


def test_constant_channels_are_left_out_of_the_correlation():
    varying = gaussian(200, 4)
    with_constants = torch.cat([varying, torch.full((200, 3), 7.1)], dim=1)
    assert diagnose(with_constants).correlation == pytest.approx(diagnose(varying).correlation)


def test_correlation_by_hand():
    first = torch.tensor([1.0, -1.0, 1.0, -1.0])
    independent = torch.tensor([1.0, 1.0, -1.0, -1.0])
    embeddings = torch.stack([first, -2 * first, independent], dim=1)
    assert diagnose(embeddings).correlation == pytest.approx(1 / 3)


@pytest.mark.parametrize(
    ("deviation", "rank", "verdict"),
    [(0.5, 10.0, False), (0.01, 10.0, True), (0.5, 1.5, True)],
)
def test_either_sign_is_enough(deviation, rank, verdict):
    diagnostics = CollapseDiagnostics(deviation, rank, correlation=0.1)
    assert collapsed(diagnostics) is verdict


def test_too_few_or_broken_embeddings_are_refused():
    with pytest.raises(ValueError, match=r"got \(1, 8\)"):
        diagnose(torch.ones(1, 8))
    with pytest.raises(ValueError, match="not finite"):
        diagnose(torch.full((4, 8), torch.nan))


def projections_after_training(name, *, steps=40, batch=32):
    torch.manual_seed(0)
    config = SignlOptions(nodes=8, channels=8, layers=3)
    encoder = SpectralTemporalEncoder(16, 32, config)
    model = PretrainingModel(encoder, widths=(32, 16), dropout=0.0)
    objective = make_objective(name, 16, {})
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-2)
    generator = torch.Generator().manual_seed(0)
    utterances = gaussian(batch, 1, 16, 32)
    for _ in range(steps):
        pictures = [utterances + 0.3 * torch.randn(utterances.shape) for _ in range(2)]
        views = model(*pictures, augmentation=GraphAugmentation(), generator=generator)
        optimiser.zero_grad()
        objective(views.first.projection, views.second.projection).loss.backward()
        optimiser.step()
    with torch.no_grad():
        return model.eval()(utterances, utterances).first.projection


@pytest.mark.parametrize(
    ("objective", "verdict"), [("alignment", True), ("vicreg", False), ("simclr", False)]
)
def test_training_collapses_where_the_objective_allows_it(objective, verdict):
    assert collapsed(diagnose(projections_after_training(objective))) is verdict
