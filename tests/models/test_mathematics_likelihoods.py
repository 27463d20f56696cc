"""Likelihoods of counts and learned variances against other implementations, in float64."""

import math
from typing import Any

import pytest
import torch
from scipy import stats
from torch import Tensor

from aeviz.models import MODELS
from aeviz.models.base import DataSpec
from aeviz.models.likelihoods import Observation, log_rising
from tests.models.tiny import batch_of, step, tiny

COUNTS = DataSpec((6,), samples=64, bounded=False, classes=3, size=40.0)
PLAIN = DataSpec((6,), samples=64, bounded=False)


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def counts(rows: int = 9) -> Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.poisson(torch.full((rows, 6), 5.0, dtype=torch.float64), generator=generator)


def observation(likelihood: str, data: DataSpec = COUNTS, **options: Any) -> Observation:
    made = Observation(data, likelihood, **options).double()
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.copy_(0.5 * normal(*parameter.shape, seed=7))
    return made


def means(x: Tensor, output: Tensor) -> Tensor:
    """The decoded share of each sample's own total."""
    return torch.softmax(output, dim=1) * x.sum(dim=1, keepdim=True)


def test_poisson_is_that_of_scipy() -> None:
    x, output = counts(), normal(9, 6)
    exact = stats.poisson.logpmf(x.numpy(), means(x, output).numpy()).sum(axis=1)
    assert observation("poisson").log_prob(x, output).tolist() == pytest.approx(exact.tolist())


def test_the_negative_binomial_is_that_of_scipy_and_torch() -> None:
    x, output, observed = counts(), normal(9, 6), observation("nb")
    assert observed.log_theta is not None
    theta, mean = observed.log_theta.detach().exp(), means(x, output)
    exact = stats.nbinom.logpmf(x.numpy(), theta.numpy(), (theta / (theta + mean)).numpy())
    found = observed.log_prob(x, output).detach()
    assert found.tolist() == pytest.approx(exact.sum(axis=1).tolist())
    other = torch.distributions.NegativeBinomial(theta, logits=(mean / theta).log())
    assert torch.allclose(found, other.log_prob(x).sum(dim=1))


def test_the_negative_binomial_of_no_dispersion_is_poisson() -> None:
    x, output, observed = counts(), normal(9, 6), observation("nb")
    assert observed.log_theta is not None
    observed.log_theta.data.fill_(math.log(1e9))
    poisson = observation("poisson").log_prob(x, output)
    assert torch.allclose(observed.log_prob(x, output), poisson, atol=1e-4)


@pytest.mark.parametrize("log_theta", range(-4, 31, 2))
def test_the_negative_binomial_is_exact_in_single_precision(log_theta: int) -> None:
    x = torch.tensor([[0.0, 1, 2, 7, 30, 100]]).repeat(4, 1)
    output = normal(4, 6).float().requires_grad_()
    observed = Observation(COUNTS, "nb")
    assert observed.log_theta is not None
    observed.log_theta.data.fill_(log_theta)
    found = observed.log_prob(x, output)
    mean = means(x.double(), output.detach().double()).numpy()
    if log_theta <= 10:
        theta = math.exp(log_theta)
        exact = stats.nbinom.logpmf(x.numpy(), theta, theta / (theta + mean)).sum(axis=1)
        assert found.tolist() == pytest.approx(exact.tolist(), rel=1e-5, abs=1e-3)
    if log_theta >= 16:
        poisson = stats.poisson.logpmf(x.numpy(), mean).sum(axis=1)
        assert found.tolist() == pytest.approx(poisson.tolist(), rel=1e-5, abs=2e-3)
    found.sum().backward()
    for gradient in (output.grad, observed.log_theta.grad):
        assert gradient is not None
        assert gradient.isfinite().all()


def test_a_dispersion_beyond_all_numbers_is_poisson() -> None:
    x, output, observed = counts(), normal(9, 6), observation("nb")
    assert observed.log_theta is not None
    observed.log_theta.data.fill_(1000)
    assert torch.allclose(observed.log_prob(x, output), observation("poisson").log_prob(x, output))


def test_the_rising_factorial_has_the_gradient_of_its_value_on_either_side() -> None:
    theta = torch.tensor([1e-3, 0.5, 9.0, 11.0, 1e4], dtype=torch.float64, requires_grad=True)
    x = torch.tensor([[0.0], [1.0], [40.0]], dtype=torch.float64)
    exact = torch.lgamma(theta + x) - torch.lgamma(theta)
    assert torch.allclose(log_rising(theta, x), exact, atol=1e-9)
    (found,) = torch.autograd.grad(log_rising(theta, x).sum(), theta)
    (expected,) = torch.autograd.grad(exact.sum(), theta)
    assert torch.allclose(found, expected, atol=1e-9)


@pytest.mark.parametrize("likelihood", ["poisson", "nb"])
def test_a_sample_without_counts_has_a_finite_likelihood(likelihood: str) -> None:
    x, output = torch.zeros(2, 6, dtype=torch.float64), normal(2, 6).requires_grad_()
    found = observation(likelihood).log_prob(x, output)
    assert torch.allclose(found, torch.zeros(2, dtype=torch.float64), atol=0.01)
    found.sum().backward()
    assert output.grad is not None
    assert output.grad.isfinite().all()


@pytest.mark.parametrize("likelihood", ["poisson", "nb"])
def test_counts_are_decoded_at_the_median_library_size(likelihood: str) -> None:
    model = tiny(MODELS["vae"], COUNTS, likelihood=likelihood).eval()
    decoded = model.decode(torch.randn(5, 2, generator=torch.Generator().manual_seed(0)))
    assert (decoded >= 0).all()
    assert torch.allclose(decoded.sum(dim=1), torch.full((5,), 40.0))


def test_encoders_see_the_logarithm_of_counts() -> None:
    x = counts()
    assert torch.equal(observation("nb").seen(x), torch.log1p(x))
    assert torch.equal(observation("gaussian").seen(x), x)


def test_counts_are_nb_by_default_and_other_data_have_no_likelihood_of_counts() -> None:
    assert tiny(MODELS["vae"], COUNTS).observation.kind == "nb"
    with pytest.raises(ValueError, match="needs a table of counts, and these data are none"):
        tiny(MODELS["vae"], PLAIN, likelihood="poisson")
    with pytest.raises(ValueError, match=r"model\.output=sigmoid cannot be with model\.like"):
        tiny(MODELS["vae"], COUNTS, output="sigmoid")


@pytest.mark.parametrize("name", ["learned", "per-feature"])
def test_a_learned_variance_has_the_density_of_a_normal(name: str) -> None:
    x, mean = normal(5, 6), normal(5, 6, seed=1)
    observed = observation("gaussian", PLAIN, variance=name)
    assert observed.log_sigma is not None
    exact = torch.distributions.Normal(mean, observed.log_sigma.exp()).log_prob(x).sum(1)
    assert torch.allclose(observed.log_prob(x, mean), exact)
    assert observed.distance(x, mean).item() == pytest.approx(-exact.sum().item())


def test_the_learned_variance_is_the_mean_squared_error() -> None:
    x, mean = normal(500, 6), normal(500, 6, seed=1)
    observed = Observation(PLAIN, "gaussian", variance="learned").double()
    optimiser = torch.optim.LBFGS(observed.parameters(), max_iter=100)

    def closure() -> Tensor:
        optimiser.zero_grad()
        nats = observed.distance(x, mean)
        nats.backward()
        return nats

    optimiser.step(closure)
    assert observed.log_sigma is not None
    assert torch.exp(2 * observed.log_sigma).item() == pytest.approx(
        (x - mean).square().mean().item(), rel=1e-5
    )


@pytest.mark.parametrize(
    ("likelihood", "data", "options"),
    [
        ("poisson", COUNTS, {}),
        ("nb", COUNTS, {}),
        ("gaussian", PLAIN, {}),
        ("gaussian", PLAIN, {"variance": "per-feature"}),
        ("mse", PLAIN, {}),
        ("bernoulli", DataSpec((6,), bounded=True), {}),
    ],
)
def test_gradients_are_right(likelihood: str, data: DataSpec, options: dict[str, Any]) -> None:
    observed = observation(likelihood, data, **options)
    x = counts(3) if data is COUNTS else torch.rand(3, 6, dtype=torch.float64)
    output = normal(3, 6).requires_grad_()
    assert torch.autograd.gradcheck(lambda values: observed.distance(x, values), output)


def test_the_dispersion_gets_a_gradient() -> None:
    model, batch = tiny(MODELS["vae"], COUNTS), batch_of(COUNTS)
    batch.x.abs_().round_()
    model.loss(batch, step()).total.backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in model.parameters())
