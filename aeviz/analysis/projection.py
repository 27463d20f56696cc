"""The plane of the map: latents of any dimension to positions, and back to latents."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aeviz.messages import FloatArray

JITTER = 0.1
"""Height of the band that a one-dimensional latent is drawn in, as a share of its width."""

GOLDEN = 0.6180339887498949
"""Multiples of it modulo 1 spread evenly, however many are taken."""


@dataclass(frozen=True, eq=False)
class Projection:
    """Positions of one epoch and the way back: z = mean + axes @ position.

    Attributes:
        positions: float32 (N, 2).
        mean: Origin of the map in the latent space, float32 (D,).
        axes: float32 (D, 2), orthonormal columns for D > 1; for D = 1 the second column is 0.
    """

    positions: FloatArray
    mean: FloatArray
    axes: FloatArray


def project(latents: NDArray[np.floating], previous: Projection | None = None) -> Projection:
    """Lay latents on the plane of the map.

    Two dimensions are drawn as they are. One gets a vertical jitter that depends on the row alone.
    More are seen along their first two principal axes, turned (and mirrored, where that is nearer)
    onto the previous epoch's positions, so that the picture does not spin.

    Args:
        latents: Finite latents of shape (N, D).
        previous: The projection of the epoch before.

    Example:
        >>> flat = project(np.array([[1.0, 2.0, 0.0], [3.0, 2.0, 0.0], [2.0, 5.0, 0.0]]))
        >>> np.round(flat.mean + flat.positions @ flat.axes.T, 5)
        array([[1., 2., 0.],
               [3., 2., 0.],
               [2., 5., 0.]], dtype=float32)
    """
    latents = np.asarray(latents)
    dimensions = latents.shape[1]
    if dimensions == 1:
        return _jittered(latents)
    if dimensions == 2:
        own = np.ascontiguousarray(latents, np.float32)
        return Projection(own, np.zeros(2, np.float32), np.eye(2, dtype=np.float32))
    mean, axes = _principal_plane(latents)
    centred = latents.astype(np.float64) - mean
    positions = centred @ axes
    if previous is not None and len(previous.positions) == len(positions):
        turn = _turn(positions, previous.positions)
        positions = positions @ turn
        axes = axes @ turn
    return Projection(_single(positions), _single(mean), _single(axes))


def _single(array: NDArray[np.float64]) -> FloatArray:
    """The same numbers as contiguous float32."""
    return np.ascontiguousarray(array, np.float32)


def _jittered(latents: NDArray[np.floating]) -> Projection:
    """Latents (N, 1) as a band of dots; the second coordinate means nothing."""
    width = float(np.ptp(latents))
    height = JITTER * (width if width > 0 else 1.0)
    spread = np.modf(np.arange(len(latents)) * GOLDEN)[0] - 0.5
    positions = np.column_stack([latents[:, 0], height * spread]).astype(np.float32)
    return Projection(positions, np.zeros(1, np.float32), np.array([[1.0, 0.0]], np.float32))


def _principal_plane(
    latents: NDArray[np.floating],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean (D,) and the first two principal axes (D, 2), each with its largest part positive."""
    rows = latents.astype(np.float64)
    mean = rows.mean(axis=0)
    centred = rows - mean
    axes = np.linalg.eigh(centred.T @ centred)[1][:, :-3:-1]  # eigenvalues ascend
    largest = np.abs(axes).argmax(axis=0)
    return mean, axes * np.where(axes[largest, [0, 1]] < 0, -1.0, 1.0)


def _turn(positions: NDArray[np.float64], onto: FloatArray) -> NDArray[np.float64]:
    """The orthogonal (2, 2) matrix that brings positions nearest to others.

    References:
        | A generalized solution of the orthogonal Procrustes problem (Schönemann, 1966)
    """
    left, _, right = np.linalg.svd(positions.T @ (onto - onto.mean(axis=0)).astype(np.float64))
    return np.asarray(left @ right)
