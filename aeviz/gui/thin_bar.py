"""A progress bar that does not shout."""

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QProgressBar

from aeviz.gui import theme


class ThinBar(QProgressBar):
    """A progress bar of a few pixels, without text: the words stand above it."""

    def __init__(self) -> None:
        super().__init__()
        self.setTextVisible(False)
        self.setFixedHeight(6)
        self._is_paused = False
        self.setRange(0, 1000)
        self.setAccessibleName(self.tr("Progress"))

    def setRange(self, minimum: int, maximum: int) -> None:
        """Show another range at the next paint."""
        self.setUpdatesEnabled(False)  # Qt would paint at once, in the middle of a message
        super().setRange(minimum, maximum)
        self.setUpdatesEnabled(True)

    def setValue(self, value: int) -> None:
        """Show another value at the next paint."""
        self.setUpdatesEnabled(False)
        super().setValue(value)
        self.setUpdatesEnabled(True)

    def set_paused(self, is_paused: bool) -> None:
        """A paused one is grey."""
        self._is_paused = is_paused
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the groove and what is done; all of it faintly where the length is not known."""
        colours = theme.tokens(self.palette())
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        groove = QRectF(self.rect()).adjusted(0, 1, 0, -1)
        painter.setBrush(QColor(colours.line))
        painter.drawRoundedRect(groove, 2, 2)
        colour = QColor(colours.muted if self._is_paused else colours.accent)
        span = self.maximum() - self.minimum()
        share = (self.value() - self.minimum()) / span if span else 1.0
        colour.setAlphaF(1.0 if span else 0.35)
        painter.setBrush(colour)
        if share > 0:
            groove.setWidth(max(groove.width() * share, 4.0))
            painter.drawRoundedRect(groove, 2, 2)
