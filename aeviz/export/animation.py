"""The map as it forms: a picture for every epoch and those between, without Qt."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from aeviz import geometry, palettes, paths, raster
from aeviz.messages import ByteArray, FloatArray, IntArray

SIDE = 640
PAPER, INK, GREY = (255, 255, 255), (60, 66, 76), (150, 156, 165)
MARGIN = 24
CUT = 0.002
"""Share of an epoch's latents that may lie beyond each side: one stray latent shrinks no map."""


def map_frames(
    positions: Sequence[FloatArray],
    epochs: Sequence[int],
    labels: IntArray | None,
    title: str,
    between: int = 4,
) -> Iterator[ByteArray]:
    """Pictures of the map, those between two epochs interpolated, its region that of all epochs.

    Args:
        positions: Of the shown samples at each epoch, every one (N, 2).
        epochs: Their numbers.
        labels: Of the samples, (N,), -1 where missing; None colours all alike.
        title: Written above the map.
        between: Pictures from one epoch to the next.

    Yields:
        uint8 (640, 640, 3).
    """
    shown = [np.asarray(each, np.float32) for each in positions]
    region = geometry.extent(shown[0], cut=CUT)
    for each in shown[1:]:
        region = geometry.union(region, geometry.extent(each, cut=CUT))
    draw = _Map(region, labels, len(shown[0]), title)
    for number, (start, epoch) in enumerate(zip(shown, epochs, strict=True)):
        yield draw.frame(start, epoch)
        if number + 1 < len(shown):
            for step in range(1, between):
                place = geometry.lerp(start, shown[number + 1], step / between)
                yield draw.frame(np.asarray(place, np.float32), epoch)


class _Map:
    """Draws positions into pictures of one region."""

    def __init__(
        self, region: geometry.Region, labels: IntArray | None, count: int, title: str
    ) -> None:
        left, right, low, high = region
        scale = (SIDE - 3 * MARGIN) / max(right - left, high - low)
        middle, half = ((left + right) / 2, (low + high) / 2), SIDE / 2 / scale
        self._window = raster.Window(middle[0] - half, middle[1] + half, scale, scale)
        self._stamps = raster.spots(4.0 if count > 5000 else 7.0, 0.85)
        self._canvas = raster.Canvas(SIDE, SIDE, self._stamps.reach)
        highest = -1 if labels is None else int(labels.max(initial=-1))
        colours = palettes.label_colours(max(1, highest + 1))
        self._palette = raster.to_palette(np.concatenate([np.array([GREY], np.uint8), colours]))
        self._codes = (
            np.ones(count, np.uint16) if labels is None else (labels + 1).astype(np.uint16)
        )
        fonts = paths.resources() / "fonts"
        self._bold = ImageFont.truetype(str(fonts / "Inter-SemiBold.otf"), 17)
        self._plain = ImageFont.truetype(str(fonts / "Inter-Regular.otf"), 15)
        self._title = title

    def frame(self, positions: NDArray[np.float32], epoch: int) -> ByteArray:
        """One picture, uint8 (640, 640, 3)."""
        self._canvas.draw(self._window, positions, self._codes, self._palette, self._stamps)
        picture = Image.fromarray(_on_paper(self._canvas))
        pen = ImageDraw.Draw(picture)
        pen.text((MARGIN, 14), self._title, fill=INK, font=self._bold)
        pen.text((SIDE - MARGIN, 16), f"epoch {epoch}", fill=INK, font=self._plain, anchor="ra")
        return np.asarray(picture)


def _on_paper(canvas: raster.Canvas) -> ByteArray:
    """The premultiplied pixels of a canvas over white, uint8 (H, W, 3)."""
    pixels = canvas.pixels
    uncovered = 255 - (pixels >> 24)
    channels = [((pixels >> shift) & 255) + uncovered for shift in (16, 8, 0)]
    return np.stack(channels, axis=-1).astype(np.uint8)
