"""What lies on the map of a picture: points, densities, decodes, paths, marks."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from aeviz import palettes, raster, shades
from aeviz.export.paper import COLOURS, Plot, dashes
from aeviz.geometry import Region
from aeviz.messages import ByteArray, FloatArray

FADED = 0.18
"""How much of the colour of a point is left that is not selected, where many are."""

CUT = (0.01, 0.99)
"""Quantiles of a stretch that the ends of its scale are."""

HATCH, INK = 8.0, 0.42
"""Logical pixels between two hatches, and how much of the muted colour they are."""

FEW_ELLIPSES = 40
"""Up to so many ellipses stand out; more are pale."""

Points = NDArray[np.floating]


def lay_density(plot: Plot, density: NDArray[np.floating], region: Region, *, cells: bool) -> None:
    """Bands of one nat with lines between them; of a histogram its cells."""
    values = np.asarray(density, np.float32)
    if not np.isfinite(values).any():
        return
    top = float(math.ceil(values[np.isfinite(values)].max()))
    bands = shades.bands_of(values if cells else shades.finer(values), top)
    if not cells:
        bands = bands + (shades.SPAN + 1) * shades.edges_of(bands)
    colours = shades.band_colours(COLOURS.surface, COLOURS.accent, shades.PALE)
    plot.lay(colours[bands], region, is_smooth=not cells)


def lay_stretch(plot: Plot, stretch: NDArray[np.floating], region: Region) -> None:
    """A stretch in one hue, by its logarithm."""
    with np.errstate(divide="ignore"):
        shown = np.log10(np.asarray(stretch, np.float64))
    known = shown[np.isfinite(shown)]
    if not known.size:
        return
    low, high = np.quantile(known, CUT).tolist()
    shares = (np.where(np.isneginf(shown), low, shown) - low) / max(high - low, 1e-12)
    steps = np.rint(np.clip(np.nan_to_num(shares), 0, 1) * (shades.STEPS - 1)).astype(np.int64)
    opacity = np.where(np.isfinite(shown) | np.isneginf(shown), 255, 0).astype(np.uint8)
    pixels = np.dstack([shades.ramp(COLOURS.surface, is_dark=False)[steps], opacity])
    plot.lay(pixels, _around(region, *shown.shape))


def lay_decodes(
    plot: Plot, sheet: ByteArray, region: Region, grid: tuple[int, int], opacity: float
) -> None:
    """A sheet of (rows, columns) decodes, the middles of the outer ones on a region's ends."""
    opaque = np.full((*sheet.shape[:2], 1), round(255 * opacity), np.uint8)
    pixels = np.concatenate([sheet, opaque], axis=2)
    plot.lay(pixels, _around(region, *grid), is_smooth=False)


def _around(region: Region, rows: int, columns: int) -> Region:
    """A region with half a cell more at every side: cells lie around their places."""
    left, right, low, high = region
    wide = (right - left) / (columns - 1) if columns > 1 else 0.0
    tall = (high - low) / (rows - 1) if rows > 1 else 0.0
    wide, tall = wide or tall or 1.0, tall or wide or 1.0  # a single row has square cells
    return left - wide / 2, right + wide / 2, low - tall / 2, high + tall / 2


def hatch(plot: Plot, density: NDArray[np.floating], rare: float, region: Region) -> None:
    """Slanting lines where a log density is under a limit."""
    fine = shades.finer(np.asarray(density, np.float32))
    high, wide = plot.image.height, plot.image.width
    mask = Plot(plot.region, plot.size, plot.scale)
    black = np.repeat(np.where(fine < rare, 0, 255).astype(np.uint8)[..., None], 3, axis=2)
    mask.lay(black, region)
    is_rare = np.asarray(mask.image.convert("L")) < 128
    y, x = np.mgrid[:high, :wide]
    gap = HATCH * plot.scale * 2**0.5
    is_line = (x + y) % gap < plot.scale * 2**0.5
    opacity = np.where(is_rare & is_line, round(255 * INK), 0).astype(np.uint8)
    ink = np.broadcast_to(np.array(palettes.rgb(COLOURS.muted), np.uint8), (high, wide, 3))
    plot.lay(np.dstack([ink, opacity]), plot.region, is_smooth=False)


def scatter(
    plot: Plot,
    positions: FloatArray,
    codes: NDArray[np.uint16],
    palette: raster.Pixels,
    chosen: NDArray[np.bool_] | None = None,
) -> None:
    """A spot for every position (N, 2); those that are not chosen fade where some are."""
    if chosen is None:
        _spots(plot, positions, codes, palette)
        return
    nothing = np.append(palette, np.uint32(0))
    _spots(plot, positions, codes, raster.mixed(palette, COLOURS.surface, FADED))
    shown = np.where(chosen, codes, len(palette)).astype(np.uint16)
    _spots(plot, positions, shown, nothing)


def _spots(
    plot: Plot, positions: FloatArray, codes: NDArray[np.uint16], palette: raster.Pixels
) -> None:
    left, right, low, high = plot.region
    wide, tall = plot.image.size
    window = raster.Window(left, high, wide / (right - left), tall / (high - low))
    diameter = raster.spot_diameter(len(positions)) * plot.scale
    stamps = raster.spots(diameter, raster.OPACITY)
    canvas = raster.Canvas(wide, tall, stamps.reach)
    places = np.ascontiguousarray(positions, np.float32)
    canvas.draw(window, places, np.ascontiguousarray(codes), palette, stamps)
    below = np.asarray(plot.image).astype(np.uint32)
    pixels = canvas.pixels
    uncovered = 255 - (pixels >> 24)
    above = np.stack([(pixels >> shift) & 255 for shift in (16, 8, 0)], axis=-1)
    made = above + below * uncovered[..., None] // 255
    plot.image.paste(Image.fromarray(made.astype(np.uint8)))


# ── marks ─────────────────────────────────────────────────────────────────────────────────────


def ellipses(plot: Plot, middles: Points, shapes: Points, colours: Sequence[str]) -> None:
    """Ellipses of one and two standard deviations.

    Args:
        plot: Where.
        middles: Positions, (K, 2).
        shapes: Half axes of one standard deviation and the angle of the first, (K, 3).
        colours: Of each, "#rrggbb".
    """
    turn = np.linspace(0, 2 * np.pi, 65)
    circle = np.column_stack([np.cos(turn), np.sin(turn)])
    inks = (0.95, 0.6) if len(middles) <= FEW_ELLIPSES else (0.4, 0.16)

    def draw(pen: ImageDraw.ImageDraw, scale: float) -> None:
        for middle, (long, short, angle), colour in zip(middles, shapes, colours, strict=True):
            along = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
            for sigma, ink in zip((1, 2), inks, strict=True):
                outline = middle + sigma * (circle * (long, short)) @ along
                tone = (*palettes.rgb(colour), round(255 * ink))
                pen.line(_flat(plot.places(outline) * scale), tone, round(1.2 * scale))

    plot.draw(draw)


def path(plot: Plot, lines: Sequence[Points], chosen: int, anchors: Points) -> None:
    """Paths (P, 2), of which one is chosen, with their anchors (A, 2)."""

    def draw(pen: ImageDraw.ImageDraw, scale: float) -> None:
        order = [*(number for number in range(len(lines)) if number != chosen), chosen]
        for number in order:
            points = _flat(plot.places(lines[number]) * scale)
            tones = (COLOURS.surface, COLOURS.accent if number == chosen else COLOURS.muted)
            for tone, wide in zip(tones, (5.0, 2.2), strict=True):
                pen.line(points, tone, round(wide * scale), joint="curve")
        for x, y in plot.places(anchors) * scale:
            _disc(pen, x, y, 6.0 * scale, COLOURS.surface)
            _disc(pen, x, y, 4.5 * scale, COLOURS.accent)

    plot.draw(draw)


def diamonds(plot: Plot, positions: Points, reach: float = 4.5) -> None:
    """A hollow diamond at every position (K, 2): draws."""
    corners = np.array([[0, -1], [1, 0], [0, 1], [-1, 0], [0, -1], [1, 0]]) * reach

    def draw(pen: ImageDraw.ImageDraw, scale: float) -> None:
        for place in plot.places(positions):
            outline = _flat((place + corners) * scale)
            for tone, wide in ((COLOURS.surface, 3.6), (COLOURS.text, 1.5)):
                pen.line(outline, tone, round(wide * scale))

    plot.draw(draw)


def rings(plot: Plot, positions: Points, radius: float) -> None:
    """A ring around every position (K, 2): selected samples."""

    def draw(pen: ImageDraw.ImageDraw, scale: float) -> None:
        for x, y in plot.places(positions) * scale:
            _ring(pen, x, y, radius * scale, COLOURS.surface, 4.0 * scale)
            _ring(pen, x, y, radius * scale, COLOURS.accent, 1.8 * scale)

    plot.draw(draw)


def pin(plot: Plot, position: Points, reach: float = 8.0) -> None:
    """A ring with a cross of light around a position (2,): what was clicked."""
    arms = np.array([[1, 0], [-1, 0], [0, 1], [0, -1]])

    def draw(pen: ImageDraw.ImageDraw, scale: float) -> None:
        x, y = plot.places(np.asarray(position)[None])[0] * scale
        for tone, wide in ((COLOURS.surface, 5.0), (COLOURS.accent, 2.2)):
            _ring(pen, x, y, reach * scale, tone, wide * scale)
            for arm in arms:
                ends = np.array([x, y]) + arm * np.array([[reach], [12.0]]) * scale
                pen.line(_flat(ends), tone, round(wide * scale))
        _disc(pen, x, y, 3.2 * scale, COLOURS.surface)
        _disc(pen, x, y, 2.0 * scale, COLOURS.accent)

    plot.draw(draw)


def _flat(points: Points) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in points]


def _ring(
    pen: ImageDraw.ImageDraw, x: float, y: float, radius: float, colour: str, wide: float
) -> None:
    out = radius + wide / 2
    pen.ellipse((x - out, y - out, x + out, y + out), outline=colour, width=round(wide))


def _disc(pen: ImageDraw.ImageDraw, x: float, y: float, radius: float, colour: str) -> None:
    pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)


def curve(
    plot: Plot, values: NDArray[np.floating], colour: str, dash: Sequence[float] = ()
) -> None:
    """A line over the epochs, (E,); NaN is a gap."""
    known = np.isfinite(values)
    steps = np.flatnonzero(np.diff(np.concatenate([[False], known, [False]]).astype(np.int8)))

    def draw(pen: ImageDraw.ImageDraw, scale: float) -> None:
        for start, end in steps.reshape(-1, 2).tolist():
            points = np.column_stack([np.arange(start, end), values[start:end]])
            places = plot.places(points) * scale
            if len(places) == 1:
                _disc(pen, float(places[0, 0]), float(places[0, 1]), 2 * scale, colour)
            for piece in dashes(places, [length * scale for length in dash]):
                pen.line(_flat(piece), colour, round(1.8 * scale), joint="curve")

    plot.draw(draw)
