"""Lines of text in the panels: plain text, shortened where there is no room, coloured by tone."""

import html
from typing import Literal

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from aeviz.gui import theme

Tone = Literal["text", "muted", "warning", "error"]
_DOT = 9
_GAP = 6


def tip(text: str) -> str:
    """A text for a tool tip; names from data are never read as markup, and long ones wrap."""
    return f"<qt>{html.escape(text)}</qt>" if text else ""


class Caption(QLabel):
    """Text that wraps; names from data are never read as markup."""

    def __init__(self, text: str = "", *, tone: Tone = "muted", bold: bool = False) -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(True)
        self.setMinimumWidth(1)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._tone: Tone = tone
        self._set_bold(bold)
        self._paint_tone()
        self.setText(text)

    def say(self, text: str, tone: Tone | None = None) -> None:
        """Show a text, or nothing and take no room."""
        if tone is not None and tone != self._tone:
            self._tone = tone
            self._paint_tone()
        self.setText(text)
        self.setVisible(bool(text))

    def _set_bold(self, bold: bool) -> None:
        font = self.font()
        font.setWeight(font.Weight.DemiBold if bold else font.Weight.Normal)
        self.setFont(font)

    def _paint_tone(self) -> None:
        colours = theme.tokens(self.palette())
        colour = QColor(getattr(colours, self._tone))
        palette = self.palette()
        if palette.color(QPalette.ColorRole.WindowText) != colour:
            palette.setColor(QPalette.ColorRole.WindowText, colour)
            self.setPalette(palette)

    def minimumSizeHint(self) -> QSize:
        """One line; how many it becomes at a width, layouts ask `heightForWidth`."""
        return QSize(1, self.fontMetrics().height() if self.text() else 0)

    def changeEvent(self, event: QEvent) -> None:
        """Follow light and dark."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._paint_tone()


class LabelName(QWidget):
    """A label's colour and name in one line that is shortened when there is no room."""

    def __init__(self) -> None:
        super().__init__()
        self._text = ""
        self._colour: QColor | None = None
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    @property
    def text(self) -> str:
        """What is shown in full."""
        return self._text

    def say(self, text: str, colour: QColor | None = None) -> None:
        """Show a text with a dot of a colour before it, or without."""
        self._text, self._colour = text, colour
        self.setToolTip("")
        self.setAccessibleName(text)
        self.update()

    def sizeHint(self) -> QSize:
        """Room for the whole text."""
        metrics = self.fontMetrics()
        return QSize(metrics.horizontalAdvance(self._text) + _DOT + _GAP, metrics.height())

    def minimumSizeHint(self) -> QSize:
        """One line, however narrow."""
        return QSize(1, self.fontMetrics().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the dot and as much of the text as there is room for."""
        painter = QPainter(self)
        left = draw_dot(painter, QRectF(self.rect()), self._colour)
        area = QRectF(self.rect()).adjusted(left, 0, 0, 0)
        text = self.fontMetrics().elidedText(
            self._text, Qt.TextElideMode.ElideRight, int(area.width())
        )
        painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
        painter.drawText(area, int(Qt.AlignmentFlag.AlignVCenter), text)
        painter.end()


def draw_dot(painter: QPainter, area: QRectF, colour: QColor | None) -> float:
    """Draw the dot of a label at the left of a line; returns the room that it takes."""
    if colour is None:
        return 0.0
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawEllipse(QRectF(area.left(), area.center().y() - _DOT / 2, _DOT, _DOT))
    painter.restore()
    return _DOT + _GAP
