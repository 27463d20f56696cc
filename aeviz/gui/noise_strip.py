"""Samples in three rows: clean, noisy, restored."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from aeviz.gui import theme
from aeviz.gui.film import cell_size, clamp_side, error_texts
from aeviz.gui.numbers import measure
from aeviz.gui.tiles import SampleStyle, draw_sample
from aeviz.messages import Answer

ROWS = ("clean", "noisy", "restored")
_GAP = 4
_NARROWEST = 34.0
_MOST = 112.0


class NoiseStrip(QWidget):
    """Draws one column per sample, as large as there is room, with errors below."""

    def __init__(self) -> None:
        super().__init__()
        self._names: Sequence[str] = ()
        self._colours: Sequence[QColor | None] = ()
        self._answer: Answer | None = None
        self._style = SampleStyle()
        self._shape: Sequence[int] = (1, 1, 1)
        self.setFont(theme.caption(self.font()))
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(110)
        self.setAccessibleName("Clean, noisy and restored samples")

    def set_samples(
        self,
        names: Sequence[str],
        colours: Sequence[QColor | None],
        style: SampleStyle,
        shape: Sequence[int],
    ) -> None:
        """Name the samples that are to come.

        Args:
            names: One per column.
            colours: Of their labels.
            style: Of rows of a table; images come with 0 for black and 1 for white.
            shape: Of a sample.
        """
        self._names, self._colours, self._style, self._shape = names, colours, style, shape
        self._answer = None
        self.update()

    def show_answer(self, answer: Answer | None) -> None:
        """Show the answer to the question "corruption", or nothing."""
        self._answer = answer
        if answer is not None:
            pairs = zip(self._names, answer.arrays["noise"], answer.arrays["error"], strict=False)
            said = (
                f"{name}: noisy {measure(float(noise), 2)}, restored {measure(float(error), 2)}"
                for name, noise, error in pairs
            )
            self.setAccessibleDescription("Mean squared errors: " + "; ".join(said))
        self.update()

    def sizeHint(self) -> QSize:
        """Room for small pictures."""
        return QSize(320, 180)

    @property
    def _line(self) -> int:
        return self.fontMetrics().height() + 2

    @property
    def _left(self) -> int:
        """Width of the names of the rows."""
        return max(self.fontMetrics().horizontalAdvance(name) for name in ROWS) + 2 * _GAP

    def cell(self) -> tuple[float, float]:
        """Width and height of a picture in logical pixels."""
        across = (self.width() - self._left) / max(len(self._names), 1) - _GAP
        if len(self._shape) != 3:
            across /= 1.5
        down = (self.height() - 2 * self._line - 4) / len(ROWS) - _GAP
        side = clamp_side(min(across, down), self._shape, _MOST)
        return cell_size(self._shape, side, self.devicePixelRatioF())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the names of the rows, then column by column."""
        painter = QPainter(self)
        wide, high = self.cell()
        colours = theme.tokens(self.palette())
        painter.setPen(QColor(colours.muted))
        for number, name in enumerate(ROWS):
            area = QRectF(0, self._line + number * (high + _GAP), self._left - _GAP, high)
            painter.drawText(area, int(Qt.AlignmentFlag.AlignVCenter), name)
        pitch = max(wide, _NARROWEST) + _GAP
        for column in range(len(self._names)):
            left = self._left + column * pitch
            if left + pitch - _GAP <= self.width() + 1:
                self._draw_column(painter, column, QRectF(left, self._line, wide, high), pitch)
        painter.end()

    def _draw_column(self, painter: QPainter, column: int, area: QRectF, pitch: float) -> None:
        colours = theme.tokens(self.palette())
        painter.setPen(QColor(colours.text))
        head = QRectF(area.left(), 0, pitch, self._line)
        text = painter.fontMetrics().elidedText(
            self._names[column], Qt.TextElideMode.ElideRight, int(pitch - 2)
        )
        painter.drawText(head.adjusted(0, -3, 0, -3), int(Qt.AlignmentFlag.AlignVCenter), text)
        colour = self._colours[column]
        if colour is not None:
            painter.fillRect(QRectF(area.left(), self._line - 3, area.width(), 2), colour)
        for number, name in enumerate(ROWS):
            place = area.translated(0, number * (area.height() + _GAP))
            self._draw_cell(painter, place, name, column)
        if self._answer is not None:
            top = self._line + len(ROWS) * (area.height() + _GAP)
            errors = self._answer.arrays["error"].tolist()
            error = error_texts(painter.fontMetrics(), errors, pitch - _GAP)[column]
            painter.setPen(QColor(colours.muted))
            foot = QRectF(area.left(), top - 2, pitch, self._line)
            painter.drawText(foot, int(Qt.AlignmentFlag.AlignVCenter), error)

    def _draw_cell(self, painter: QPainter, place: QRectF, name: str, column: int) -> None:
        colours = theme.tokens(self.palette())
        if self._answer is None or column >= len(self._answer.arrays[name]):
            painter.setPen(QColor(colours.line))
            painter.drawRect(place.adjusted(0.5, 0.5, -0.5, -0.5))
            return
        values = self._answer.arrays[name][column]
        if values.ndim == 3:
            draw_sample(painter, place, picture_of(values), SampleStyle(), colours)
        else:
            clean = self._answer.arrays["clean"][column] if name != "clean" else None
            draw_sample(painter, place, values, self._style, colours, clean)


def picture_of(values: NDArray[Any]) -> NDArray[np.uint8]:
    """An image with 0 for black and 1 for white as bytes; what lies outside is clipped."""
    return np.asarray(np.rint(np.clip(np.nan_to_num(values), 0.0, 1.0) * 255), np.uint8)
