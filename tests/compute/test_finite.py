"""What is not a number is found, and what is large only is not."""

import math

import pytest
import torch
from torch import nn

from aeviz.compute.finite import refuse_gradients, refuse_weights
from aeviz.compute.tally import TrainingDiverged
from aeviz.compute.world import World


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_weight_that_is_no_number_is_named(value: float) -> None:
    weights = {"first": torch.ones(3), "second": torch.tensor([1.0, value])}
    with pytest.raises(TrainingDiverged, match="the weight second is not finite"):
        refuse_weights(weights, 1, 2)


def test_infinities_that_cancel_are_found() -> None:
    with pytest.raises(TrainingDiverged, match="the weight w"):
        refuse_weights({"w": torch.tensor([math.inf, -math.inf])}, 1, 2)


def test_large_numbers_whose_sum_overflows_are_numbers() -> None:
    weights = {"a": torch.full((4,), 3e38), "b": torch.zeros(0), "steps": torch.tensor([7])}
    refuse_weights(weights, 1, 2)


def test_a_gradient_that_is_no_number_is_named() -> None:
    model = nn.Linear(2, 1)
    model.weight.grad, model.bias.grad = torch.zeros(1, 2), torch.tensor([math.nan])
    with pytest.raises(TrainingDiverged, match="the gradient of bias is not finite"):
        refuse_gradients(model, World(), 1, 2)
    model.bias.grad = None
    refuse_gradients(model, World(), 1, 2)
