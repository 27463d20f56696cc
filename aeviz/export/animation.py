"""The map as it forms: a picture for every epoch and those between, without Qt."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aeviz import geometry, palettes, raster
from aeviz.export.lettering import GREY, Entry, Lettering
from aeviz.messages import ByteArray, FloatArray, IntArray

SIDE = 640
MARGIN = 24
CUT = 0.002
"""Share of an epoch's latents that may lie beyond each side: one stray latent shrinks no map."""


@dataclass(frozen=True, eq=False)
class Look:
    """How the samples of a map are coloured.

    Attributes:
        codes: Index into `colours` of every shown sample, uint16 (N,).
        colours: uint8 (G, 3).
        legend: Names and colours that a legend says; none where all are alike.
        rows: Which samples are shown, (K,); None for all.
    """

    codes: NDArray[np.uint16]
    colours: NDArray[np.uint8]
    legend: tuple[Entry, ...] = ()
    rows: IntArray | None = None


def by_label(labels: IntArray | None, count: int, names: Sequence[str] = ()) -> Look:
    """Colours by label, as the window has them; of samples without labels one for all.

    Args:
        labels: (N,), -1 where missing.
        count: N.
        names: Of the labels.
    """
    if labels is None:
        return Look(np.zeros(count, np.uint16), palettes.label_colours(1))
    most = max(int(labels.max(initial=-1)) + 1, len(names))
    known = palettes.label_colours(max(1, most))
    colours = np.concatenate([np.array([GREY], np.uint8), known])
    entries = [
        Entry(names[label] if label < len(names) else str(label), _rgb(known[label]))
        for label in range(most)
    ]
    if (labels < 0).any():
        entries.append(Entry("no label", GREY))
    return Look((labels + 1).astype(np.uint16), colours, tuple(entries))


def _rgb(colour: NDArray[np.uint8]) -> tuple[int, int, int]:
    return int(colour[0]), int(colour[1]), int(colour[2])


def map_frames(
    positions: Sequence[FloatArray],
    epochs: Sequence[int],
    look: Look,
    lettering: Lettering,
    between: int = 4,
    *,
    side: int = SIDE,
    has_epoch: bool = True,
) -> Iterator[ByteArray]:
    """Pictures of the map, those between two epochs interpolated, its region that of all epochs.

    Args:
        positions: Of the samples at each epoch, every one (N, 2).
        epochs: Their numbers.
        look: Colours of the samples, and which are shown.
        lettering: Sets title and legend.
        between: Pictures from one epoch to the next.
        side: Pixels of the map.
        has_epoch: Whether each says its epoch.

    Yields:
        uint8 (side, side', 3), wider where there is a legend.
    """
    shown = [np.asarray(each, np.float32) for each in positions]
    if look.rows is not None:
        shown = [each[look.rows] for each in shown]
    draw = _Map(_region(shown), look, len(shown[0]), side)
    for number, (start, epoch) in enumerate(zip(shown, epochs, strict=True)):
        note = f"epoch {epoch}" if has_epoch else ""
        yield lettering.framed(draw.frame(start), note, head=False)
        if number + 1 < len(shown):
            for step in range(1, between):
                place = geometry.lerp(start, shown[number + 1], step / between)
                picture = draw.frame(np.asarray(place, np.float32))
                yield lettering.framed(picture, note, head=False)


def _region(positions: Sequence[NDArray[np.float32]]) -> geometry.Region:
    region = geometry.extent(positions[0], cut=CUT)
    for each in positions[1:]:
        region = geometry.union(region, geometry.extent(each, cut=CUT))
    return region


class _Map:
    """Draws positions into pictures of one region."""

    def __init__(self, region: geometry.Region, look: Look, count: int, side: int) -> None:
        left, right, low, high = region
        scale = (side - 3 * MARGIN * side / SIDE) / max(right - left, high - low)
        middle, half = ((left + right) / 2, (low + high) / 2), side / 2 / scale
        self._window = raster.Window(middle[0] - half, middle[1] + half, scale, scale)
        spot = (4.0 if count > 5000 else 7.0) * side / SIDE
        self._stamps = raster.spots(spot, 0.85)
        self._canvas = raster.Canvas(side, side, self._stamps.reach)
        self._palette = raster.to_palette(look.colours)
        self._codes = look.codes if look.rows is None else look.codes[look.rows]

    def frame(self, positions: NDArray[np.float32]) -> ByteArray:
        """One picture, uint8 (side, side, 3)."""
        self._canvas.draw(self._window, positions, self._codes, self._palette, self._stamps)
        return _on_paper(self._canvas)


def _on_paper(canvas: raster.Canvas) -> ByteArray:
    """The premultiplied pixels of a canvas over white, uint8 (H, W, 3)."""
    pixels = canvas.pixels
    uncovered = 255 - (pixels >> 24)
    channels = [((pixels >> shift) & 255) + uncovered for shift in (16, 8, 0)]
    return np.stack(channels, axis=-1).astype(np.uint8)
