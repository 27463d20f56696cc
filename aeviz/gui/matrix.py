"""A small table of numbers as a heat map: names at two sides, the number in its cell."""

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from aeviz.gui import theme
from aeviz.gui.captions import tip
from aeviz.gui.field_image import colours_of
from aeviz.gui.numbers import measure
from aeviz.messages import FloatArray
from aeviz.shades import STEPS

_GAP = 6
_CELL = 8
"""Pixels by which a row is higher than its text."""


@dataclass(frozen=True, eq=False)
class Matrix:
    """What there is to draw.

    Attributes:
        values: From 0, (R, C); the full colour stands for `top`.
        rows: Names of the rows, (R,).
        columns: Names of the columns, (C,).
        tips: A sentence for each cell, of which "{row}", "{column}" and "{value}" are filled in.
        top: The value of the strongest colour.
    """

    values: FloatArray
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    tips: str
    top: float = 1.0

    def tip_of(self, row: int, column: int) -> str:
        """The sentence for a cell."""
        return self.tips.format(
            row=self.rows[row],
            column=self.columns[column],
            value=measure(float(self.values[row, column]), 3),
        )


class MatrixView(QWidget):
    """Draws a `Matrix`; as high as it has rows."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.matrix: Matrix | None = None
        self.setFont(theme.caption(self.font()))
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def set_matrix(self, matrix: Matrix | None) -> None:
        """Draw this one, or nothing."""
        self.matrix = matrix
        told = [] if matrix is None else [_strongest(matrix, c) for c in range(len(matrix.columns))]
        self.setAccessibleDescription(" ".join(told))
        self.updateGeometry()
        self.update()

    @property
    def _row_height(self) -> int:
        return self.fontMetrics().height() + _CELL

    def _cell(self, row: int, column: int) -> QRectF:
        """Where a cell is, in pixels; row −1 holds the names of the columns."""
        assert self.matrix is not None
        advance = self.fontMetrics().horizontalAdvance
        names = max(map(advance, self.matrix.rows), default=0) + 2
        left = min(names + _GAP, self.width() // 3)
        wide = (self.width() - left) / max(len(self.matrix.columns), 1)
        high = self._row_height
        return QRectF(left + column * wide, (row + 1) * high, wide, high)

    def cell_at(self, place: QPoint) -> tuple[int, int] | None:
        """Row and column under a place, None beside them; row −1 is that of the names."""
        if self.matrix is None or not self.matrix.columns:
            return None
        first = self._cell(0, 0)
        column = int((place.x() - first.left()) // first.width())
        row = place.y() // self._row_height - 1
        inside = 0 <= column < len(self.matrix.columns) and -1 <= row < len(self.matrix.rows)
        return (row, column) if inside else None

    def event(self, event: QEvent) -> bool:
        """Say what stands in the cell under the mouse."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            self._show_tip(event)
            return True
        return super().event(event)

    def _show_tip(self, event: QHelpEvent) -> None:
        cell = self.cell_at(event.pos())
        if self.matrix is None or cell is None:
            QToolTip.hideText()
            return
        row, column = cell
        text = self.matrix.columns[column] if row < 0 else self.matrix.tip_of(row, column)
        QToolTip.showText(QPoint(event.globalPos()), tip(text), self)

    def sizeHint(self) -> QSize:
        """A line of names and the rows."""
        rows = 0 if self.matrix is None else len(self.matrix.rows) + 1
        return QSize(200, rows * self._row_height)

    def minimumSizeHint(self) -> QSize:
        """The rows keep their height; names are shortened first."""
        return QSize(80, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the names, and the cells of the rows that are seen."""
        if self.matrix is None:
            return
        painter, high = QPainter(self), self._row_height
        first = max(event.rect().top() // high - 1, 0)
        last = min(event.rect().bottom() // high, len(self.matrix.rows))
        muted = QColor(theme.tokens(self.palette()).muted)
        for column, name in enumerate(self.matrix.columns):
            self._write(painter, self._cell(-1, column).adjusted(3, 0, -3, 0), name, muted)
        for row in range(first, last):
            beside = self._cell(row, 0)
            place = QRectF(0, beside.top(), beside.left() - _GAP, beside.height())
            self._write(painter, place, self.matrix.rows[row], muted, Qt.AlignmentFlag.AlignLeft)
            for column in range(len(self.matrix.columns)):
                self._draw_cell(painter, row, column)
        painter.end()

    def _draw_cell(self, painter: QPainter, row: int, column: int) -> None:
        assert self.matrix is not None
        value = float(self.matrix.values[row, column])
        share = value / self.matrix.top if self.matrix.top > 0 and np.isfinite(value) else 0.0
        step = round(min(max(share, 0.0), 1.0) * (STEPS - 1))
        fill = QColor.fromRgb(int(colours_of(dark=theme.is_dark(self.palette()))[step]))
        inside = self._cell(row, column).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.fillRect(inside, fill)
        is_light = fill.lightnessF() > 0.55
        colour = QColor((theme.LIGHT if is_light else theme.DARK).text)
        self._write(painter, inside, f"{value:.2f}" if np.isfinite(value) else "", colour)

    def _write(
        self,
        painter: QPainter,
        place: QRectF,
        text: str,
        colour: QColor,
        align: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignHCenter,
    ) -> None:
        metrics = self.fontMetrics()
        shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, int(place.width()))
        painter.setPen(colour)
        painter.drawText(place, int(Qt.AlignmentFlag.AlignVCenter | align), shown)


def _strongest(matrix: Matrix, column: int) -> str:
    """Which row is the strongest of a column, for who does not see colours."""
    if not len(matrix.rows):
        return ""
    values = np.nan_to_num(matrix.values[:, column], nan=-np.inf)
    row = int(values.argmax())
    value = measure(float(values[row]), 3)
    return f"{matrix.columns[column]}: most in {matrix.rows[row]}, {value}."
