"""What lies over the points: the pin, the ring around the sample under the mouse, the selection."""

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt, Slot
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from aeviz.gui import theme

_MOST_RINGS = 2000
_PIN = 8.0
_EDGE = 3.0


class Mark(pg.GraphicsObject):
    """Something small that stays at a position of the map, drawn in pixels.

    It takes little room, so that moving it repaints little.
    """

    def __init__(self, box: pg.ViewBox, depth: float) -> None:
        """Make one that is not shown.

        Args:
            box: The view box it lies on.
            depth: Larger ones lie over smaller ones.
        """
        super().__init__()
        self._box = box
        self._at: QPointF | None = None
        self._reach = 1.0
        self.colours = theme.LIGHT
        self.setParentItem(box)
        self.setZValue(depth)
        self.hide()
        box.sigRangeChanged.connect(self._on_view_changed)
        box.sigResized.connect(self._on_view_changed)

    @property
    def at(self) -> QPointF | None:
        """The position on the map, None while it is not shown."""
        return self._at

    def show_at(self, position: QPointF | None) -> None:
        """Move to a position of the map, or vanish."""
        self._at = position
        self.setVisible(position is not None)
        self._on_view_changed()

    def dress(self, colours: theme.Tokens) -> None:
        """Take the colours of a theme."""
        self.colours = colours
        self.update()

    def set_reach(self, reach: float) -> None:
        """How far it goes from its middle, in pixels."""
        if reach != self._reach:
            self.prepareGeometryChange()
            self._reach = reach

    @Slot()
    def _on_view_changed(self) -> None:
        if self._at is not None:
            self.setPos(self._box.mapFromView(self._at))

    def boundingRect(self) -> QRectF:
        """Its room around the middle."""
        side = self._reach + _EDGE
        return QRectF(-side, -side, 2 * side, 2 * side)


class Pin(Mark):
    """The latent that was clicked: a ring with a cross of light around it."""

    def __init__(self, box: pg.ViewBox) -> None:
        super().__init__(box, depth=30)
        self.set_reach(_PIN + 5)

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        """Draw it, light edge first, so that it is seen on every colour."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for colour, width in ((self.colours.surface, 5.0), (self.colours.accent, 2.2)):
            pen = QPen(QColor(colour), width)
            pen.setCapStyle(Qt.PenCapStyle.RoundCap)
            painter.setPen(pen)
            painter.drawEllipse(QPointF(), _PIN, _PIN)
            for x, y in ((1, 0), (-1, 0), (0, 1), (0, -1)):
                painter.drawLine(QPointF(x * _PIN, y * _PIN), QPointF(x * 12.0, y * 12.0))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self.colours.surface))
        painter.drawEllipse(QPointF(), 3.2, 3.2)
        painter.setBrush(QColor(self.colours.accent))
        painter.drawEllipse(QPointF(), 2.0, 2.0)


class HoverRing(Mark):
    """A ring around the sample under the mouse."""

    def __init__(self, box: pg.ViewBox) -> None:
        super().__init__(box, depth=20)

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        """Draw the ring with its light edge."""
        draw_ring(painter, QPointF(), self._reach, self.colours.text, self.colours)


class SelectionRings(pg.GraphicsObject):
    """Rings around the selected samples; beyond two thousand the first ones, and that is said."""

    def __init__(self, box: pg.ViewBox) -> None:
        super().__init__()
        self._box = box
        self._positions: NDArray[np.float32] = np.empty((0, 2), np.float32)
        self.colours = theme.LIGHT
        self.radius = 5.0
        self.setParentItem(box)
        self.setZValue(10)
        box.sigResized.connect(self._on_resized)

    @property
    def positions(self) -> NDArray[np.float32]:
        """Where the rings are, (K, 2)."""
        return self._positions

    def show_at(self, positions: NDArray[np.float32]) -> None:
        """Draw rings at positions of the map, (K, 2)."""
        if len(positions) or len(self._positions):
            self._positions = positions[:_MOST_RINGS]
            self.update()

    def dress(self, colours: theme.Tokens) -> None:
        """Take the colours of a theme."""
        self.colours = colours
        self.update()

    @Slot()
    def _on_resized(self) -> None:
        self.prepareGeometryChange()

    def boundingRect(self) -> QRectF:
        """The view box."""
        return QRectF(self._box.rect())

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        """Draw the rings that are in view."""
        if not len(self._positions):
            return
        (left, right), (low, high) = self._box.viewRange()
        area = self.boundingRect()
        x = (self._positions[:, 0] - left) / (right - left) * area.width()
        y = (high - self._positions[:, 1]) / (high - low) * area.height()
        room = self.radius
        seen = (x > -room) & (x < area.width() + room) & (y > -room) & (y < area.height() + room)
        for place in np.column_stack([x[seen], y[seen]]).tolist():
            draw_ring(painter, QPointF(*place), self.radius, self.colours.accent, self.colours)


def draw_ring(
    painter: QPainter, middle: QPointF, radius: float, colour: str, colours: theme.Tokens
) -> None:
    """Draw a ring that is seen on every colour: a light edge under it."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for tone, width in ((colours.surface, 4.0), (colour, 1.8)):
        painter.setPen(QPen(QColor(tone), width))
        painter.drawEllipse(middle, radius, radius)
