"""Flows against the mathematics they stand on, in double precision, before and after training."""

import math
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from aeviz import data
from aeviz.models import MODELS, flows
from aeviz.models.base import Batch, DataSpec, Invertible, LatentModel, abilities
from aeviz.models.bijection import LARGEST, dequantised
from aeviz.models.spline import is_coupled
from tests.models.tiny import IMAGE, TABLE, batch_of, step, tiny

KINDS: tuple[flows.FlowKind, ...] = ("realnvp", "maf", "spline")
each_kind = pytest.mark.parametrize("kind", KINDS)
SHAPES = [(1, 0, False), (2, 0, False), (5, 0, True), (2, 3, False), (5, 2, True)]
each_shape = pytest.mark.parametrize(("features", "context", "coupling"), SHAPES)


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def built(kind: flows.FlowKind, features: int, context: int = 0, **options: Any) -> Any:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        flow = flows.build_flow(kind, features, context=context, widths=(16,), **options)
    flow = flow.double()
    with torch.no_grad():  # far from the identity, as after training
        for parameter in flow.parameters():
            parameter.mul_(1.5)
    return flow


@each_kind
@each_shape
def test_the_inverse_undoes_the_flow(
    kind: flows.FlowKind, features: int, context: int, coupling: bool
) -> None:
    flow = built(kind, features, context, coupling=coupling)
    x, told = normal(20, features), normal(20, context, seed=1) if context else None
    z, _ = flows.forward(flow, x, told)
    assert not torch.allclose(z, x)
    assert (flows.inverse(flow, z, told) - x).abs().max() < 1e-9


@each_kind
@each_shape
def test_the_log_determinant_is_that_of_the_jacobian(
    kind: flows.FlowKind, features: int, context: int, coupling: bool
) -> None:
    flow = built(kind, features, context, coupling=coupling)
    x, told = normal(20, features), normal(20, context, seed=1) if context else None
    jacobians = torch.autograd.functional.jacobian(
        lambda rows: flows.forward(flow, rows, told).z.sum(dim=0), x
    )
    exact = torch.linalg.slogdet(jacobians.permute(1, 0, 2)).logabsdet
    assert (flows.forward(flow, x, told).log_det - exact).abs().max() < 1e-9


@each_kind
def test_every_parameter_gets_a_gradient(kind: flows.FlowKind) -> None:
    for features, context, coupling in SHAPES:
        flow = built(kind, features, context, coupling=coupling)
        told = normal(20, context, seed=1) if context else None
        flows.log_prob(flow, normal(20, features), told).sum().backward()
        for parameter in flow.parameters():
            assert parameter.grad is not None
            assert parameter.grad.abs().sum() > 0


@each_kind
def test_a_context_changes_the_density(kind: flows.FlowKind) -> None:
    flow, x = built(kind, 2, context=1), normal(20, 2)
    low, high = (flows.log_prob(flow, x, torch.full((20, 1), told).double()) for told in (-1, 1))
    assert not torch.allclose(low, high)


@each_kind
def test_stages_add_up_to_the_flow(kind: flows.FlowKind) -> None:
    flow, x = built(kind, 3), normal(9, 3)
    places = list(flows.stages(flow, x))
    whole = flows.forward(flow, x)
    assert torch.allclose(places[-1].z, whole.z)
    assert torch.allclose(places[-1].log_det, whole.log_det)
    later = list(flows.stages(flow, places[0].z, begin=1))
    assert torch.allclose(later[-1].z, whole.z)
    assert torch.allclose(later[-1].log_det + places[0].log_det, whole.log_det)


@each_kind
def test_building_on_the_meta_device_draws_nothing(kind: flows.FlowKind) -> None:
    for features in (1, 2, 5):
        before = torch.get_rng_state()
        with torch.device("meta"):
            flow = flows.build_flow(kind, features, widths=(8,))
        assert torch.equal(before, torch.get_rng_state())
        assert {parameter.device.type for parameter in flow.parameters()} == {"meta"}


# ── the models ────────────────────────────────────────────────────────────────────────────────


@cache
def trained(kind: str) -> LatentModel:
    """A small flow after a short training on two moons, in double precision."""
    moons = data.load("two-moons", Path("nowhere"), {"samples": 1000})
    x = torch.from_numpy(moons.scaling.apply(moons.samples))
    model = tiny(MODELS[kind], DataSpec((2,), 1000, bounded=False), widths=(32,), transforms=3)
    model.prepare(x)
    optimiser = torch.optim.Adam(model.parameters(), 0.01)
    generator = torch.Generator().manual_seed(0)
    for number in range(150):
        rows = torch.randperm(len(x), generator=generator)[:256]
        losses = model.loss(Batch(x[rows], None, rows), step(number))
        optimiser.zero_grad()
        losses.total.backward()
        optimiser.step()
    return model.eval().double().requires_grad_(False)


@each_kind
def test_after_training_the_density_integrates_to_one(kind: str) -> None:
    places = torch.linspace(-5, 5, 300, dtype=torch.float64)
    lattice = torch.cartesian_prod(places, places)
    model = trained(kind)
    log_density = torch.cat([sum(model.log_density(part)) for part in lattice.split(60_000)])
    mass = float(log_density.exp().sum() * (places[1] - places[0]) ** 2)
    assert mass == pytest.approx(1, abs=2e-3)
    assert -float(sum(model.log_density(normal(500, 2))).mean()) > 2.8  # N(0, I) is no moon


@each_kind
def test_after_training_inverse_and_log_determinant_hold(kind: str) -> None:
    model, x = trained(kind), normal(30, 2)
    assert (model.decode(model.encode(x)) - x).abs().max() < 1e-9
    jacobians = torch.autograd.functional.jacobian(lambda rows: model.encode(rows).sum(0), x)
    exact = torch.linalg.slogdet(jacobians.permute(1, 0, 2)).logabsdet
    assert (model.log_density(x)[1] - exact).abs().max() < 1e-9


@each_kind
def test_after_training_draws_follow_the_density(kind: str) -> None:
    """Kolmogorov and Smirnov, for each feature: draws against the density summed over the other."""
    model = trained(kind)
    z = model.draw_prior(4000, torch.Generator().manual_seed(0)).double()
    drawn = model.decode(z).numpy()
    places = torch.linspace(-5, 5, 200, dtype=torch.float64)
    density = sum(model.log_density(torch.cartesian_prod(places, places))).exp().reshape(200, 200)
    for feature in (0, 1):
        cumulated = density.sum(dim=1 - feature).cumsum(0).numpy()
        cumulated /= cumulated[-1]
        shares = np.interp(np.sort(drawn[:, feature]), places.numpy(), cumulated)
        ranks = np.arange(1, 4001) / 4000
        assert np.abs(shares - ranks).max() < 2.0 / math.sqrt(4000)  # p < 1e-3


@each_kind
def test_the_density_counts_the_standardising_in(kind: str) -> None:
    """A density of x in its units: with doubled units it is a quarter."""
    x = normal(200, 2)
    once, twice = (tiny(MODELS[kind], DataSpec((2,), bounded=False)).double() for _ in range(2))
    once.prepare(x)
    twice.prepare(2 * x)
    gap = sum(once.log_density(x)) - sum(twice.log_density(2 * x))
    assert torch.allclose(gap, torch.full_like(gap, 2 * math.log(2)))
    assert torch.allclose(once.encode(x), twice.encode(2 * x))


@each_kind
def test_the_terms_are_the_two_parts_of_the_density(kind: str) -> None:
    model, batch = tiny(MODELS[kind], TABLE), batch_of(TABLE)
    losses = model.loss(batch, step())
    log_base, log_det = model.log_density(batch.x)
    assert torch.allclose(losses.parts["base"], -log_base.mean())
    assert torch.allclose(losses.parts["log_det"], -log_det.mean())
    assert abilities(model) == ("prior", "known-truth", "invertible")


def test_pixels_are_spread_over_their_own_step() -> None:
    spec = DataSpec((1, 6, 6), samples=64, bounded=True, classes=3, step=1 / 16)
    x = batch_of(IMAGE, 2000).x
    noisy = dequantised(x, spec.step, torch.Generator().manual_seed(0))
    noise = (noisy - x) * 16
    assert noise.min() >= -0.5
    assert noise.max() <= 0.5
    assert noise.var().item() == pytest.approx(1 / 12, rel=0.02)
    assert noise.mean().item() == pytest.approx(0, abs=0.005)
    assert torch.equal(dequantised(x, 0.0, None), x)
    model = tiny(MODELS["maf"], spec)
    losses = [model.loss(Batch(x, None, None), step(seed)).total for seed in (0, 0, 1)]
    assert torch.equal(losses[0], losses[1])
    assert not torch.equal(losses[0], losses[2])


def test_a_feature_that_never_varies_is_left_in_its_own_units() -> None:
    x = normal(50, 7)
    x[:, 3] = 5.0
    model = tiny(MODELS["spline"], TABLE)
    model.prepare(x)
    assert model.bijection.scale[3] == 1
    assert model.bijection.shift[3] == 5
    assert torch.isfinite(model.loss(Batch(x.float(), None, None), step()).total)


def test_the_truth_line_is_the_entropy_where_it_is_known() -> None:
    x = normal(10, 2)
    known = tiny(MODELS["maf"], DataSpec((2,), bounded=False, entropy=1.25)).truths(x)
    assert [(line.metric, line.value) for line in known] == [("loss", 1.25)]
    assert tiny(MODELS["maf"], DataSpec((2,), bounded=False)).truths(x) == ()


@each_kind
def test_too_many_features_are_refused_with_a_sentence(kind: str) -> None:
    with pytest.raises(ValueError, match=rf"'{kind}' takes at most {LARGEST} features.* 784"):
        MODELS[kind].build(DataSpec((1, 28, 28)), {})


def test_splines_couple_where_decoding_would_be_slow() -> None:
    assert not is_coupled("auto", 2)
    assert is_coupled("auto", 64)
    assert is_coupled("coupling", 2)
    assert not is_coupled("autoregressive", 64)


def test_what_is_no_flow_has_no_density() -> None:
    assert not isinstance(tiny(MODELS["deep"], TABLE), Invertible)
    assert isinstance(tiny(MODELS["maf"], TABLE), Invertible)
