"""Paths keep their anchors, their steps and what their method promises."""

from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from aeviz.analysis.questions import Findings, Subject, ask

METHODS = ("straight", "slerp", "spline", "density", "geodesic")


class Curved(torch.nn.Module):
    """Decodes a plane onto a bowl."""

    latent_dim = 2

    def decode(self, z: Tensor, condition: Tensor | None = None) -> Tensor:
        return torch.stack([z[:, 0], z[:, 1], (z**2).sum(dim=1)], dim=1)


def path(method: str, anchors: ArrayLike, steps: int, latents: Any = None) -> NDArray[np.float32]:
    """Latents along a path, or the reason why there is none."""
    subject: Any = Subject(model=Curved(), latents=latents)  # type: ignore[arg-type]
    wanted = {"anchors": anchors, "methods": (method,), "steps": steps, "decodes": False}
    *_, last = (found for found in ask("path", subject, wanted) if found is not None)
    assert isinstance(last, Findings)
    for reason in last.values["why"].values():
        raise ValueError(reason)
    return np.asarray(last.arrays["curve"][0, :: last.values["every"]])


LATENTS = np.random.default_rng(0).normal(size=(200, 2)).astype(np.float32)
ANCHORS = [[-1.0, 0.5], [0.5, 1.0], [1.0, -0.5]]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("steps", [2, 3, 16])
@pytest.mark.parametrize("count", [2, 3])
def test_a_path_begins_and_ends_at_its_anchors(method: str, steps: int, count: int) -> None:
    found = path(method, ANCHORS[:count], steps, LATENTS)
    assert found.shape == (steps, 2)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found[[0, -1]], np.float32([ANCHORS[0], ANCHORS[count - 1]]))


@pytest.mark.parametrize("method", ["straight", "slerp", "spline", "density"])
def test_steps_are_even(method: str) -> None:
    found = path(method, ANCHORS, 40, LATENTS)
    lengths = np.linalg.norm(np.diff(found, axis=0), axis=1)
    assert lengths.max() < 1.2 * np.median(lengths)


def test_a_spherical_path_keeps_the_norm() -> None:
    found = path("slerp", [[3.0, 0.0, 0.0], [0.0, 0.0, 3.0]], 20)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 3, rtol=1e-3)


def test_a_spline_goes_through_every_anchor_without_a_corner() -> None:
    fine = path("spline", ANCHORS, 1000)
    for anchor in ANCHORS:
        assert np.linalg.norm(fine - np.float32(anchor), axis=1).min() < 2e-3
    steps = np.diff(fine, axis=0)
    steps /= np.linalg.norm(steps, axis=1, keepdims=True)
    assert (steps[1:] * steps[:-1]).sum(axis=1).min() > 0.99


def test_a_path_along_the_density_goes_round_a_hole() -> None:
    angles = np.random.default_rng(0).uniform(0, 2 * np.pi, 2000)
    ring = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    found = path("density", [[1.0, 0.0], [-1.0, 0.05]], 50, ring)
    assert np.linalg.norm(found, axis=1).min() > 0.9


def test_a_path_between_islands_is_straight() -> None:
    islands = np.repeat(np.float32([[0, 0], [100, 0]]), 40, axis=0)
    islands += np.random.default_rng(0).normal(size=islands.shape).astype(np.float32)
    found = path("density", [[0.0, 0.0], [100.0, 0.0]], 9, islands)
    assert np.isfinite(found).all()


@pytest.mark.parametrize(
    ("method", "anchors", "steps", "said"),
    [
        ("straight", [[0.0, 0.0]], 5, "two anchors"),
        ("straight", [[0.0, 0.0], [np.nan, 0.0]], 5, "finite"),
        ("straight", ANCHORS, 1, "2 to 1000"),
        ("slerp", [[0.0, 0.0], [1.0, 0.0]], 5, "zero has no direction"),
        ("density", ANCHORS, 5, "latents"),
        ("curly", ANCHORS, 5, "straight, slerp"),
    ],
)
def test_what_makes_no_path_is_refused(
    method: str, anchors: list[list[float]], steps: int, said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        path(method, anchors, steps)
