"""Uniform noise: data without any structure, in which a model should find none."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from aeviz.catalogue import Option
from aeviz.data.dataset import Dataset, Reporter, register_dataset, unscaled
from aeviz.data.options import SEED, number

FEATURES = 400

SAMPLES = Option(
    name="samples",
    title="Samples",
    description="How many points are drawn",
    kind="int",
    default=10_000,
    low=2,
    high=200_000,
)


@register_dataset(
    "noise",
    title="Uniform noise",
    summary="Independent uniform numbers in 400 dimensions: there is nothing to learn but the "
    "mean.",
    source="Computed: null data",
    kind="table",
    shape=(FEATURES,),
    options=(SAMPLES, SEED),
    bounded=True,
    labelled=False,
)
def load_noise(data_dir: Path, report: Reporter, options: Mapping[str, Any]) -> Dataset:
    """Draw float32 (N, 400), every number uniform on [0, 1) and independent of all others.

    A model sees them as they are. The best guess is 0.5 everywhere, whose squared error is 1/12
    per feature; whatever is below has learned samples by heart.
    """
    generator = np.random.RandomState(int(number(options, SEED)))
    samples = generator.random_sample((int(number(options, SAMPLES)), FEATURES))
    return Dataset(
        name="noise",
        title="Uniform noise",
        samples=samples.astype(np.float32),
        scaling=unscaled("unit"),
        feature_names=tuple(f"x{number_ + 1}" for number_ in range(FEATURES)),
        source="Computed: null data",
        licence="None needed: computed",
    )
