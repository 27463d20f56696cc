"""A few choices side by side, one of which holds: radio buttons drawn as one bar."""

from collections.abc import Sequence

from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QRadioButton, QSizePolicy, QWidget

from aeviz.gui import theme
from aeviz.gui.captions import tip

_EDGE = 6
_HIGH = 10
_RADIUS = 4.0


class Segment(QRadioButton):
    """One choice."""

    def sizeHint(self) -> QSize:
        """Room for the text."""
        metrics = self.fontMetrics()
        return QSize(metrics.horizontalAdvance(self.text()) + 2 * _EDGE, metrics.height() + _HIGH)

    def minimumSizeHint(self) -> QSize:
        """A short word; longer ones are shortened."""
        return QSize(min(self.sizeHint().width(), 22), self.sizeHint().height())

    def hitButton(self, position: QPoint) -> bool:
        """Everywhere."""
        return QRect(QPoint(0, 0), self.size()).contains(position)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the ground where it holds or is pointed at, and the text."""
        colours = theme.tokens(self.palette())
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(self.rect()).adjusted(1.5, 1.5, -1.5, -1.5)
        ground = QColor(colours.accent if self.isChecked() else colours.line)
        ground.setAlphaF(1.0 if self.isChecked() else 0.6 if self.underMouse() else 0.0)
        painter.setBrush(ground)
        focus = QPen(QColor(colours.text if self.isChecked() else colours.accent), 1.2)
        painter.setPen(focus if self.hasFocus() else Qt.PenStyle.NoPen)
        painter.drawRoundedRect(area, _RADIUS - 1, _RADIUS - 1)
        painter.setPen(QColor(colours.accent_text if self.isChecked() else colours.text))
        room = self.width() - 4
        text = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, room)
        painter.drawText(self.rect(), int(Qt.AlignmentFlag.AlignCenter), text)
        painter.end()


class SegmentBar(QWidget):
    """Choices side by side; arrow keys go from one to the next.

    Signals:
        chosen(int): The person chose another one, by its number.
    """

    chosen = Signal(int)

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.segments: list[Segment] = []
        self._group = QButtonGroup(self)
        self._group.idClicked.connect(self._on_clicked)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(1, 1, 1, 1)
        self._row.setSpacing(0)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def set_choices(self, names: Sequence[str]) -> None:
        """Offer these; none holds yet."""
        for segment in self.segments:
            self._group.removeButton(segment)
            self._row.removeWidget(segment)
            segment.deleteLater()
        self.segments = [Segment(name.replace("&", "&&")) for name in names]
        for number, (segment, name) in enumerate(zip(self.segments, names, strict=True)):
            segment.setToolTip(tip(name))
            self._group.addButton(segment, number)
            self._row.addWidget(segment, max(len(name), 2))
        self.updateGeometry()

    def choose(self, number: int) -> None:
        """Show that one holds, without a signal."""
        if 0 <= number < len(self.segments):
            self.segments[number].setChecked(True)

    @Slot(int)
    def _on_clicked(self, number: int) -> None:
        self.chosen.emit(number)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the frame around all of them."""
        colours = theme.tokens(self.palette())
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        path = QPainterPath()
        path.addRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), _RADIUS, _RADIUS)
        painter.fillPath(path, QColor(colours.raised))
        painter.setPen(QColor(colours.line))
        painter.drawPath(path)
        painter.end()
