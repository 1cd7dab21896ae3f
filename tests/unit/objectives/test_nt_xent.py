import math

import pytest
import torch

from signl.objectives.nt_xent import nt_xent, partners
from signl.objectives.objectives import make_objective


def test_by_hand():
    # Unit vectors east, north | north-east, north: cosines of each with the three others.
    first = torch.tensor([[3.0, 0.0], [0.0, 2.0]])
    second = torch.tensor([[1.0, 1.0], [0.0, 5.0]])
    r = math.sqrt(0.5)
    rows = [(r, [r, 0, 0]), (1, [1, 0, r]), (r, [r, r, r]), (1, [1, 0, r])]
    expected = [
        -math.log(math.exp(own / 0.5) / sum(math.exp(each / 0.5) for each in others))
        for own, others in rows
    ]
    assert nt_xent(first, second, 0.5).item() == pytest.approx(sum(expected) / 4)


def test_partners_are_the_other_views():
    assert partners(3, device=torch.device("cpu")).tolist() == [3, 4, 5, 0, 1, 2]


@pytest.mark.parametrize("temperature", [0.5, 0.1, 0.07])
def test_loss_and_gradient_are_those_of_a_public_implementation(reference, temperature):
    fixture = reference("simclr")
    first = fixture.normal("z_i", 6, 16).requires_grad_()
    second = 0.5 * first.detach() + 0.7 * fixture.normal("z_j", 6, 16)
    fixture.assert_close(second, "z_j")
    loss = make_objective("simclr", 16, {"temperature": temperature})(first, second).loss
    fixture.assert_close(loss, f"loss_T{temperature:g}")
    loss.backward()
    fixture.assert_close(first.grad, f"grad_T{temperature:g}")
