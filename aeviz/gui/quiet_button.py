"""Small text buttons beside a drawing: no frame until they are used."""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QToolButton

from aeviz.gui import theme

_EDGE = 7
_CHEVRON = 14
_DOT = 14


class QuietButton(QToolButton):
    """Text with a chevron where a menu opens, with a light where it is switched on and off."""

    def __init__(self, text: str = "", *, has_light: bool = False) -> None:
        """Make one.

        Args:
            text: What it says.
            has_light: Whether it is switched, and shows by a light that it is on.
        """
        super().__init__()
        self._has_light = has_light
        self.setCheckable(has_light)
        self.setText(text)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def _before(self) -> int:
        return _DOT if self._has_light else 0

    def _after(self) -> int:
        return _CHEVRON if self.menu() is not None else 0

    def sizeHint(self) -> QSize:
        """Room for the text and what stands beside it."""
        text = self.fontMetrics().horizontalAdvance(self.text())
        width = text + 2 * _EDGE + self._before() + self._after()
        return QSize(width, self.fontMetrics().height() + 8)

    def minimumSizeHint(self) -> QSize:
        """The same: the text is never cut."""
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw ground, light, text, chevron."""
        colours = theme.tokens(self.palette())
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        self._paint_ground(painter, area, colours)
        colour = QColor(colours.text if self.isEnabled() else colours.missing)
        if self._has_light:
            self._paint_light(painter, area, colours)
        painter.setPen(colour)
        room = area.adjusted(_EDGE - 1 + self._before(), 0, 0, 0)
        painter.drawText(room, int(Qt.AlignmentFlag.AlignVCenter), self.text())
        if self.menu() is not None:
            painter.setPen(QPen(QColor(colours.muted), 1.4))
            middle = QPointF(area.right() - _CHEVRON / 2 - 2, area.center().y() + 0.5)
            corners = (QPointF(-3, -1.5), QPointF(0, 1.5), QPointF(3, -1.5))
            painter.drawPolyline(QPolygonF([middle + corner for corner in corners]))

    def _paint_ground(self, painter: QPainter, area: QRectF, colours: theme.Tokens) -> None:
        if not self.isEnabled():
            return
        ground = QColor(colours.line)
        ground.setAlphaF(0.9 if self.isDown() else 0.5)
        is_lit = self.underMouse() or self.isDown()
        painter.setBrush(ground if is_lit else Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(colours.accent), 1.2) if self.hasFocus() else Qt.PenStyle.NoPen)
        painter.drawRoundedRect(area, 4, 4)

    def _paint_light(self, painter: QPainter, area: QRectF, colours: theme.Tokens) -> None:
        middle = QPointF(area.left() + _EDGE + 3, area.center().y() + 0.5)
        if self.isChecked() and self.isEnabled():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colours.good))
            painter.drawEllipse(middle, 4.0, 4.0)
        else:
            is_on = self.isEnabled()
            painter.setPen(QPen(QColor(colours.muted if is_on else colours.missing), 1.3))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(middle, 3.4, 3.4)
