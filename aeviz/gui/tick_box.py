"""A check box whose frame can be seen in the dark, which Fusion's cannot."""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QCheckBox

from aeviz.gui import theme

_BOX = 16.0
_GAP = 7.0


class TickBox(QCheckBox):
    """Yes or no, in the theme's colours."""

    def sizeHint(self) -> QSize:
        """The box and its text."""
        metrics = self.fontMetrics()
        text = metrics.horizontalAdvance(self.text())
        width = _BOX + 2 + (_GAP + text if text else 0)
        return QSize(round(width + 2), max(metrics.height(), int(_BOX)) + 6)

    def minimumSizeHint(self) -> QSize:
        """The same: its text is never cut."""
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the box, its tick and the text."""
        colours = theme.tokens(self.palette())
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setOpacity(1.0 if self.isEnabled() else 0.4)
        box = QRectF(1.5, (self.height() - _BOX) / 2 + 0.5, _BOX - 1, _BOX - 1)
        is_lit = self.hasFocus() or (self.underMouse() and self.isEnabled())
        edge = QColor(colours.accent if is_lit or self.isChecked() else colours.muted)
        painter.setPen(QPen(edge, 1.6 if self.hasFocus() else 1.0))
        painter.setBrush(QColor(colours.accent if self.isChecked() else colours.surface))
        painter.drawRoundedRect(box, 3, 3)
        if self.isChecked():
            self._paint_tick(painter, box, QColor(colours.accent_text))
        if self.text():
            painter.setPen(QColor(colours.text))
            room = QRectF(self.rect()).adjusted(_BOX + 2 + _GAP, 0, 0, 0)
            flags = Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextHideMnemonic
            painter.drawText(room, int(flags), self.text())

    def _paint_tick(self, painter: QPainter, box: QRectF, colour: QColor) -> None:
        pen = QPen(colour, 2.0)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.setPen(pen)
        places = ((0.23, 0.53), (0.43, 0.72), (0.78, 0.30))
        corner, side = box.topLeft(), box.width()
        tick = QPolygonF([QPointF(corner.x() + x * side, corner.y() + y * side) for x, y in places])
        painter.drawPolyline(tick)
