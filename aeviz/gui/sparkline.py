"""A small curve over the epochs between two known ends, with the shown epoch marked."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from aeviz.gui import theme
from aeviz.gui.numbers import measure

_HIGH = 52
_GAP = 6


class Sparkline(QWidget):
    """Draws one metric; its upper end is a dashed line."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.values: NDArray[np.float64] = np.empty(0)
        self._ends = (0.0, 1.0)
        self._shown = 0
        self.setFont(theme.caption(self.font()))
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def set_values(self, values: NDArray[np.float64], low: float, high: float, shown: int) -> None:
        """Show a value per epoch (E,), NaN for a gap, between `low` and `high`."""
        self.values, self._ends, self._shown = values, (low, high), shown
        self.update()

    def sizeHint(self) -> QSize:
        """A low strip."""
        return QSize(200, _HIGH)

    def minimumSizeHint(self) -> QSize:
        """However narrow."""
        return QSize(60, _HIGH)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw ends, curve and mark."""
        painter = QPainter(self)
        colours = theme.tokens(self.palette())
        metrics = self.fontMetrics()
        low, high = self._ends
        texts = measure(high, 3), measure(low, 3)
        left = max(metrics.horizontalAdvance(text) for text in texts) + _GAP
        half = metrics.height() / 2
        area = QRectF(left, half, max(self.width() - left - 4, 1), self.height() - 2 * half)
        painter.setPen(QColor(colours.muted))
        for text, y in zip(texts, (area.top(), area.bottom()), strict=True):
            line = QRectF(0, y - half, left - _GAP, 2 * half)
            flags = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(line, int(flags), text)
        painter.setPen(QPen(QColor(colours.line), 1, Qt.PenStyle.DashLine))
        painter.drawLine(area.topLeft(), area.topRight())
        painter.setPen(QColor(colours.line))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        self._draw_curve(painter, area, colours)
        painter.end()

    def _draw_curve(self, painter: QPainter, area: QRectF, colours: theme.Tokens) -> None:
        low, high = self._ends
        count = len(self.values)
        if not count or high <= low:
            return
        across = area.left() + np.arange(count) * area.width() / max(count - 1, 1)
        down = area.bottom() - (self.values - low) / (high - low) * area.height()
        there = np.isfinite(down)
        points = [
            QPointF(float(x), float(y)) for x, y in zip(across[there], down[there], strict=True)
        ]
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(colours.accent), 1.6))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPolyline(QPolygonF(points))
        if 0 <= self._shown < count and there[self._shown]:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colours.accent))
            place = QPointF(float(across[self._shown]), float(down[self._shown]))
            painter.drawEllipse(place, 3.5, 3.5)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
