"""Latents of many dimensions on disk: coordinates along their first principal axes."""

import numpy as np
from numpy.typing import NDArray

from aeviz.messages import FloatArray

MOST_DIMENSIONS = 32
"""Latents with more dimensions are kept as so many coordinates, and the axes."""

SLICE = 8192
"""Rows that are turned into double precision at a time."""


def reduced(latents: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Latents as coordinates along their first `MOST_DIMENSIONS` principal axes.

    Args:
        latents: Finite, (N, D) with D above `MOST_DIMENSIONS`.

    Returns:
        Coordinates float32 (N, 32), and float32 (33, D): the mean, then the axes as rows.
    """
    count, dimensions = latents.shape
    mean = latents.mean(axis=0, dtype=np.float64)
    spread = np.zeros((dimensions, dimensions))
    for rows in _slices(count):
        centred = latents[rows] - mean
        spread += centred.T @ centred
    axes = np.linalg.eigh(spread)[1][:, : -MOST_DIMENSIONS - 1 : -1].T  # eigenvalues ascend
    coordinates = np.empty((count, MOST_DIMENSIONS), np.float32)
    for rows in _slices(count):
        coordinates[rows] = (latents[rows] - mean) @ axes.T
    return coordinates, np.concatenate([mean[None], axes]).astype(np.float32)


def expanded(coordinates: FloatArray, axes: FloatArray) -> FloatArray:
    """The latents (N, D) of coordinates, as near as the axes come to them."""
    return np.asarray(coordinates @ axes[1:] + axes[0], np.float32)


def fits(coordinates: NDArray[np.float32], axes: NDArray[np.float32]) -> bool:
    """Whether the two belong together and give no more values than a computer holds."""
    count, dimensions = coordinates.shape
    return bool(len(axes) == dimensions + 1 and count * axes.shape[1] <= 2**31)


def _slices(count: int) -> list[slice]:
    return [slice(first, first + SLICE) for first in range(0, count, SLICE)]
