"""Latents and decodes as CSV, safe to open in a spreadsheet."""

import csv
import io
from collections.abc import Sequence

from aeviz.data.tables.formulas import neutral
from aeviz.messages import FloatArray


def decodes_csv(z: FloatArray, x: FloatArray, feature_names: Sequence[str]) -> str:
    """One row per point: z1…zD, then the features.

    Args:
        z: Latents (B, D).
        x: Decodes (B, …).
        feature_names: One per feature of a table; pixels of images are called p0, p1…
    """
    flat = x.reshape(len(x), -1)
    names = value_names(flat.shape[1], feature_names)
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([*(f"z{i + 1}" for i in range(z.shape[1])), *map(neutral, names)])
    for point, features in zip(z, flat, strict=True):
        writer.writerow([number(value) for value in (*point, *features)])
    return buffer.getvalue()


def value_names(count: int, feature_names: Sequence[str]) -> Sequence[str]:
    """Names of the values of a decode: those of the features, p0, p1… for the pixels of images."""
    return feature_names if len(feature_names) == count else [f"p{place}" for place in range(count)]


def number(value: float) -> str:
    """As many digits as a float32 needs to be read back exactly."""
    return f"{float(value):.9g}"
