"""The classes of a data set: name, number of samples as a bar, and a line of thumbnails each."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QSizePolicy, QWidget

from aeviz.gui import theme
from aeviz.gui.captions import draw_dot
from aeviz.gui.film import cell_size
from aeviz.gui.numbers import count
from aeviz.gui.tiles import SampleStyle, draw_sample

_SIDE = 32
_GAP = 4
_SPACE = 10


@dataclass(frozen=True, eq=False)
class ClassRow:
    """One class.

    Attributes:
        name: Its name.
        colour: Of its label, None for samples without one.
        count: Its samples, None where they were not counted.
        thumbnails: Some of its samples.
    """

    name: str
    colour: QColor | None
    count: int | None
    thumbnails: list[NDArray[Any]]


class ClassSheet(QWidget):
    """Draws the classes that are seen; as high as all of them."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[ClassRow] = []
        self._style = SampleStyle()
        self._shape: Sequence[int] = (1, 1, 1)
        self.setAccessibleName("Classes")
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setSizePolicy(policy)

    def set_rows(self, rows: list[ClassRow], style: SampleStyle, shape: Sequence[int]) -> None:
        """Show these classes, whose samples have that shape."""
        self.rows, self._style, self._shape = rows, style, shape
        told = (
            row.name if row.count is None else f"{row.name}: {count(row.count)}" for row in rows
        )
        self.setAccessibleDescription("; ".join(told))
        self.updateGeometry()
        self.update()

    @property
    def _line(self) -> int:
        return self.fontMetrics().height() + _GAP

    @property
    def _pitch(self) -> int:
        """Height of one class with the space below it."""
        has_thumbnails = any(row.thumbnails for row in self.rows)
        return self._line + (_SIDE + _GAP if has_thumbnails else 0) + _SPACE - _GAP

    def _columns(self) -> tuple[float, float]:
        """Where the bars begin and end."""
        metrics = self.fontMetrics()
        names = max((metrics.horizontalAdvance(row.name) for row in self.rows), default=0) + 22
        most = max((row.count or 0 for row in self.rows), default=0)
        begin = min(float(names), self.width() * 0.45)
        return begin, max(self.width() - metrics.horizontalAdvance(count(most)) - 8.0, begin + 8)

    def sizeHint(self) -> QSize:
        """As high as the classes."""
        return QSize(200, max(self._pitch * len(self.rows) - _SPACE + _GAP, 0))

    def minimumSizeHint(self) -> QSize:
        """Names are shortened before the rows are."""
        return QSize(80, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the classes that are seen."""
        painter = QPainter(self)
        first = max(event.rect().top() // self._pitch, 0)
        last = min(event.rect().bottom() // self._pitch + 1, len(self.rows))
        for number in range(first, last):
            self._draw_row(painter, self.rows[number], number * self._pitch)
        painter.end()

    def _draw_row(self, painter: QPainter, row: ClassRow, top: int) -> None:
        begin, end = self._columns()
        line = QRectF(0, top, self.width(), self._line)
        left = draw_dot(painter, line, row.colour)
        room = (begin if row.count is not None else self.width()) - left - _GAP
        text = self.fontMetrics().elidedText(row.name, Qt.TextElideMode.ElideRight, int(room))
        painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
        painter.drawText(line.adjusted(left, 0, 0, 0), int(Qt.AlignmentFlag.AlignVCenter), text)
        if row.count is not None:
            self._draw_count(painter, row, line, begin, end)
        self._draw_thumbnails(painter, row, top + self._line)

    def _draw_count(
        self, painter: QPainter, row: ClassRow, line: QRectF, begin: float, end: float
    ) -> None:
        colours = theme.tokens(self.palette())
        most = max(max(other.count or 0 for other in self.rows), 1)
        bar = QRectF(begin, line.center().y() - 3, end - begin, 6)
        ground = QColor(colours.line)
        ground.setAlphaF(0.55)
        painter.fillRect(bar, ground)
        bar.setWidth(bar.width() * (row.count or 0) / most)
        painter.fillRect(bar, row.colour or QColor(colours.accent))
        flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
        painter.setPen(QColor(colours.muted))
        painter.drawText(line, int(flags), count(row.count or 0))

    def _draw_thumbnails(self, painter: QPainter, row: ClassRow, top: float) -> None:
        colours = theme.tokens(self.palette())
        wide, high = cell_size(self._shape, _SIDE, self.devicePixelRatioF())
        fit = int((self.width() - 1) // (wide + _GAP))
        for number, sample in enumerate(row.thumbnails[:fit]):
            area = QRectF(1 + number * (wide + _GAP), top, wide, high)
            draw_sample(painter, area, sample, self._style, colours)
