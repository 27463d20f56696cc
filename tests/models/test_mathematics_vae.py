"""The VAE family in float64: divergences, priors, decomposition, MMD, and known optima."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from aeviz.models import MODELS
from aeviz.models.base import Batch, DataSpec, LatentModel
from aeviz.models.layers import kl_to_standard_normal, sample_normal, squared_error
from aeviz.models.likelihoods import log_normal, log_standard_normal
from aeviz.models.mmd import mmd
from aeviz.models.priors import (
    AnyPrior,
    MixturePrior,
    free_nats,
    kl_divergence,
    kl_per_dimension,
    make_prior,
    moment_distance,
    warm_up,
)
from aeviz.models.tc import decompose, log_weights
from tests.models.tiny import TABLE, batch_of, step, tiny

PLAIN = DataSpec((6,), samples=80, bounded=False)


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def prior_of(name: str, latent_dim: int = 2) -> AnyPrior:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        prior = make_prior(name, latent_dim, components=4, transforms=2).double()
        for parameter in prior.parameters():
            parameter.data += (0.05 if name == "flow" else 0.3) * torch.randn_like(parameter)
    return prior


# ── priors ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ["normal", "mixture", "flow"])
@torch.no_grad()
def test_the_divergence_to_every_prior_agrees_with_integration(name: str) -> None:
    prior = prior_of(name)
    mu, log_var = torch.tensor([[0.7, -0.4]]).double(), torch.tensor([[-0.5, -1.2]]).double()
    axis = torch.linspace(-7, 7, 300, dtype=torch.float64)
    grid = torch.cartesian_prod(axis, axis)
    log_q = log_normal(grid, mu, log_var).sum(dim=1)
    cell = float(axis[1] - axis[0]) ** 2
    exact = float((log_q.exp() * (log_q - prior.log_prob(grid))).sum()) * cell
    count = 20_000
    mus, log_vars = mu.expand(count, 2), log_var.expand(count, 2)
    z = sample_normal(mus, log_vars, torch.Generator().manual_seed(5))
    drawn = kl_divergence(prior, mus, log_vars, z)
    error = float(drawn.std()) / math.sqrt(count)
    assert abs(float(drawn.mean()) - exact) <= 4 * error + 1e-6


@pytest.mark.parametrize("name", ["normal", "mixture", "flow"])
@torch.no_grad()
def test_the_density_of_every_prior_is_that_of_its_draws(name: str) -> None:
    prior = prior_of(name)
    axis = torch.linspace(-9, 9, 300, dtype=torch.float64)
    grid = torch.cartesian_prod(axis, axis)
    shares = prior.log_prob(grid).exp() * float(axis[1] - axis[0]) ** 2
    assert float(shares.sum()) == pytest.approx(1, abs=2e-3)
    drawn = prior.float().draw(20_000, torch.Generator().manual_seed(0)).double()
    spread = drawn.std(dim=0) / math.sqrt(len(drawn))
    assert ((drawn.mean(dim=0) - shares @ grid).abs() < 5 * spread).all()
    second = (shares[:, None] * grid.square()).sum(dim=0)
    assert torch.allclose(drawn.square().mean(dim=0), second, rtol=0.05)


def test_the_mixture_is_that_of_torch() -> None:
    prior, z = MixturePrior(3, 5).double(), normal(7, 3)
    prior.logits.data = normal(5)
    parts = torch.distributions.Independent(
        torch.distributions.Normal(prior.means, torch.exp(0.5 * prior.log_vars)), 1
    )
    weights = torch.distributions.Categorical(logits=prior.logits)
    exact = torch.distributions.MixtureSameFamily(weights, parts).log_prob(z)
    assert torch.allclose(prior.log_prob(z), exact)


@pytest.mark.parametrize("options", [{"prior": "mixture"}, {"prior": "flow", "transforms": 2}])
def test_a_learned_prior_is_learned_and_saved(options: dict[str, Any]) -> None:
    model, batch = tiny(MODELS["vae"], TABLE, **options), batch_of(TABLE, 32)
    model.loss(batch, step()).total.backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in model.prior.parameters())
    other = tiny(MODELS["vae"], TABLE, seed=1, **options)
    other.load_state_dict(model.state_dict())
    z = normal(5, 2).float()
    assert torch.equal(model.log_prior(z), other.log_prior(z))
    drawn = [m.draw_prior(4, torch.Generator().manual_seed(0)) for m in (model, other)]
    assert torch.equal(*drawn)
    with torch.device("meta"):
        there = tiny(MODELS["vae"], TABLE, **options)
    losses = there.loss(batch_of(TABLE, device="meta"), step(device="meta"))
    assert losses.total.device.type == "meta"


# ── divergences ───────────────────────────────────────────────────────────────────────────────


def test_divergences_of_dimensions_add_up() -> None:
    mu, log_var = normal(20, 3), normal(20, 3, seed=1)
    each = kl_per_dimension(mu, log_var)
    assert torch.allclose(each.sum(dim=1), kl_to_standard_normal(mu, log_var))


def test_the_distance_of_moments_is_zero_at_the_prior_alone() -> None:
    zeros = torch.zeros(1, 3, dtype=torch.float64)
    assert float(moment_distance(zeros, zeros)) == 0
    assert float(moment_distance(zeros, torch.full_like(zeros, 2 * math.log(3)))) == pytest.approx(
        12
    )
    terms = tiny(MODELS["vae"], TABLE, divergence="moments").terms
    assert [term.name for term in terms] == ["reconstruction", "moments"]
    assert "nats" not in terms[1].unit
    with pytest.raises(ValueError, match=r"model\.divergence=moments compares with 0 and 1"):
        tiny(MODELS["vae"], TABLE, divergence="moments", prior="mixture")


def test_free_bits_take_the_pull_from_dimensions_below_them() -> None:
    mu = torch.tensor([[0.1, 2.0], [-0.1, -2.0]], dtype=torch.float64, requires_grad=True)
    log_var = torch.zeros(2, 2, dtype=torch.float64)
    kl, prior = kl_to_standard_normal(mu, log_var), make_prior("normal", 2, 1, 1)
    total = kl.mean() + free_nats(mu, log_var, kl, prior, 0.5)
    assert total.item() == pytest.approx(0.5 + 2.0)
    (gradient,) = torch.autograd.grad(total, mu)
    assert torch.allclose(gradient[:, 0], torch.zeros(2, dtype=torch.float64))
    assert (gradient[:, 1] != 0).all()


def test_with_free_bits_the_terms_still_make_the_loss() -> None:
    model = tiny(MODELS["vae"], TABLE, free_bits=3.0)
    losses = model.loss(batch_of(TABLE), step(beta=2.0))
    parts = losses.parts
    assert list(parts) == [term.name for term in model.terms]
    expected = parts["reconstruction"] + 2 * (parts["kl"] + parts["free_bits"])
    assert torch.allclose(losses.total, expected)
    assert (parts["kl"] + parts["free_bits"]).item() == pytest.approx(6, abs=1e-5)


def test_the_warm_up_is_linear_over_epochs_and_not_in_validation() -> None:
    epochs = [replace(step(), epoch=epoch) for epoch in (0, 1, 10, 20, 30)]
    weights = [warm_up(each, 20, is_training=True) for each in epochs]
    assert weights == [0, 0.05, 0.5, 1, 1]
    assert warm_up(step(), 0, is_training=True) == warm_up(step(), 20, is_training=False) == 1
    model, batch = tiny(MODELS["vae"], TABLE, warm_up=10.0), batch_of(TABLE)
    losses = model.loss(batch, step())
    assert torch.allclose(losses.total, losses.parts["reconstruction"] + 0.1 * losses.parts["kl"])
    model.eval()
    losses = model.loss(batch, step())
    assert torch.allclose(losses.total, losses.parts["reconstruction"] + losses.parts["kl"])


def test_the_capacity_grows_linearly_and_is_whole_in_validation() -> None:
    model, batch = tiny(MODELS["capacity-vae"], TABLE, capacity=8.0, growth=0.5), batch_of(TABLE)
    assert [model._capacity(step(number=n)) for n in (0, 250, 500, 900)] == [0, 4, 8, 8]
    assert model._capacity(step(number=250, capacity=2.0)) == 1
    losses = model.loss(batch, step(number=250, gamma=3.0))
    parts = losses.parts
    expected = parts["reconstruction"] + 3 * (parts["kl"] - 4).abs()
    assert torch.allclose(losses.total, expected)
    assert model.eval()._capacity(step(number=250)) == 8


# ── known optima ──────────────────────────────────────────────────────────────────────────────


def test_without_divergence_and_with_a_tiny_posterior_the_vae_is_an_autoencoder() -> None:
    x = normal(40, 6)
    vae = tiny(MODELS["vae"], PLAIN, likelihood="mse", beta=0.0).double()
    plain = tiny(MODELS["deep"], PLAIN, seed=1).double()
    last = vae.encoder[-1]
    with torch.no_grad():
        last.weight[2:].zero_()
        last.bias[2:].fill_(-80.0)  # a standard deviation of 4e-18
        for target, source in zip(plain.parameters(), vae.parameters(), strict=True):
            target.copy_(source[: target.shape[0]])
    batch = Batch(x, None, torch.arange(40))
    losses = [model.loss(batch, step()).total for model in (vae, plain)]
    assert losses[0].item() == pytest.approx(losses[1].item(), rel=1e-12)
    assert losses[1].item() == pytest.approx(squared_error(x, plain.decode(plain.encode(x))).item())
    for loss in losses:
        loss.backward()
    for other, own in zip(plain.parameters(), vae.parameters(), strict=True):
        assert other.grad is not None
        assert own.grad is not None
        assert torch.allclose(own.grad[: other.shape[0]], other.grad, atol=1e-9)


def test_the_linear_vae_reaches_probabilistic_pca() -> None:
    """Lucas et al., 2019, https://arxiv.org/abs/1911.02469."""
    x = normal(80, 6) @ normal(6, 6, seed=1) + normal(1, 6, seed=2)
    vae: Any = tiny(MODELS["vae"], PLAIN, widths=(), variance="learned", sigma=1.0).double()
    optimiser = torch.optim.LBFGS(
        vae.parameters(), max_iter=3000, line_search_fn="strong_wolfe", tolerance_change=1e-16
    )

    def closure() -> Tensor:
        optimiser.zero_grad()
        loss = -exact_elbo(vae, x)
        loss.backward()
        return loss

    for _ in range(5):
        optimiser.step(closure)
    assert exact_elbo(vae, x).item() == pytest.approx(ppca(x, 2), abs=1e-6)
    rows = torch.arange(80).repeat(200)
    with torch.no_grad():
        drawn = [vae.loss(Batch(x[rows], None, rows), step(seed)).total for seed in range(10)]
        values = torch.stack(drawn)
        error = float(values.std()) / math.sqrt(len(values))
        assert abs(-float(values.mean()) - exact_elbo(vae, x).item()) < 5 * error


def exact_elbo(vae: Any, x: Tensor) -> Tensor:
    """The ELBO of a linear decoder, whose expectation over z has a closed form."""
    mu, log_var = vae.posterior(x)
    weight, log_sigma = vae.decoder[0].weight, vae.observation.log_sigma
    spread = (log_var.exp() * weight.square().sum(dim=0)).sum(dim=1)
    squares = (x - vae.decode(mu)).square().sum(dim=1) + spread
    constant = x.shape[1] * (log_sigma + 0.5 * math.log(2 * math.pi))
    nats = 0.5 * squares * torch.exp(-2 * log_sigma) + constant
    return -(nats + kl_to_standard_normal(mu, log_var)).mean()


def ppca(x: Tensor, components: int) -> float:
    """The largest mean log-likelihood of probabilistic PCA (Tipping & Bishop, 1999)."""
    features = x.shape[1]
    spectrum = torch.linalg.eigvalsh(torch.cov(x.T, correction=0)).flip(0)
    noise = spectrum[components:].mean()
    logs = spectrum[:components].log().sum() + (features - components) * noise.log()
    return -0.5 * float(features * math.log(2 * math.pi) + logs + features)


# ── the decomposition ─────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("stratified", [True, False])
def test_the_three_parts_are_the_divergence(stratified: bool) -> None:
    mu, log_var = normal(4000, 3), 0.3 * normal(4000, 3, seed=1) - 1
    z = sample_normal(mu, log_var, torch.Generator().manual_seed(2))
    sums = []
    for first in range(0, 4000, 100):
        rows = slice(first, first + 100)
        parts = decompose(z[rows], mu[rows], log_var[rows], 4000, stratified=stratified)
        sums.append(sum(parts))
    own = log_normal(z, mu, log_var).sum(dim=1) - log_standard_normal(z)
    assert torch.stack(sums).mean().item() == pytest.approx(own.mean().item(), abs=1e-9)
    error = float(own.std()) / math.sqrt(4000)
    exact = kl_to_standard_normal(mu, log_var).mean().item()
    assert abs(own.mean().item() - exact) < 4 * error


def test_all_samples_in_a_batch_give_the_exact_parts() -> None:
    mu, log_var = normal(50, 2), normal(50, 2, seed=1) - 1
    z = sample_normal(mu, log_var, torch.Generator().manual_seed(2))
    parts = decompose(z, mu, log_var, 50)
    each = log_normal(z[:, None], mu, log_var).exp()
    joint = each.prod(dim=2).mean(dim=1).log()
    product = each.mean(dim=1).log().sum(dim=1)
    own = log_normal(z, mu, log_var).sum(dim=1)
    assert parts.mutual_information.item() == pytest.approx((own - joint).mean().item())
    assert parts.total_correlation.item() == pytest.approx((joint - product).mean().item())


def test_weights_of_a_row_add_up_to_one_and_are_unbiased() -> None:
    samples, size = 12, 4
    like = torch.zeros(size, 1, dtype=torch.float64)
    weights = log_weights(size, samples, like, stratified=True).exp()
    assert torch.allclose(weights.sum(dim=1), torch.ones(size, dtype=torch.float64))
    # over random batches that hold sample 0, every sample's mean weight in its row is 1/N
    generator, found = np.random.default_rng(0), np.zeros(samples)
    repeats = 20_000
    for _ in range(repeats):
        batch = np.concatenate([[0], 1 + generator.permutation(samples - 1)[: size - 1]])
        found[batch] += weights[0].numpy()
    assert found / repeats == pytest.approx(np.full(samples, 1 / samples), abs=0.005)


def test_a_batch_of_one_has_finite_parts() -> None:
    model = tiny(MODELS["tc-vae"], TABLE)
    assert torch.isfinite(model.loss(batch_of(TABLE, 1), step()).total)
    model = tiny(MODELS["wae"], TABLE)
    assert torch.isfinite(model.loss(batch_of(TABLE, 1), step()).total)


def test_correlated_latents_have_a_total_correlation() -> None:
    straight = normal(400, 2)
    shared = straight[:, :1].expand(400, 2) + 0.1 * straight
    tiny_spread = torch.full((400, 2), -3.0, dtype=torch.float64)
    found = [
        decompose(mu, mu, tiny_spread, 400).total_correlation.item() for mu in (straight, shared)
    ]
    assert found[0] < 0.2
    assert found[1] > 0.8


# ── maximum mean discrepancy ──────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kernel", ["rbf", "imq"])
def test_mmd_is_its_definition(kernel: Any) -> None:
    x, y, width = normal(5, 3), normal(7, 3, seed=1), 2 * 3 * 0.8**2

    def k(a: Tensor, b: Tensor) -> float:
        square = float((a - b).square().sum())
        return math.exp(-square / width) if kernel == "rbf" else width / (width + square)

    def mean(a: Tensor, b: Tensor, *, same: bool) -> float:
        pairs = [(i, j) for i in range(len(a)) for j in range(len(b)) if not (same and i == j)]
        return sum(k(a[i], b[j]) for i, j in pairs) / len(pairs)

    unbiased = mean(x, x, same=True) + mean(y, y, same=True) - 2 * mean(x, y, same=False)
    biased = mean(x, x, same=False) + mean(y, y, same=False) - 2 * mean(x, y, same=False)
    options: dict[str, Any] = {"kernel": kernel, "bandwidth": 0.8}
    assert mmd(x, y, **options).item() == pytest.approx(unbiased)
    assert mmd(x, y, estimate="biased", **options).item() == pytest.approx(biased)


@pytest.mark.parametrize("kernel", ["rbf", "imq"])
@pytest.mark.parametrize("scales", ["one", "several"])
def test_the_biased_mmd_is_never_negative_and_the_unbiased_one_is_zero_on_average(
    kernel: Any, scales: Any
) -> None:
    options: dict[str, Any] = {"kernel": kernel, "scales": scales}
    sets = [(normal(20, 2, seed=2 * n), normal(20, 2, seed=2 * n + 1)) for n in range(300)]
    biased = torch.stack([mmd(x, y, estimate="biased", **options) for x, y in sets])
    unbiased = torch.stack([mmd(x, y, **options) for x, y in sets])
    assert (biased >= 0).all()
    error = float(unbiased.std()) / math.sqrt(len(sets))
    assert abs(float(unbiased.mean())) < 4 * error
    assert float(biased.mean()) > 10 * error
    assert float(mmd(normal(200, 2), normal(200, 2, seed=1) + 1, **options)) > 0.05


def test_a_deterministic_encoder_promises_no_posterior() -> None:
    from aeviz.models.base import abilities

    assert "posterior" not in abilities(tiny(MODELS["wae"], TABLE))
    gaussian = tiny(MODELS["wae"], TABLE, encoder="gaussian", likelihood="gaussian")
    assert {"posterior", "prior", "likelihood"} <= set(abilities(gaussian))


# ── gradients ─────────────────────────────────────────────────────────────────────────────────


def test_gradients_of_the_loss_terms_are_right() -> None:
    mu, log_var = normal(4, 2).requires_grad_(), (0.5 * normal(4, 2, seed=1)).requires_grad_()
    noise, mixture = normal(4, 2, seed=2), prior_of("mixture")

    def drawn(mu: Tensor, log_var: Tensor) -> Tensor:
        return mu + torch.exp(0.5 * log_var) * noise

    def terms(mu: Tensor, log_var: Tensor) -> tuple[Tensor, ...]:
        z = drawn(mu, log_var)
        kl = kl_divergence(mixture, mu, log_var, z)
        free = free_nats(mu, log_var, kl, make_prior("normal", 2, 1, 1), 0.7)
        pair = (mmd(z, noise), mmd(z, noise, kernel="rbf", scales="several", estimate="biased"))
        return (*decompose(z, mu, log_var, 30), moment_distance(mu, log_var), kl, free, *pair)

    assert torch.autograd.gradcheck(terms, (mu, log_var))
    assert torch.autograd.gradgradcheck(kl_per_dimension, (mu, log_var))


@pytest.mark.parametrize("name", ["vae", "capacity-vae", "tc-vae", "wae"])
def test_losses_are_differentiated_rightly_through_a_model(name: str) -> None:
    model: LatentModel = tiny(MODELS[name], PLAIN, widths=(), latent_dim=1).double()
    x = normal(4, 6)

    def loss(weight: Tensor) -> Tensor:
        parameters = {**dict(model.named_parameters()), "decoder.0.weight": weight}
        batch = Batch(x, None, torch.arange(4))
        call = torch.func.functional_call(_Loss(model), parameters, (batch,))
        return torch.as_tensor(call)

    start = dict(model.named_parameters())["decoder.0.weight"].detach().requires_grad_()
    assert torch.autograd.gradcheck(loss, start)


class _Loss(torch.nn.Module):
    """A model's loss as the forward function of a module with the model's own names."""

    def __init__(self, model: LatentModel) -> None:
        super().__init__()
        self._modules.update(model._modules)
        object.__setattr__(self, "model", model)

    def forward(self, batch: Batch) -> Tensor:
        return self.model.loss(batch, step()).total
