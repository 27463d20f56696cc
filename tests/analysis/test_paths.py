"""Paths keep their anchors, their steps and what their method promises."""

import numpy as np
import pytest
import torch
from torch import Tensor

from aeviz.analysis.paths import METHODS, Method, path


def curved(z: Tensor) -> Tensor:
    return torch.stack([z[:, 0], z[:, 1], (z**2).sum(dim=1)], dim=1)


LATENTS = np.random.default_rng(0).normal(size=(200, 2)).astype(np.float32)
ANCHORS = [[-1.0, 0.5], [0.5, 1.0], [1.0, -0.5]]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("steps", [2, 3, 16])
@pytest.mark.parametrize("count", [2, 3])
def test_a_path_begins_and_ends_at_its_anchors(method: Method, steps: int, count: int) -> None:
    found = path(method, ANCHORS[:count], steps, decode=curved, latents=LATENTS)
    assert found.shape == (steps, 2)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found[[0, -1]], np.float32([ANCHORS[0], ANCHORS[count - 1]]))


@pytest.mark.parametrize("method", ["straight", "slerp", "spline", "density"])
def test_steps_are_even(method: Method) -> None:
    found = path(method, ANCHORS, 40, latents=LATENTS)
    lengths = np.linalg.norm(np.diff(found, axis=0), axis=1)
    assert lengths.max() < 1.2 * np.median(lengths)


def test_a_spherical_path_keeps_the_norm() -> None:
    found = path("slerp", [[3.0, 0.0, 0.0], [0.0, 0.0, 3.0]], 20)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 3, rtol=1e-3)


def test_a_spline_goes_through_every_anchor_without_a_corner() -> None:
    fine = path("spline", ANCHORS, 2000)
    for anchor in ANCHORS:
        assert np.linalg.norm(fine - np.float32(anchor), axis=1).min() < 2e-3
    steps = np.diff(fine, axis=0)
    steps /= np.linalg.norm(steps, axis=1, keepdims=True)
    assert (steps[1:] * steps[:-1]).sum(axis=1).min() > 0.99


def test_a_path_along_the_density_goes_round_a_hole() -> None:
    angles = np.random.default_rng(0).uniform(0, 2 * np.pi, 2000)
    ring = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    found = path("density", [[1.0, 0.0], [-1.0, 0.05]], 50, latents=ring)
    assert np.linalg.norm(found, axis=1).min() > 0.9


def test_a_path_between_islands_is_straight() -> None:
    islands = np.repeat(np.float32([[0, 0], [100, 0]]), 40, axis=0)
    islands += np.random.default_rng(0).normal(size=islands.shape).astype(np.float32)
    found = path("density", [[0.0, 0.0], [100.0, 0.0]], 9, latents=islands)
    assert np.isfinite(found).all()


@pytest.mark.parametrize(
    ("method", "anchors", "steps", "said"),
    [
        ("straight", [[0.0, 0.0]], 5, "two anchors"),
        ("straight", [[0.0, 0.0], [np.nan, 0.0]], 5, "finite"),
        ("straight", ANCHORS, 1, "two steps"),
        ("slerp", [[0.0, 0.0], [1.0, 0.0]], 5, "zero has no direction"),
        ("density", ANCHORS, 5, "latents"),
        ("geodesic", ANCHORS, 5, "decoder"),
        ("curly", ANCHORS, 5, "straight, slerp"),
    ],
)
def test_what_makes_no_path_is_refused(
    method: Method, anchors: list[list[float]], steps: int, said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        path(method, anchors, steps)
