"""Nested spheres, the benchmark of the topological autoencoder."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aeviz.catalogue import Option
from aeviz.data.dataset import Dataset, Reporter, register_dataset, standardise
from aeviz.data.options import choice

SOURCE = "Moor, Horn, Rieck & Borgwardt, 2020, Topological Autoencoders, arXiv:1906.00722"
DIMENSIONS = 101
INNER = 10
POINTS = 500
"""Of every inner sphere; the outer one has as many as all of them."""

RADIUS, OUTER_RADIUS = 5.0, 25.0
SEED = 42
"""Of the points and of the division: the benchmark's own."""

TEST = 1000

PART = Option(
    name="part",
    title="Part",
    description="The benchmark's 9,000 points for training or its 1,000 for testing",
    kind="choice",
    default="train",
    choices=("train", "test"),
)


@register_dataset(
    "spheres",
    title="Nested spheres",
    summary="Ten spheres of radius 5 inside one of radius 25, all in 101 dimensions.",
    source=SOURCE,
    kind="table",
    shape=(DIMENSIONS,),
    options=(PART,),
)
def load_spheres(data_dir: Path, report: Reporter, options: Mapping[str, Any]) -> Dataset:
    """Draw float32 (9000, 101), or the 1,000 points of the test.

    The centres of the inner spheres are normal with standard deviation 1 in each of the 101
    coordinates, the outer sphere is around the origin; 500 points are uniform on each inner sphere
    and 5,000 on the outer one. Both parts are standardised with the mean and the standard
    deviation of the training part.
    """
    part = choice(options, PART)
    points, labels = _spheres()
    # the order in which scikit-learn's train_test_split divides for the same seed
    order = np.random.RandomState(SEED).permutation(len(points))
    train = order[TEST:]
    rows = train if part == "train" else order[:TEST]
    return Dataset(
        name="spheres",
        title="Nested spheres",
        samples=points[rows],
        scaling=standardise(points[train]),
        labels=labels[rows],
        class_names=(*(str(number + 1) for number in range(INNER)), "outer"),
        feature_names=tuple(f"x{number + 1}" for number in range(DIMENSIONS)),
        source=SOURCE,
        licence="None needed: computed",
    )


def _spheres() -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """All 10,000 points sphere by sphere, and the number of each one's sphere."""
    # The legacy generator, in the order of the benchmark: the same seed gives the same points.
    generator = np.random.RandomState(SEED)
    centres = generator.normal(0, 10 / np.sqrt(DIMENSIONS - 1), (INNER + 1, DIMENSIONS))
    inner = [_on_sphere(generator, POINTS, RADIUS) + centre for centre in centres[:INNER]]
    outer = _on_sphere(generator, INNER * POINTS, OUTER_RADIUS)
    labels = np.repeat(np.arange(INNER + 1, dtype=np.int64), [*[POINTS] * INNER, len(outer)])
    return np.concatenate([*inner, outer]).astype(np.float32), labels


def _on_sphere(generator: np.random.RandomState, count: int, radius: float) -> NDArray[np.float64]:
    """Points that are uniform on a sphere around the origin."""
    points = generator.randn(count, DIMENSIONS)
    return np.asarray(radius * points / np.linalg.norm(points, axis=1, keepdims=True))
