"""The sheet of styles: a row for every condition, the same latents in the columns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from aeviz.gui import theme
from aeviz.gui.figure import Figure
from aeviz.gui.film import cell_size, clamp_side
from aeviz.gui.theme import Tokens
from aeviz.gui.tiles import SampleStyle, draw_sample

_GAP = 3
_MOST_SIDE = 64.0
_PICTURE_SIDE = 56.0
_PICTURE_SCALE = 2.0


@dataclass(frozen=True, eq=False)
class Sheet:
    """What a sheet shows.

    Attributes:
        names: Of the rows.
        columns: How many styles.
        frames: Decodes row by row, (R · columns, …): pictures uint8 (…, H, W, C), or rows of
            features, NaN while they are still to come; None before any has come.
        style: Of the data set.
        shape: Of a sample.
    """

    names: Sequence[str]
    columns: int
    frames: NDArray[Any] | None
    style: SampleStyle
    shape: Sequence[int]


class StyleSheet(QWidget):
    """Draws a sheet as wide as the panel; a click chooses a cell.

    Signals:
        cell_chosen(int, int): The row and the column that were clicked.
    """

    cell_chosen = Signal(int, int)

    def __init__(self) -> None:
        super().__init__()
        self.sheet: Sheet | None = None
        self.setAccessibleName("Sheet of styles: a row for every condition")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def set_sheet(self, sheet: Sheet | None) -> None:
        """Show another sheet, or none."""
        self.sheet = sheet
        said = "" if sheet is None else f"{len(sheet.names)} rows: {', '.join(sheet.names)}"
        self.setAccessibleDescription(said)
        self.setVisible(sheet is not None)
        self.updateGeometry()
        self.update()

    def _font(self) -> QFont:
        return theme.caption(self.font())

    def _names(self, font: QFont, width: float) -> float:
        """Room for the names of the rows."""
        if self.sheet is None:
            return 0.0
        metrics = QFontMetricsF(font)
        widest = max((metrics.horizontalAdvance(name) for name in self.sheet.names), default=0.0)
        return min(widest + 2 * _GAP, 0.3 * width)

    def _cell(self, width: float) -> tuple[float, float]:
        sheet = self.sheet
        if sheet is None:
            return 1.0, 1.0
        across = (width - self._names(self._font(), width)) / sheet.columns - _GAP
        across = across if len(sheet.shape) == 3 else across / 1.5
        return cell_size(
            sheet.shape, clamp_side(across, sheet.shape, _MOST_SIDE), self.devicePixelRatioF()
        )

    def heightForWidth(self, width: int) -> int:
        """All rows."""
        rows = 0 if self.sheet is None else len(self.sheet.names)
        return round(rows * (self._cell(width)[1] + _GAP)) + _GAP

    def sizeHint(self) -> QSize:
        """As high as the rows at the present width."""
        return QSize(240, self.heightForWidth(max(self.width(), 120)))

    def minimumSizeHint(self) -> QSize:
        """Some columns; the rest is scrolled."""
        return QSize(80, self.heightForWidth(max(self.width(), 80)))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the cell under the mouse."""
        cell = self.cell_at(event.position().x(), event.position().y())
        if cell is not None and event.button() == Qt.MouseButton.LeftButton:
            self.cell_chosen.emit(*cell)

    def cell_at(self, x: float, y: float) -> tuple[int, int] | None:
        """The row and column at a point, None beside the cells."""
        sheet = self.sheet
        if sheet is None:
            return None
        wide, high = self._cell(self.width())
        row = int(y // (high + _GAP))
        column = int((x - self._names(self._font(), self.width())) // (wide + _GAP))
        inside = 0 <= row < len(sheet.names) and 0 <= column < sheet.columns
        return (row, column) if inside else None

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw all rows."""
        if self.sheet is None:
            return
        painter = QPainter(self)
        colours, font = theme.tokens(self.palette()), self._font()
        names = self._names(font, self.width())
        draw_sheet(painter, self.sheet, self._cell(self.width()), names, font, colours)
        painter.end()

    def figure(self, title: str, about: Mapping[str, str]) -> Figure | None:
        """The whole sheet for paper, None where there is none."""
        sheet = self.sheet
        if sheet is None:
            return None
        cell = cell_size(sheet.shape, _PICTURE_SIDE, _PICTURE_SCALE)
        names = self._names(self.font(), 600.0)
        width = names + sheet.columns * (cell[0] + _GAP)
        height = len(sheet.names) * (cell[1] + _GAP)

        def draw(painter: QPainter) -> None:
            draw_sheet(painter, sheet, cell, names, self.font(), theme.LIGHT)

        return Figure("styles", title, width, height, draw, self.font(), about)


def draw_sheet(
    painter: QPainter,
    sheet: Sheet,
    cell: tuple[float, float],
    names: float,
    font: QFont,
    colours: Tokens,
) -> None:
    """Draw a sheet with its upper left corner at the origin.

    Args:
        painter: Of a widget or a picture.
        sheet: What is drawn.
        cell: Width and height of a decode.
        names: Room for the names on the left.
        font: Of the names.
        colours: Of the theme.
    """
    wide, high = cell
    painter.setFont(font)
    metrics = QFontMetricsF(font)
    for row, name in enumerate(sheet.names):
        top = row * (high + _GAP)
        painter.setPen(QColor(colours.text))
        text = metrics.elidedText(name, Qt.TextElideMode.ElideRight, names - 2 * _GAP)
        painter.drawText(QRectF(0, top, names, high), int(Qt.AlignmentFlag.AlignVCenter), text)
        for column in range(sheet.columns):
            area = QRectF(names + column * (wide + _GAP), top, wide, high)
            _draw_cell(painter, sheet, row * sheet.columns + column, area, colours)


def _draw_cell(painter: QPainter, sheet: Sheet, number: int, area: QRectF, colours: Tokens) -> None:
    frame = None if sheet.frames is None else sheet.frames[number]
    if frame is None or (frame.ndim == 1 and np.isnan(frame).all()):
        painter.setPen(QColor(colours.line))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(area.adjusted(0.5, 0.5, -0.5, -0.5))
        return
    style = sheet.style if frame.ndim == 1 else SampleStyle()
    draw_sample(painter, area, frame, style, colours)
