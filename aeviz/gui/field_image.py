"""Values over a region of the map in one hue, and their scale."""

import math
from functools import cache
from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QStyleOptionGraphicsItem, QWidget

from aeviz import raster
from aeviz.geometry import Region
from aeviz.gui import theme
from aeviz.gui.layer_legend import SCALE
from aeviz.gui.numbers import measure
from aeviz.shades import STEPS, ramp

FloatArray = NDArray[np.float64]


@cache
def colours_of(*, dark: bool) -> NDArray[np.uint32]:
    """Pixels from the lowest to the highest value: from the ground into one hue."""
    ground = (theme.DARK if dark else theme.LIGHT).surface
    return raster.to_palette(ramp(ground, is_dark=dark))


class FieldImage(pg.GraphicsObject):
    """Values on a lattice, in the plot's own coordinates; what is not known is left out."""

    def __init__(self) -> None:
        super().__init__()
        self._shares: FloatArray | None = None
        self._image, self._area = QImage(), QRectF()
        self._is_dark = False
        self.setZValue(-500)

    def set_values(self, shares: FloatArray | None, region: Region = (0, 1, 0, 1)) -> None:
        """Show values that were scaled to 0 … 1, NaN where unknown; or nothing.

        Args:
            shares: (rows, columns) on a lattice with its corners on the region's, the highest row
                first.
            region: Left, right, low, high.
        """
        self.prepareGeometryChange()
        self._shares = shares
        if shares is not None:
            left, right, low, high = region
            rows, columns = shares.shape
            # A pixel lies around its place of the lattice: half of the outer ones is outside.
            x, y = (right - left) / (columns - 1), (high - low) / (rows - 1)
            self._area = QRectF(left - x / 2, low - y / 2, columns * x, rows * y)
        self._draw()

    @property
    def is_shown(self) -> bool:
        """Whether there is anything to see."""
        return not self._image.isNull()

    def dress(self, colours: theme.Tokens) -> None:
        """Take the colours of a theme."""
        self._is_dark = colours is theme.DARK
        self._draw()

    def _draw(self) -> None:
        if self._shares is None:
            self._image = QImage()
        else:
            known = np.isfinite(self._shares)
            place = np.rint(np.clip(np.nan_to_num(self._shares), 0, 1) * (STEPS - 1))
            pixels = np.where(known, colours_of(dark=self._is_dark)[place.astype(np.int64)], 0)
            # the plot's second coordinate grows upwards, rows of an image downwards
            pixels = np.ascontiguousarray(pixels[::-1], np.uint32)
            high, wide = pixels.shape
            form = QImage.Format.Format_ARGB32_Premultiplied
            self._image = QImage(pixels.data, wide, high, 4 * wide, form).copy()
        self.update()

    def boundingRect(self) -> QRectF:
        """The region and half a pixel around it."""
        return self._area

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        """Draw the picture over the region."""
        if not self._image.isNull():
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(self._area, self._image)


class FieldScale(QWidget):
    """The colours side by side with the values at their ends, in two lines.

    Attributes:
        ends: The values of the lowest and the highest colour; NaN while nothing is shown.
    """

    def __init__(self, title: str) -> None:
        super().__init__()
        self._title = title
        self.ends = (math.nan, math.nan)
        self.setFont(theme.caption(self.font()))
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def show_ends(self, low: float, high: float, title: str) -> None:
        """Say what the ends are and what stands between them; NaN for nothing."""
        self.ends, self._title = (low, high), title
        is_known = math.isfinite(low + high)
        text = f"{title} from {measure(low, 2)} to {measure(high, 2)}" if is_known else ""
        self.setAccessibleName(text)
        self.setVisible(is_known)
        self.update()

    def sizeHint(self) -> QSize:
        """A bar and a line of numbers."""
        return QSize(SCALE, 10 + self.fontMetrics().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the bar and the numbers."""
        if not math.isfinite(sum(self.ends)):
            return
        painter, dark = QPainter(self), theme.is_dark(self.palette())
        row = np.ascontiguousarray(colours_of(dark=dark)[np.newaxis])
        image = QImage(row.data, STEPS, 1, 4 * STEPS, QImage.Format.Format_RGB32)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(QRectF(0, 0, self.width(), 8), image)
        painter.setPen(theme.tokens(self.palette()).muted)
        below = QRectF(0, 9, self.width(), self.height() - 9)
        words: tuple[tuple[Any, str], ...] = (
            (Qt.AlignmentFlag.AlignLeft, measure(self.ends[0], 2)),
            (Qt.AlignmentFlag.AlignHCenter, self._title),
            (Qt.AlignmentFlag.AlignRight, measure(self.ends[1], 2)),
        )
        for align, text in words:
            painter.drawText(below, int(align | Qt.AlignmentFlag.AlignVCenter), text)
