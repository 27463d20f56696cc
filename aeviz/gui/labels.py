"""Labels in the roles of a panel: heading, caption, sentence. Their text is always plain."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from aeviz.gui import theme
from aeviz.gui.captions import Caption, Tone, tip


def caption_label(text: str, tone: Tone = "muted") -> Caption:
    """Small type for second lines; it wraps."""
    label = Caption(text, tone=tone)
    label.setFont(theme.caption(label.font()))
    return label


def unit_label(text: str) -> Caption:
    """Small type for a unit behind a number; it keeps its width."""
    label = caption_label(text)
    label.setWordWrap(False)
    label.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Preferred)
    return label


def figure_label() -> Caption:
    """A number that changes, flush right in a column."""
    label = Caption("", tone="text")
    label.setWordWrap(False)
    label.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Preferred)
    label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    label.setMinimumWidth(0)  # as wide as its text
    return label


def heading_label(text: str) -> Caption:
    """The name of a part of a panel."""
    return Caption(text, tone="text", bold=True)


class ElidedLabel(QWidget):
    """One line of plain text that ends in "…" where it is too long; the tooltip has it whole."""

    def __init__(self, text: str = "", tone: Tone = "text") -> None:
        super().__init__()
        self._text = text
        self._tone: Tone = tone
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.set_text(text)

    @property
    def text(self) -> str:
        """The whole text."""
        return self._text

    def set_text(self, text: str, tone: Tone | None = None) -> None:
        """Show another text, on one line."""
        self._text = " ".join(text.split())
        self._tone = tone or self._tone
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
        self.setToolTip(tip(self._text) if shown != self._text else "")
        painter = QPainter(self)
        painter.setPen(QColor(getattr(theme.tokens(self.palette()), self._tone)))
        align = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.drawText(self.rect(), int(align), shown)
