"""Levels of detail of a cloud of points: what it takes to draw and find among ten million at once.

The plane is cut into tiles, and the points of a tile are put in an order in which few stand for
many: first one point for each coarse cell of a grid, then one for each cell of a grid twice as
fine, and so on, at last all others. A frame draws the tiles in view, of each as many levels as its
pixels can show, so that its cost is bounded by pixels and not by points; zoomed in far enough it
draws every point there is. Which point speaks for a cell is the one that a drawing of all points
would show there, so both look alike.

Only numba makes this fast enough to be worth it; without it there are no levels.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aeviz import kernels, level_kernels
from aeviz.kernels import Codes

DEPTH = 5
"""Grids of cells, each twice as fine as the one before."""

CELLS = 8192
"""Cells of the finest grid along an axis."""

TILES = 64
"""Tiles along an axis."""

SHARPNESS = 0.5
"""Pixels along an axis that a cell may have, at most, where it stands for its points."""

_TAIL = 1e-3
_SAMPLE = 1_000_003


@dataclass(frozen=True, eq=False)
class Levels:
    """Points in the order of tiles and levels.

    Attributes:
        flat: Coordinates x, y, x, y, …, float32 (2N,); what was hidden or not finite is left out.
        codes: Colour codes, (N,), in bytes where all are below 256.
        rows: Which row of the original each is, int32 (N,).
        starts: Where each level of each tile begins, and the end, int64 (TILES² (DEPTH + 1) + 1,).
        corner: Least coordinates of the tiles. The outer tiles hold all that lies beyond, too.
        cells: Cells of the finest grid per unit of each axis.
        most: The largest code.
    """

    flat: NDArray[np.float32]
    codes: level_kernels.SortedCodes
    rows: NDArray[np.int32]
    starts: NDArray[np.int64]
    corner: tuple[float, float]
    cells: tuple[float, float]
    most: int

    @property
    def nbytes(self) -> int:
        """Bytes that it keeps."""
        kept = (self.flat, self.codes, self.rows, self.starts)
        return sum(each.nbytes for each in kept)

    def level_for(self, across: float, up: float) -> int:
        """How many levels beyond the first a frame needs.

        Args:
            across: Pixels per unit to the right.
            up: Pixels per unit upwards.

        Returns:
            In [0, DEPTH]; DEPTH is every point there is.
        """
        pixels = max(across / self.cells[0], up / self.cells[1])
        for level in range(DEPTH):
            if pixels * 2 ** (DEPTH - 1 - level) <= SHARPNESS:
                return level
        return DEPTH

    def tiles(self, low: tuple[float, float], high: tuple[float, float]) -> NDArray[np.int64]:
        """First and last tile along both axes, (4,), that a region touches: x, x, y, y."""
        found = []
        for least, cells, *edges in zip(self.corner, self.cells, low, high, strict=True):
            for edge in edges:
                tile = math.floor((edge - least) * cells * TILES / CELLS)
                found.append(min(max(tile, 0), TILES - 1))
        return np.array(found, np.int64)


def mark(
    levels: Levels, view: NDArray[np.float32], line: int, palette: NDArray[np.uint32], marks: Codes
) -> None:
    """As `kernels.mark`, with as much detail as the pixels can show."""
    left, top, across, up, _, right, bottom = (float(edge) for edge in view)
    tiles = levels.tiles((left, top - bottom / up), (left + right / across, top))
    level = levels.level_for(across, up)
    level_kernels.mark(
        levels.flat, view, line, levels.codes, palette, levels.starts, tiles, level, marks
    )


def pick(
    levels: Levels,
    palette: NDArray[np.uint32],
    place: tuple[float, float],
    scale: tuple[float, float],
    tolerance: float,
) -> int:
    """As `kernels.pick`, among the points of the tiles around.

    Args:
        levels: The points.
        palette: Colours; points whose colour is 0 are not found.
        place: x and y.
        scale: Pixels per unit to the right and upwards.
        tolerance: Largest distance in pixels.
    """
    (x, y), (across, up) = place, scale
    beside, above = tolerance / across, tolerance / up
    tiles = levels.tiles((x - beside, y - above), (x + beside, y + above))
    own = (levels.flat, levels.codes, palette, levels.rows, levels.starts, tiles)
    return level_kernels.pick(*own, x, y, across, up, tolerance)


def build(
    positions: NDArray[np.float32],
    codes: NDArray[np.uint16],
    palette: NDArray[np.uint32],
    order: tuple[int, int],
) -> Levels | None:
    """Sort points into tiles and levels; takes about a second for ten million, in any thread.

    Args:
        positions: float32 (N, 2), contiguous.
        codes: Colour code of each, (N,).
        palette: Colours by code; what is 0 is left out.
        order: In which a drawing of all points visits them: rows of a block, blocks to go on by.

    Returns:
        None where there are no kernels, or no two different finite places.
    """
    region = _region(positions)
    if not kernels.is_compiled("rank") or region is None:
        return None
    corner, cells = region
    grid = np.array([*corner, *cells], np.float32)
    keys = np.empty(len(codes), np.int32)
    counts = np.zeros(TILES * TILES * (DEPTH + 1) + 1, np.int64)
    flat = positions.reshape(-1)
    level_kernels.rank(flat, grid, codes, palette, *order, keys, counts)
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]]).astype(np.int64)
    kept, most = int(starts[-1]), int(codes.max(initial=0))
    sorted_codes: level_kernels.SortedCodes = (
        np.empty(kept, np.uint8) if most < 256 else np.empty(kept, np.uint16)
    )
    found = Levels(
        np.empty(2 * kept, np.float32),
        sorted_codes,
        np.empty(kept, np.int32),
        starts,
        corner,
        cells,
        most,
    )
    places = starts.copy()
    level_kernels.sort(flat, codes, keys, *order, places, found.flat, found.codes, found.rows)
    return found


def _region(
    positions: NDArray[np.float32],
) -> tuple[tuple[float, float], tuple[float, float]] | None:
    """Corner and cells per unit of a grid over nearly all points: single ones lie beyond it."""
    some = positions[:: len(positions) // _SAMPLE + 1]
    some = some[np.isfinite(some).all(axis=1)]
    if not len(some):
        return None
    low, high = np.quantile(some, [_TAIL, 1 - _TAIL], axis=0).astype(np.float64)
    widths = (high - low) * 1.02
    if not (widths > 0).all() or not np.isfinite(CELLS / widths).all():
        return None
    low = low - widths * 0.01
    return (float(low[0]), float(low[1])), (float(CELLS / widths[0]), float(CELLS / widths[1]))
