"""Labels in the roles of a panel: heading, caption, sentence. Their text is always plain."""

from typing import Literal

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from aeviz.gui import theme

Role = Literal["text", "muted", "accent", "good", "warning", "error"]


class ToneLabel(QLabel):
    """Plain text in one of the theme's colours, which follows light and dark."""

    def __init__(self, text: str, role: Role = "text") -> None:
        super().__init__(text)
        self._role: Role = role
        self.setTextFormat(Qt.TextFormat.PlainText)
        self._dress()

    def set_role(self, role: Role) -> None:
        """Take another colour."""
        if role != self._role:
            self._role = role
            self._dress()

    def _dress(self) -> None:
        colour = QColor(getattr(theme.tokens(self.palette()), self._role))
        palette = self.palette()
        if palette.color(QPalette.ColorRole.WindowText) != colour:
            palette.setColor(QPalette.ColorRole.WindowText, colour)
            self.setPalette(palette)

    def changeEvent(self, event: QEvent) -> None:
        """Follow the theme."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._dress()


def caption_label(text: str, role: Role = "muted") -> ToneLabel:
    """Small type for units and second lines; it wraps."""
    label = ToneLabel(text, role)
    label.setFont(theme.caption(label.font()))
    label.setWordWrap(True)
    return label


def heading_label(text: str) -> ToneLabel:
    """The name of a part of a panel."""
    label = ToneLabel(text)
    label.setFont(theme.heading(label.font()))
    return label


class ElidedLabel(QWidget):
    """One line of plain text that ends in "…" where it is too long; the tooltip has it whole."""

    def __init__(self, text: str = "", role: Role = "text") -> None:
        super().__init__()
        self._text = text
        self._role: Role = role
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.set_text(text)

    @property
    def text(self) -> str:
        """The whole text."""
        return self._text

    def set_text(self, text: str, role: Role | None = None) -> None:
        """Show another text, on one line."""
        self._text = " ".join(text.split())
        self._role = role or self._role
        self.setAccessibleName(self._text)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """As wide as the text."""
        metrics = self.fontMetrics()
        return QSize(metrics.horizontalAdvance(self._text) + 2, metrics.height())

    def minimumSizeHint(self) -> QSize:
        """A few letters: it gives way to its neighbours."""
        return QSize(self.fontMetrics().averageCharWidth() * 6, self.fontMetrics().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw what fits."""
        metrics = self.fontMetrics()
        shown = metrics.elidedText(self._text, Qt.TextElideMode.ElideRight, self.width())
        self.setToolTip(self._text if shown != self._text else "")
        painter = QPainter(self)
        painter.setPen(QColor(getattr(theme.tokens(self.palette()), self._role)))
        align = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.drawText(self.rect(), int(align), shown)
