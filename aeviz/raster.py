"""Draws millions of points into an image, and finds the one under the mouse.

Every point has a colour code and becomes a round, smooth spot: a stamp of coverages, made once for
each size and for sixteen places within a pixel, so that slow movements are smooth. Drawing has two
passes. The first says for every pixel which point's centre it holds; where there are several, one
of them speaks for all. The second lays the stamps over each other from the top line to the bottom,
so that its cost depends on the pixels and hardly on the number of points.

Kernels are compiled by numba in a thread of their own; until they are there, numpy draws the very
same pixels. numba is never imported by whoever imports this module.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from aeviz import kernels
from aeviz.levels import Levels, mark
from aeviz.levels import pick as find

Pixels = NDArray[np.uint32]

PHASES = 4
"""Places within a pixel, along each axis, that a spot's centre is rounded to."""

MOST_CODES = 4095
"""Colour codes that fit into a mark beside the phase."""

OPACITY = 0.86
"""Of a spot: where they lie over each other, the one below shines through."""

_FAINT = 8
"""Coverages below it, of 255, are not worth a pixel; of small spots, of which there are many,
three times as much."""

_SMALL = 3.0

_GOLDEN = 0.6180339887498949


@dataclass(frozen=True)
class Window:
    """Which part of the plane an image shows.

    Attributes:
        left: Coordinate of the image's left edge.
        top: Coordinate of its upper edge.
        across: Pixels per unit to the right.
        up: Pixels per unit upwards.
    """

    left: float
    top: float
    across: float
    up: float


@dataclass(frozen=True, eq=False)
class Spots:
    """The stamps of one size, by phase: sixteen lists of pixels behind each other.

    Attributes:
        reach: How far a stamp goes from the pixel of its centre.
        down: Line of each pixel, from the centre's.
        along: Column of each pixel, from the centre's.
        cover: How much of it is covered, 0..255, with the opacity.
        starts: Where the list of each phase begins, (17,); phase = 4 * down + along.
    """

    reach: int
    down: NDArray[np.int32]
    along: NDArray[np.int32]
    cover: NDArray[np.uint32]
    starts: NDArray[np.int32]


def spot_diameter(count: int) -> float:
    """How large the spots of so many points are, in logical pixels: 1.75 for a million, 7 for few.

    Example:
        >>> [round(spot_diameter(count), 1) for count in (100, 2_000, 60_000, 1_000_000)]
        [7.0, 5.3, 3.3, 1.8]
    """
    return float(np.clip(9.8 - 1.35 * math.log10(max(count, 1)), 1.75, 7.0))


@lru_cache(maxsize=32)
def spots(diameter: float, opacity: float) -> Spots:
    """Make the stamps of round spots.

    Args:
        diameter: In device pixels.
        opacity: In (0, 1].
    """
    reach = math.ceil(diameter / 2 - 0.5 / PHASES)
    fine = 16  # coverage is counted on a grid of 16 x 16 in each pixel
    steps = (np.arange((2 * reach + 1) * fine) + 0.5) / fine - reach
    faint = _FAINT if diameter >= _SMALL else 3 * _FAINT
    lists = []
    for phase in range(PHASES * PHASES):
        y, x = ((place + 0.5) / PHASES for place in divmod(phase, PHASES))
        inside = np.hypot(steps[:, None] - y, steps[None, :] - x) <= diameter / 2
        cells = inside.reshape(2 * reach + 1, fine, 2 * reach + 1, fine).mean(axis=(1, 3))
        cover = np.rint(cells * (255 * opacity))
        down, along = np.nonzero(cover >= faint)
        lists.append(np.stack([down - reach, along - reach, cover[down, along]]).astype(np.int32))
    if diameter < _SMALL:
        # Lists of one length, filled up with pixels that cover nothing: where there are hundreds
        # of thousands of spots, a loop whose end cannot be foreseen costs more than a pixel.
        longest = max(each.shape[1] for each in lists)
        lists = [np.pad(each, ((0, 0), (0, longest - each.shape[1]))) for each in lists]
    down, along, cover = np.concatenate(lists, axis=1)
    starts = np.cumsum([0, *(each.shape[1] for each in lists)]).astype(np.int32)
    return Spots(reach, down, along, cover.astype(np.uint32), starts)


def to_palette(colours: NDArray[np.uint8]) -> Pixels:
    """Opaque pixels of colours (K, 3); a 0 in their place hides a code."""
    red, green, blue = (colours[:, channel].astype(np.uint32) for channel in range(3))
    return np.asarray(np.uint32(0xFF000000) | (red << 16) | (green << 8) | blue, np.uint32)


def mixed(palette: Pixels, ground: str, share: float) -> Pixels:
    """A palette as it looks when only a share of it, in [0, 1], lies over a ground "#rrggbb"."""
    pixels = palette.copy().view(np.uint8).reshape(-1, 4)
    # The bytes of a pixel from the lowest: blue, green, red, alpha.
    below = np.array(list(bytes.fromhex(ground[1:]))[::-1], np.float32)
    blended = below + share * (pixels[:, :3].astype(np.float32) - below)
    pixels[:, :3] = np.rint(blended).astype(np.uint8)
    faded = pixels.reshape(-1).view(np.uint32)
    return np.where(palette == 0, np.uint32(0), faded)


class Canvas:
    """An image of premultiplied ARGB pixels and what drawing needs beside it, used again and again.

    A margin around the image spares the kernels the question whether a spot is cut off.
    """

    def __init__(self, width: int, height: int, reach: int) -> None:
        """Make an empty one.

        Args:
            width: In device pixels.
            height: In device pixels.
            reach: Of the largest spots that will be drawn.
        """
        self.width, self.height = width, height
        # A spot's centre may lie `reach` outside the image, and its pixels as far again.
        self.margin = 2 * reach
        self.line = width + 2 * self.margin
        size = self.line * (height + 2 * self.margin)
        self.whole: Pixels = np.zeros(size, np.uint32)
        # Four places more than pixels, and a multiple of four: the last one takes the points that
        # are not in view.
        self.marks: NDArray[np.uint16] = np.zeros(-(-size // 4) * 4 + 4, np.uint16)
        self._coloured: tuple[Pixels, Spots, Pixels] | None = None

    @property
    def first(self) -> int:
        """Where the image's first pixel lies in `whole`."""
        return self.margin * self.line + self.margin

    @property
    def pixels(self) -> Pixels:
        """The image, (height, width), a view."""
        lines = self.whole.reshape(-1, self.line)
        side = self.margin
        return lines[side : side + self.height, side : side + self.width]

    def fits(self, width: int, height: int, reach: int) -> bool:
        """Whether it was made with exactly these."""
        return (self.width, self.height, self.margin) == (width, height, 2 * reach)

    def draw(
        self,
        window: Window,
        positions: NDArray[np.float32],
        codes: NDArray[np.uint16],
        palette: Pixels,
        stamps: Spots,
        levels: Levels | None = None,
    ) -> None:
        """Draw points on transparent ground; what was drawn before is gone.

        Args:
            window: What the image shows.
            positions: float32 (N, 2); what is not finite is not drawn.
            codes: Which colour each point has, (N,).
            palette: Colours by code, at most `MOST_CODES`, see `to_palette`; 0 draws nothing.
            stamps: See `spots`.
            levels: The same points in levels of detail, where there are so many that not all of
                them are looked at.

        Raises:
            ValueError: If shapes do not fit together; a kernel would read beyond the end.
        """
        self.whole.fill(0)
        self.marks.fill(0)
        _check(positions, codes, palette, levels)
        if 2 * stamps.reach > self.margin:
            raise ValueError(f"spots reach {stamps.reach} pixels, the margin is {self.margin}")
        if len(codes):
            view = self._view(window, stamps.reach)
            if levels is None:
                flat, order = positions.reshape(-1), stride(len(codes))
                kernels.mark(flat, view, self.line, codes, palette, *order, self.marks)
            else:
                mark(levels, view, self.line, palette, self.marks)
            self._stamp(palette, stamps)

    def _view(self, window: Window, reach: int) -> NDArray[np.float32]:
        """What `kernels.mark` wants to know of the image."""
        # The corner of the margin is the origin, so that every place in view is positive.
        left, top = window.left - self.margin / window.across, window.top + self.margin / window.up
        low, wide, high = self.margin - reach, self.width + 2 * reach, self.height + 2 * reach
        edges = (left, top, window.across, window.up, low, low + wide, low + high)
        return np.array(edges, np.float32)

    def _stamp(self, palette: Pixels, stamps: Spots) -> None:
        offsets = stamps.down * np.int32(self.line) + stamps.along
        kernels.stamp(
            self.marks, offsets, self._colours(palette, stamps), stamps.starts, self.whole
        )

    def _colours(self, palette: Pixels, stamps: Spots) -> Pixels:
        """Coloured stamps (K, C), made anew when palette or size changed."""
        kept = self._coloured
        if kept is None or kept[1] is not stamps or not np.array_equal(kept[0], palette):
            kept = (palette.copy(), stamps, _premultiplied(palette, stamps.cover))
            self._coloured = kept
        return kept[2]


def pick(
    window: Window,
    point: tuple[float, float],
    tolerance: float,
    positions: NDArray[np.float32],
    codes: NDArray[np.uint16],
    palette: Pixels,
    levels: Levels | None = None,
) -> int:
    """Find the row whose spot's centre is next to a pixel.

    Args:
        window: What the image shows.
        point: In pixels of the image, x to the right, y down.
        tolerance: Largest distance in pixels.
        positions: As in `Canvas.draw`.
        codes: As in `Canvas.draw`.
        palette: As in `Canvas.draw`; hidden codes are not found.
        levels: As in `Canvas.draw`.

    Returns:
        The row, the first of equally near ones; -1 where none is near enough.
    """
    _check(positions, codes, palette, levels)
    if not len(codes):
        return -1
    x, y = window.left + point[0] / window.across, window.top - point[1] / window.up
    if levels is not None:
        return find(levels, palette, (x, y), (window.across, window.up), tolerance)
    return kernels.pick(
        positions, codes, palette, x, y, float(window.across), float(window.up), float(tolerance)
    )


def _check(
    positions: NDArray[np.float32],
    codes: NDArray[np.uint16],
    palette: Pixels,
    levels: Levels | None,
) -> None:
    for array, kind in ((positions, np.float32), (codes, np.uint16), (palette, np.uint32)):
        if array.dtype != kind or not array.flags.c_contiguous:
            raise ValueError(f"expected contiguous {np.dtype(kind)}, got {array.dtype}")
    if positions.shape != (len(codes), 2) or codes.ndim != 1 or palette.ndim != 1:
        raise ValueError(f"positions {positions.shape} do not fit codes {codes.shape}")
    most = int(codes.max(initial=0)) if levels is None else levels.most
    if len(palette) > MOST_CODES or (len(codes) and most >= len(palette)):
        raise ValueError(f"codes have to be below the palette's {len(palette)} and {MOST_CODES}")


def _premultiplied(palette: Pixels, cover: Pixels) -> Pixels:
    """Each colour times each coverage, (K, C), as premultiplied ARGB."""
    made = np.zeros((len(palette), len(cover)), np.uint32)
    for shift in (0, 8, 16, 24):
        channel = (palette >> shift) & 0xFF
        made |= (channel[:, None] * cover[None, :] // 255) << shift
    return made


def stride(count: int) -> tuple[int, int]:
    """In which order points are visited, so that data sorted by label are mixed all the same.

    Returns:
        Rows of a block, which are visited one after the other, and by how many blocks to go on.
        Blocks keep the processor from waiting for memory.
    """
    block = 1 if count < 1 << 15 else 64 if count < 1 << 19 else 1024
    blocks = -(-count // block)
    step = max(int(blocks * _GOLDEN), 1)
    while math.gcd(step, blocks) != 1:
        step += 1
    return block, step
