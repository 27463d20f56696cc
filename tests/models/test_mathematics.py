"""The losses against closed forms, Monte Carlo and each other, in double precision."""

import math
from typing import Any

import pytest
import torch
from torch import Tensor

from aeviz.models import MODELS
from aeviz.models.base import Batch, DataSpec, LatentModel
from aeviz.models.layers import kl_to_standard_normal, sample_normal, squared_error
from aeviz.models.likelihoods import Observation, log_standard_normal
from aeviz.models.linear import pca_error
from tests.models.tiny import IMAGE, TABLE, batch_of, step, tiny


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def observation(likelihood: str, **options: Any) -> Observation:
    return Observation(DataSpec((3,), bounded=True), likelihood, **options).double()


def test_the_kl_divergence_agrees_with_monte_carlo() -> None:
    mu, log_var = normal(1, 3), 0.5 * normal(1, 3, seed=1)
    count = 200_000
    z = sample_normal(
        mu.expand(count, 3), log_var.expand(count, 3), torch.Generator().manual_seed(2)
    )
    log_q = log_standard_normal((z - mu) / torch.exp(0.5 * log_var)) - 0.5 * log_var.sum()
    samples = log_q - log_standard_normal(z)
    error = float(samples.std()) / math.sqrt(count)
    exact = float(kl_to_standard_normal(mu, log_var))
    assert abs(float(samples.mean()) - exact) < 4 * error


def test_the_kl_divergence_of_the_prior_to_itself_is_zero_and_never_negative() -> None:
    zeros = torch.zeros(1, 4, dtype=torch.float64)
    assert float(kl_to_standard_normal(zeros, zeros)) == 0
    assert (kl_to_standard_normal(normal(500, 4), 2 * normal(500, 4, seed=1)) >= 0).all()


def test_the_divergence_is_summed_over_dimensions() -> None:
    mu, log_var = torch.full((2, 5), 0.7), torch.full((2, 5), -0.2)
    one = kl_to_standard_normal(mu[:, :1], log_var[:, :1])
    assert torch.allclose(kl_to_standard_normal(mu, log_var), 5 * one)


def test_draws_have_the_asked_mean_and_variance() -> None:
    mu, log_var = torch.tensor([[1.0, -2.0]]), torch.tensor([[0.6, -1.5]])
    z = sample_normal(
        mu.expand(100_000, 2), log_var.expand(100_000, 2), torch.Generator().manual_seed(0)
    )
    assert torch.allclose(z.mean(0), mu[0], atol=0.02)
    assert torch.allclose(z.var(0).log(), log_var[0], atol=0.02)


def test_the_squared_error_is_summed_over_features_without_a_half() -> None:
    x, x_hat = normal(4, 7), normal(4, 7, seed=1)
    assert squared_error(x, x_hat).item() == pytest.approx(
        (x - x_hat).square().sum(dim=1).mean().item()
    )


@pytest.mark.parametrize("likelihood", ["bernoulli", "gaussian"])
def test_the_distance_is_the_negative_log_likelihood(likelihood: str) -> None:
    x, output = torch.rand(4, 7, dtype=torch.float64).round(), normal(4, 7)
    observed = observation(likelihood, sigma=0.3)
    nats = observed.distance(x, output)
    assert nats.item() == pytest.approx(-observed.log_prob(x, output).sum().item())


def test_the_gaussian_has_its_constants() -> None:
    x, mean, sigma = normal(5, 3), normal(5, 3, seed=1), 0.4
    exact = torch.distributions.Normal(mean, sigma).log_prob(x).sum(1)
    assert torch.allclose(observation("gaussian", sigma=sigma).log_prob(x, mean), exact)


def test_the_bernoulli_takes_logits_and_grey_targets() -> None:
    x, logits = torch.rand(5, 3, dtype=torch.float64), normal(5, 3)
    p = torch.sigmoid(logits)
    exact = (x * p.log() + (1 - x) * (1 - p).log()).sum(1)
    assert torch.allclose(observation("bernoulli").log_prob(x, logits), exact)


def test_mse_is_a_gaussian_of_variance_one_half_without_its_constant() -> None:
    x, mean = normal(5, 3), normal(5, 3, seed=1)
    gaussian = observation("gaussian", sigma=math.sqrt(0.5)).distance(x, mean)
    constant = x.numel() * 0.5 * math.log(math.pi)
    mse = observation("mse")
    assert mse.distance(x, mean).item() == pytest.approx(gaussian.item() - constant)
    with pytest.raises(ValueError, match="states no likelihood"):
        mse.log_prob(x, mean)


def test_sigma_is_stated_and_matters_only_for_the_gaussian() -> None:
    assert "σ = 0.25" in tiny(MODELS["vae"], TABLE, sigma=0.25).terms[0].definition
    bernoulli = [tiny(MODELS["vae"], IMAGE, sigma=sigma) for sigma in (0.1, 1.0)]
    losses = [model.loss(batch_of(IMAGE), step()).total for model in bernoulli]
    assert torch.equal(*losses)


def test_beta_multiplies_the_divergence_alone_and_is_live() -> None:
    model = tiny(MODELS["vae"], TABLE)
    free = model.loss(batch_of(TABLE), step(beta=0.0))
    heavy = model.loss(batch_of(TABLE), step(beta=100.0))
    assert torch.equal(free.total, free.parts["reconstruction"])
    assert torch.equal(free.parts["kl"], heavy.parts["kl"])
    assert heavy.total.item() == pytest.approx(
        (heavy.parts["reconstruction"] + 100 * heavy.parts["kl"]).item()
    )


def test_without_a_turned_weight_the_configured_beta_holds() -> None:
    losses = tiny(MODELS["vae"], TABLE, beta=4.0).loss(batch_of(TABLE), step())
    expected = losses.parts["reconstruction"] + 4 * losses.parts["kl"]
    assert torch.equal(losses.total, expected)


def test_images_are_bernoulli_and_tables_gaussian_by_default() -> None:
    assert tiny(MODELS["vae"], IMAGE).observation.kind == "bernoulli"
    assert tiny(MODELS["vae"], TABLE).observation.kind == "gaussian"


def test_a_bernoulli_of_unbounded_values_is_refused() -> None:
    with pytest.raises(ValueError, match=r"model\.likelihood=bernoulli needs values in \[0, 1\]"):
        tiny(MODELS["vae"], TABLE, likelihood="bernoulli")


def test_a_bernoulli_with_a_linear_output_is_refused() -> None:
    with pytest.raises(ValueError, match=r"model\.output=linear cannot be a probability"):
        tiny(MODELS["vae"], IMAGE, output="linear")


@pytest.mark.parametrize("bias", [True, False])
def test_the_linear_autoencoder_reaches_the_pca_optimum(bias: bool) -> None:
    x = (normal(80, 6) @ normal(6, 6, seed=1) + normal(1, 6, seed=2)).double()
    spec = DataSpec((6,), 80, bounded=False)
    model = tiny(MODELS["linear"], spec, bias=bias).double()
    truth = model.truths(x)[0].value
    losses = optimise(model, x)
    assert losses[-1] / 6 == pytest.approx(truth, rel=1e-8)
    assert losses[-1] / 6 >= truth * (1 - 1e-12)


def test_the_linear_autoencoder_finds_the_principal_plane() -> None:
    x = normal(80, 6) @ normal(6, 6, seed=1)
    model = tiny(MODELS["linear"], DataSpec((6,), 80, bounded=False)).double()
    optimise(model, x)
    plane = torch.linalg.svd(x - x.mean(0))[2][:2]
    learned = torch.linalg.qr(model.decoder.weight.detach())[0]
    cosines = torch.linalg.svdvals(plane @ learned)
    assert torch.allclose(cosines, torch.ones(2, dtype=torch.float64), atol=1e-8)


def optimise(model: LatentModel, x: Tensor) -> list[float]:
    """Minimise the loss over all samples with LBFGS; its values."""
    batch, losses = Batch(x, None, torch.arange(len(x))), []
    optimiser = torch.optim.LBFGS(
        model.parameters(), max_iter=2000, line_search_fn="strong_wolfe", tolerance_change=1e-15
    )

    def closure() -> Tensor:
        optimiser.zero_grad()
        loss = model.loss(batch, step()).total
        loss.backward()
        losses.append(loss.item())
        return loss

    for _ in range(5):
        optimiser.step(closure)
    with torch.no_grad():
        losses.append(model.loss(batch, step()).total.item())
    return losses


@pytest.mark.parametrize("shape", [(200, 12), (12, 200)], ids=["tall", "wide"])
@pytest.mark.parametrize("centred", [True, False])
def test_the_pca_error_is_what_the_svd_leaves(shape: tuple[int, int], centred: bool) -> None:
    x = normal(*shape) + 3
    rows = x - x.mean(0) if centred else x
    left = torch.linalg.svdvals(rows)[4:].square().sum() / x.numel()
    assert pca_error(x, 4, centred=centred) == pytest.approx(left.item(), rel=1e-10)


def test_the_pca_error_of_enough_components_is_zero() -> None:
    assert pca_error(normal(20, 3), 3) == pytest.approx(0, abs=1e-12)
    assert pca_error(normal(20, 3), 9) == 0


def test_a_problem_that_would_take_minutes_has_no_truth_line() -> None:
    assert pca_error(torch.zeros(4097, 4097), 2) is None


def test_the_truth_line_speaks_of_the_model_it_belongs_to() -> None:
    x = batch_of(TABLE).x
    centred = tiny(MODELS["linear"], TABLE).truths(x)[0]
    assert centred.metric == "reconstruction_mse"
    assert centred.title == "PCA optimum, 2 components"
    assert (
        "PCA without centring" in tiny(MODELS["linear"], TABLE, bias=False).truths(x)[0].definition
    )
