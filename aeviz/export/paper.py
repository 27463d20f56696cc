"""Charts on paper as pixels, without Qt: a plot with axes, a title over it, a legend beside it."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from aeviz import palettes, paths
from aeviz.export.charts import tick, ticks
from aeviz.geometry import Region
from aeviz.messages import ByteArray

COLOURS = palettes.LIGHT

LEFT, BELOW, EDGE, HEAD = 62, 48, 16, 34
"""Pixels beside a plot: for numbers and title of its axes, for paper around it, for a title."""

GAP, ROW, DOT, MOST_NAME = 14, 21, 9, 240
"""Pixels before the legend, from row to row of it, of a dot, and of the longest name."""

FINE = 2
"""How many times finer lines are drawn than they are shown, so that they are smooth."""

LEAST_TICKS = 90
"""Pixels from one number of an axis to the next, at least."""


@dataclass(frozen=True)
class Row:
    """A row of a legend.

    Attributes:
        name: What a person reads.
        colour: "#rrggbb".
        dash: None for a dot; else of a line: pixels drawn and left out, () for a full one.
    """

    name: str
    colour: str
    dash: tuple[float, ...] | None = None


@dataclass(frozen=True)
class Sheet:
    """What stands around a plot.

    Attributes:
        title: Over it; "" for none.
        across: Title of the lower axis.
        up: Title of the left axis.
        rows: Of the legend.
        is_log: Whether the numbers of the left axis are logarithms to the base 10.
    """

    title: str = ""
    across: str = ""
    up: str = ""
    rows: Sequence[Row] = field(default_factory=tuple)
    is_log: bool = False


class Plot:
    """The inner part of a chart: a region of the plane as pixels.

    Args:
        region: x from, x to, y from, y to.
        size: Width and height in logical pixels.
        scale: Pixels for every logical one.
    """

    def __init__(self, region: Region, size: tuple[int, int], scale: int = 2) -> None:
        self.region, self.size, self.scale = region, size, scale
        self.image = Image.new("RGB", (size[0] * scale, size[1] * scale), COLOURS.surface)

    def places(self, positions: NDArray[np.floating]) -> NDArray[np.float64]:
        """Positions (N, 2) in logical pixels from the upper left corner, (N, 2)."""
        left, right, low, high = self.region
        x = (positions[:, 0] - left) / (right - left) * self.size[0]
        y = (high - positions[:, 1]) / (high - low) * self.size[1]
        return np.column_stack([x, y]).astype(np.float64)

    def lay(self, pixels: ByteArray, region: Region, *, is_smooth: bool = True) -> None:
        """Lay a picture (H, W, 3), or (H, W, 4) with its opacity, over a region."""
        corners = np.array([[region[0], region[3]], [region[1], region[2]]], np.float64)
        (left, top), (right, bottom) = (self.places(corners) * self.scale).tolist()
        source = Image.fromarray(pixels).convert("RGBA")
        shrunk = (max(1, round(right - left)), max(1, round(bottom - top)))
        if shrunk[0] < source.width and shrunk[1] < source.height:
            source = source.resize(shrunk, Image.Resampling.BOX)
        across, down = source.width / (right - left), source.height / (bottom - top)
        # The part of it that lies behind every pixel of the plot.
        moved = (across, 0.0, -left * across, 0.0, down, -top * down)
        how = Image.Resampling.BILINEAR if is_smooth else Image.Resampling.NEAREST
        laid = source.transform(self.image.size, Image.Transform.AFFINE, moved, how)
        self.image.paste(laid, (0, 0), laid)

    def draw(self, drawing: Callable[[ImageDraw.ImageDraw, float], None]) -> None:
        """Let something be drawn: it gets a pen, and how many of its pixels a logical one has."""
        wide, high = self.image.size
        layer = Image.new("RGBA", (wide * FINE, high * FINE), (255, 255, 255, 0))
        drawing(ImageDraw.Draw(layer), float(self.scale * FINE))
        smooth = layer.resize((wide, high), Image.Resampling.BOX)
        self.image.paste(smooth, (0, 0), smooth)

    def grid(self, *, is_log: bool = False) -> None:
        """A faint line at every number of the axes."""
        across, up = self.ticks(is_log=is_log)
        faint = _mixed(COLOURS.line, COLOURS.surface, 0.6)
        pen, scale = ImageDraw.Draw(self.image), self.scale
        wide, high = self.image.size
        for x, _ in across:
            pen.rectangle((round(x * scale), 0, round(x * scale) + scale - 1, high), faint)
        for y, _ in up:
            pen.rectangle((0, round(y * scale), wide, round(y * scale) + scale - 1), faint)

    def ticks(self, *, is_log: bool = False) -> tuple[list[tuple[float, str]], ...]:
        """Where numbers stand along both axes, in logical pixels, and how they read."""
        left, right, low, high = self.region
        most = [max(2, side // LEAST_TICKS) for side in self.size]
        x = np.array(ticks(left, right, most[0])).reshape(-1, 1)
        across = self.places(np.hstack([x, np.full_like(x, low)]))[:, 0]
        values = ticks(low, high, max(2, 2 * most[1]))
        if is_log:
            values = [value for value in values if value == round(value)] or values
        y = np.array(values).reshape(-1, 1)
        up = self.places(np.hstack([np.full_like(y, left), y]))[:, 1]
        words = [tick(10.0**value if is_log else value) for value in values]
        return (
            list(zip(across.tolist(), map(tick, x[:, 0].tolist()), strict=True)),
            list(zip(up.tolist(), words, strict=True)),
        )


def picture(plot: Plot, sheet: Sheet) -> ByteArray:
    """A plot with its axes, title and legend, uint8 (H, W, 3)."""
    beside = _legend_width(sheet.rows)
    top = EDGE + (HEAD if sheet.title else 0)
    wide = LEFT + plot.size[0] + (GAP + beside if sheet.rows else 0) + EDGE
    high = top + plot.size[1] + BELOW
    scale = plot.scale
    whole = Image.new("RGB", (wide * scale, high * scale), COLOURS.surface)
    whole.paste(plot.image, (LEFT * scale, top * scale))
    pen = _Pen(ImageDraw.Draw(whole), scale)
    if sheet.title:
        pen.words((LEFT, EDGE), _elided(sheet.title, 16, wide - LEFT - EDGE, is_bold=True), 16)
    _axes(pen, plot, sheet, top)
    _legend(pen, sheet.rows, LEFT + plot.size[0] + GAP, top, plot.size[1])
    return np.asarray(whole)


class _Pen:
    """Draws words and lines at logical pixels."""

    def __init__(self, pen: ImageDraw.ImageDraw, scale: int) -> None:
        self.pen, self.scale = pen, scale

    def words(
        self,
        at: tuple[float, float],
        words: str,
        size: int,
        *,
        colour: str = COLOURS.text,
        anchor: str = "la",
    ) -> None:
        font = _font(size * self.scale, is_bold=size > 15)
        place = (at[0] * self.scale, at[1] * self.scale)
        self.pen.text(place, words, fill=colour, font=font, anchor=anchor)

    def line(self, start: tuple[float, float], end: tuple[float, float], colour: str) -> None:
        points = [(x * self.scale, y * self.scale) for x, y in (start, end)]
        self.pen.line(points, fill=colour, width=self.scale)


def _axes(pen: _Pen, plot: Plot, sheet: Sheet, top: int) -> None:
    wide, high = plot.size
    across, up = plot.ticks(is_log=sheet.is_log)
    pen.line((LEFT, top), (LEFT, top + high), COLOURS.line)
    pen.line((LEFT, top + high), (LEFT + wide, top + high), COLOURS.line)
    muted = COLOURS.muted
    for x, words in across:
        pen.words((LEFT + x, top + high + 6), words, 12, colour=muted, anchor="ma")
    for y, words in up:
        pen.words((LEFT - 7, top + y), words, 12, colour=muted, anchor="rm")
    middle = (LEFT + wide / 2, top + high + BELOW - 8)
    pen.words(middle, sheet.across, 12, colour=muted, anchor="ms")
    _upright(pen, sheet.up, top + high / 2)


def _upright(pen: _Pen, words: str, middle: float) -> None:
    """The title of the left axis, turned."""
    if not words:
        return
    font = _font(12 * pen.scale)
    left, top, right, bottom = font.getbbox(words)
    label = Image.new("L", (math.ceil(right - left) + 2, math.ceil(bottom - top) + 2), 0)
    ImageDraw.Draw(label).text((1 - left, 1 - top), words, fill=255, font=font)
    turned = label.transpose(Image.Transpose.ROTATE_90)
    at = (4 * pen.scale, round(middle * pen.scale - turned.height / 2))
    pen.pen.bitmap(at, turned, fill=COLOURS.muted)


# ── legends ───────────────────────────────────────────────────────────────────────────────────


def _legend(pen: _Pen, rows: Sequence[Row], left: float, top: float, high: float) -> None:
    """A sign and a name for every row, as many as there is room for."""
    room = max(1, int(high // ROW))
    shown = rows if len(rows) <= room else rows[: room - 1]
    for number, row in enumerate(shown):
        middle = top + ROW * (number + 0.5)
        _sign(pen, row, left, middle)
        name = _elided(row.name, 13, MOST_NAME)
        pen.words((left + 2 * DOT + 7, middle), name, 13, anchor="lm")
    if len(shown) < len(rows):
        words = f"and {len(rows) - len(shown):,} more"
        muted = COLOURS.muted
        pen.words((left, top + ROW * (room - 0.5)), words, 13, colour=muted, anchor="lm")


def _sign(pen: _Pen, row: Row, left: float, middle: float) -> None:
    scale = pen.scale
    if row.dash is None:
        box = [left + DOT / 2, middle - DOT / 2, left + 1.5 * DOT, middle + DOT / 2]
        pen.pen.ellipse([side * scale for side in box], fill=row.colour)
        return
    ends = np.array([[left, middle], [left + 2 * DOT, middle]]) * scale
    for piece in dashes(ends, [length * scale for length in row.dash]):
        pen.pen.line(
            [tuple(at) for at in piece.tolist()], fill=row.colour, width=round(1.8 * scale)
        )


def _legend_width(rows: Sequence[Row]) -> int:
    font = _font(13)
    longest = max((font.getlength(_line(row.name)) for row in rows), default=0.0)
    return math.ceil(2 * DOT + 7 + min(longest, MOST_NAME))


def _elided(words: str, size: int, room: float, *, is_bold: bool = False) -> str:
    """Words in one line, cut where there is no room."""
    font, words = _font(size, is_bold=is_bold), _line(words)
    if font.getlength(words) <= room:
        return words
    while words and font.getlength(words + "…") > room:
        words = words[:-1]
    return words + "…"


def _line(words: str) -> str:
    """Words of a data set as one line, however long or broken they are."""
    return " ".join(words[:400].split())


@cache
def _font(size: int, *, is_bold: bool = False) -> ImageFont.FreeTypeFont:
    name = "Inter-SemiBold.otf" if is_bold else "Inter-Regular.otf"
    return ImageFont.truetype(str(paths.resources() / "fonts" / name), size)


# ── lines ─────────────────────────────────────────────────────────────────────────────────────


def dashes(line: NDArray[np.floating], dash: Sequence[float]) -> list[NDArray[np.float64]]:
    """The drawn pieces of a polyline (P, 2), each (Q, 2); all of it without a dash.

    Example:
        >>> [piece[:, 0].tolist() for piece in dashes(np.array([[0.0, 0], [10, 0]]), (3, 2))]
        [[0.0, 3.0], [5.0, 8.0]]
    """
    points = np.asarray(line, np.float64)
    if not dash or len(points) < 2:
        return [points]
    reached = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    pieces = []
    for start in np.arange(0.0, reached[-1], dash[0] + dash[1]):
        end = min(start + dash[0], reached[-1])
        inner = reached[(reached > start) & (reached < end)]
        along = np.concatenate([[start], inner, [end]])
        pieces.append(np.column_stack([np.interp(along, reached, side) for side in points.T]))
    return pieces


def _mixed(colour: str, ground: str, share: float) -> str:
    """A colour as it looks when only a share of it lies over a ground."""
    parts = zip(palettes.rgb(colour), palettes.rgb(ground), strict=True)
    return "#" + "".join(f"{round(share * top + (1 - share) * below):02x}" for top, below in parts)
