"""The loops of `levels`, as numba compiles them; `kernels` does so with its own."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aeviz import kernels
from aeviz.kernels import Codes, Floats, Ints, Pixels

Longs = NDArray[np.int64]
SortedCodes = NDArray[np.uint8] | Codes

_DEPTH, _CELLS, _TILES, _BLOCK = 5, 8192, 64, 1024


def rank(
    flat: Floats,
    grid: Floats,
    codes: Codes,
    palette: Pixels,
    block: int,
    step: int,
    keys: Ints,
    counts: Longs,
) -> None:
    """Find tile and level of every point.

    Args:
        flat: Coordinates x, y, x, y, …, (2N,).
        grid: Least coordinates, and cells of the finest grid per unit of each axis, (4,).
        codes: Colour code of every point, (N,).
        palette: Colours; points whose colour is 0 are left out.
        block: See `kernels.mark`.
        step: See `kernels.mark`.
        keys: Written: tile times six plus level, -1 for what is left out, (N,).
        counts: Written: how many there are of each key, at its place.
    """
    occupied = np.zeros(sum((_CELLS >> shift) ** 2 for shift in range(_DEPTH)) // 8, np.uint8)
    kernels.compiled("rank")(flat, grid, codes, palette, block, step, occupied, keys, counts)


def sort(
    flat: Floats,
    codes: Codes,
    keys: Ints,
    block: int,
    step: int,
    places: Longs,
    sorted_flat: Floats,
    sorted_codes: SortedCodes,
    rows: Ints,
) -> None:
    """Put points where their keys belong; of equal keys those that are drawn last come first.

    Args:
        flat: Coordinates, (2N,).
        codes: Colour code of every point, (N,).
        keys: See `rank`.
        block: See `kernels.mark`.
        step: See `kernels.mark`.
        places: Where the next point of each key goes; changed.
        sorted_flat: Written: coordinates.
        sorted_codes: Written: colour codes.
        rows: Written: which row each is.
    """
    kernels.compiled("sort")(
        flat, codes, keys, block, step, places, sorted_flat, sorted_codes, rows
    )


def mark(
    flat: Floats,
    view: Floats,
    line: int,
    codes: SortedCodes,
    palette: Pixels,
    starts: Longs,
    tiles: Longs,
    level: int,
    marks: Codes,
) -> None:
    """As `kernels.mark`, of the tiles in view and as many levels as are wanted.

    Args:
        flat: Coordinates in the order of tiles and levels.
        view: See `kernels.mark`.
        line: See `kernels.mark`.
        codes: In the same order.
        palette: See `kernels.mark`.
        starts: Where each level of each tile begins.
        tiles: First and last along both axes, (4,).
        level: The last that is drawn.
        marks: See `kernels.mark`.
    """
    kernels.compiled("draw")(flat, view, line, codes, palette, starts, tiles, level, marks)


def pick(
    flat: Floats,
    codes: SortedCodes,
    palette: Pixels,
    rows: Ints,
    starts: Longs,
    tiles: Longs,
    x: float,
    y: float,
    across: float,
    up: float,
    tolerance: float,
) -> int:
    """As `kernels.pick`, in these tiles alone; returns the row of the original."""
    run = kernels.compiled("find")
    return int(run(flat, codes, palette, rows, starts, tiles, x, y, across, up, tolerance))


# ── as numba compiles them ────────────────────────────────────────────────────────────────────


def _rank_each(
    flat: Floats,
    grid: Floats,
    codes: Codes,
    palette: Pixels,
    block: int,
    step: int,
    occupied: NDArray[np.uint8],
    keys: Ints,
    counts: Longs,
) -> None:
    # Longer than the limit: numba compiles one loop, and a call per point costs more than it does.
    left, low, across, up = grid[0], grid[1], grid[2], grid[3]
    count = len(codes)
    blocks = (count + block - 1) // block
    number = (blocks - 1) * step % blocks  # from the one that is drawn last to the first
    for _ in range(blocks):
        first = number * block
        for row in range(min(first + block, count) - 1, first - 1, -1):
            x = (flat[2 * row] - left) * across
            y = (flat[2 * row + 1] - low) * up
            # Written so that NaN is out.
            if not (abs(x) < 1e9 and abs(y) < 1e9) or palette[codes[row]] == 0:
                keys[row] = -1
                continue
            column, upward = int(np.floor(x)), int(np.floor(y))
            level = 0
            if 0 <= column < _CELLS and 0 <= upward < _CELLS:
                # The first that comes to a cell speaks for it, and for all finer cells it is in.
                first_bit = 0
                is_free = False
                for depth in range(_DEPTH):
                    shift = _DEPTH - 1 - depth
                    side = _CELLS >> shift
                    bit = first_bit + (upward >> shift) * side + (column >> shift)
                    held = occupied[bit >> 3]
                    if not is_free:
                        is_free = (held >> (bit & 7)) & 1 == 0
                        level = depth if is_free else depth + 1
                    if is_free:
                        occupied[bit >> 3] = held | np.uint8(1 << (bit & 7))
                    first_bit += side * side
            tile_x = min(max(column * _TILES // _CELLS, 0), _TILES - 1)
            tile_y = min(max(upward * _TILES // _CELLS, 0), _TILES - 1)
            key = (tile_y * _TILES + tile_x) * (_DEPTH + 1) + level
            keys[row] = key
            counts[key] += 1
        number -= step
        if number < 0:
            number += blocks


def _sort_each(
    flat: Floats,
    codes: Codes,
    keys: Ints,
    block: int,
    step: int,
    places: Longs,
    sorted_flat: Floats,
    sorted_codes: SortedCodes,
    rows: Ints,
) -> None:
    count = len(codes)
    blocks = (count + block - 1) // block
    number = (blocks - 1) * step % blocks
    for _ in range(blocks):
        first = number * block
        for row in range(min(first + block, count) - 1, first - 1, -1):
            key = keys[row]
            if key < 0:
                continue
            place = places[key]
            places[key] = place + 1
            sorted_flat[2 * place] = flat[2 * row]
            sorted_flat[2 * place + 1] = flat[2 * row + 1]
            sorted_codes[place] = codes[row]
            rows[place] = row
        number -= step
        if number < 0:
            number += blocks


def _draw_each(
    flat: Floats,
    view: Floats,
    line: np.int32,
    codes: SortedCodes,
    palette: Pixels,
    starts: Longs,
    tiles: Longs,
    level: int,
    marks: Codes,
) -> None:
    outside = np.int32(len(marks) - 1)
    places = np.empty(_BLOCK, np.int32)
    for upward in range(tiles[2], tiles[3] + 1):
        for column in range(tiles[0], tiles[1] + 1):
            key = (upward * _TILES + column) * (_DEPTH + 1)
            begin, end = starts[key], starts[key + level + 1]
            while end > begin:  # backwards: what speaks for most is drawn last
                first = max(begin, end - _BLOCK)
                size = end - first
                kernels._place(flat[2 * first : 2 * end], view, line, outside, places[:size])
                for row in range(size - 1, -1, -1):
                    code = codes[np.uintp(first + row)]
                    place = places[np.uintp(row)]
                    pixel = place >> 4 if palette[np.uintp(code)] != 0 else outside
                    marks[np.uintp(pixel)] = np.uint16((np.int32(code) << 4) + (place & 15) + 1)
                end = first


def _find_each(
    flat: Floats,
    codes: SortedCodes,
    palette: Pixels,
    rows: Ints,
    starts: Longs,
    tiles: Longs,
    x: float,
    y: float,
    across: float,
    up: float,
    tolerance: float,
) -> int:
    best, found = tolerance * tolerance, -1
    for upward in range(tiles[2], tiles[3] + 1):
        key = (upward * _TILES + tiles[0]) * (_DEPTH + 1)
        beyond = (upward * _TILES + tiles[1] + 1) * (_DEPTH + 1)
        for place in range(starts[key], starts[beyond]):
            beside = (np.float64(flat[2 * place]) - x) * across
            if abs(beside) <= tolerance and palette[codes[place]] != 0:
                above = (np.float64(flat[2 * place + 1]) - y) * up
                square = beside * beside + above * above
                row = rows[place]
                if square < best or (square == best and (found < 0 or row < found)):
                    best, found = square, row
    return found


def functions() -> dict[Callable[..., Any], Any]:
    """What numba compiles, and with which types; few codes are sorted as bytes."""
    from numba import float32, float64, int32, int64, types, uint8, uint16, uint32, void

    floats, codes, pixels = float32[::1], uint16[::1], uint32[::1]
    ints, longs, bits = int32[::1], int64[::1], uint8[::1]
    kept: Any = types.Array(float32, 1, "C", readonly=True)
    order = (int64, int64)
    return {
        _rank_each: void(kept, floats, codes, pixels, *order, bits, ints, longs),
        _sort_each: [
            void(kept, codes, ints, *order, longs, floats, sorted_codes, ints)
            for sorted_codes in (codes, bits)
        ],
        _draw_each: [
            void(kept, floats, int32, sorted_codes, pixels, longs, longs, int64, codes)
            for sorted_codes in (codes, bits)
        ],
        _find_each: [
            int64(kept, sorted_codes, pixels, ints, longs, longs, *[float64] * 5)
            for sorted_codes in (codes, bits)
        ],
    }


kernels.compile_too(functions)
