"""Curves through anchors that need no model: straight, spherical, spline, drawn by hand."""

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from aeviz import geometry

Points = NDArray[np.float64]

_PIECES = 64  # of a leg that is not straight


def evenly(curve: NDArray[np.floating], steps: int) -> Points:
    """Points at even distances along a polyline (P, D), its ends kept: (steps, D).

    Example:
        >>> evenly(np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]]), 5)[:, 0].tolist()
        [0.0, 0.5, 1.0, 1.0, 1.0]
    """
    return along(curve, np.linalg.norm(np.diff(curve, axis=0), axis=1), steps)


def along(curve: NDArray[np.floating], lengths: NDArray[np.floating], steps: int) -> Points:
    """Points along a polyline (P, D) at even steps of a length that its edges have, (P − 1,).

    Example:
        >>> along(np.array([[0.0], [1.0], [2.0]]), np.array([3.0, 1.0]), 5)[:, 0].round(2).tolist()
        [0.0, 0.33, 0.67, 1.0, 2.0]
    """
    reached = np.concatenate([[0.0], np.cumsum(lengths, dtype=np.float64)])
    wanted = np.linspace(0, reached[-1], steps)
    found = np.stack([np.interp(wanted, reached, column) for column in curve.T], axis=1)
    found[0], found[-1] = curve[0], curve[-1]
    return np.asarray(found)


def straight(anchors: Points, *, closed: bool = False) -> Points:
    """From anchor to anchor on straight lines, (A, D) or closed (A + 1, D)."""
    return round_trip(anchors) if closed else anchors


def spherical(anchors: Points, *, closed: bool = False) -> Points:
    """From anchor to anchor on great circles, see `geometry.slerp`.

    Raises:
        ValueError: If an anchor is zero, which has no direction.
    """
    points = round_trip(anchors) if closed else anchors
    shares = np.linspace(0, 1, _PIECES + 1)[:-1].tolist()
    legs = [
        np.stack([geometry.slerp(start, end, share) for share in shares])
        for start, end in pairwise(points)
    ]
    return np.concatenate([*legs, points[-1:]])


def spline(anchors: Points, *, closed: bool = False) -> Points:
    """Centripetal Catmull-Rom through the anchors (Yuksel et al., 2011): no loops, no cusps."""
    if closed:
        points = round_trip(anchors)
        ends = [anchors[-1], *points, anchors[1]]
    else:
        points = anchors
        ends = [2 * points[0] - points[1], *points, 2 * points[-1] - points[-2]]
    shares = np.linspace(0, 1, _PIECES + 1)[:-1, np.newaxis]
    legs = [_catmull_rom(ends[i : i + 4], shares) for i in range(len(points) - 1)]
    return np.concatenate([*legs, points[-1:]])


def drawn(line: Points, knots: Sequence[int], anchors: Points, *, closed: bool = False) -> Points:
    """A line that was drawn, bent so that it goes through its anchors where they are now.

    Args:
        line: As it was drawn, (M, D).
        knots: The row of each anchor in it, growing, (A,).
        anchors: Where they are now, (A, D).
        closed: Whether it goes straight back to its beginning.

    Example:
        >>> line = np.array([[0.0, 0.0], [1.0, 1.0], [2.0, 0.0]])
        >>> drawn(line, [0, 2], np.array([[0.0, 0.0], [2.0, 2.0]])).tolist()
        [[0.0, 0.0], [1.0, 2.0], [2.0, 2.0]]
    """
    moved = anchors - line[list(knots)]
    rows = np.arange(len(line))
    bent = line + np.stack([np.interp(rows, knots, column) for column in moved.T], axis=1)
    return round_trip(bent) if closed else np.asarray(bent)


def round_trip(points: Points) -> Points:
    """The same points and the first one again."""
    return np.concatenate([points, points[:1]])


CURVES: dict[str, Callable[..., Points]] = {
    "straight": straight,
    "slerp": spherical,
    "spline": spline,
}
"""The methods that need anchors alone."""


def checked(anchors: ArrayLike) -> Points:
    """Anchors as (A, D) of double precision.

    Raises:
        ValueError: If there are fewer than two, or one is not finite.
    """
    points = np.array(anchors, np.float64)
    if points.ndim != 2 or len(points) < 2:
        raise ValueError(f"a path needs two anchors or more, (A, D), got {points.shape}")
    if not np.isfinite(points).all():
        raise ValueError("anchors must be finite")
    return points


def _catmull_rom(knots: Sequence[Points], shares: Points) -> Points:
    """The piece between the second and the third of four points, Barry and Goldman's pyramid."""
    gaps = [max(float(np.linalg.norm(b - a)) ** 0.5, 1e-9) for a, b in pairwise(knots)]
    t0, t1, t2, t3 = np.concatenate([[0.0], np.cumsum(gaps)])
    t = t1 + shares * (t2 - t1)
    p0, p1, p2, p3 = knots
    a1 = (t1 - t) / (t1 - t0) * p0 + (t - t0) / (t1 - t0) * p1
    a2 = (t2 - t) / (t2 - t1) * p1 + (t - t1) / (t2 - t1) * p2
    a3 = (t3 - t) / (t3 - t2) * p2 + (t - t2) / (t3 - t2) * p3
    b1 = (t2 - t) / (t2 - t0) * a1 + (t - t0) / (t2 - t0) * a2
    b2 = (t3 - t) / (t3 - t1) * a2 + (t - t1) / (t3 - t1) * a3
    return np.asarray((t2 - t) / (t2 - t1) * b1 + (t - t1) / (t2 - t1) * b2)
