"""The samples that are next nearest to a place, as a row of small drawings."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from aeviz.gui import theme
from aeviz.gui.captions import draw_dot, tip
from aeviz.gui.theme import SPACE
from aeviz.gui.tiles import SampleStyle, draw_sample

COUNT = 4
"""How many stand in the row."""

_SIDE = 46


@dataclass(frozen=True)
class Neighbour:
    """One of the samples that are near.

    Attributes:
        row: Of the run.
        name: Its label, or its number where it has none.
        colour: Of its label, None without.
        away: How far it is.
        part: "training" or "validation".
        number: Its number in the data set, as text.
    """

    row: int
    name: str
    colour: QColor | None
    away: str
    part: str
    number: str

    @property
    def sentence(self) -> str:
        """Everything about it."""
        return f"{self.name} · {self.number} · {self.part} · {self.away} away"


class Neighbours(QWidget):
    """Draws what it is told: each sample over its label, its distance and its part of the data."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: tuple[Neighbour, ...] = ()
        self._samples: NDArray[Any] | None = None
        self._style = SampleStyle()
        self.setFont(theme.caption(self.font()))
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def set_style(self, style: SampleStyle) -> None:
        """Prepare for the samples of a run and show none yet."""
        self._style = style
        self.show_neighbours(())

    def show_neighbours(self, shown: tuple[Neighbour, ...]) -> None:
        """Name samples; their drawings may come later."""
        if [each.row for each in shown] != [each.row for each in self.shown]:
            self._samples = None
        self.shown = shown
        self.setAccessibleName("Next nearest samples")
        self.setAccessibleDescription("; ".join(each.sentence for each in shown))
        self.update()

    @property
    def has_samples(self) -> bool:
        """Whether those that are named are drawn."""
        return self._samples is not None

    def show_samples(self, samples: NDArray[Any]) -> None:
        """Draw the samples that are named, in their own units, in the same order."""
        if len(samples) == len(self.shown):
            self._samples = samples
            self.update()

    def sizeHint(self) -> QSize:
        """Drawings and two lines."""
        return QSize(COUNT * (_SIDE + SPACE), _SIDE + 2 * self.fontMetrics().height() + 3)

    def minimumSizeHint(self) -> QSize:
        """As high as it is wide enough for."""
        return QSize(1, self.sizeHint().height())

    def cell(self, number: int) -> QRectF:
        """Where a sample is drawn with its lines."""
        wide = (self.width() + SPACE) / COUNT
        return QRectF(number * wide, 0, wide - SPACE, self.height())

    def event(self, event: QEvent) -> bool:
        """Tell everything about the sample under the mouse."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            for number, each in enumerate(self.shown):
                if self.cell(number).contains(event.pos()):
                    QToolTip.showText(event.globalPos(), tip(each.sentence), self)
                    return True
            QToolTip.hideText()
            return True
        return bool(super().event(event))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw each sample, then its label, then how far it is."""
        painter, colours = QPainter(self), theme.tokens(self.palette())
        metrics, high = self.fontMetrics(), self.fontMetrics().height()
        for number, each in enumerate(self.shown):
            cell = self.cell(number)
            if self._samples is not None:
                side = min(_SIDE, cell.width())
                area = QRectF(cell.left(), 0, side, side)
                draw_sample(painter, area, self._samples[number], self._style, colours)
            line = QRectF(cell.left(), _SIDE + 2, cell.width(), high)
            left = draw_dot(painter, line, each.colour)
            room = line.adjusted(left, 0, 0, 0)
            self._write(painter, room, each.name, colours.text)
            line.moveTop(line.top() + high)
            validation = " ·\N{NO-BREAK SPACE}val." if each.part == "validation" else ""
            text = f"{each.away}{validation}"
            fits = metrics.horizontalAdvance(text) <= line.width()
            self._write(painter, line, text if fits else each.away, colours.muted)

    def _write(self, painter: QPainter, area: QRectF, text: str, colour: str) -> None:
        painter.setPen(QColor(colour))
        shown = self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, int(area.width()))
        painter.drawText(area, int(Qt.AlignmentFlag.AlignVCenter), shown)


def same_rows(rows: NDArray[np.int64], shown: tuple[Neighbour, ...]) -> bool:
    """Whether an answer is about the samples that are named."""
    return bool(rows.tolist() == [each.row for each in shown])
