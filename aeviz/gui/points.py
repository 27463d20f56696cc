"""The cloud of points on the map: drawn by `raster` into an image, which is painted as it is."""

import math
from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt, Slot
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from aeviz import kernels, paths, raster
from aeviz.gui.figure import is_vector
from aeviz.gui.refining import Refining
from aeviz.raster import OPACITY, spot_diameter

_NOWHERE = QPointF()

MOST_CIRCLES = 20_000
"""Points that are circles in a drawing for paper; more are an image in it."""

_PAPER_RATIO = 4.0

COMPILE_FROM = 5000
"""Points from which numba's two seconds of compiling are worth it."""


class PointCloudItem(pg.GraphicsObject):
    """Points of many colours over a view box, in whole device pixels.

    It lies on the view box itself, not on what the view box moves, so that panning changes no
    geometry. The image is drawn anew only when points, colours, view or size have changed.
    """

    def __init__(self, box: pg.ViewBox) -> None:
        """Lay an empty cloud over a view box, under everything else in it."""
        super().__init__()
        self._box = box
        self._positions: NDArray[np.float32] = np.empty((0, 2), np.float32)
        self._codes: NDArray[np.uint16] = np.empty(0, np.uint16)
        self._palette: raster.Pixels = np.zeros(1, np.uint32)
        self._canvas: raster.Canvas | None = None
        self._image = QImage()
        self._drawn: tuple[Any, ...] | None = None
        self._version = 0
        self._refining = Refining(self)
        self.setParentItem(box)
        self.setZValue(-10)
        box.sigResized.connect(self._on_resized)

    @property
    def positions(self) -> NDArray[np.float32]:
        """What is drawn, float32 (N, 2)."""
        return self._positions

    @property
    def diameter(self) -> float:
        """Of a spot, in logical pixels."""
        return spot_diameter(len(self._codes))

    def set_points(
        self, positions: NDArray[np.float32], codes: NDArray[np.uint16], palette: raster.Pixels
    ) -> None:
        """Draw other points; see `raster.Canvas.draw`."""
        if len(codes) >= COMPILE_FROM:
            kernels.compile_in_background(paths.cache() / "kernels")
        self._codes, self._palette = np.ascontiguousarray(codes, np.uint16), palette
        self.set_positions(positions)

    def clear(self) -> None:
        """Draw nothing."""
        if len(self._codes):
            self.set_points(
                np.empty((0, 2), np.float32), np.empty(0, np.uint16), np.zeros(1, np.uint32)
            )

    @property
    def is_refined(self) -> bool:
        """Whether it is drawn in levels of detail, or is too small to need them."""
        return not self._refining.is_busy

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to draw."""
        return not len(self._codes)

    def set_positions(self, positions: NDArray[np.float32]) -> None:
        """Move the points, (N, 2); the array is read when the screen is next painted."""
        self._positions = np.ascontiguousarray(positions, np.float32)
        self._redraw()

    def set_palette(self, palette: raster.Pixels) -> None:
        """Give the codes other colours; 0 hides a code."""
        self._palette = palette
        self._redraw()

    def row_at(self, place: QPointF, tolerance: float) -> int:
        """The row of the visible point next to a place, -1 for none.

        Args:
            place: In the view box's own pixels.
            tolerance: In the same.
        """
        window = self._window(1.0)
        if window is None:
            return -1
        point = (place.x(), place.y())
        own = (self._positions, self._codes, self._palette)
        return raster.pick(window, point, tolerance, *own, self._refining.levels)

    def is_hidden(self, row: int) -> bool:
        """Whether the colour of a row is switched off."""
        return bool(self._palette[self._codes[row]] == 0)

    @property
    def visible(self) -> NDArray[np.bool_]:
        """Which rows are not switched off, (N,)."""
        return np.asarray((self._palette != 0)[self._codes], bool)

    def image(self, ratio: float = 1.0, beside: QPointF = _NOWHERE) -> QImage:
        """The points over the whole view box; the next call may draw into the same memory.

        Args:
            ratio: Device pixels per logical pixel.
            beside: Where the view box begins within the image's first pixel, in device pixels.
        """
        size = self._box.size()
        wide = max(math.ceil(size.width() * ratio + beside.x()), 1)
        high = max(math.ceil(size.height() * ratio + beside.y()), 1)
        window = self._window(ratio, beside)
        if window is None:
            return QImage()
        state = (window, wide, high, ratio, self._version)
        if state != self._drawn:
            self._draw(window, wide, high, ratio)
            self._drawn = state
        return self._image

    def _window(self, ratio: float, beside: QPointF = _NOWHERE) -> raster.Window | None:
        """What the image shows, None where the view box has no size or no range."""
        (left, right), (low, high) = self._box.viewRange()
        size = self._box.size()
        if size.isEmpty() or not (right > left and high > low):
            return None
        across = size.width() / (right - left) * ratio
        up = size.height() / (high - low) * ratio
        return raster.Window(left - beside.x() / across, high + beside.y() / up, across, up)

    def _draw(self, window: raster.Window, wide: int, high: int, ratio: float) -> None:
        # Whole sixteenths, so that few sizes of stamps are ever made.
        stamps = raster.spots(round(self.diameter * ratio * 16) / 16, OPACITY)
        canvas = self._canvas
        if canvas is None or not canvas.fits(wide, high, stamps.reach):
            canvas = raster.Canvas(wide, high, stamps.reach)
            memory = canvas.whole[canvas.first :].view(np.uint8).data
            form = QImage.Format.Format_ARGB32_Premultiplied
            # The picture lies over the canvas's memory: both are replaced together.
            self._image = QImage(memory, wide, high, 4 * canvas.line, form)
            self._canvas = canvas
        own = (self._positions, self._codes, self._palette)
        canvas.draw(window, *own, stamps, self._refining.levels)
        self._image.setDevicePixelRatio(ratio)

    def _redraw(self) -> None:
        self._version += 1
        self._refining.give(self._positions, self._codes, self._palette)
        self.update()

    @Slot(object)
    def _on_resized(self, box: object) -> None:
        self.prepareGeometryChange()

    def boundingRect(self) -> QRectF:
        """The view box."""
        return QRectF(self._box.rect())

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        """Lay the image over the view box, pixel on pixel."""
        area = self.boundingRect()
        if area.isEmpty() or not len(self._codes):
            return
        if is_vector(painter):
            self._paint_on_paper(painter, area)
            return
        device = painter.device()
        ratio = 1.0 if device is None else device.devicePixelRatioF()
        corner = painter.worldTransform().map(area.topLeft()) * ratio
        whole = QPointF(math.floor(corner.x()), math.floor(corner.y()))
        image = self.image(ratio, corner - whole)
        painter.save()
        painter.resetTransform()
        painter.drawImage(whole / ratio, image)
        painter.restore()

    def _paint_on_paper(self, painter: QPainter, area: QRectF) -> None:
        """Every spot as a circle; as fine pixels where there are very many."""
        painter.save()
        painter.setClipRect(area)
        if len(self._codes) > MOST_CIRCLES:
            painter.drawImage(area, self.image(_PAPER_RATIO))
        else:
            self._paint_circles(painter)
        painter.restore()

    def _paint_circles(self, painter: QPainter) -> None:
        window = self._window(1.0)
        if window is None:
            return
        radius = self.diameter / 2
        size = self._box.size()
        across = (self._positions[:, 0] - window.left) * window.across
        down = (window.top - self._positions[:, 1]) * window.up
        seen = self.visible & (across > -radius) & (across < size.width() + radius)
        seen &= (down > -radius) & (down < size.height() + radius)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setOpacity(OPACITY)
        before = -1
        for row in np.flatnonzero(seen).tolist():
            code = int(self._codes[row])
            if code != before:
                painter.setBrush(QColor(int(self._palette[code]) & 0xFFFFFF))
                before = code
            painter.drawEllipse(QPointF(float(across[row]), float(down[row])), radius, radius)
