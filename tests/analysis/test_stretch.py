"""Stretch and geodesics of decoders whose answers are known."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from aeviz.analysis.geodesic import curve_length, geodesic
from aeviz.analysis.questions import Subject, ask
from aeviz.analysis.stretch import stretch
from aeviz.models import MODELS
from aeviz.models.base import Codebook, DataSpec, ModelEntry
from tests.models.tiny import SPECS, cases, tiny


def linear(seed: int = 0) -> tuple[torch.nn.Linear, float]:
    layer = torch.nn.Linear(2, 7)
    with torch.no_grad():
        layer.weight.copy_(torch.randn(7, 2, generator=torch.Generator().manual_seed(seed)))
    weight = layer.weight.detach().double()
    return layer, math.sqrt(float(torch.linalg.det(weight.T @ weight)))


def sphere(z: Tensor) -> Tensor:
    """(longitude, latitude) to the unit sphere."""
    longitude, latitude = z[:, 0], z[:, 1]
    flat = latitude.cos()
    return torch.stack([flat * longitude.cos(), flat * longitude.sin(), latitude.sin()], dim=1)


def roll(z: Tensor) -> Tensor:
    """(angle, height) to a swiss roll with radius = angle."""
    angle, height = z[:, 0], z[:, 1]
    return torch.stack([angle * angle.cos(), height, angle * angle.sin()], dim=1)


def test_a_linear_decoder_stretches_everywhere_by_the_root_of_the_determinant() -> None:
    layer, known = linear()
    places = np.random.default_rng(0).normal(size=(150, 2))
    np.testing.assert_allclose(stretch(layer, places), known, rtol=1e-5)


def test_a_sphere_is_stretched_by_the_cosine_of_the_latitude() -> None:
    places = np.array([[0.0, 0.0], [1.0, 0.5], [2.0, -1.2]])
    np.testing.assert_allclose(stretch(sphere, places), np.cos(places[:, 1]), rtol=1e-5)


def test_stretch_along_fewer_axes_is_the_length_of_the_derivative() -> None:
    layer, _ = linear()
    known = float(layer.weight.detach()[:, 1].norm())
    assert stretch(layer, [[3.0, 4.0]], [[0.0], [1.0]])[0] == pytest.approx(known, rel=1e-5)


def test_more_directions_than_features_span_no_volume() -> None:
    assert stretch(lambda z: z[:, :1] * 2, [[1.0, 1.0]]).tolist() == [0]


def test_wrong_axes_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\(2, K\)"):
        stretch(sphere, [[0.0, 0.0]], np.eye(3))


def test_a_geodesic_of_a_linear_decoder_is_straight() -> None:
    layer, _ = linear()
    found = geodesic(layer, [-1.0, 0.5], [2.0, 1.0], points=9)
    np.testing.assert_allclose(found, np.linspace([-1, 0.5], [2, 1], 9), atol=1e-5)


@pytest.mark.parametrize(("start", "end"), [((-1.0, 0.6), (1.0, 0.6)), ((0.0, 1.2), (2.0, 0.2))])
def test_a_geodesic_of_a_sphere_is_an_arc_of_a_great_circle(
    start: tuple[float, float], end: tuple[float, float]
) -> None:
    ends = sphere(torch.tensor([start, end], dtype=torch.float64))
    known = math.acos(float(ends[0] @ ends[1]))
    found = geodesic(sphere, start, end, points=64)
    straight = np.linspace(start, end, 64)
    assert curve_length(sphere, found) == pytest.approx(known, rel=0.01)
    assert curve_length(sphere, found) < curve_length(sphere, straight)


def test_a_geodesic_of_a_swiss_roll_is_straight_when_unrolled() -> None:
    def arc(angle: float) -> float:  # ∫√(1 + t²)dt, the length of the spiral
        return (angle * math.sqrt(1 + angle**2) + math.asinh(angle)) / 2

    start, end = (4.0, 0.0), (10.0, 12.0)
    known = math.hypot(arc(10) - arc(4), 12)
    found = geodesic(roll, start, end, points=128)
    assert curve_length(roll, found) == pytest.approx(known, rel=0.01)
    assert curve_length(roll, found) < curve_length(roll, np.linspace(start, end, 128))


def test_a_geodesic_keeps_its_ends() -> None:
    found = geodesic(sphere, (0.0, 0.3), (1.5, 0.9), points=5)
    np.testing.assert_array_equal(found[[0, -1]], np.float32([[0.0, 0.3], [1.5, 0.9]]))


def test_a_decoder_of_codes_has_no_geodesic_and_no_stretch() -> None:
    model = MODELS["vq-vae"].build(DataSpec(shape=(1, 8, 8), samples=10), {}).eval()
    ends = np.zeros((2, model.latent_dim), np.float32)
    ends[1] += 1
    with pytest.raises(ValueError, match="from code to code"):
        geodesic(model.decode, *ends, points=4)
    assert stretch(model.decode, ends, np.eye(model.latent_dim, 2)).tolist() == [0, 0]


def test_the_stretch_over_the_map_fills_and_has_its_highest_row_first() -> None:
    spec = DataSpec(shape=(6,), samples=10)
    model = MODELS["linear"].build(spec, {"latent_dim": 2}).eval()
    answers = list(ask("stretch", Subject(model), {"region": (-1, 1, -1, 1), "side": 16}))
    assert len(answers) > 1
    last = answers[-1]
    assert last is not None
    assert last.values["progress"] == 1
    weight = next(p for p in model.parameters() if p.shape == (6, 2)).detach().double()
    known = math.sqrt(float(torch.linalg.det(weight.T @ weight)))
    np.testing.assert_allclose(last.arrays["stretch"], known, rtol=1e-4)


@pytest.mark.parametrize(("entry", "spec"), list(cases()))
def test_every_model_says_how_its_decoder_stretches(entry: ModelEntry, spec: DataSpec) -> None:
    model = tiny(entry, spec).eval().requires_grad_(False)
    asked: list[object] = []

    def condition(told: object, count: int) -> torch.Tensor | None:
        asked.append(told)
        return None if spec.condition_kind == "" else torch.ones(count, dtype=torch.int64)

    subject = Subject(model, condition=condition)
    axes = np.eye(model.latent_dim, 2)
    arguments = {"region": (-1, 1, -1, 1), "side": 4, "axes": axes, "condition": 1}
    *_, last = ask("stretch", subject, arguments)
    assert last is not None
    found = last.arrays["stretch"]
    assert found.shape == (4, 4)
    assert (found >= 0).all()
    assert (found == 0).all() == isinstance(model, Codebook)
    assert set(asked) == {1}


def test_the_stretch_is_that_of_the_told_condition() -> None:
    model = tiny(MODELS["conditional-vae"], SPECS["table"]).eval()
    found = []
    for choice in (0, 2):
        subject = Subject(model, condition=lambda told, count: torch.full((count,), told))
        arguments = {"region": (-1, 1, -1, 1), "side": 4, "condition": choice}
        *_, last = ask("stretch", subject, arguments)
        assert last is not None
        found.append(last.arrays["stretch"])
    assert not np.allclose(*found, rtol=1e-3)
    alone = stretch(lambda z: model.decode(z, torch.full((len(z),), 2)), [[-1, 1]])
    np.testing.assert_allclose(found[1][0, 0], alone, rtol=1e-5)


def test_where_a_derivative_is_not_finite_the_stretch_is_unknown() -> None:
    found = stretch(torch.sqrt, [[1.0, 4.0], [-1.0, 4.0]])
    assert found[0] == pytest.approx(0.5 * 0.25)
    assert math.isnan(found[1])
