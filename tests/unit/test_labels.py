import torch

from signl.labels import BONAFIDE, CLASS_INDEX, PARTITIONS, SPOOF
from signl.models.heads import score


def test_class_indices_are_those_of_the_method():
    assert CLASS_INDEX == {"spoof": 0, "bonafide": 1}
    assert (SPOOF, BONAFIDE) == ("spoof", "bonafide")
    assert PARTITIONS == ("train", "dev", "eval")


def test_a_score_rises_with_belief_in_bona_fide():
    sure = torch.tensor([[0.9, 0.1], [0.1, 0.9]]).log()
    assert score(sure)[CLASS_INDEX[BONAFIDE]] > score(sure)[CLASS_INDEX[SPOOF]]
