"""Losses that are not finite are refused by name, also where many are looked at together."""

import math

import numpy as np
import pytest
import torch

from signl.errors import TrainingError
from signl.training import loss_values
from signl.training.loss_values import FiniteLosses, mean_loss


def test_the_mean_is_over_utterances():
    losses = [(3, torch.tensor(1.0)), (1, torch.tensor(5.0))]
    assert mean_loss(losses) == pytest.approx(np.mean([1.0, 1.0, 1.0, 5.0]))


def test_a_device_is_asked_for_many_losses_at_once_and_the_first_bad_one_is_named():
    # A device without data: that it is asked at all would be an error.
    losses = FiniteLosses(torch.device("meta"))
    for number in range(loss_values.LOSSES_PER_CHECK - 1):
        losses.add(torch.zeros((), device="meta"), f"batch {number}")
    values = [1.0, 2.0, math.inf, math.nan]
    late = FiniteLosses(torch.device("meta"))
    for number, value in enumerate(values):
        late.add(torch.tensor(value), f"batch {number}")
    with pytest.raises(TrainingError, match="batch 2: the loss is inf"):
        late.check()
