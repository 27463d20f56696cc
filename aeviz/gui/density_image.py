"""A log density over a plane as bands of one nat with iso-lines between them, and their scale."""

import math
from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QStyleOptionGraphicsItem, QWidget

from aeviz import raster
from aeviz.geometry import Region
from aeviz.gui import theme
from aeviz.gui.plotting import tick_text
from aeviz.shades import DARKEST, SPAN, band_colours, bands_of, edges_of
from aeviz.shades import finer as finer

FloatArray = NDArray[np.float32]


def colours_of_bands(colours: theme.Tokens, darkest: float = DARKEST) -> NDArray[np.uint32]:
    """Pixels of the bands from none to the highest, then those of the lines above each band."""
    return raster.to_palette(band_colours(colours.surface, colours.accent, darkest))


class DensityImage(pg.GraphicsObject):
    """A density behind the points of a plot, in the plot's own coordinates."""

    def __init__(self, darkest: float = DARKEST) -> None:
        super().__init__()
        self._darkest = darkest
        self._bands: NDArray[np.int16] | None = None
        self._image = QImage()
        self._area = QRectF()
        self._colours = theme.LIGHT
        self._has_cells = False
        self.top = math.nan
        self.setZValue(-500)

    def set_density(
        self,
        density: FloatArray | None,
        region: Region = (0, 1, 0, 1),
        *,
        top: float | None = None,
        has_cells: bool = False,
    ) -> None:
        """Show a log density, (rows, columns) with the highest row first, over a region; or none.

        Args:
            density: In nats; NaN and −∞ are shown as nothing.
            region: Left, right, low, high.
            top: Where the highest band ends; None for the highest density.
            has_cells: Whether each value is that of a cell of its own, with no lines between bands.
        """
        self.prepareGeometryChange()
        self._bands, self._has_cells = None, has_cells
        if density is not None and np.isfinite(density).any():
            highest = float(density[np.isfinite(density)].max())
            self.top = highest if top is None else top
            self._bands = bands_of(density if has_cells else finer(density), self.top)
            if not has_cells:
                self._bands += (SPAN + 1) * edges_of(self._bands)
        left, right, low, high = region
        self._area = QRectF(left, low, right - left, high - low)
        self._draw()

    def dress(self, colours: theme.Tokens) -> None:
        """Take the colours of a theme."""
        self._colours = colours
        self._draw()

    def _draw(self) -> None:
        if self._bands is None:
            self._image = QImage()
        else:
            # the plot's second coordinate grows upwards, rows of an image downwards
            pixels = np.ascontiguousarray(
                colours_of_bands(self._colours, self._darkest)[self._bands][::-1]
            )
            high, wide = pixels.shape
            form = QImage.Format.Format_RGB32
            self._image = QImage(pixels.data, wide, high, 4 * wide, form).copy()
        self.update()

    def boundingRect(self) -> QRectF:
        """The region."""
        return self._area

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        """Draw the picture over the region."""
        if not self._image.isNull():
            hint = QPainter.RenderHint.SmoothPixmapTransform
            painter.setRenderHint(hint, not self._has_cells)
            painter.drawImage(self._area, self._image)


class DensityScale(QWidget):
    """The bands side by side with the nats at their ends, in two lines.

    Attributes:
        top: Where the highest band ends, in nats; NaN while nothing is shown.
    """

    def __init__(self, darkest: float = DARKEST) -> None:
        super().__init__()
        self._darkest = darkest
        self.top = math.nan
        self.setFont(theme.caption(self.font()))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setToolTip("Log density in nats. A line lies between two bands of one nat.")

    def show_top(self, top: float) -> None:
        """Say which log density the highest band ends at, NaN for none."""
        self.top = top
        name = "" if math.isnan(top) else f"Log density from {top - SPAN:.1f} to {top:.1f} nats"
        self.setAccessibleName(name)
        self.setVisible(not math.isnan(top))
        self.update()

    def sizeHint(self) -> QSize:
        """A bar and a line of numbers."""
        return QSize(150, 10 + self.fontMetrics().height())

    def minimumSizeHint(self) -> QSize:
        """The same height."""
        return QSize(60, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the bar and the numbers."""
        if math.isnan(self.top):
            return
        colours = theme.tokens(self.palette())
        pixels = colours_of_bands(colours, self._darkest)
        painter = QPainter(self)
        wide = self.width() / SPAN
        for band in range(SPAN):
            area = QRectF(band * wide, 0, wide + 1, 8)
            painter.fillRect(area, QColor.fromRgb(int(pixels[band + 1])))
        painter.setPen(QColor(colours.muted))
        spacing = 1.0 if self.top.is_integer() else 0.1
        below = QRectF(0, 9, self.width(), self.height() - 9)
        ends: tuple[tuple[Any, str], ...] = (
            (Qt.AlignmentFlag.AlignLeft, tick_text(self.top - SPAN, spacing)),
            (Qt.AlignmentFlag.AlignHCenter, "log p in nats"),
            (Qt.AlignmentFlag.AlignRight, tick_text(self.top, spacing)),
        )
        for align, text in ends:
            painter.drawText(below, int(align | Qt.AlignmentFlag.AlignVCenter), text)
