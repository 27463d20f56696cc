"""Bounds of the evidence on a linear-Gaussian model, whose evidence is exact; its split."""

import math
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from aeviz.analysis import evidence
from aeviz.analysis.measures import MEASURES, Case, NotApplicable, all_measures, measured
from aeviz.models import MODELS
from aeviz.models.base import DataSpec, LatentModel
from tests.models.tiny import IMAGE, TABLE, batch_of, step, tiny

FEATURES, DIMENSIONS, SIGMA = 5, 2, 0.6


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def linear_gaussian(posterior_variance: float = 0.4) -> tuple[LatentModel, Tensor, Tensor]:
    """A linear VAE with random weights in float64, samples, and their exact log p(x), (N,)."""
    spec = DataSpec((FEATURES,), 300, bounded=False)
    model = tiny(MODELS["vae"], spec, widths=(), sigma=SIGMA, likelihood="gaussian").double().eval()
    with torch.no_grad():
        model.decoder[0].weight.copy_(normal(FEATURES, DIMENSIONS, seed=1))
        model.decoder[0].bias.copy_(normal(FEATURES, seed=2))
        loading, offset = model.decoder[0].weight, model.decoder[0].bias
        # the exact posterior's mean; its variance is replaced, so that the bound is not tight
        gram = loading.T @ loading + SIGMA**2 * torch.eye(DIMENSIONS)
        back = torch.linalg.solve(gram, loading.T)
        model.encoder[0].weight[:DIMENSIONS].copy_(back)
        model.encoder[0].bias[:DIMENSIONS].copy_(-back @ offset)
        model.encoder[0].weight[DIMENSIONS:].zero_()
        model.encoder[0].bias[DIMENSIONS:].fill_(math.log(posterior_variance))
    covariance = loading @ loading.T + SIGMA**2 * torch.eye(FEATURES)
    p = torch.distributions.MultivariateNormal(offset.detach(), covariance.detach())
    x = offset + normal(300, DIMENSIONS, seed=3) @ loading.T + SIGMA * normal(300, FEATURES, seed=4)
    return model, x.detach(), p.log_prob(x).detach()


def case_of(model: LatentModel, x: Tensor, **fields: Any) -> Case:
    with torch.no_grad():
        return Case(model, x, model.encode(x).float().numpy(), **fields)


@torch.no_grad()
def test_the_elbo_is_below_the_iwae_bound_is_below_the_evidence_and_both_rise_with_draws() -> None:
    model, x, exact = linear_gaussian()
    case = case_of(model, x)
    found = evidence.all_evidence(case, 64)
    elbo = float((found.log_likelihood - found.kl).mean())
    bounds = [float(evidence.all_evidence(case, k).bound.mean()) for k in (2, 4, 16, 64)]
    ladder = [elbo, *bounds, float(exact.mean())]
    assert ladder == sorted(ladder)
    assert ladder[-1] - ladder[0] > 0.1
    many = evidence.mean_of(evidence.all_evidence(case, 1024).bound - exact)
    assert abs(many.value) < 0.005


@torch.no_grad()
def test_one_draw_of_the_iwae_bound_is_the_elbo_on_average() -> None:
    model, x, _ = linear_gaussian()
    case = case_of(model, x.repeat(100, 1))
    one = evidence.mean_of(evidence.all_evidence(case, 1).bound)
    elbo = evidence.elbo(case)
    assert one.stderr is not None
    assert abs(one.value - elbo.value) < 4 * one.stderr


@torch.no_grad()
def test_the_measures_take_the_elbo_apart() -> None:
    model, x, _ = linear_gaussian()
    case = case_of(model, x)
    kl = evidence.kl(case).value
    assert evidence.elbo(case).value == pytest.approx(
        evidence.elbo_reconstruction(case).value - kl, abs=1e-9
    )
    parts = (evidence.mutual_information, evidence.total_correlation, evidence.dimension_kl)
    found = [part(case) for part in parts]
    error = math.hypot(*(part.stderr or 0.0 for part in found))
    assert sum(part.value for part in found) == pytest.approx(kl, abs=4 * error)
    assert 0 < found[0].value <= math.log(len(x))


@torch.no_grad()
def test_the_divergence_to_a_learned_prior_is_that_of_its_draws() -> None:
    model = tiny(MODELS["vae"], TABLE, prior="mixture", components=1).eval()
    case = case_of(model, batch_of(TABLE, 400).x)
    assert not evidence.has_standard_prior(case)
    first = evidence.kl(case)
    model.prior.means.zero_()
    model.prior.logits.zero_()
    assert evidence.has_standard_prior(case)
    exact = evidence.kl(case)
    assert first.value != pytest.approx(exact.value, abs=1e-3)
    drawn = evidence.evidence(
        case, slice(None), 500, torch.Generator().manual_seed(0), standard=False
    )
    assert float(drawn.kl.mean()) == pytest.approx(exact.value, abs=0.02)


@torch.no_grad()
def test_a_dimension_without_variance_is_not_active() -> None:
    model, x, _ = linear_gaussian()
    assert evidence.active_units(case_of(model, x)).value == 2
    model.encoder[0].weight[0].zero_()
    assert evidence.active_units(case_of(model, x)).value == 1


@torch.no_grad()
def test_the_mmd_to_the_prior_is_zero_for_latents_of_the_prior() -> None:
    model = tiny(MODELS["wae"], TABLE).eval()
    x = batch_of(TABLE, 2000).x
    drawn = torch.randn(2000, 2, generator=torch.Generator().manual_seed(5)).numpy()
    near = evidence.mmd_prior(Case(model, x, drawn))
    far = evidence.mmd_prior(Case(model, x, drawn + 1))
    assert abs(near.value) < 0.002
    assert far.value > 0.05


def test_what_a_model_lacks_is_said() -> None:
    entries = {entry.name: entry for entry in all_measures()}
    plain = case_of(tiny(MODELS["linear"], TABLE).eval(), batch_of(TABLE, 50).x)
    assert "Gaussian posterior" in measured(entries["elbo"], plain).reason
    assert "prior" in measured(entries["mmd_prior"], plain).reason
    mse = case_of(tiny(MODELS["vae"], TABLE, likelihood="mse").eval(), batch_of(TABLE, 50).x)
    row = measured(entries["elbo"], mse)
    assert row.value is None
    assert "states no likelihood" in row.reason
    assert measured(entries["kl"], mse).value is not None


def test_a_measure_draws_the_same_whatever_was_measured_before() -> None:
    model, x = tiny(MODELS["vae"], IMAGE).eval(), batch_of(IMAGE, 50).x
    entries = {entry.name: entry for entry in all_measures()}
    alone = measured(entries["iwae"], case_of(model, x))
    case = case_of(model, x)
    rows = [measured(entries[name], case) for name in ("elbo", "mmd_prior", "iwae")]
    assert rows[-1] == alone


def test_without_a_posterior_nothing_is_aggregated() -> None:
    case = case_of(tiny(MODELS["wae"], TABLE).eval(), batch_of(TABLE, 20).x)
    with pytest.raises(NotApplicable, match="Gaussian posterior"):
        evidence.mutual_information(case)


@torch.no_grad()
def test_the_log_likelihood_of_a_flow_is_its_density() -> None:
    x = batch_of(TABLE, 50).x
    flow = tiny(MODELS["maf"], TABLE).eval()
    found = evidence.log_likelihood(case_of(flow, x))
    assert found.value == pytest.approx(float(sum(flow.log_density(x)).mean()), rel=1e-6)
    assert "as they are trained on" in MEASURES["log_likelihood"].definition
    with pytest.raises(NotApplicable, match="normalising flow"):
        evidence.log_likelihood(case_of(tiny(MODELS["linear"], TABLE).eval(), x))


@pytest.mark.parametrize("name", ["realnvp", "maf", "spline"])
def test_the_log_likelihood_of_images_is_that_of_the_loss(name: str) -> None:
    spec = replace(IMAGE, step=1.0)
    batch = batch_of(spec, 400, seed=9)  # not the numbers that are drawn as noise
    flow = tiny(MODELS[name], spec)
    flow.prepare(batch.x)
    optimiser = torch.optim.Adam(flow.parameters(), 0.01)
    for number in range(30):
        optimiser.zero_grad()
        flow.loss(batch, step(number)).total.backward()
        optimiser.step()
    with torch.no_grad():
        case = case_of(flow.eval(), batch.x)
        found = evidence.log_likelihood(case)
        losses = [float(flow.loss(batch, step(seed)).total) for seed in range(100, 110)]
        bare = float(sum(flow.log_density(batch.x)).mean())
        assert evidence.log_likelihood(case) == found
    assert found.stderr is not None
    assert found.value == pytest.approx(-sum(losses) / 10, abs=3 * found.stderr)
    assert bare > found.value + 10 * found.stderr
