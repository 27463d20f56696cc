"""The question "path": curves, decodes and trust along them have known answers."""

import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from aeviz.analysis import questions
from aeviz.analysis.geodesic import relaxing
from aeviz.analysis.questions import Findings, Subject

LATENTS = np.random.default_rng(0).normal(size=(500, 2)).astype(np.float32)


class Line(torch.nn.Module):
    """Decodes linearly to three features: x̂ = W z, with a column that is told."""

    latent_dim = 2

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.tensor([[3.0, 0.0], [0.0, 1.0], [0.0, 0.0]]))

    def decode(self, z: Tensor, condition: Tensor | None = None) -> Tensor:
        x = z @ self.weight.T
        return x if condition is None else x + condition[:, None]


class Sphere(Line):
    """Decodes angles onto the unit sphere."""

    def decode(self, z: Tensor, condition: Tensor | None = None) -> Tensor:
        across, up = z[:, 0], z[:, 1]
        return torch.stack([across.cos() * up.cos(), across.sin() * up.cos(), up.sin()], dim=1)


def ask(model: Any, **arguments: Any) -> tuple[list[Findings], dict[str, Any], dict[str, Any]]:
    """Every answer, and arrays and values of the last one."""
    subject = Subject(
        model=model,
        latents=LATENTS,
        own_units=lambda x: 10 * x,
        condition=lambda asked, count: None if asked is None else torch.full((count,), asked),
    )
    asked = {"anchors": [[-1.0, 0.0], [1.0, 0.0]], "steps": 5, **arguments}
    found = [each for each in questions.ask("path", subject, asked) if each is not None]
    return found, dict(found[-1].arrays), dict(found[-1].values)


def test_a_straight_path_through_a_linear_decoder() -> None:
    _, arrays, values = ask(Line(), methods=["straight"], stamp=7)
    z = arrays["curve"][0, :: values["every"]]
    np.testing.assert_allclose(z[:, 0], [-1, -0.5, 0, 0.5, 1], atol=1e-6)
    np.testing.assert_allclose(values["length"], [6.0], rtol=1e-6)
    np.testing.assert_allclose(arrays["change"][0], 1.5, rtol=1e-6)
    np.testing.assert_allclose(arrays["x"][0, :, 0], [-30, -15, 0, 15, 30], atol=1e-5)
    assert values["stamp"] == 7
    assert values["done"] == {"straight": True}


def test_a_geodesic_is_no_longer_than_the_other_methods_and_comes_step_by_step() -> None:
    anchors = [[0.0, 1.2], [math.pi / 2, 1.2]]
    found, arrays, values = ask(Sphere(), anchors=anchors, methods=["straight", "geodesic"])
    x = Sphere().decode(torch.tensor(anchors)).numpy()
    arc = math.acos(float(x[0] @ x[1]))
    straight, geodesic = values["length"]
    np.testing.assert_allclose(geodesic, arc, rtol=0.01)
    assert geodesic < 0.97 * straight
    np.testing.assert_allclose(arrays["change"][1], arrays["change"][1].mean(), rtol=0.02)
    assert not found[0].values["done"]["geodesic"]


def test_density_and_distance_are_those_of_the_latents() -> None:
    _, arrays, values = ask(Line(), anchors=[[0.0, 0.0], [6.0, 0.0]], methods=["straight"], steps=2)
    end = np.sort(np.linalg.norm(LATENTS - np.float32([6, 0]), axis=1))[4]
    np.testing.assert_allclose(arrays["distance"][0, -1], end, rtol=1e-5)
    width = LATENTS.std(axis=0, dtype=np.float64) * 500 ** (-1 / 6)
    kernels = np.exp(-0.5 * ((LATENTS / width) ** 2).sum(axis=1)) / (2 * np.pi * width.prod())
    np.testing.assert_allclose(arrays["log_density"][0, 0], np.log(kernels.mean()), rtol=1e-4)
    assert arrays["log_density"][0, 0] > values["low"] > arrays["log_density"][0, -1]
    assert arrays["distance"][0, 0] < values["far"] < end
    assert (values["neighbour"], "500 latents" in values["density"]) == (5, True)


def test_an_anchor_that_is_a_sample_lies_where_its_latent_lies_at_that_epoch() -> None:
    _, arrays, _ = ask(Line(), rows=[-1, 3], methods=["straight"], decodes=False)
    np.testing.assert_array_equal(arrays["anchors"], [[-1, 0], LATENTS[3]])
    np.testing.assert_array_equal(arrays["curve"][0, -1], LATENTS[3])
    assert "x" not in arrays


def test_a_drawn_line_is_bent_to_its_anchors_and_a_closed_path_comes_back() -> None:
    drawn = [[0.0, 0.0], [1.0, 2.0], [2.0, 0.0]]
    _, arrays, _ = ask(
        Line(), anchors=[[0.0, 0.0], [2.0, 4.0]], drawn=drawn, knots=[0, 2],
        methods=["freehand", "spline"], closed=True, decodes=False, steps=3,
    )  # fmt: skip
    far = np.linalg.norm(arrays["curve"][0] - np.float32([1, 4]), axis=1)
    assert far.min() < 0.1
    for curve in arrays["curve"]:
        np.testing.assert_array_equal(curve[0], curve[-1])


def test_the_condition_is_told_to_every_decode() -> None:
    _, arrays, _ = ask(Line(), methods=["straight", "geodesic"], condition=2.0)
    np.testing.assert_allclose(arrays["x"][:, :, 2], 20.0)


def test_a_method_that_cannot_says_why_and_the_others_answer() -> None:
    _, arrays, values = ask(
        Line(), anchors=[[0.0, 0.0], [1.0, 0.0]], methods=["slerp", "freehand", "spline"]
    )
    assert "no direction" in values["why"]["slerp"]
    assert "drawn" in values["why"]["freehand"]
    assert np.isnan(arrays["curve"][0]).all()
    assert np.isfinite(arrays["x"][2]).all()
    assert all(values["done"].values())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"methods": ["curly"]}, "straight, slerp"),
        ({"steps": 1}, "2 to"),
        ({"anchors": [[0.0, 0.0, 0.0]] * 2}, r"\(A, 2\)"),
        ({"anchors": [[0.0, 0.0]]}, "two anchors"),
    ],
)
def test_what_makes_no_sense_is_refused(arguments: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        ask(Line(), **arguments)


def test_a_geodesic_on_its_way_begins_straight_and_keeps_its_ends() -> None:
    model = Sphere()
    seen = list(relaxing(model.decode, [0.0, 1.0], [1.0, 1.0], 9))
    np.testing.assert_allclose(seen[0][:, 1], 1.0)
    assert len(seen) > 3
    for curve in seen:
        np.testing.assert_array_equal(curve[[0, -1]], [[0, 1], [1, 1]])


class Wave(Line):
    """Decodes onto a fine wave, whose bends lie between the points that a geodesic moves."""

    def decode(self, z: Tensor, condition: Tensor | None = None) -> Tensor:
        across, up = z[:, 0], z[:, 1]
        wave = (40 * across).sin() * (1 + up**2)
        return torch.stack([across, up, wave], dim=1)


def test_a_geodesic_is_never_longer_than_straight_also_between_its_points() -> None:
    for anchors in ([[-1.0, 0.2], [1.0, 0.2]], [[0.0, -3.0], [2.0, 3.0]]):
        _, _, values = ask(Wave(), anchors=anchors, methods=["straight", "geodesic"])
        straight, geodesic = values["length"]
        assert geodesic <= straight * (1 + 1e-6)
