"""The plane of the map."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aeviz.analysis.projection import Projection, project


def cloud(count: int = 60, dimensions: int = 5, seed: int = 0) -> np.ndarray:
    generator = np.random.default_rng(seed)
    stretch = np.diag(np.linspace(3, 1, dimensions))
    turned = np.linalg.qr(generator.normal(size=(dimensions, dimensions)))[0]
    return generator.normal(size=(count, dimensions)) @ stretch @ turned + 2.0


def back(projection: Projection) -> np.ndarray:
    """z = mean + axes @ position, for every position."""
    return projection.mean + projection.positions @ projection.axes.T


def test_two_dimensions_are_drawn_as_they_are() -> None:
    latents = cloud(dimensions=2).astype(np.float32)
    flat = project(latents)
    assert np.array_equal(flat.positions, latents)
    assert np.array_equal(back(flat), latents)


def test_one_dimension_gets_a_jitter_that_is_ignored_on_the_way_back() -> None:
    latents = cloud(dimensions=1).astype(np.float32)
    flat = project(latents)
    assert np.array_equal(flat.positions[:, :1], latents)
    assert len(np.unique(flat.positions[:, 1])) == len(latents)
    assert np.allclose(back(flat), latents)
    assert np.ptp(flat.positions[:, 1]) < 0.11 * np.ptp(latents)


def test_the_jitter_is_the_same_every_time() -> None:
    latents = cloud(dimensions=1)
    assert np.array_equal(project(latents).positions, project(latents).positions)


def test_more_dimensions_are_seen_along_the_principal_axes() -> None:
    latents = cloud()
    flat = project(latents)
    centred = latents - latents.mean(axis=0)
    values = np.linalg.svd(centred, compute_uv=False)
    assert np.linalg.norm(flat.positions, axis=0) == pytest.approx(values[:2], rel=1e-5)
    assert flat.axes.T @ flat.axes == pytest.approx(np.eye(2), abs=1e-6)


def test_a_plane_in_space_comes_back_exactly() -> None:
    plane = cloud(dimensions=2) @ np.linalg.qr(np.random.default_rng(1).normal(size=(6, 2)))[0].T
    assert back(project(plane)) == pytest.approx(plane, abs=1e-5)


def test_the_picture_does_not_spin() -> None:
    latents = cloud()
    first = project(latents)
    for seed in range(5):
        turned = np.linalg.qr(np.random.default_rng(seed).normal(size=(5, 5)))[0]
        second = project(latents @ turned, first)
        assert second.positions == pytest.approx(first.positions, abs=1e-4)
        assert back(second) == pytest.approx(back(first) @ turned, abs=1e-4)


def test_turning_keeps_the_way_back() -> None:
    first, second = cloud(seed=0), cloud(seed=1)
    turned = project(second, project(first))
    plain = project(second)
    assert back(turned) == pytest.approx(back(plain), abs=1e-4)


def test_another_number_of_samples_is_not_turned() -> None:
    assert np.array_equal(
        project(cloud(30), project(cloud(60))).positions, project(cloud(30)).positions
    )


@given(st.integers(1, 5), st.integers(1, 6))
def test_any_number_of_samples_and_dimensions_has_finite_positions(
    count: int, dimensions: int
) -> None:
    collapsed = project(np.zeros((count, dimensions)))
    assert collapsed.positions.shape == (count, 2)
    assert np.isfinite(project(cloud(count, dimensions), collapsed).positions).all()
    assert collapsed.axes.shape == (dimensions, 2)
    assert collapsed.positions.dtype == np.float32
