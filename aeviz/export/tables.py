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
    names = feature_names if len(feature_names) == flat.shape[1] else _pixels(flat.shape[1])
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([*(f"z{i + 1}" for i in range(z.shape[1])), *map(neutral, names)])
    for point, features in zip(z, flat, strict=True):
        writer.writerow([number(value) for value in (*point, *features)])
    return buffer.getvalue()


def _pixels(count: int) -> list[str]:
    return [f"p{number}" for number in range(count)]


def number(value: float) -> str:
    """As many digits as a float32 needs to be read back exactly."""
    return f"{float(value):.9g}"
