"""A panel that scrolls, with a slim bar that is there only when it is needed."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QScrollBar, QStyle, QStyleOptionSlider, QWidget

from aeviz.gui import theme

_WIDTH = 10


def scrolled(content: QWidget, *, has_pictures: bool = False) -> QScrollArea:
    """The content in an area that scrolls up and down.

    Args:
        content: What scrolls.
        has_pictures: Whether it grows higher with its width. Then room for the bar is always kept:
            else a bar that comes makes the content fit without it, and Qt goes back and forth
            until the stack is full.
    """
    area = QScrollArea()
    if has_pictures:
        area.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
    area.setVerticalScrollBar(SlimScrollBar())
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setWidgetResizable(True)
    area.setWidget(content)
    return area


class SlimScrollBar(QScrollBar):
    """A bar without arrows, drawn as one rounded piece."""

    def __init__(self, orientation: Qt.Orientation = Qt.Orientation.Vertical) -> None:
        super().__init__(orientation)
        self._is_upright = orientation == Qt.Orientation.Vertical
        (self.setFixedWidth if self._is_upright else self.setFixedHeight)(_WIDTH)

    def sizeHint(self) -> QSize:
        """Slim."""
        return QSize(_WIDTH, 60) if self._is_upright else QSize(60, _WIDTH)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the slider where the style would have it; nothing where nothing scrolls."""
        if self.minimum() == self.maximum():
            return
        option = QStyleOptionSlider()
        self.initStyleOption(option)
        part = QStyle.SubControl.SC_ScrollBarSlider
        where = self.style().subControlRect(QStyle.ComplexControl.CC_ScrollBar, option, part, self)
        colours = theme.tokens(self.palette())
        is_held = self.isSliderDown() or self.underMouse()
        colour = QColor(colours.muted)
        colour.setAlphaF(0.75 if is_held else 0.4)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        piece = (2.5, 1.0, -1.5, -1.0) if self._is_upright else (1.0, 2.5, -1.0, -1.5)
        painter.drawRoundedRect(QRectF(where).adjusted(*piece), 3, 3)


class Ruled(QWidget):
    """A part of a panel with a thin line above it."""

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the line."""
        painter = QPainter(self)
        painter.setPen(QColor(theme.tokens(self.palette()).line))
        painter.drawLine(0, 0, self.width(), 0)
