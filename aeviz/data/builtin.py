"""Data sets that come with aeviz as files in `resources/data`: handwritten digits and wine.

The files were made from scikit-learn's copies by `packaging/make_builtin_data.py`; reading them
needs neither scikit-learn nor a network.
"""

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from aeviz import paths
from aeviz.data.dataset import (
    DataError,
    Dataset,
    Reporter,
    divide,
    register_dataset,
    standardise,
)
from aeviz.data.options import BINARISE

DIGITS_SOURCE = "Alpaydin & Kaynak, 1998, UCI Machine Learning Repository, doi:10.24432/C50P49"
WINE_SOURCE = "Aeberhard & Forina, 1991, UCI Machine Learning Repository, doi:10.24432/C5PC7J"
LICENCE = "CC BY 4.0"


@register_dataset(
    "digits",
    title="Handwritten digits",
    summary="1,797 images of handwritten digits, 8 × 8 pixels with 17 grey levels, 10 classes.",
    source=DIGITS_SOURCE,
    kind="image",
    shape=(8, 8, 1),
    options=(BINARISE,),
)
def load_digits(data_dir: Path, report: Reporter, options: Mapping[str, Any]) -> Dataset:
    """Read the digits: uint8 (1797, 8, 8, 1) with values 0 to 16, which is white."""
    with np.load(_file("digits.npz"), allow_pickle=False) as arrays:
        images, labels = arrays["x"], arrays["y"]
    return Dataset(
        name="digits",
        title="Handwritten digits",
        samples=images[..., np.newaxis],
        scaling=divide(16),
        labels=labels.astype(np.int64),
        class_names=tuple("0123456789"),
        source=DIGITS_SOURCE,
        licence=LICENCE,
    )


@register_dataset(
    "wine",
    title="Wine",
    summary="13 chemical measurements of 178 wines from three cultivars of the Piedmont.",
    source=WINE_SOURCE,
    kind="table",
    shape=(13,),
)
def load_wine(data_dir: Path, report: Reporter, options: Mapping[str, Any]) -> Dataset:
    """Read the wines: float32 (178, 13) in the measurements' own units, standardised for models."""
    with _file("wine.csv").open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    cultivars = tuple(dict.fromkeys(row[0] for row in rows))
    measurements = np.array([row[1:] for row in rows], np.float64).astype(np.float32)
    return Dataset(
        name="wine",
        title="Wine",
        samples=measurements,
        scaling=standardise(measurements),
        labels=np.array([cultivars.index(row[0]) for row in rows], np.int64),
        class_names=cultivars,
        feature_names=tuple(header[1:]),
        source=WINE_SOURCE,
        licence=LICENCE,
    )


def _file(name: str) -> Path:
    """A file of `resources/data`."""
    path = paths.resources() / "data" / name
    if not path.is_file():
        raise DataError(f"aeviz is not installed whole: {path} is missing; install it again")
    return path
