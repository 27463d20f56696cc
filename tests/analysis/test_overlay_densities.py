"""The aggregate posterior is the sum computed by hand, and integrates to one."""

import math

import numpy as np
import pytest

from aeviz import geometry
from aeviz.analysis.aggregate_posterior import log_aggregate_posterior
from aeviz.analysis.questions import Subject, ask
from aeviz.models import MODELS
from aeviz.models.base import DataSpec


def test_the_aggregate_posterior_is_the_sum_computed_by_hand() -> None:
    mu, log_var = np.float32([[0, 0], [1, -2]]), np.float32([[0, math.log(4)], [-1, 0.5]])
    z = np.float32([[0.5, 1.0], [3.0, 3.0]])
    for place, found in zip(z, log_aggregate_posterior(z, mu, log_var), strict=True):
        total = 0.0
        for mean, logs in zip(mu, log_var, strict=True):
            product = 1.0
            for value, middle, log in zip(place, mean, logs, strict=True):
                variance = math.exp(log)
                product *= math.exp(-((value - middle) ** 2) / (2 * variance))
                product /= math.sqrt(2 * math.pi * variance)
            total += product / 2
        assert found == pytest.approx(math.log(total), rel=1e-9)


@pytest.mark.parametrize("kind", ["prior", "posterior", "gmm", "histogram"])
def test_every_overlay_integrates_to_one_over_a_wide_window(kind: str) -> None:
    random = np.random.default_rng(0)
    model = MODELS["vae"].build(DataSpec(shape=(6,), samples=10), {"latent_dim": 2}).eval()
    samples = random.normal(size=(200, 6)).astype(np.float32)
    latents = random.normal(size=(200, 2)).astype(np.float32)
    subject = Subject(model, latents, samples=samples.__getitem__, kept=200)
    arguments = {"region": (-9, 9, -9, 9), "kind": kind}
    *_, last = ask("density-over-map", subject, arguments)
    assert last is not None
    assert last.values["mass"] == pytest.approx(1, abs=0.01)
    assert last.arrays["density"].shape == ((11, 11) if kind == "histogram" else (128, 128))


def test_a_flow_fitted_to_latents_integrates_to_one_over_a_wide_window() -> None:
    latents = np.random.default_rng(0).normal(size=(300, 2)).astype(np.float32)
    model = MODELS["deep"].build(DataSpec(shape=(6,), samples=10), {"latent_dim": 2}).eval()
    options = {"steps": 120, "widths": (32,), "transforms": 2, "lr": 0.02}
    arguments = {"region": (-9, 9, -9, 9), "options": options}
    *_, last = ask("latent-density", Subject(model, latents), arguments)
    assert last is not None
    assert last.values["progress"] == 1
    assert last.values["mass"] == pytest.approx(1, abs=0.01)
    assert last.values["counted"] == 300


@pytest.mark.parametrize(("kind", "said"), [("prior", "no prior"), ("posterior", "deterministic")])
def test_what_a_model_has_not_is_said(kind: str, said: str) -> None:
    model = MODELS["deep"].build(DataSpec(shape=(6,), samples=10), {"latent_dim": 2}).eval()
    subject = Subject(model, np.zeros((5, 2), np.float32))
    with pytest.raises(ValueError, match=said):
        list(ask("density-over-map", subject, {"region": (-1, 1, -1, 1), "kind": kind}))


def test_it_integrates_to_one_over_a_wide_window() -> None:
    random = np.random.default_rng(0)
    mu = random.normal(size=(300, 2)).astype(np.float32)
    log_var = random.uniform(-3, 0, size=(300, 2)).astype(np.float32)
    z = geometry.lattice((-8, 8, -8, 8), 200, 200).reshape(-1, 2)
    cell = (16 / 199) ** 2
    mass = np.exp(log_aggregate_posterior(z, mu, log_var)).sum() * cell
    assert mass == pytest.approx(1, abs=0.01)
