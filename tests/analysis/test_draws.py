"""Draws come from where they are said to, and traversals vary one dimension."""

from typing import Any

import numpy as np
import pytest
import torch

from aeviz.analysis.draws import Source, draw
from aeviz.analysis.questions import Findings, Subject, ask
from aeviz.analysis.traversal import traversal
from aeviz.models import MODELS
from aeviz.models.base import DataSpec, LatentModel, Posterior

SPEC = DataSpec(shape=(6,), samples=10)
LATENTS = (np.random.default_rng(0).normal(size=(400, 2)) * [2, 0.5] + [3, -1]).astype(np.float32)


def model(name: str) -> LatentModel:
    return MODELS[name].build(SPEC, {"latent_dim": 2}).eval()


@pytest.mark.parametrize("using", ["gmm", pytest.param("flow", marks=pytest.mark.slow)])
def test_draws_of_a_fitted_density_have_the_latents_moments(using: Source) -> None:
    drawn = draw(using, 4000, 0, model=model("linear"), latents=LATENTS)
    np.testing.assert_allclose(drawn.mean(axis=0), LATENTS.mean(axis=0), atol=0.2)
    np.testing.assert_allclose(drawn.std(axis=0), LATENTS.std(axis=0), rtol=0.15)


@pytest.mark.parametrize("using", ["prior", "gmm", "posterior"])
def test_the_same_seed_draws_the_same(using: Source) -> None:
    vae, sample = model("vae"), torch.randn(1, 6, generator=torch.Generator().manual_seed(0))
    first, again, other = (
        draw(using, 5, seed, model=vae, latents=LATENTS, sample=sample) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    assert first.dtype == np.float32


def test_draws_of_a_posterior_have_its_mean_and_spread() -> None:
    vae, sample = model("vae"), torch.ones(1, 6)
    assert isinstance(vae, Posterior)
    with torch.no_grad():
        mu, log_var = vae.posterior(sample)
    drawn = draw("posterior", 20_000, 0, model=vae, latents=LATENTS, sample=sample)
    sigma = (log_var / 2).exp().numpy()[0]
    np.testing.assert_allclose(drawn.mean(axis=0), mu.numpy()[0], atol=0.04 * sigma.max())
    np.testing.assert_allclose(drawn.std(axis=0), sigma, rtol=0.03)


@pytest.mark.parametrize(
    ("using", "said"), [("prior", "no prior"), ("posterior", "deterministic"), ("luck", "prior,")]
)
def test_what_cannot_be_drawn_from_is_said(using: Source, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        draw(using, 3, 0, model=model("deep"), latents=LATENTS, sample=torch.ones(1, 6))


def test_a_traversal_varies_one_dimension_and_puts_the_one_that_carries_most_first() -> None:
    mu = np.random.default_rng(0).normal(size=(1000, 3)).astype(np.float32) * [0.5, 2, 1]
    found = traversal(mu, None, 5)
    assert found.order.tolist() == [1, 2, 0]
    assert found.z.shape == (3, 5, 3)
    for row, dimension in enumerate(found.order):
        others = np.delete(found.z[row], dimension, axis=1)
        np.testing.assert_allclose(others, np.broadcast_to(others[0], others.shape))
        ends = np.quantile(mu[:, dimension], (0.01, 0.99))
        np.testing.assert_allclose(found.z[row, [0, -1], dimension], ends, rtol=1e-5)


def test_a_collapsed_dimension_is_dead_carries_nothing_and_ranges_over_its_prior() -> None:
    generator = np.random.default_rng(0)
    mu = np.stack([generator.normal(size=5000) * 0.99, np.zeros(5000)], axis=1)
    log_var = np.stack([np.full(5000, -4.0), np.zeros(5000)], axis=1)
    found = traversal(mu.astype(np.float32), log_var.astype(np.float32), 3, np.float32([1, 0]))
    assert found.dead.tolist() == [False, True]
    assert found.weight[1] == 0
    np.testing.assert_allclose(found.z[1, [0, 2], 1], [-2.33, 2.33], atol=0.15)
    assert found.z[1, :, 0].tolist() == [1, 1, 1]


def test_a_known_kl_is_reported() -> None:
    mu, log_var = np.float32([[2.0]]), np.float32([[np.log(0.25)]])
    known = 0.5 * (4 + 0.25 - np.log(0.25) - 1)
    assert traversal(mu, log_var, 3).weight[0] == pytest.approx(known, rel=1e-6)


# ── the question ──────────────────────────────────────────────────────────────────────────────


def asked(asks: LatentModel, **arguments: Any) -> Findings:
    samples = np.random.default_rng(0).normal(size=(400, 6)).astype(np.float32)
    subject = Subject(asks, LATENTS, samples=samples.__getitem__, kept=400)
    fields = {"using": "prior", "count": 6, "seed": 3, **arguments}
    *_, found = (each for each in ask("draws", subject, fields) if each is not None)
    return found


@pytest.mark.parametrize(
    "using", ["prior", "gmm", pytest.param("flow", marks=pytest.mark.slow), "posterior"]
)
def test_the_question_draws_the_same_for_the_same_seed(using: str) -> None:
    vae = model("vae")
    first, again = (asked(vae, using=using, row=5) for _ in range(2))
    assert first.arrays["z"].shape == (6, 2)
    np.testing.assert_array_equal(first.arrays["z"], again.arrays["z"])
    assert ("mu" in first.arrays) == (using == "posterior")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"count": 0}, "1 to 400"),
        ({"using": "posterior", "row": 900}, "choose another"),
        ({"using": "posterior", "row": 1}, "deterministic"),
    ],
)
def test_the_question_says_what_cannot_be_drawn(arguments: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        asked(model("deep"), **arguments)
