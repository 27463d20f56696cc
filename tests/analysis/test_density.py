"""A flow fitted to latents: a density that integrates to one and follows them."""

from collections.abc import Generator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from aeviz import data, geometry
from aeviz.analysis import density as module
from aeviz.analysis.density import FitOptions, LatentDensity, fit
from aeviz.analysis.flow_stages import integral
from aeviz.analysis.questions import Findings, Subject, ask
from aeviz.models import MODELS
from aeviz.models.base import DataSpec

QUICK = FitOptions(steps=150, batch_size=256, widths=(32,), transforms=2, lr=0.02)
REGION = (-3.0, 4.0, -2.5, 3.0)


def finished(steps: Generator[LatentDensity, None, LatentDensity]) -> LatentDensity:
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def moons() -> np.ndarray[Any, np.dtype[np.float32]]:
    points = data.load("two-moons", Path("nowhere"), {"samples": 2000, "noise": 0.2})
    return np.asarray(points.samples)


@pytest.fixture(scope="module")
def fitted(moons: np.ndarray[Any, np.dtype[np.float32]]) -> LatentDensity:
    return finished(fit(moons, QUICK))


def test_the_density_integrates_to_one(fitted: LatentDensity) -> None:
    square = fitted.log_density(geometry.lattice(REGION, 128, 128).reshape(-1, 2))
    assert integral(square.reshape(128, 128), REGION) == pytest.approx(1, abs=0.01)


def test_it_comes_near_the_entropy_and_not_below(fitted: LatentDensity) -> None:
    fresh = data.load("two-moons", Path("nowhere"), {"samples": 20_000, "noise": 0.2, "seed": 1})
    assert fresh.density is not None
    nats = -fitted.log_density(fresh.samples)
    gap = nats.mean() - fresh.density.entropy()
    assert -3 * nats.std() / np.sqrt(len(nats)) < gap < 0.25


def test_draws_are_where_the_latents_are(
    fitted: LatentDensity, moons: np.ndarray[Any, np.dtype[np.float32]]
) -> None:
    drawn = fitted.sample(4000, torch.Generator().manual_seed(0))
    assert drawn.shape == (4000, 2)
    np.testing.assert_allclose(drawn.mean(axis=0), moons.mean(axis=0), atol=0.1)
    np.testing.assert_allclose(drawn.std(axis=0), moons.std(axis=0), rtol=0.1)


def test_units_of_the_latents_are_counted_in(
    moons: np.ndarray[Any, np.dtype[np.float32]],
) -> None:
    short = FitOptions(steps=10, widths=(8,), transforms=2)
    narrow, wide = finished(fit(moons, short)), finished(fit(100 * moons + 7, short))
    expected = narrow.log_density(moons[:50]) - 2 * np.log(100)
    np.testing.assert_allclose(wide.log_density(100 * moons[:50] + 7), expected, atol=0.05)


def test_the_same_seed_gives_the_same_density_and_leaves_the_global_generator_alone(
    moons: np.ndarray[Any, np.dtype[np.float32]],
) -> None:
    short = FitOptions(steps=5, widths=(8,), transforms=2)
    before = torch.get_rng_state()
    one, other = (finished(fit(moons, short)).log_density(moons) for _ in range(2))
    assert torch.equal(before, torch.get_rng_state())
    assert np.array_equal(one, other)
    assert not np.array_equal(
        one,
        finished(fit(moons, FitOptions(steps=5, widths=(8,), transforms=2, seed=1))).log_density(
            moons
        ),
    )


def test_one_and_many_dimensions_can_be_fitted() -> None:
    generator = np.random.default_rng(0)
    for dimensions in (1, 5):
        latents = generator.normal(size=(500, dimensions)).astype(np.float32)
        made = finished(fit(latents, FitOptions(steps=3, widths=(8,), transforms=2)))
        assert made.log_density(latents).shape == (500,)
    line = np.linspace(-8, 8, 2001, dtype=np.float32)[:, None]
    made = finished(fit(generator.normal(size=(500, 1)), FitOptions(steps=60, transforms=2)))
    assert np.exp(made.log_density(line)).sum() * 0.008 == pytest.approx(1, abs=0.01)


def test_latents_that_do_not_vary_or_are_missing() -> None:
    flat = np.random.default_rng(0).normal(size=(100, 2)).astype(np.float32)
    flat[:, 1] = 3.0
    made = finished(fit(flat, FitOptions(steps=3, widths=(8,), transforms=2)))
    assert np.isfinite(made.log_density(flat)).all()
    for wrong in (flat[:1], np.full((5, 2), np.nan)):
        with pytest.raises(ValueError, match="a density needs at least two latents"):
            finished(fit(wrong))


def subject(latents: np.ndarray[Any, np.dtype[np.float32]]) -> Subject:
    model = MODELS["linear"].build(DataSpec((4,), bounded=False), {})
    return Subject(model=model, latents=latents)


SHORT = {"steps": 6, "widths": (8,), "transforms": 2}


def test_the_question_shows_the_fit_on_its_way_and_remembers_it(
    moons: np.ndarray[Any, np.dtype[np.float32]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SHOW_EVERY", 0.0)
    module._fits.clear()
    arguments = {"region": REGION, "options": SHORT}
    found = [one for one in ask("latent-density", subject(moons), arguments) if one is not None]
    assert [round(6 * one.values["progress"]) for one in found] == [1, 2, 3, 4, 5, 6]
    elsewhere = {**arguments, "region": (0, 1, 0, 1)}
    again = [one for one in ask("latent-density", subject(moons), elsewhere) if one is not None]
    assert [one.values["progress"] for one in again] == [1]
    other = [one for one in ask("latent-density", subject(moons + 1), arguments) if one is not None]
    assert len(other) == 6


def test_a_fit_that_is_superseded_goes_on_where_it_was(
    moons: np.ndarray[Any, np.dtype[np.float32]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SHOW_EVERY", 0.0)
    module._fits.clear()
    left = ask("latent-density", subject(moons), {"region": REGION, "options": SHORT})
    assert next(one for one in left if one is not None).values["progress"] == pytest.approx(1 / 6)
    moved = ask("latent-density", subject(moons), {"region": (0, 1, 0, 1), "options": SHORT})
    assert next(one for one in moved if one is not None).values["progress"] == pytest.approx(2 / 6)


def test_a_plane_of_a_larger_space_holds_no_mass() -> None:
    latents = np.random.default_rng(0).normal(size=(200, 3)).astype(np.float32)
    axes = np.eye(3, 2)
    arguments = {"region": REGION, "options": SHORT, "mean": np.zeros(3), "axes": axes}
    last: list[Findings] = [
        one for one in ask("latent-density", subject(latents), arguments) if one is not None
    ][-1:]
    assert last[0].arrays["density"].shape == (128, 128)
    assert np.isnan(last[0].values["mass"])
    with pytest.raises(ValueError, match=r"the axes of the map must be \(3, 2\)"):
        list(ask("latent-density", subject(latents), {"region": REGION}))
    with pytest.raises(ValueError, match="at least two dimensions"):
        list(ask("latent-density", subject(latents[:, :1]), {"region": REGION}))
