"""A mosaic of decodes as wide as its panel; a click chooses a cell."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from aeviz.gui import theme
from aeviz.gui.figure import Figure, is_vector
from aeviz.gui.mosaic import mosaic
from aeviz.gui.tiles import SampleStyle

_FINE = 3.0
"""Pixels of an image in a drawing for paper, for every logical one."""

_LEAST_WIDTH, _MOST_WIDTH = 320.0, 960.0
"""Of a figure, in logical pixels."""


_GAP, _CELL = 3, 48
"""Pixels between decodes that are no neighbours in the latent space, to a cell of that width."""


class MosaicView(QWidget):
    """Draws decodes side by side, enlarged without blur where there is room.

    Args:
        name: For a screen reader.
        is_apart: Whether cells are kept apart: draws are, a sweep of neighbours is not.

    Signals:
        cell_chosen(int): The number of the cell that was clicked.
        cell_hovered(int): The number of the cell under the mouse, -1 for none.
    """

    cell_chosen = Signal(int)
    cell_hovered = Signal(int)

    def __init__(self, name: str, *, is_apart: bool = False) -> None:
        super().__init__()
        self._is_apart = is_apart
        self.image = QImage()
        self.columns = self.rows = 0
        self._content: tuple[NDArray[Any], NDArray[np.bool_], SampleStyle] | None = None
        self.setAccessibleName(name)
        self.setMouseTracking(True)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.hide()

    def clear(self) -> None:
        """Show nothing."""
        self._content, self.image = None, QImage()
        self.hide()

    def show_frames(
        self, frames: NDArray[Any], missing: NDArray[np.bool_], columns: int, style: SampleStyle
    ) -> None:
        """Show decodes row by row; see `mosaic.mosaic`."""
        self.columns, self.rows = columns, math.ceil(len(frames) / columns)
        self._content = (frames, missing, style)
        self.setAccessibleDescription(f"{self.rows} rows of {columns} decodes")
        self._compose()
        self.show()
        self.updateGeometry()

    def _compose(self) -> None:
        if self._content is not None:
            frames, missing, style = self._content
            colours = theme.tokens(self.palette())
            self.image = mosaic(frames, missing, self.columns, style, colours)
            self.update()

    def cell_at(self, x: float, y: float) -> int:
        """The number of the cell at a point, -1 beside all."""
        area = self._area()
        if area.isEmpty() or not area.contains(x, y):
            return -1
        column = int((x - area.left()) / area.width() * self.columns)
        row = int((y - area.top()) / area.height() * self.rows)
        number = row * self.columns + column
        held = 0 if self._content is None else len(self._content[0])
        return number if number < held else -1

    def _area(self) -> QRectF:
        if self.image.isNull():
            return QRectF()
        wide = float(self.width())
        return QRectF(0, 0, wide, wide * self.rows / self.columns)

    def draw(self, painter: QPainter, width: float) -> None:
        """Draw the mosaic for paper, so many pixels wide."""
        if self._content is None:
            return
        frames, missing, style = self._content
        area = QRectF(0, 0, width, width * self.rows / max(self.columns, 1))
        image = mosaic(frames, missing, self.columns, style, theme.LIGHT)
        if not is_vector(painter):
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
            painter.drawImage(area, image)
        else:
            # Programs smooth enlarged pixels of a drawing: they get as many as paper shows.
            factor = max(1, math.ceil(_FINE * width / max(image.width(), 1)))
            painter.drawImage(area, image.scaled(image.size() * factor))
        self._part(painter, area, QColor(theme.LIGHT.surface), _GAP)

    def figure(self, name: str, title: str, about: Mapping[str, str]) -> Figure | None:
        """The mosaic for paper, None where it is empty."""
        if self._content is None or not self.columns:
            return None
        width = min(max(float(self.columns * _CELL), _LEAST_WIDTH), _MOST_WIDTH)

        def draw(painter: QPainter) -> None:
            self.draw(painter, width)

        high = width * self.rows / self.columns
        return Figure(name, title, width, high, draw, self.font(), about)

    def heightForWidth(self, width: int) -> int:
        """All rows."""
        return round(width * self.rows / max(self.columns, 1))

    def sizeHint(self) -> QSize:
        """As high as the rows at the present width."""
        return QSize(240, self.heightForWidth(max(self.width(), 120)))

    def minimumSizeHint(self) -> QSize:
        """The same height; the rest is scrolled."""
        return QSize(80, self.heightForWidth(max(self.width(), 80)))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the cell under the mouse."""
        cell = self.cell_at(event.position().x(), event.position().y())
        if cell >= 0 and event.button() == Qt.MouseButton.LeftButton:
            self.cell_chosen.emit(cell)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Say which cell is under the mouse."""
        self.cell_hovered.emit(self.cell_at(event.position().x(), event.position().y()))

    def leaveEvent(self, event: QEvent) -> None:
        """None is."""
        super().leaveEvent(event)
        self.cell_hovered.emit(-1)

    def changeEvent(self, event: QEvent) -> None:
        """Follow light and dark."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._compose()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the mosaic."""
        if self.image.isNull():
            return
        painter = QPainter(self)
        # Reduced cells are averaged; enlarged ones keep their pixels.
        is_smaller = self._area().width() * self.devicePixelRatioF() < self.image.width()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, is_smaller)
        painter.drawImage(self._area(), self.image)
        self._part(painter, self._area(), self.palette().window().color(), _GAP)

    def _part(self, painter: QPainter, area: QRectF, ground: QColor, wide: float) -> None:
        """Lines of the ground's colour between cells that are to be apart."""
        if not self._is_apart:
            return
        across, down = area.width() / self.columns, area.height() / self.rows
        for column in range(1, self.columns):
            left = area.left() + column * across - wide / 2
            painter.fillRect(QRectF(left, area.top(), wide, area.height()), ground)
        for row in range(1, self.rows):
            top = area.top() + row * down - wide / 2
            painter.fillRect(QRectF(area.left(), top, area.width(), wide), ground)
