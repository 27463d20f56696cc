"""Digits drawn from fonts: bitmaps of one size, and how a data set is drawn from them."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

GLYPH_SIDE = 48
"""Pixels of a bitmap's side; the digits of a font are `GLYPH_HEIGHT` high."""

GLYPH_HEIGHT = 40
DIGITS = "0123456789"
ENDINGS = (".ttf", ".otf")
NO_DIGITS = ("symbol", "dingbat", "emoji", "icon", "ornament", "wingding", "webding", "math")
"""Parts of the names of fonts that have other signs in the place of digits."""

MOST_FONTS = 200
LARGEST_FONT = 32 * 2**20


class Glyphs(NamedTuple):
    """Digits of several fonts.

    Attributes:
        bitmaps: uint8 (fonts, 10, GLYPH_SIDE, GLYPH_SIDE), 255 is ink.
        names: Of the fonts.
    """

    bitmaps: NDArray[np.uint8]
    names: tuple[str, ...]


class Drawn(NamedTuple):
    """Printed digits.

    Attributes:
        images: Ink in [0, 1], float32 (N, side, side).
        labels: int64 (N,).
        fonts: Which font, int64 (N,).
        heights: Height of the digit as a share of the image's, float32 (N,).
    """

    images: NDArray[np.float32]
    labels: NDArray[np.int64]
    fonts: NDArray[np.int64]
    heights: NDArray[np.float32]


def glyphs_of(path: Path) -> tuple[str, NDArray[np.uint8]] | None:
    """Name and bitmaps (10, GLYPH_SIDE, GLYPH_SIDE) of a font's digits; None if it has none.

    All digits of a font have the same size and stand on the same line, centred by their ink.
    """
    try:
        large = ImageFont.truetype(str(path), 100)
        _, top, _, bottom = large.getbbox(DIGITS, anchor="ls")
        size = 100 * GLYPH_HEIGHT / max(bottom - top, 1)
        font = ImageFont.truetype(str(path), size)
        family, style = font.getname()
        bitmaps = np.stack([_bitmap(font, digit) for digit in DIGITS])
        missing = _bitmap(font, "\U0010fffd")
    except (OSError, ValueError):
        return None
    # ten signs that differ from each other and from the one for what a font does not have
    different = {bitmap.tobytes() for bitmap in (*bitmaps, missing)}
    if len(different) < 11 or bitmaps.reshape(10, -1).max(axis=1).min() < 128:
        return None
    return " ".join(word for word in (family, style) if word), bitmaps


def _bitmap(font: ImageFont.FreeTypeFont, sign: str) -> NDArray[np.uint8]:
    image = Image.new("L", (GLYPH_SIDE, GLYPH_SIDE))
    left, _, right, _ = font.getbbox(sign, anchor="ls")
    baseline = (GLYPH_SIDE + GLYPH_HEIGHT) / 2
    across = (GLYPH_SIDE - (left + right)) / 2
    ImageDraw.Draw(image).text((across, baseline), sign, fill=255, font=font, anchor="ls")
    return np.asarray(image, np.uint8)


def glyphs_in(files: Sequence[Path]) -> Glyphs:
    """The digits of fonts, in the order of their names, each font once."""
    found = dict(item for item in map(glyphs_of, files) if item is not None)
    names = tuple(sorted(found))
    side = (10, GLYPH_SIDE, GLYPH_SIDE)
    return Glyphs(np.array([found[name] for name in names], np.uint8).reshape(-1, *side), names)


def font_files(folders: Sequence[Path]) -> list[Path]:
    """Files of fonts with digits below folders, sorted by name; at most `MOST_FONTS`."""
    files = sorted(
        (path for folder in folders for path in _files_below(folder)),
        key=lambda path: (path.name.lower(), str(path)),
    )
    return files[:MOST_FONTS]


def _files_below(folder: Path) -> Iterator[Path]:
    for parent, _, names in os.walk(folder):
        for name in names:
            has_digits = not any(word in name.lower() for word in NO_DIGITS)
            path = Path(parent, name)
            if has_digits and path.suffix.lower() in ENDINGS and _is_small(path):
                yield path


def _is_small(path: Path) -> bool:
    try:
        return path.stat().st_size <= LARGEST_FONT
    except OSError:
        return False


def draw(glyphs: Glyphs, count: int, side: int, seed: int, heights: tuple[float, float]) -> Drawn:
    """Draw printed digits of random font, size, place, width and tilt.

    Args:
        glyphs: Of the fonts.
        count: How many; every digit as often as the others, give or take one.
        side: Of an image, in pixels.
        seed: The same seed draws the same.
        heights: Smallest and largest height of a digit as a share of the image's.
    """
    generator = np.random.RandomState(seed)
    labels = generator.permutation(np.arange(count) % 10).astype(np.int64)
    fonts = generator.randint(0, len(glyphs.names), count).astype(np.int64)
    share = generator.uniform(*heights, count)
    stretch = generator.uniform(0.85, 1.15, count)
    tilt = np.deg2rad(generator.uniform(-5.0, 5.0, count))
    free = np.maximum(0.0, 1.0 - share)[:, None] / 2
    shift = generator.uniform(-1.0, 1.0, (count, 2)) * free * side
    images = np.empty((count, side, side), np.float32)
    for first in range(0, count, 512):
        rows = slice(first, first + 512)
        pixels = share[rows] * side / GLYPH_HEIGHT
        places = _places(side, pixels, stretch[rows], tilt[rows], shift[rows])
        fine = _sampled(glyphs.bitmaps[fonts[rows], labels[rows]], *places)
        images[rows] = fine.reshape(-1, side, 2, side, 2).mean(axis=(2, 4)) / 255
    return Drawn(images, labels, fonts, share.astype(np.float32))


def _places(
    side: int,
    scale: NDArray[np.float64],
    stretch: NDArray[np.float64],
    tilt: NDArray[np.float64],
    shift: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Where in a bitmap each of the (2 side)² fine pixels of every image looks: rows, columns."""
    centres = (np.arange(2 * side) + 0.5) / 2 - side / 2
    down = centres[None, :, None] - shift[:, :1, None]
    right = centres[None, None, :] - shift[:, 1:, None]
    cosine, sine = np.cos(tilt)[:, None, None], np.sin(tilt)[:, None, None]
    scaled = scale[:, None, None]
    rows = (cosine * down - sine * right) / scaled
    columns = (sine * down + cosine * right) / (scaled * stretch[:, None, None])
    return rows + GLYPH_SIDE / 2 - 0.5, columns + GLYPH_SIDE / 2 - 0.5


def _sampled(
    bitmaps: NDArray[np.uint8], rows: NDArray[np.float64], columns: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Bitmaps (B, …) at fractional places (B, H, W) by bilinear interpolation, 0 outside."""
    padded = np.pad(bitmaps, ((0, 0), (1, 1), (1, 1))).astype(np.float32)
    last = GLYPH_SIDE + 0.999
    down, right = np.clip(rows + 1, 0, last), np.clip(columns + 1, 0, last)
    top, left = down.astype(np.int64), right.astype(np.int64)
    below, beside = (down - top).astype(np.float32), (right - left).astype(np.float32)
    each = np.arange(len(bitmaps))[:, None, None]
    upper = padded[each, top, left] * (1 - beside) + padded[each, top, left + 1] * beside
    lower = padded[each, top + 1, left] * (1 - beside) + padded[each, top + 1, left + 1] * beside
    return np.asarray(upper * (1 - below) + lower * below, np.float32)
