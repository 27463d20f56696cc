"""The outline of an area of the map while it is drawn."""

import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from aeviz.gui import theme


class Outline(pg.GraphicsObject):
    """A closed line through positions of the map over a pale ground."""

    def __init__(self, box: pg.ViewBox) -> None:
        super().__init__()
        self._box = box
        self.corners: list[QPointF] = []
        self.colours = theme.LIGHT
        self.setParentItem(box)
        self.setZValue(25)

    def show_corners(self, corners: list[QPointF]) -> None:
        """Draw a line through these positions, or none."""
        self.prepareGeometryChange()
        self.corners = corners
        self.update()

    def boundingRect(self) -> QRectF:
        """The view box."""
        return QRectF(self._box.rect())

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        """Draw ground and line."""
        if len(self.corners) < 2:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        shape = QPolygonF([self._box.mapFromView(corner) for corner in self.corners])
        ground = QColor(self.colours.accent)
        ground.setAlphaF(0.12)
        painter.setBrush(ground)
        for colour, wide in ((self.colours.surface, 3.2), (self.colours.accent, 1.4)):
            painter.setPen(QPen(QColor(colour), wide, Qt.PenStyle.SolidLine))
            painter.drawPolygon(shape, Qt.FillRule.OddEvenFill)
            painter.setBrush(Qt.BrushStyle.NoBrush)
