"""The loops that draw and find points: as numba compiles them, and in numpy.

`compile_in_background` starts a thread that compiles them; until it is done, and wherever numba
fails, numpy computes the very same numbers. numba is imported in that thread only.
"""

import atexit
import logging
import tempfile
import threading
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]
Codes = NDArray[np.uint16]
Pixels = NDArray[np.uint32]

_log = logging.getLogger(__name__)
_compiled: dict[str, Callable[..., Any]] = {}
_further: list[Callable[[], dict[Callable[..., Any], Any]]] = []
_stopping = threading.Event()
_thread: threading.Thread | None = None


def mark(
    flat: Floats,
    view: Floats,
    line: int,
    codes: Codes,
    palette: Pixels,
    block: int,
    step: int,
    marks: Codes,
) -> None:
    """Write into every pixel which point it holds; of several, the one that is visited last.

    Args:
        flat: Coordinates x, y, x, y, …, (2N,).
        view: Coordinates of the canvas's left and upper edges, pixels per unit to the right and
            upwards; the first column and line that a centre may lie in, the first column and the
            first line beyond, (7,).
        line: Pixels of a line.
        codes: Colour code of every point, (N,).
        palette: Colours; points whose colour is 0 are left out.
        block: Rows that are visited one after the other.
        step: How many blocks to go on by, prime to their number.
        marks: Written: 16 * code + 4 * quarter down + quarter along + 1; its last place takes what
            is left out.
    """
    run = _compiled.get("mark", _mark_with_numpy)
    run(flat, view, line, codes, palette, block, step, marks)


def stamp(marks: Codes, offsets: Ints, coloured: Pixels, starts: Ints, whole: Pixels) -> None:
    """Lay the stamp of every mark over the image, line by line.

    Args:
        marks: See `mark`; all but its last four places are pixels.
        offsets: Where the pixels of the stamps lie, from the centre's, (C,).
        coloured: Their premultiplied colours, by code, (K, C).
        starts: Where the list of each phase begins, (17,).
        whole: The image, changed.
    """
    _compiled.get("stamp", _stamp_with_numpy)(marks, offsets, coloured, starts, whole)


def pick(
    positions: Floats,
    codes: Codes,
    palette: Pixels,
    x: float,
    y: float,
    across: float,
    up: float,
    tolerance: float,
) -> int:
    """The row next to a point, -1 where none is within `tolerance` pixels; see `raster.pick`."""
    run = _compiled.get("pick", _pick_with_numpy)
    return int(run(positions, codes, palette, x, y, across, up, tolerance))


# ── numpy ─────────────────────────────────────────────────────────────────────────────────────


def _mark_with_numpy(
    flat: Floats,
    view: Floats,
    line: int,
    codes: Codes,
    palette: Pixels,
    block: int,
    step: int,
    marks: Codes,
) -> None:
    pixels, phases = _placed(flat, view, line, len(marks) - 1)
    rows = _visited(len(codes), block, step)
    seen = palette[codes[rows]] != 0
    value = (codes[rows].astype(np.int32) << 4) + phases[rows] + 1
    # Of equal indices numpy keeps the last.
    marks[np.where(seen, pixels[rows], len(marks) - 1)] = value.astype(np.uint16)


def _placed(flat: Floats, view: Floats, line: int, outside: int) -> tuple[Ints, Ints]:
    """Pixel and phase of every point, (N,)."""
    left, top, across, up, low, right, bottom = view
    with np.errstate(all="ignore"):
        x, y = (flat[0::2] - left) * across, (top - flat[1::2]) * up
    inside = (x >= low) & (x < right) & (y >= low) & (y < bottom)
    fine_x = (np.where(inside, x, 0) * np.float32(4)).astype(np.int32)
    fine_y = (np.where(inside, y, 0) * np.float32(4)).astype(np.int32)
    pixels = (fine_y >> 2) * np.int32(line) + (fine_x >> 2)
    return np.where(inside, pixels, np.int32(outside)), ((fine_y & 3) << 2) | (fine_x & 3)


@lru_cache(maxsize=2)
def _visited(count: int, block: int, step: int) -> NDArray[np.int64]:
    """Rows in the order in which they are visited."""
    blocks = -(-count // block)
    numbers = np.arange(blocks) * step % blocks
    rows = (numbers[:, None] * block + np.arange(block)).reshape(-1)
    return rows[rows < count]


def _stamp_with_numpy(
    marks: Codes, offsets: Ints, coloured: Pixels, starts: Ints, whole: Pixels
) -> None:
    pixels = np.flatnonzero(marks[:-4])
    codes, phases = np.divmod(marks[pixels].astype(np.int32) - 1, 16)
    # Lists may end with pixels that cover nothing, at the place of one that does.
    laid_at_all = np.flatnonzero(coloured.any(axis=0))
    phase_of = np.repeat(np.arange(16), np.diff(starts))[laid_at_all]
    distances, where = np.unique(offsets[laid_at_all], return_inverse=True)
    table = np.full((len(distances), 16), -1)
    table[where, phase_of] = laid_at_all
    # A pixel is reached from the line above before it is from the line below: distances descend.
    for distance, numbers in zip(distances[::-1], table[::-1], strict=True):
        number = numbers[phases]
        chosen = np.flatnonzero(number >= 0)
        laid = coloured[codes[chosen], number[chosen]]
        target = pixels[chosen] + distance
        whole[target] = _over(laid, whole[target])


def _over(laid: Pixels, pixel: Pixels) -> Pixels:
    """Premultiplied ARGB over ARGB, two channels at once."""
    room = np.uint32(256) - (laid >> np.uint32(24))
    even = np.uint32(0x00FF00FF)
    low = ((pixel & even) * room >> np.uint32(8)) & even
    high = (((pixel >> np.uint32(8)) & even) * room) & np.uint32(0xFF00FF00)
    return np.asarray(laid + low + high, np.uint32)


def _pick_with_numpy(
    positions: Floats,
    codes: Codes,
    palette: Pixels,
    x: float,
    y: float,
    across: float,
    up: float,
    tolerance: float,
) -> int:
    with np.errstate(all="ignore"):
        # A band first: most rows are far away and cost one comparison.
        rows = np.flatnonzero(
            np.abs((positions[:, 0].astype(np.float64) - x) * across) <= tolerance
        )
        beside = (positions[rows, 0].astype(np.float64) - x) * across
        above = (positions[rows, 1].astype(np.float64) - y) * up
        squares = beside * beside + above * above
    squares[palette[codes[rows]] == 0] = np.inf
    near = squares <= tolerance * tolerance
    if not near.any():
        return -1
    return int(rows[np.where(near, squares, np.inf).argmin()])


# ── as numba compiles them ────────────────────────────────────────────────────────────────────
# Indices are unsigned: for signed ones numba adds a branch that counts from the end.


def _place_each(
    flat: Floats, view: Floats, line: np.int32, outside: np.int32, places: Ints
) -> None:
    left, top, across, up = view[0], view[1], view[2], view[3]
    least, right, bottom = view[4], view[5], view[6]
    zero, four, three, two = np.float32(0), np.float32(4), np.int32(3), np.int32(2)
    for row in range(len(places)):
        x = (flat[np.uintp(2 * row)] - left) * across
        y = (top - flat[np.uintp(2 * row + 1)]) * up
        # Written so that NaN is outside.
        inside = (x >= least) & (x < right) & (y >= least) & (y < bottom)
        fine_x = np.int32((x if inside else zero) * four)
        fine_y = np.int32((y if inside else zero) * four)
        pixel = np.int32(np.int32(fine_y >> two) * line) + np.int32(fine_x >> two)
        phase = np.int32(((fine_y & three) << two) | (fine_x & three))
        place = np.int32((pixel << np.int32(4)) | phase)
        places[row] = place if inside else np.int32(outside << np.int32(4))


# The compiled form of the loop above, while the one below is compiled: numba computes eight points
# at once only in a function of its own.
_place: Callable[..., None] = _place_each


def _mark_each(
    flat: Floats,
    view: Floats,
    line: np.int32,
    codes: Codes,
    palette: Pixels,
    block: int,
    step: int,
    marks: Codes,
) -> None:
    count, outside = len(codes), np.int32(len(marks) - 1)
    blocks = (count + block - 1) // block
    places = np.empty(block, np.int32)
    number = 0
    for _ in range(blocks):
        first = number * block
        size = min(block, count - first)
        number += step
        if number >= blocks:
            number -= blocks
        _place(flat[2 * first : 2 * (first + size)], view, line, outside, places[:size])
        for row in range(size):
            code = codes[np.uintp(first + row)]
            place = places[np.uintp(row)]
            pixel = place >> 4 if palette[np.uintp(code)] != 0 else outside
            marks[np.uintp(pixel)] = np.uint16((np.int32(code) << 4) + (place & 15) + 1)


def _stamp_each(marks: Codes, offsets: Ints, coloured: Pixels, starts: Ints, whole: Pixels) -> None:
    even, odd, eight = np.uint32(0x00FF00FF), np.uint32(0xFF00FF00), np.uint32(8)
    words = marks.view(np.uint64)  # four marks in one look: most pixels hold none
    for word in range(len(words) - 1):
        if words[np.uintp(word)] == 0:
            continue
        for pixel in range(4 * word, 4 * word + 4):
            mark = np.int64(marks[np.uintp(pixel)])
            if mark == 0:
                continue
            code, phase = (mark - 1) >> 4, (mark - 1) & 15
            for number in range(starts[np.uintp(phase)], starts[np.uintp(phase + 1)]):
                laid = coloured[np.uintp(code), np.uintp(number)]
                target = np.uintp(pixel + offsets[np.uintp(number)])
                below = whole[target]
                room = np.uint32(256) - (laid >> np.uint32(24))
                low = (((below & even) * room) >> eight) & even
                high = (((below >> eight) & even) * room) & odd
                whole[target] = laid + low + high


def _pick_each(
    positions: Floats,
    codes: Codes,
    palette: Pixels,
    x: float,
    y: float,
    across: float,
    up: float,
    tolerance: float,
) -> int:
    best, found = tolerance * tolerance, -1
    for row in range(len(codes)):
        beside = (np.float64(positions[row, 0]) - x) * across
        if abs(beside) <= tolerance and palette[codes[row]] != 0:
            above = (np.float64(positions[row, 1]) - y) * up
            square = beside * beside + above * above
            if square < best or (found < 0 and square == best):
                best, found = square, row
    return found


# ── compiling ─────────────────────────────────────────────────────────────────────────────────


def is_compiled(name: str = "mark") -> bool:
    """Whether numba runs a loop; else numpy does."""
    return name in _compiled


def compile_too(functions: Callable[[], dict[Callable[..., Any], Any]]) -> None:
    """Let loops of another module be compiled with these: a function that gives their types."""
    _further.append(functions)


def compiled(name: str) -> Callable[..., Any]:
    """A loop as numba has compiled it.

    Raises:
        KeyError: If it has not.
    """
    return _compiled[name]


def compile_in_background(cache: Path | None = None) -> None:
    """Start to compile, once in a process.

    Args:
        cache: Folder that keeps what was compiled for the next start; where it cannot be written,
            nothing is kept.
    """
    global _thread
    if _thread is None:
        _thread = threading.Thread(
            target=_compile_quietly, args=(cache,), name="aeviz-kernels", daemon=True
        )
        _thread.start()
        # The interpreter must not be torn down under the compiler.
        atexit.register(_stop)


def wait(timeout: float | None = None) -> bool:
    """Wait for the compiler; says whether numba draws."""
    if _thread is not None:
        _thread.join(timeout)
    return is_compiled()


def _stop() -> None:
    _stopping.set()
    wait()


def _compile_quietly(cache: Path | None) -> None:
    """Compile, at worst without a cache, at the very worst not at all. Runs in its own thread."""
    for folder in (cache, None) if cache is not None and _is_writable(cache) else (None,):
        try:
            made = _compile(folder)
        except Exception as error:  # noqa: BLE001  numpy goes on drawing, whatever it was
            _log.info("numba could not compile the map's kernels: %s", error)
        else:
            _compiled.update(made)
            return


def _is_writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def _compile(cache: Path | None) -> dict[str, Callable[..., Any]]:
    global _place
    import numba
    from numba import float32, float64, int32, int64, types, uint16, uint32, void

    floats, ints, codes, pixels = float32[::1], int32[::1], uint16[::1], uint32[::1]
    # Positions may be of a run, which are read only; numba then takes those that are not as well.
    places: Any = types.Array(float32, 1, "C", readonly=True)
    positions: Any = types.Array(float32, 2, "C", readonly=True)
    signatures: dict[Callable[..., Any], Any] = {
        _place_each: void(places, floats, int32, int32, ints),
        _mark_each: void(places, floats, int32, codes, pixels, int64, int64, codes),
        _stamp_each: void(codes, ints, uint32[:, ::1], ints, pixels),
        _pick_each: int64(positions, codes, pixels, *[float64] * 5),
    }
    for functions in _further:
        signatures.update(functions())
    made: dict[str, Callable[..., Any]] = {}
    config: Any = numba.config
    njit: Any = numba.njit
    kept, config.CACHE_DIR = config.CACHE_DIR, "" if cache is None else str(cache)
    try:
        for function, signature in signatures.items():
            if _stopping.is_set():
                return {}
            compiled = njit(signature, nogil=True, cache=cache is not None)(function)
            made[function.__name__.split("_")[1]] = compiled
            if function is _place_each:
                _place = compiled
    finally:
        config.CACHE_DIR = kept
    return made
