"""The plane of the map: latents of any dimension to positions, and back to latents."""

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from aeviz.messages import FloatArray, Inverse

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
        share: Share of the latents' variance that lies in the plane; NaN without any variance.
        titles: What the axes are, where the plane was chosen.
        inverse: The way back where the map is no plane; `mean` and `axes` are 0 then.
    """

    positions: FloatArray
    mean: FloatArray
    axes: FloatArray
    share: float = math.nan
    titles: tuple[str, ...] = ()
    inverse: Inverse | None = None


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
    mean, axes = principal_axes(latents, 2)
    return turned(on_plane(latents, mean, axes), previous)


def on_plane(
    latents: NDArray[np.floating], mean: NDArray[np.float64], axes: NDArray[np.float64]
) -> Projection:
    """Latents (N, D) on the plane through `mean` (D,) that orthonormal `axes` (D, 2) span."""
    centred = latents.astype(np.float64) - mean
    positions = centred @ axes
    whole = float(centred.var(axis=0).sum())
    share = float(positions.var(axis=0).sum()) / whole if whole > 0 else math.nan
    return Projection(_single(positions), _single(mean), _single(axes), share)


def turned(plane: Projection, previous: Projection | None) -> Projection:
    """The same plane, turned (and mirrored, where that is nearer) onto positions before it.

    References:
        | A generalized solution of the orthogonal Procrustes problem (Schönemann, 1966)
    """
    if previous is None or len(previous.positions) != len(plane.positions):
        return plane
    onto = previous.positions - previous.positions.mean(axis=0)
    left, _, right = np.linalg.svd(plane.positions.T.astype(np.float64) @ onto.astype(np.float64))
    turn = np.asarray(left @ right)
    return replace(
        plane, positions=_single(plane.positions @ turn), axes=_single(plane.axes @ turn)
    )


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


def principal_axes(
    latents: NDArray[np.floating], count: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean (D,) and the first principal axes (D, count), each with its largest part positive."""
    rows = latents.astype(np.float64)
    mean = rows.mean(axis=0)
    centred = rows - mean
    axes = np.linalg.eigh(centred.T @ centred)[1][:, ::-1][:, :count]  # eigenvalues ascend
    return mean, with_positive_parts(axes)


def with_positive_parts(axes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Axes (D, K), mirrored so that the largest part of each is positive."""
    largest = axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])]
    return axes * np.where(largest < 0, -1.0, 1.0)
