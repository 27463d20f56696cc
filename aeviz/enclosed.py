"""Which of ten million points an outline encloses, fast enough to be drawn by hand.

The outline's height is cut into bands, and each band knows the edges that go through it: a point
asks the few of its band. Decides as `geometry.inside` does, which serves where there is no numba.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aeviz import geometry, kernels

BANDS = 1024

FROM = 100_000
"""Points from which the bands are worth it."""


def enclosed(positions: NDArray[np.float32], outline: NDArray[np.float64]) -> NDArray[np.bool_]:
    """See `geometry.inside`: positions (N, 2), corners (M, 2), which of the former, (N,)."""
    corners = np.ascontiguousarray(outline, np.float64)
    if len(positions) < FROM or len(corners) < 3 or not kernels.is_compiled("enclose"):
        return geometry.inside(positions, corners)
    (left, low), (right, high) = corners.min(axis=0), corners.max(axis=0)
    found = np.zeros(len(positions), np.bool_)
    if high > low:
        box = np.array([left, right, low, high, BANDS / (high - low)])
        starts, edges = _bands(corners, low, high)
        flat = np.ascontiguousarray(positions, np.float32).reshape(-1)
        kernels.compiled("enclose")(flat, box, starts, edges, found)
    return found


def _bands(
    corners: NDArray[np.float64], low: float, high: float
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The edges of every band: where each band's begin, and (E, 5): ends, rise to the right."""
    ends = np.roll(corners, -1, axis=0)
    is_level = corners[:, 1] == ends[:, 1]
    (ax, ay), (bx, by) = corners[~is_level].T, ends[~is_level].T
    edges = np.column_stack([ax, ay, (bx - ax) / (by - ay), np.minimum(ay, by), np.maximum(ay, by)])
    # one band more on either side: a height is rounded to its band a little differently elsewhere
    scale = BANDS / (high - low)
    firsts = np.clip(np.floor((edges[:, 3] - low) * scale) - 1, 0, BANDS - 1).astype(np.int64)
    lasts = np.clip(np.floor((edges[:, 4] - low) * scale) + 1, 0, BANDS - 1).astype(np.int64)
    counts = lasts - firsts + 1
    number = np.repeat(np.arange(len(edges)), counts)
    band = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts) + firsts[number]
    order = np.argsort(band, kind="stable")
    starts = np.searchsorted(band[order], np.arange(BANDS + 1))
    return starts.astype(np.int64), np.ascontiguousarray(edges[number[order]])


def _enclose_each(
    flat: NDArray[np.float32],
    box: NDArray[np.float64],
    starts: NDArray[np.int64],
    edges: NDArray[np.float64],
    found: NDArray[np.bool_],
) -> None:
    left, right, low, high, scale = box[0], box[1], box[2], box[3], box[4]
    for row in range(len(found)):
        x, y = np.float64(flat[2 * row]), np.float64(flat[2 * row + 1])
        # Written so that NaN is outside.
        if not (left <= x <= right and low <= y <= high):
            continue
        band = min(int((y - low) * scale), len(starts) - 2)
        is_odd = False
        for number in range(starts[band], starts[band + 1]):
            if edges[number, 3] <= y < edges[number, 4]:
                crossing = edges[number, 0] + (y - edges[number, 1]) * edges[number, 2]
                is_odd ^= x < crossing
        found[row] = is_odd


def _functions() -> dict[Callable[..., Any], Any]:
    from numba import boolean, float32, float64, int64, types, void

    kept: Any = types.Array(float32, 1, "C", readonly=True)
    return {
        _enclose_each: void(kept, float64[::1], int64[::1], float64[:, ::1], boolean[::1]),
    }


kernels.compile_too(_functions)
