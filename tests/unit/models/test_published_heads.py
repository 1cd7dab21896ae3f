import pytest
import torch

from signl.labels import BONAFIDE, CLASS_INDEX, SPOOF
from signl.models.head_kinds import build_head
from signl.models.heads import LinearHead, MlpHead
from signl.models.published_heads import CosineHead, LogitHead, SeluHead

HEADS = [
    MlpHead(12, widths=(6, 5)),
    LinearHead(12),
    LogitHead(12),
    SeluHead(12),
    CosineHead(12, widths=(6,)),
]
CLASSES = torch.tensor([CLASS_INDEX[label] for label in (SPOOF, BONAFIDE, SPOOF)])
WEIGHTS = torch.tensor([0.2, 0.8])


@pytest.mark.parametrize("head", [*HEADS, CosineHead(12)], ids=lambda head: type(head).__name__)
def test_a_head_is_built_again_as_it_describes_itself(head):
    again = build_head(12, **head.describe())
    again.load_state_dict(head.state_dict())
    embedding = torch.randn(3, 12)
    assert torch.equal(again.eval()(embedding), head.eval()(embedding))
    assert again.describe() == head.describe()


def test_an_unknown_head_is_refused():
    with pytest.raises(ValueError, match=r"kind 'cubic'; known are .*'cosine', .*'logits'"):
        build_head(4, kind="cubic")


@pytest.mark.parametrize("head", HEADS, ids=lambda head: type(head).__name__)
def test_the_loss_lifts_scores_of_bona_fide_above_those_of_spoofs(head):
    torch.manual_seed(0)
    head, embedding = build_head(12, **head.describe()), torch.randn(3, 12)
    optimiser = torch.optim.Adam(head.parameters(), lr=0.05)
    for _ in range(60):
        optimiser.zero_grad()
        head.loss(head(embedding), CLASSES, WEIGHTS).backward()
        optimiser.step()
    spoof, bonafide, other_spoof = head.eval().score(head(embedding)).tolist()
    assert bonafide > max(spoof, other_spoof)


def test_logits_are_scored_by_that_of_bona_fide_and_trained_by_cross_entropy():
    head, embedding = LogitHead(12), torch.randn(3, 12)
    logits = embedding @ head.classes.weight.T + head.classes.bias
    torch.testing.assert_close(head(embedding), logits)
    torch.testing.assert_close(head.score(head(embedding)), logits[:, CLASS_INDEX[BONAFIDE]])
    log_p = logits.log_softmax(1)[torch.arange(3), CLASSES]
    weights = WEIGHTS[CLASSES]
    expected = -(weights * log_p).sum() / weights.sum()
    torch.testing.assert_close(head.loss(head(embedding), CLASSES, WEIGHTS), expected)


def test_a_selu_stands_before_the_softmax():
    head, embedding = SeluHead(12), torch.randn(3, 12)
    logits = embedding @ head.classes.weight.T + head.classes.bias
    p = torch.nn.functional.selu(logits).softmax(1)
    torch.testing.assert_close(head(embedding).exp(), p)
    expected = -p[:, CLASS_INDEX[SPOOF]].log()
    torch.testing.assert_close(head.score(head(embedding)), expected)


def test_cosines_know_no_length():
    head, embedding = CosineHead(12).eval(), torch.randn(3, 12)
    expected = head(embedding)
    with torch.no_grad():
        head.weight.mul_(torch.tensor([3.0, 0.2]))
    torch.testing.assert_close(head(7 * embedding), expected)
    own = head.weight[:, CLASS_INDEX[BONAFIDE]]
    torch.testing.assert_close(head.score(head(own[None])), torch.tensor([1.0]))


def test_an_embedding_of_zeros_has_cosines_and_gradients():
    head, embedding = CosineHead(12), torch.zeros(2, 12, requires_grad=True)
    cosines = head(embedding)
    assert cosines.tolist() == [[0.0, 0.0]] * 2
    head.loss(cosines, CLASSES[:2], WEIGHTS).backward()
    assert embedding.grad.isfinite().all()
    assert head.weight.grad.isfinite().all()


@pytest.mark.parametrize(
    "head", [LogitHead(12), SeluHead(12), CosineHead(12)], ids=["logit", "selu", "cos"]
)
def test_outputs_are_in_full_precision_under_autocast(head):
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert head(torch.randn(3, 12)).dtype == torch.float32
