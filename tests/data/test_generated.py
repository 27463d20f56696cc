"""Data sets that are drawn: shapes, noise, cells, nested spheres, swiss roll."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.datasets import make_swiss_roll
from sklearn.model_selection import train_test_split

from aeviz import data
from aeviz.compute.samples import data_spec
from aeviz.data import cells, shapes
from aeviz.data.dataset import DataError, Dataset

NOWHERE = Path("nowhere")


def load(name: str, **options: Any) -> Dataset:
    return data.load(name, NOWHERE, options)


def factor(dataset: Dataset, name: str) -> NDArray[Any]:
    (column,) = [column for column in dataset.columns if column.name == name]
    return column.values


@pytest.fixture(scope="module")
def drawn() -> Dataset:
    return load("shapes", samples=2000)


# ── shapes ────────────────────────────────────────────────────────────────────────────────────


def test_shapes_have_the_five_factors_of_their_grid(drawn: Dataset) -> None:
    assert [column.name for column in drawn.columns] == ["shape", "scale", "rotation", "x", "y"]
    assert all(column.is_factor for column in drawn.columns)
    assert np.array_equal(factor(drawn, "shape"), drawn.labels)
    np.testing.assert_allclose(np.unique(factor(drawn, "scale")), np.linspace(0.5, 1, 6))
    assert np.array_equal(np.unique(factor(drawn, "rotation")), np.arange(0, 360, 9))
    for axis in ("x", "y"):
        np.testing.assert_allclose(np.unique(factor(drawn, axis)), np.arange(32) / 31)


def test_no_combination_is_drawn_twice(drawn: Dataset) -> None:
    rows = np.stack([column.values for column in drawn.columns], axis=1)
    assert len(np.unique(rows, axis=0)) == len(drawn)


def test_the_whole_grid_is_every_combination_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shapes, "GRID", (3, 6, 40, 2, 2))
    whole = load("shapes", samples=2880)
    assert np.array_equal(np.bincount(whole.labels), [960, 960, 960])
    assert np.array_equal(factor(whole, "y")[:4], [0, 1, 0, 1])


def test_grey_is_the_area_of_the_shape(drawn: Dataset) -> None:
    """Areas: 2 r² of the square, π r²/2 of the ellipse, 3.66197 of the heart's curve."""
    unit = np.array([2.0, np.pi / 2, 3.66197 / shapes.HEART**2])
    expected = unit[drawn.labels] * (8 * factor(drawn, "scale")) ** 2
    found = drawn.samples.sum(axis=(1, 2, 3)) / 255
    np.testing.assert_allclose(found, expected, rtol=0.04)
    assert np.mean(found / expected) == pytest.approx(1, abs=1e-3)


def test_shapes_are_where_their_factors_say(drawn: Dataset) -> None:
    places = np.arange(32) + 0.5
    images = drawn.samples[..., 0].astype(float)
    round_ = drawn.labels != 2  # the mean of a heart is not its centre
    mass = images.sum(axis=(1, 2))
    across = (images.sum(axis=1) @ places / mass)[round_]
    down = (images.sum(axis=2) @ places / mass)[round_]
    np.testing.assert_allclose(across, 8.25 + 15.5 * factor(drawn, "x")[round_], atol=0.05)
    np.testing.assert_allclose(down, 8.25 + 15.5 * factor(drawn, "y")[round_], atol=0.05)


@pytest.mark.parametrize(("turn", "side"), [(0, "down"), (10, "right"), (20, "up"), (30, "left")])
def test_hearts_turn_counter_clockwise(turn: int, side: str) -> None:
    """The half with the point is the lightest."""
    heart = shapes._sprites()[2, 5, turn, 0, 0].astype(float)
    halves = {"up": heart[:8], "down": heart[9:], "left": heart[:, :8], "right": heart[:, 9:]}
    mass = {name: half.sum() for name, half in halves.items()}
    assert min(mass, key=lambda name: mass[name]) == side


# ── noise ─────────────────────────────────────────────────────────────────────────────────────


def test_noise_is_uniform_and_its_best_guess_errs_by_a_twelfth() -> None:
    noise = load("noise", samples=2000)
    assert noise.bounded
    assert noise.samples.min() >= 0
    assert noise.samples.max() < 1
    assert np.square(noise.samples - 0.5).mean() == pytest.approx(1 / 12, rel=0.01)
    assert np.abs(np.corrcoef(noise.samples[:, :50].T) - np.eye(50)).max() < 0.12
    assert not np.array_equal(noise.samples, load("noise", samples=2000, seed=1).samples)


# ── cells ─────────────────────────────────────────────────────────────────────────────────────


def test_counts_are_whole_and_the_model_is_told_their_library_size() -> None:
    counts = load("cells", samples=500)
    assert np.array_equal(counts.samples, np.round(counts.samples))
    totals = counts.samples.sum(axis=1)
    assert np.array_equal(factor(counts, "library size"), totals)
    assert data_spec(counts, 400).size == np.median(totals)
    assert data_spec(load("swiss-roll", samples=50), 40).size == 0


def test_counts_have_the_mean_and_variance_that_are_stated() -> None:
    """One type, one batch, one size: μ and μ + μ²/θ gene by gene."""
    drawn = cells._draw(np.random.RandomState(0), 15_000, 2.0, 0.0)
    shares = cells._shares(np.random.RandomState(0), 0.0)
    np.testing.assert_allclose(shares.sum(axis=-1), 1)
    size = 2000 * np.exp([0.5**2 / 2, 2 * 0.5**2])  # E l, and E l² is 2000² of the second
    for kind in range(5):
        chosen = drawn.counts[drawn.types == kind].astype(float)
        mean = shares[kind, 0] * size[0]
        square = shares[kind, 0] ** 2 * 2000 * size[1]
        variance = mean + square / 2 + square - mean**2
        assert np.median(chosen.mean(axis=0) / mean) == pytest.approx(1, abs=0.03)
        assert np.median(chosen.var(axis=0) / variance) == pytest.approx(1, abs=0.08)


def test_library_sizes_are_log_normal_and_batches_differ_as_asked() -> None:
    logs = np.log(factor(load("cells"), "library size"))
    assert np.median(logs) == pytest.approx(np.log(2000), abs=0.05)
    assert logs.std() == pytest.approx(0.5, abs=0.05)
    alike, apart = (load("cells", batch_effect=effect) for effect in (0, 0.5))

    def difference(dataset: Dataset) -> float:
        batch, shares = factor(dataset, "batch"), dataset.samples / dataset.samples.sum(1)[:, None]
        one, two = (np.log(shares[batch == number].mean(axis=0)) for number in (0, 1))
        return float(np.std(one - two))

    assert difference(alike) < 0.15
    assert difference(apart) == pytest.approx(0.5, abs=0.1)


# ── spheres ───────────────────────────────────────────────────────────────────────────────────


def test_spheres_are_the_benchmarks() -> None:
    """Drawn here step by step as the benchmark states, divided by scikit-learn."""
    generator = np.random.RandomState(42)
    centres = generator.normal(0, 1, (11, 101))
    points = []
    for number in range(11):
        normal = generator.randn(500 if number < 10 else 5000, 101)
        normal /= np.sqrt((normal**2).sum(axis=1))[:, None]
        points.append(5 * normal + centres[number] if number < 10 else 25 * normal)
    labels = np.repeat(np.arange(11), [500] * 10 + [5000])
    divided = train_test_split(
        np.concatenate(points), labels, test_size=0.1, random_state=np.random.RandomState(42)
    )
    train, test = load("spheres"), load("spheres", part="test")
    np.testing.assert_allclose(train.samples, divided[0], rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(test.samples, divided[1], rtol=1e-5, atol=1e-5)
    assert np.array_equal(train.labels, divided[2])
    assert np.array_equal(test.labels, divided[3])
    assert np.array_equal(train.scaling.shift, test.scaling.shift)


def test_the_planes_error_on_the_spheres_is_the_published_one() -> None:
    """0.9612 for two principal components of the standardised training part, on the test part."""
    parts = (load("spheres", part=name) for name in ("train", "test"))
    train, test = (part.scaling.apply(part.samples) for part in parts)
    axes = np.linalg.eigh(np.cov(train.T))[1][:, -2:]
    assert np.square(test - test @ axes @ axes.T).mean() == pytest.approx(0.9612, abs=2e-4)


def test_an_unknown_part_is_named() -> None:
    with pytest.raises(DataError, match=r"data\.part must be train or test, got 'all'"):
        load("spheres", part="all")


# ── swiss roll ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("noise", [0.0, 0.5])
def test_the_swiss_roll_is_scikit_learns_point_by_point(noise: float) -> None:
    ours = load("swiss-roll", samples=300, noise=noise, seed=7)
    points, roll = make_swiss_roll(300, noise=noise, random_state=7)
    assert np.array_equal(ours.samples, points.astype(np.float32))
    assert np.array_equal(factor(ours, "roll"), roll.astype(np.float32))
