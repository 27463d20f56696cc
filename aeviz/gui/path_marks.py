"""What the map shows of a path: its curves, a handle for every anchor, where it stands."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt, Slot
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from aeviz.gui import theme
from aeviz.gui.overlays import Mark

HANDLE = 6.0
"""Radius of a handle in pixels."""

_FAR = 1e5
_SERIES = {"straight": 0, "geodesic": 1, "slerp": 2, "spline": 3, "density": 4, "freehand": 5}


def method_colour(method: str, colours: theme.Tokens) -> str:
    """The colour of a method, on the map and in the panel."""
    return colours.series[_SERIES[method]]


@dataclass(frozen=True, eq=False)
class Line:
    """A curve on the map.

    Attributes:
        positions: Of its points, (P, 2).
        method: Whose it is.
        is_chosen: Whether it is the one that is walked along.
        is_sure: Whether it is the curve itself; else it is on its way, and this stands for it.
    """

    positions: NDArray[np.float64]
    method: str
    is_chosen: bool
    is_sure: bool


class PathMarks(pg.GraphicsObject):
    """Curves, the places of the decodes on the chosen one, and the handles over them."""

    def __init__(self, box: pg.ViewBox) -> None:
        super().__init__()
        self._box = box
        self.lines: list[Line] = []
        self.steps = np.empty((0, 2))
        self.handles = np.empty((0, 2))
        self.active = -1
        self.colours = theme.LIGHT
        self.setParentItem(box)
        self.setZValue(24)
        self.hide()
        box.sigResized.connect(self._on_resized)

    def show_path(
        self,
        lines: Sequence[Line],
        steps: NDArray[np.float64],
        handles: NDArray[np.floating],
        active: int,
    ) -> None:
        """Draw a path.

        Args:
            lines: Its curves, the chosen one last.
            steps: Positions of the decodes, (S, 2).
            handles: Positions of the anchors, (A, 2).
            active: The anchor that keys move, -1 for none.
        """
        self.lines, self.steps, self.active = list(lines), steps, active
        self.handles = np.asarray(handles, np.float64)
        self.setVisible(len(handles) > 0)
        self.update()

    def dress(self, colours: theme.Tokens) -> None:
        """Take the colours of a theme."""
        self.colours = colours
        self.update()

    @Slot()
    def _on_resized(self) -> None:
        self.prepareGeometryChange()

    def _pixels(self, positions: NDArray[np.float64]) -> list[QPointF]:
        (left, right), (low, high) = self._box.viewRange()
        area = self.boundingRect()
        x = (positions[:, 0] - left) / (right - left) * area.width()
        y = (high - positions[:, 1]) / (high - low) * area.height()
        places = np.clip(np.nan_to_num(np.column_stack([x, y])), -_FAR, _FAR)
        return [QPointF(*place) for place in places.tolist()]

    def boundingRect(self) -> QRectF:
        """The view box."""
        return QRectF(self._box.rect())

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        """Draw curves, steps, handles, each with a light edge that is seen on every colour."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for line in self.lines:
            self._paint_line(painter, line)
        painter.setPen(QPen(QColor(self.colours.surface), 1.0))
        for line in self.lines[-1:]:
            painter.setBrush(QColor(method_colour(line.method, self.colours)))
        for place in self._pixels(self.steps):
            painter.drawEllipse(place, 3.0, 3.0)
        for number, place in enumerate(self._pixels(self.handles)):
            self._paint_handle(painter, place, number)

    def _paint_line(self, painter: QPainter, line: Line) -> None:
        shape = QPolygonF(self._pixels(line.positions))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        width = 2.4 if line.is_chosen else 1.6
        edge = QColor(self.colours.surface)
        edge.setAlphaF(0.85)
        for colour, thick in (
            (edge, width + 2.6),
            (QColor(method_colour(line.method, self.colours)), width),
        ):
            pen = QPen(colour, thick)
            pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
            pen.setCapStyle(Qt.PenCapStyle.RoundCap)
            if not line.is_sure:
                pen.setDashPattern([4 * width / thick, 4 * width / thick])
            painter.setPen(pen)
            painter.drawPolyline(shape)

    def _paint_handle(self, painter: QPainter, place: QPointF, number: int) -> None:
        colours = self.colours
        reach = HANDLE + (1.5 if number == self.active else 0.0)
        painter.setBrush(QColor(colours.surface))
        painter.setPen(QPen(QColor(colours.surface), 1.5))
        painter.drawEllipse(place, reach + 1.5, reach + 1.5)
        painter.setPen(QPen(QColor(colours.accent), 2.2))
        painter.drawEllipse(place, reach, reach)
        if number == 0:  # where it begins
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colours.accent))
            painter.drawEllipse(place, 3.0, 3.0)


class Stand(Mark):
    """The place of the path that is shown."""

    def __init__(self, box: pg.ViewBox) -> None:
        super().__init__(box, depth=28)
        self.set_reach(7.0)

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        """Draw a full dot with a light edge."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(self.colours.surface), 2.0))
        painter.setBrush(QColor(self.colours.accent))
        painter.drawEllipse(QPointF(), 5.5, 5.5)
