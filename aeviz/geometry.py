"""Points of the plane and of the latent space: between them, around them, the nearest of them."""

import math
from statistics import NormalDist
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]

Region = tuple[float, float, float, float]
"""A rectangle of the map: x from, x to, y from, y to."""

_normal = NormalDist().inv_cdf

_SMALLEST_ANGLE = 1e-4
_GROWTH = 0.25


class OnMap(Protocol):
    """Latents as a map shows them, and the way back: z = mean + axes @ position, or a learned one.

    Attributes:
        mean: (D,).
        axes: (D, 2).
        inverse: None, or pairs `positions` (M, 2) and `latents` (M, D).
    """

    @property
    def mean(self) -> NDArray[np.float32]:
        """The origin of the map."""
        ...

    @property
    def axes(self) -> NDArray[np.float32]:
        """Its two directions."""
        ...

    @property
    def inverse(self) -> Any:
        """The learned way back of a map that is no plane."""
        ...


def nearest(
    positions: Floats,
    point: tuple[float, float],
    tolerance: float,
    shown: NDArray[np.bool_] | None = None,
) -> int:
    """Find the position next to a point.

    Args:
        positions: Shape (N, 2); rows that are not finite are never found.
        point: In the same unit.
        tolerance: Largest distance.
        shown: Shape (N,), False for rows that are not to be found.

    Returns:
        Its row, the first of equally near ones; -1 where none is near enough.

    Example:
        >>> nearest(np.array([[0.0, 0.0], [3.0, 4.0]]), (2.5, 4.0), tolerance=1.0)
        1
        >>> nearest(np.array([[0.0, 0.0], [3.0, 4.0]]), (2.5, 4.0), tolerance=0.1)
        -1
    """
    x, y = point
    # A box first: most rows are far away and cost one comparison.
    near = np.abs(positions[:, 0] - x) <= tolerance
    if shown is not None:
        near &= shown
    rows = np.flatnonzero(near)
    across = positions[rows, 0].astype(np.float64) - x
    up = positions[rows, 1].astype(np.float64) - y
    squares = across * across + up * up
    squares[~(squares <= tolerance * tolerance)] = np.inf
    if not rows.size or not math.isfinite(squares.min()):
        return -1
    return int(rows[squares.argmin()])


def inside(positions: Floats, outline: Floats, chunk: int = 131072) -> NDArray[np.bool_]:
    """Tell which positions an outline encloses, by the even-odd rule.

    A ray to the right crosses the outline an odd number of times from inside. What an outline that
    crosses itself encloses twice is outside.

    Args:
        positions: Shape (N, 2); rows that are not finite are outside.
        outline: Corners, shape (M, 2); the last one is joined to the first.
        chunk: How many positions are looked at together, which bounds the memory.

    Returns:
        Shape (N,); all False for less than three corners.

    References:
        | The point in polygon problem for arbitrary polygons (Hormann, Agathos, 2001)

    Example:
        >>> inside(np.array([[0.5, 0.2], [2.0, 0.5]]), np.array([[0.0, 0], [1, 0], [1, 1]]))
        array([ True, False])
    """
    found = np.zeros(len(positions), np.bool_)
    corners = np.asarray(outline, np.float64)
    if len(corners) < 3:
        return found
    (left, low), (right, high) = corners.min(axis=0), corners.max(axis=0)
    x, y = positions[:, 0], positions[:, 1]
    rows = np.flatnonzero((x >= left) & (x <= right) & (y >= low) & (y <= high))
    for start in range(0, len(rows), chunk):
        part = rows[start : start + chunk]
        # By height: an edge then meets one stretch of the rows, not all of them.
        part = part[np.argsort(y[part])]
        found[part] = _crosses_oddly(
            x[part].astype(np.float64), y[part].astype(np.float64), corners
        )
    return found


def _crosses_oddly(x: Floats, y: Floats, corners: Floats) -> NDArray[np.bool_]:
    """Whether rays from points, their heights in order, cross an outline an odd number of times."""
    is_odd = np.zeros(len(x), np.bool_)
    ends = np.roll(corners, -1, axis=0)
    firsts = np.searchsorted(y, np.minimum(corners[:, 1], ends[:, 1]), side="left")
    lasts = np.searchsorted(y, np.maximum(corners[:, 1], ends[:, 1]), side="left")
    for (ax, ay), (bx, by), first, last in zip(corners, ends, firsts, lasts, strict=True):
        if last > first:
            crossing = ax + (y[first:last] - ay) * ((bx - ax) / (by - ay))
            is_odd[first:last] ^= x[first:last] < crossing
    return is_odd


def lattice(region: Region, columns: int, rows: int) -> NDArray[np.float32]:
    """Lay a lattice over a rectangle, its corners on the rectangle's corners.

    Returns:
        Shape (rows, columns, 2), the largest second coordinate in the first row, as on the map.

    Example:
        >>> lattice((0.0, 1.0, 0.0, 2.0), columns=2, rows=2).tolist()
        [[[0.0, 2.0], [1.0, 2.0]], [[0.0, 0.0], [1.0, 0.0]]]
    """
    across = np.linspace(region[0], region[1], columns)
    up = np.linspace(region[3], region[2], rows)
    return np.stack(np.meshgrid(across, up), axis=-1).astype(np.float32)


def prior_quantiles(columns: int, rows: int) -> NDArray[np.float32]:
    """Latents at the middles of equally likely cells of a standard normal, the highest row first.

    Args:
        columns: Cells along the first coordinate: z = Φ⁻¹((i + ½) / columns).
        rows: Cells along the second.

    Returns:
        (rows · columns, 2).

    References:
        | Auto-Encoding Variational Bayes (Kingma, Welling, 2014), appendix A
    """
    across, up = ([_normal((i + 0.5) / count) for i in range(count)] for count in (columns, rows))
    return np.stack(np.meshgrid(across, up[::-1]), axis=-1).reshape(-1, 2).astype(np.float32)


def latents_at(shown: OnMap, positions: Floats) -> NDArray[np.float32]:
    """The latents (K, D) under positions (K, 2) of a map."""
    if shown.inverse is None:
        return np.asarray(shown.mean + positions @ shown.axes.T, np.float32)
    return blend(shown.inverse.positions, shown.inverse.latents, positions)


def positions_of(shown: OnMap, z: Floats) -> NDArray[np.float32]:
    """Where latents (K, D) lie on a map, (K, 2).

    On a plane the nearest point of it, on a learned map between the nearest fitted latents.
    """
    if shown.inverse is None:
        return np.asarray((z - shown.mean) @ np.linalg.pinv(shown.axes).T, np.float32)
    return blend(shown.inverse.latents, shown.inverse.positions, z)


def lerp(
    start: Floats, end: Floats, fraction: float, out: NDArray[np.float32] | None = None
) -> Floats:
    """Interpolate on a straight line between two arrays of one shape.

    Args:
        start: Where `fraction` is 0.
        end: Where it is 1.
        fraction: Position on the line.
        out: Where to write the result, so that an animation allocates nothing.

    Example:
        >>> lerp(np.array([0.0, 2.0]), np.array([1.0, 4.0]), 0.5).tolist()
        [0.5, 3.0]
    """
    made = np.subtract(end, start, out=out)
    made *= fraction
    made += start
    return made


def slerp(start: Floats, end: Floats, fraction: float) -> Floats:
    """Interpolate on the great circle between two latents.

    Keeps the norm typical of a Gaussian prior, which a straight line does not: the norm itself
    goes evenly from the one to the other.

    Args:
        start: Latent of shape (D,).
        end: Latent of shape (D,).
        fraction: Position on the path, 0 is `start`, 1 is `end`.

    Returns:
        Latent of shape (D,). A straight line where the angle is within 1e-4 rad of 0 or of π.

    Raises:
        ValueError: If the shapes differ or a norm is zero.

    References:
        | Sampling Generative Networks (White, 2016)
        | https://arxiv.org/abs/1609.04468

    Example:
        >>> slerp(np.array([1.0, 0.0]), np.array([0.0, 1.0]), 0.5).round(3).tolist()
        [0.707, 0.707]
    """
    if start.shape != end.shape:
        raise ValueError(f"slerp needs latents of one shape, got {start.shape} and {end.shape}")
    long, other = float(np.linalg.norm(start)), float(np.linalg.norm(end))
    if long == 0 or other == 0:
        raise ValueError("slerp needs latents other than zero: zero has no direction")
    first, second = start / long, end / other
    angle = math.acos(min(max(float(first @ second), -1.0), 1.0))
    if not _SMALLEST_ANGLE < angle < math.pi - _SMALLEST_ANGLE:
        return lerp(start, end, fraction)
    turned = math.sin((1 - fraction) * angle) * first + math.sin(fraction * angle) * second
    return np.asarray(turned / math.sin(angle) * (long + (other - long) * fraction))


def blend(known: Floats, values: Floats, at: Floats, near: int = 8) -> NDArray[np.float32]:
    """Values between known places: the mean over the nearest ones, by 1 / squared distance.

    Args:
        known: Places of shape (M, A), M at least 1.
        values: What lies at them, shape (M, B).
        at: Places of shape (K, A).
        near: How many of the nearest take part.

    Returns:
        Shape (K, B); at a known place its own value.

    References:
        | A two-dimensional interpolation function for irregularly-spaced data (Shepard, 1968)

    Example:
        >>> blend(np.array([[0.0], [2.0]]), np.array([[1.0], [3.0]]), np.array([[1.0], [2.0]]))
        array([[2.],
               [3.]], dtype=float32)
    """
    middle = np.mean(known, axis=0)  # near zero single precision ranks well, in half the time
    places = np.asarray(at - middle, np.float32)
    others = np.asarray(known - middle, np.float32)
    # Without |at|², which is the same for all that one place is compared with.
    squares = places @ (-2 * others.T)
    squares += (others * others).sum(axis=1)
    near = min(near, len(others))
    rows = np.argpartition(squares, near - 1, axis=1)[:, :near]
    gaps = others[rows] - places[:, None, :]
    apart = (gaps * gaps).sum(axis=2, dtype=np.float64)
    weights = 1.0 / np.maximum(apart, 1e-12 * apart.max(axis=1, keepdims=True) + 1e-300)
    weights /= weights.max(axis=1, keepdims=True)
    weights /= weights.sum(axis=1, keepdims=True)
    return np.asarray((weights[:, None, :] @ values[rows])[:, 0], np.float32)


def extent(positions: Floats, margin: float = 0.0, cut: float = 0.0) -> Region:
    """The rectangle around positions.

    Args:
        positions: Shape (N, 2); rows that are not finite are left out.
        margin: How much wider it is, as a share of its width, half on either side.
        cut: Share of the positions that may lie beyond each side; 0 holds them all.

    Returns:
        The rectangle; a unit square around what has no extent of its own.

    Example:
        >>> extent(np.array([[0.0, 0.0], [2.0, 1.0]]), margin=0.5)
        (-0.5, 2.5, -0.25, 1.25)
    """
    finite = positions if np.isfinite(positions).all() else _finite(positions)
    if not len(finite):
        return (-0.5, 0.5, -0.5, 0.5)
    low, high = finite.min(axis=0), finite.max(axis=0)
    if cut > 0:
        low, high = np.quantile(finite, (cut, 1 - cut), axis=0)
    x, y = (_sides(float(low[axis]), float(high[axis]), margin) for axis in (0, 1))
    return (*x, *y)


def _finite(positions: Floats) -> Floats:
    return positions[np.isfinite(positions).all(axis=1)]


def _sides(low: float, high: float, margin: float) -> tuple[float, float]:
    # What float32 cannot tell apart has no extent.
    if high - low <= 1e-6 * max(abs(low), abs(high)) or high == low:
        middle = (low + high) / 2
        half = 0.5 * max(1.0, abs(middle) * 1e-3)
        return middle - half, middle + half
    more = (high - low) * margin / 2
    return low - more, high + more


def union(one: Region, other: Region) -> Region:
    """The smallest rectangle around two.

    Example:
        >>> union((0, 1, 0, 1), (2, 3, -1, 0))
        (0, 3, -1, 1)
    """
    return (
        min(one[0], other[0]),
        max(one[1], other[1]),
        min(one[2], other[2]),
        max(one[3], other[3]),
    )


def grown(shown: Region, needed: Region) -> Region:
    """Let a rectangle grow in steps, so that an animation zooms out seldom and never in.

    Args:
        shown: What is shown now.
        needed: What has to be seen.

    Returns:
        `shown` itself while it holds `needed`; else each side that is passed goes beyond it by a
        quarter of the new width.

    Example:
        >>> grown((0.0, 1.0, 0.0, 1.0), (0.2, 0.8, 0.2, 0.8))
        (0.0, 1.0, 0.0, 1.0)
        >>> grown((0.0, 1.0, 0.0, 1.0), (0.0, 2.0, 0.0, 1.0))
        (0.0, 2.5, 0.0, 1.0)
    """
    left, right = _grown_sides(shown[0], shown[1], needed[0], needed[1])
    low, high = _grown_sides(shown[2], shown[3], needed[2], needed[3])
    return (left, right, low, high)


def _grown_sides(low: float, high: float, least: float, most: float) -> tuple[float, float]:
    step = _GROWTH * (max(high, most) - min(low, least))
    return (low if least >= low else least - step, high if most <= high else most + step)
