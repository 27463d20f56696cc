"""Two-dimensional densities, drawn anew from a seed: two moons."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from aeviz.catalogue import Option
from aeviz.data.dataset import Dataset, Reporter, register_dataset, standardise
from aeviz.data.options import SEED, number

SAMPLES = Option(
    name="samples",
    title="Samples",
    description="How many points are drawn",
    kind="int",
    default=2000,
    low=2,
    high=1_000_000,
)
NOISE = Option(
    name="noise",
    title="Noise",
    description="Standard deviation of the normal noise added to each coordinate",
    kind="float",
    default=0.1,
    low=0.0,
    high=10.0,
)


@register_dataset(
    "two-moons",
    title="Two moons",
    summary="Points of the plane on two interleaving half circles, with normal noise.",
    source="Pedregosa et al., 2011, scikit-learn's make_moons",
    kind="table",
    shape=(2,),
    options=(SAMPLES, NOISE, SEED),
)
def load_two_moons(data_dir: Path, report: Reporter, options: Mapping[str, Any]) -> Dataset:
    """Draw the moons, point by point those of `sklearn.datasets.make_moons` for the same seed.

    The upper half circle has radius 1 around (0, 0), the lower one around (1, 0.5).
    """
    count = int(number(options, SAMPLES))
    # The legacy generator: numpy promises that its numbers never change, and make_moons draws
    # from the same one.
    generator = np.random.RandomState(int(number(options, SEED)))
    points, labels = _half_circles(count)
    order = np.arange(count)
    generator.shuffle(order)
    points = points[order]
    noise = number(options, NOISE)
    if noise > 0:
        points += generator.normal(scale=noise, size=points.shape)
    samples = points.astype(np.float32)
    return Dataset(
        name="two-moons",
        title="Two moons",
        samples=samples,
        scaling=standardise(samples),
        labels=labels[order],
        class_names=("upper moon", "lower moon"),
        feature_names=("x", "y"),
        source="Computed as scikit-learn's make_moons (Pedregosa et al., 2011)",
        licence="None needed: computed",
    )


def _half_circles(count: int) -> tuple[np.ndarray[Any, np.dtype[np.float64]], Any]:
    """Points (count, 2) evenly spaced on the two half circles, and which one each is on."""
    upper, lower = np.linspace(0, np.pi, count // 2), np.linspace(0, np.pi, count - count // 2)
    points = np.vstack(
        [
            np.column_stack([np.cos(upper), np.sin(upper)]),
            np.column_stack([1 - np.cos(lower), 1 - np.sin(lower) - 0.5]),
        ]
    )
    labels = np.repeat(np.array([0, 1], np.int64), [len(upper), len(lower)])
    return points, labels
