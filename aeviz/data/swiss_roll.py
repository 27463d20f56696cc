"""Swiss roll: a plane rolled up in three dimensions."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from aeviz.catalogue import Option
from aeviz.data.dataset import Column, Dataset, Reporter, register_dataset, standardise
from aeviz.data.options import SEED, number

SOURCE = "Computed as scikit-learn's make_swiss_roll (Marsland, 2009; Pedregosa et al., 2011)"

SAMPLES = Option(
    name="samples",
    title="Samples",
    description="How many points are drawn",
    kind="int",
    default=5000,
    low=2,
    high=1_000_000,
)
NOISE = Option(
    name="noise",
    title="Noise",
    description="Standard deviation of the normal noise added to each coordinate",
    kind="float",
    default=0.0,
    low=0.0,
    high=10.0,
)


@register_dataset(
    "swiss-roll",
    title="Swiss roll",
    summary="A plane rolled up in three dimensions; how far along the roll a point lies is known.",
    source=SOURCE,
    kind="table",
    shape=(3,),
    options=(SAMPLES, NOISE, SEED),
    labelled=False,
)
def load_swiss_roll(data_dir: Path, report: Reporter, options: Mapping[str, Any]) -> Dataset:
    """Draw float32 (N, 3), point by point those of scikit-learn for the same seed.

    A point is (t cos t, h, t sin t) with t uniform on [1.5 π, 4.5 π), the roll, and h uniform on
    [0, 21), the height.
    """
    count = int(number(options, SAMPLES))
    generator = np.random.RandomState(int(number(options, SEED)))
    roll = 1.5 * np.pi * (1 + 2 * generator.uniform(size=count))
    height = 21 * generator.uniform(size=count)
    points = np.stack([roll * np.cos(roll), height, roll * np.sin(roll)])
    points += number(options, NOISE) * generator.standard_normal(size=points.shape)
    samples = np.ascontiguousarray(points.T, np.float32)
    return Dataset(
        name="swiss-roll",
        title="Swiss roll",
        samples=samples,
        scaling=standardise(samples),
        feature_names=("x", "y", "z"),
        source=SOURCE,
        licence="None needed: computed",
        columns=(
            Column("roll", roll.astype(np.float32), unit="radians", is_factor=True),
            Column("height", height.astype(np.float32), is_factor=True),
        ),
    )
