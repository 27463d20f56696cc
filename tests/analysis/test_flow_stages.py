"""What the window shows of a flow: samples, lines and densities through the transforms."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch

from aeviz.analysis.flow_stages import integral
from aeviz.analysis.questions import Findings, Subject, ask
from aeviz.models import MODELS
from aeviz.models.base import DataSpec, LatentModel

SCALE, SHIFT = np.array([2.0, 0.5], np.float32), np.array([1.0, -3.0], np.float32)


def flow(name: str = "spline", shape: tuple[int, ...] = (2,)) -> LatentModel:
    torch.manual_seed(0)
    spec = DataSpec(shape, bounded=len(shape) == 3)
    model = MODELS[name].build(spec, {"transforms": 3, "widths": (16,)}).eval()
    return model.requires_grad_(False)


def subject(model: LatentModel, count: int = 300) -> Subject:
    features = getattr(model, "latent_dim", 2)
    shape = (features,) if features != 36 else (1, 6, 6)
    samples = np.random.default_rng(0).normal(size=(count, *shape)).astype(np.float32)
    samples[..., 0] *= 0.2
    samples[..., -1] *= 3
    return Subject(
        model=model,
        samples=lambda rows: samples[rows],
        kept=count,
        own_units=lambda x: x * SCALE + SHIFT,
    )


def last(found: Iterator[Findings | None]) -> Findings:
    answers = [one for one in found if one is not None]
    return answers[-1]


@pytest.mark.parametrize("name", ["realnvp", "maf", "spline"])
def test_samples_begin_as_they_are_and_end_as_latents(name: str) -> None:
    model = flow(name)
    about = subject(model)
    arrays, values = last(ask("flow-stages", about, {}))
    assert about.samples is not None
    x = torch.from_numpy(about.samples(arrays["rows"]))
    assert values["transforms"] == 3
    assert arrays["points"].shape == (4, 300, 2)
    np.testing.assert_allclose(arrays["points"][0], x, atol=1e-6)
    np.testing.assert_allclose(arrays["points"][-1], model.encode(x), atol=1e-5)


def test_every_stage_has_a_density_and_its_integral() -> None:
    arrays, _ = last(ask("flow-stages", subject(flow()), {}))
    assert arrays["density"].shape == (4, 128, 128)
    for density, region, mass in zip(
        arrays["density"], arrays["regions"], arrays["mass"], strict=True
    ):
        assert mass == pytest.approx(integral(density, tuple(region)))
        assert 0.1 < mass < 1.01
    left, right, low, high = arrays["regions"][-1]
    x, y = np.meshgrid(np.linspace(left, right, 128), np.linspace(high, low, 128))
    normal = -0.5 * (x**2 + y**2) - math.log(2 * math.pi)
    np.testing.assert_allclose(arrays["density"][-1], normal, atol=1e-4)


def test_lines_begin_straight_and_bend() -> None:
    arrays, _ = last(ask("flow-stages", subject(flow()), {}))
    lines = arrays["lines"]
    assert lines.shape == (4, 30, 81, 2)
    assert np.ptp(lines[0][:15, :, 0], axis=1).max() < 1e-6  # standing
    assert np.ptp(lines[0][15:, :, 1], axis=1).max() < 1e-6  # lying
    assert np.ptp(lines[-1][:15, :, 0], axis=1).max() > 1e-3


def test_densities_come_one_after_the_other() -> None:
    known = [
        int(np.isfinite(found.arrays["mass"]).sum())
        for found in ask("flow-stages", subject(flow()), {})
        if found is not None
    ]
    assert known == [0, 1, 2, 3, 4]


def test_of_more_features_two_are_followed() -> None:
    arrays, values = last(ask("flow-stages", subject(flow(shape=(5,))), {}))
    assert values["features"] == [0, 1]
    assert set(arrays) == {"rows", "points"}
    arrays, values = last(ask("flow-stages", subject(flow(shape=(1, 6, 6))), {}))
    assert len(values["features"]) == 2
    assert all(number % 6 == 5 for number in values["features"])  # they vary most


def test_a_latent_is_followed_back_with_its_density() -> None:
    model = flow()
    found = last(ask("flow-at", subject(model), {"z": [0.5, -1.0]}))
    x = model.decode(torch.tensor([[0.5, -1.0]]))
    log_base, log_det = model.log_density(x)
    np.testing.assert_allclose(found.arrays["places"][0], x[0], atol=1e-5)
    np.testing.assert_allclose(found.arrays["places"][-1], [0.5, -1.0], atol=1e-5)
    assert found.values["log_base"] == pytest.approx(float(log_base), abs=1e-4)
    assert found.values["log_det"] == pytest.approx(float(log_det), abs=1e-4)
    total = found.values["log_base"] + found.values["log_det"]
    assert found.values["log_density"] == pytest.approx(total)
    assert next(model.parameters()).dtype == torch.float32


def test_the_density_over_the_samples_is_in_their_own_units() -> None:
    about = subject(flow())
    region = (-25.0, 27.0, -9.0, 3.0)
    found = last(ask("sample-density", about, {"region": region}))
    assert found.arrays["density"].shape == (128, 128)
    assert found.values["mass"] == pytest.approx(1, abs=0.02)


def test_a_model_without_a_density_is_refused() -> None:
    linear = MODELS["linear"].build(DataSpec((2,), bounded=False), {})
    for question, arguments in (
        ("flow-stages", {}),
        ("flow-at", {"z": [0, 0]}),
        ("sample-density", {"region": (0, 1, 0, 1)}),
    ):
        with pytest.raises(ValueError, match="this model is no flow"):
            last(ask(question, Subject(model=linear), arguments))


def test_the_integral_of_a_known_density() -> None:
    places = np.linspace(-6, 6, 128)
    x, y = np.meshgrid(places, places)
    log_normal: Any = (-0.5 * (x**2 + y**2) - math.log(2 * math.pi)).astype(np.float32)
    assert integral(log_normal, (-6, 6, -6, 6)) == pytest.approx(1, abs=1e-5)
    assert integral(np.zeros((5, 9), np.float32), (0, 2, 0, 3)) == pytest.approx(6)
