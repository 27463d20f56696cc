"""The scale of a colouring by numbers: a strip of its colours with the numbers of its ends."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QLinearGradient, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from aeviz.colouring import SHADES, Scale
from aeviz.gui import theme

_WIDE, _HIGH, _GAP, _EDGE = 136, 10, 3, 6


class ScaleBar(QWidget):
    """Shown only where there is a scale."""

    def __init__(self) -> None:
        super().__init__()
        self._scale: Scale | None = None
        self._stops = [QColor(*colour) for colour in theme.scale_colours(SHADES).tolist()]
        self.setFont(theme.caption(self.font()))
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.hide()

    @property
    def scale(self) -> Scale | None:
        """What is shown."""
        return self._scale

    def set_scale(self, scale: Scale | None) -> None:
        """Show another scale; None hides it."""
        self._scale = scale
        self.setVisible(scale is not None)
        if scale is not None:
            self.setAccessibleName(self.tr("From {} to {}").format(*scale.words()))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """The strip and a line of numbers below it."""
        words = () if self._scale is None else self._scale.words()
        numbers = sum(self.fontMetrics().horizontalAdvance(word) for word in words) + 3 * _GAP
        wide = max(_WIDE, numbers + 2 * _EDGE)
        return QSize(wide, _HIGH + _GAP + self.fontMetrics().height() + _GAP)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw it."""
        if self._scale is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        strip = QRectF(_EDGE, 0, self.width() - 2 * _EDGE, _HIGH)
        gradient = QLinearGradient(strip.topLeft(), strip.topRight())
        for place, colour in enumerate(self._stops):
            gradient.setColorAt(place / (SHADES - 1), colour)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(gradient)
        painter.drawRoundedRect(strip, 3, 3)
        painter.setPen(QColor(theme.tokens(self.palette()).muted))
        line = QRectF(_EDGE, _HIGH + _GAP, strip.width(), self.fontMetrics().height())
        low, high = self._scale.words()
        painter.drawText(line, int(Qt.AlignmentFlag.AlignLeft), low)
        painter.drawText(line, int(Qt.AlignmentFlag.AlignRight), high)
