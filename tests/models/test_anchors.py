"""What a collapsed model reaches, and the floor, of known samples."""

import math
from typing import Any

import pytest
import torch
from torch import Tensor

from aeviz.models.anchors import anchors
from aeviz.models.base import MODELS, DataSpec, KnownTruth
from aeviz.models.likelihoods import Observation

GREY = torch.tensor([[0.25, 1.0], [0.75, 1.0]])


def values(x: Tensor, bounded: bool = True, **options: Any) -> dict[str, float]:
    observation = Observation(DataSpec(tuple(x.shape[1:]), len(x), bounded=bounded), **options)
    return {line.title: line.value for line in anchors(observation, x)}


def entropy(p: float) -> float:
    return -p * math.log(p) - (1 - p) * math.log(1 - p)


def test_of_grey_pixels_both_are_entropies() -> None:
    found = values(GREY, likelihood="bernoulli")
    assert found["Collapsed model"] == pytest.approx(math.log(2))  # the means are ½ and 1
    assert found["Floor"] == pytest.approx(entropy(0.25))


def test_binary_draws_of_grey_pixels_have_the_same_collapse_and_no_floor() -> None:
    observation = Observation(DataSpec((2,), 2), "bernoulli")
    assert [line.for_draws for line in anchors(observation, GREY)] == [True, False]


def test_black_and_white_pixels_have_no_floor() -> None:
    assert set(values(GREY.round(), likelihood="bernoulli")) == {"Collapsed model"}


@pytest.mark.parametrize("sigma", [0.5, 2.0])
def test_of_a_gaussian_with_a_fixed_width(sigma: float) -> None:
    found = values(GREY, likelihood="gaussian", sigma=sigma)
    constant = 2 * (math.log(sigma) + 0.5 * math.log(2 * math.pi))
    assert found["Floor"] == pytest.approx(constant)
    assert found["Collapsed model"] == pytest.approx(constant + 0.0625 / (2 * sigma**2))


def test_of_a_learned_width_it_is_the_entropy_of_a_gaussian() -> None:
    x = torch.tensor([[0.0, 0.0], [2.0, 4.0]])
    found = values(x, bounded=False, likelihood="gaussian", variance="learned")
    assert found == {"Collapsed model": pytest.approx(math.log(2 * math.pi * math.e * 2.5))}
    found = values(x, bounded=False, likelihood="gaussian", variance="per-feature")
    each = 0.5 * math.log(2 * math.pi * math.e) + 0.5 * math.log(4 * 2 * math.pi * math.e)
    assert found == {"Collapsed model": pytest.approx(each)}
    assert values(GREY, likelihood="gaussian", variance="per-feature") == {}  # one never varies


def test_of_the_squared_error_it_is_the_variance() -> None:
    assert values(GREY, likelihood="mse") == {"Collapsed model": pytest.approx(0.0625)}


@pytest.mark.parametrize(
    "options", [{"likelihood": "bernoulli"}, {"likelihood": "gaussian", "sigma": 0.3}]
)
def test_no_model_with_one_decode_for_all_is_better(options: dict[str, Any]) -> None:
    x = torch.rand(50, 6, generator=torch.Generator().manual_seed(0))
    observation = Observation(DataSpec((6,), 50), **options)
    output = torch.zeros(6, requires_grad=True)
    optimiser = torch.optim.LBFGS([output], max_iter=200, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimiser.zero_grad()
        loss = observation.distance(x, output.expand_as(x)) / len(x)
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    optimiser.step(closure)  # type: ignore[no-untyped-call]
    assert closure().item() == pytest.approx(anchors(observation, x)[0].value, rel=1e-5)


def test_of_digits_a_collapsed_model_is_left_with_all_variance() -> None:
    from sklearn.datasets import load_digits

    x = torch.from_numpy(load_digits().data / 16)
    found = values(x, likelihood="mse")
    assert found["Collapsed model"] == pytest.approx(64 * 0.073332, abs=64 * 5e-7)


@pytest.mark.parametrize("name", ["vae", "capacity-vae", "tc-vae", "wae"])
def test_models_with_a_likelihood_say_their_anchors(name: str) -> None:
    model = MODELS[name].build(DataSpec((2,), 2), {"likelihood": "mse"})
    assert isinstance(model, KnownTruth)
    (line,) = model.truths(GREY)
    assert (line.metric, line.for_draws) == ("reconstruction", False)
    assert line.definition.startswith("Reconstruction term of the best model that decodes the same")
    assert "2 training samples" in line.definition
