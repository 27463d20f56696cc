"""Densities in the plane: exact entropies, and points that follow their density."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aeviz import data
from aeviz.compute.samples import data_spec
from aeviz.data.dataset import Dataset

NOWHERE = Path("nowhere")

KNOWN: list[tuple[str, dict[str, Any], float]] = [
    ("two-moons", {"noise": 0.05}, 0.2892),
    ("two-moons", {"noise": 0.1}, 1.0076),
    ("two-moons", {"noise": 0.2}, 1.6775),
    ("eight-gaussians", {}, 1.6981),
    ("checkerboard", {}, np.log(32)),
    ("ring", {}, 2.3354),
]
"""Published or recomputed elsewhere, in nats."""

PLANAR = ("two-moons", "eight-gaussians", "checkerboard", "ring", "pinwheel")

each = pytest.mark.parametrize("name", PLANAR)


def drawn(name: str, samples: int = 20_000, **options: Any) -> Dataset:
    return data.load(name, NOWHERE, {"samples": samples, **options})


def lattice(step: float) -> np.ndarray[Any, np.dtype[np.float64]]:
    places = np.arange(-6, 6, step) + step / 3
    return np.stack(np.meshgrid(places, places), axis=-1).reshape(-1, 2)


@pytest.mark.parametrize(("name", "options", "entropy"), KNOWN)
def test_the_entropy_is_the_known_one(name: str, options: dict[str, Any], entropy: float) -> None:
    density = drawn(name, 10, **options).density
    assert density is not None
    assert density.entropy() == pytest.approx(entropy, abs=1e-4)


@each
def test_the_density_integrates_to_one(name: str) -> None:
    density = drawn(name, 10).density
    assert density is not None
    mass = np.exp(density.log_density(lattice(0.02))).sum() * 0.02**2
    assert mass == pytest.approx(1, abs=1e-5)


@each
def test_points_are_as_likely_as_the_entropy_says(name: str) -> None:
    points = drawn(name)
    assert points.density is not None
    nats = -points.density.log_density(points.samples)
    error = nats.std() / np.sqrt(len(nats)) + 1e-9
    assert abs(nats.mean() - points.density.entropy()) < 4 * error


@each
def test_points_fill_the_plane_as_the_density_says(name: str) -> None:
    """χ² over squares of side 1: a wrong turn or mirror image would show here."""
    points = drawn(name)
    assert points.density is not None
    edges = np.arange(-6.0, 7.0)
    seen = np.histogram2d(*points.samples.T.astype(float), bins=(edges, edges))[0]
    places = lattice(0.02)
    weights = np.exp(points.density.log_density(places)) * 0.02**2
    wanted = len(points) * np.histogram2d(*places.T, bins=(edges, edges), weights=weights)[0]
    enough = wanted > 5
    gap = ((seen - wanted)[enough] ** 2 / wanted[enough]).sum()
    assert gap < enough.sum() + 5 * np.sqrt(2 * enough.sum())
    assert seen[~enough].sum() <= wanted[~enough].sum() + 30


@each
def test_the_seed_and_the_count_are_options(name: str) -> None:
    assert len(drawn(name, 7)) == 7
    assert np.array_equal(drawn(name, 50).samples, drawn(name, 50).samples)
    assert not np.array_equal(drawn(name, 50).samples, drawn(name, 50, seed=1).samples)


def test_moons_without_noise_have_no_density() -> None:
    assert drawn("two-moons", 10, noise=0).density is None


@pytest.mark.parametrize("name", ["eight-gaussians", "ring"])
def test_sigma_is_an_option(name: str) -> None:
    wide, narrow = (drawn(name, 10, sigma=sigma).density for sigma in (0.4, 0.1))
    assert wide is not None
    assert narrow is not None
    assert wide.entropy() > narrow.entropy()


def test_a_model_is_told_the_entropy_of_what_it_sees() -> None:
    points = drawn("ring")
    spec = data_spec(points, 100)
    scaled = 2.3354 - np.log(points.scaling.scale.astype(float)).sum()
    assert spec.entropy == pytest.approx(scaled, abs=1e-4)
    assert data_spec(data.load("wine", NOWHERE), 100).entropy is None


def test_a_model_is_told_how_far_grey_steps_are_apart() -> None:
    assert data_spec(data.load("digits", NOWHERE), 100).step == 1 / 16
    assert data_spec(drawn("ring", 10), 10).step == 0


def test_a_class_with_a_comma_in_its_name_can_be_kept(tmp_path: Path) -> None:
    some = data.load("checkerboard", tmp_path, {"only": "row 1, cell 2, row 3,cell 1"})
    assert some.class_names == ("row 1, cell 2", "row 3, cell 1")
