"""The codes of a codebook as tiles, the most chosen first, with a bar for how often."""

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from aeviz.gui import theme, wording
from aeviz.gui.captions import tip
from aeviz.gui.image_label import draw_frame
from aeviz.gui.theme import Tokens
from aeviz.gui.tiles import SampleStyle, draw_sample
from aeviz.messages import ByteArray, IntArray

MOST_TILES = 512
"""Codes at most that are drawn; the panel says when there are more."""

_SIDE = 28
_GAP = 5
_BAR = 4


@dataclass(frozen=True, eq=False)
class CodeTiles:
    """What there is to draw.

    Attributes:
        counts: How often each code was chosen, (K,).
        colours: uint8 (K, 3).
        patches: What each code stands for, uint8 (K, h, w, C); None for tables.
    """

    counts: IntArray
    colours: ByteArray
    patches: ByteArray | None = None

    @property
    def order(self) -> IntArray:
        """Numbers of the codes, the most chosen first."""
        return np.argsort(-self.counts, kind="stable")[:MOST_TILES]


class CodePalette(QWidget):
    """Tiles of codes; a click, or the arrow keys and Enter, choose one.

    Signals:
        code_chosen(int): The number of the code that was chosen.
    """

    code_chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.tiles: CodeTiles | None = None
        self.marked = -1
        self._order: list[int] = []
        self._at = 0
        self.setAccessibleName("Codes, the most chosen first")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def set_tiles(self, tiles: CodeTiles | None) -> None:
        """Draw these, or nothing."""
        before = len(self._order)
        self.tiles = tiles
        self._order = [] if tiles is None else tiles.order.tolist()
        self._at = min(self._at, max(len(self._order) - 1, 0))
        if len(self._order) != before:
            self.updateGeometry()
        self.update()

    def mark(self, code: int) -> None:
        """Frame a code, -1 for none."""
        self.marked = code
        if code in self._order:
            self._at = self._order.index(code)
        self.update()

    def code_at(self, place: QPoint) -> int:
        """The number of the code under a point, -1 where there is none."""
        columns, wide, high = self._cells()
        column, row = int(place.x() // wide), int(place.y() // high)
        number = row * columns + column
        is_inside = 0 <= column < columns and 0 <= number < len(self._order)
        return self._order[number] if is_inside else -1

    def place_of(self, code: int) -> QPoint:
        """The middle of a code's tile."""
        columns, wide, high = self._cells()
        row, column = divmod(self._order.index(code), columns)
        return QPoint(int((column + 0.5) * wide), int((row + 0.5) * high))

    def _cells(self, width: int = 0) -> tuple[int, float, float]:
        """Tiles in a line, and width and height of one with its room."""
        width = width or self.width()
        columns = max(width // (_SIDE + _GAP), 1)
        # the tiles spread over the width; they do not grow without end
        wide = min(width / columns, _SIDE + 2 * _GAP)
        return columns, wide, wide - _GAP + _BAR + 2 + _GAP

    def _share(self, code: int) -> float:
        total = 0 if self.tiles is None else int(self.tiles.counts.sum())
        return 0.0 if self.tiles is None or not total else float(self.tiles.counts[code]) / total

    def _choose(self, code: int) -> None:
        if code >= 0:
            self._at = self._order.index(code)
            self.update()
            self.code_chosen.emit(code)

    def hasHeightForWidth(self) -> bool:
        """Yes: a narrow palette has more lines."""
        return True

    def heightForWidth(self, width: int) -> int:
        """All lines."""
        columns, _, high = self._cells(width)
        return round(-(-len(self._order) // columns) * high) + 1

    def sizeHint(self) -> QSize:
        """Eight tiles wide."""
        width = 8 * (_SIDE + _GAP)
        return QSize(width, self.heightForWidth(width))

    def minimumSizeHint(self) -> QSize:
        """A tile."""
        return QSize(_SIDE + _GAP, _SIDE)

    def event(self, event: QEvent) -> bool:
        """Say of the code under the mouse how often it is chosen."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            code = self.code_at(event.pos())
            told = f"Code {code}: chosen at {wording.share(self._share(code))} of the places"
            QToolTip.showText(event.globalPos(), tip(told) if code >= 0 else "", self)
            return True
        return super().event(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the code under the mouse."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._choose(self.code_at(event.position().toPoint()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows go from tile to tile, Enter and Space choose."""
        columns = self._cells()[0]
        steps = {
            Qt.Key.Key_Left: -1,
            Qt.Key.Key_Right: 1,
            Qt.Key.Key_Up: -columns,
            Qt.Key.Key_Down: columns,
        }
        key = Qt.Key(event.key())
        if key in steps and 0 <= self._at + steps[key] < len(self._order):
            self._at += steps[key]
            self.update()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and self._order:
            self._choose(self._order[self._at])
        elif key not in steps:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the tiles that are seen."""
        if self.tiles is None:
            return
        painter = QPainter(self)
        columns, wide, high = self._cells()
        colours = theme.tokens(self.palette())
        longest = max(self._share(self._order[0]), 1e-12) if self._order else 1.0
        for number, code in enumerate(self._order):
            row, column = divmod(number, columns)
            side = wide - _GAP
            area = QRectF(column * wide + _GAP / 2, row * high + _GAP / 2, side, side)
            if not area.adjusted(-2, -2, 2, _BAR + 4).intersects(QRectF(event.rect())):
                continue
            self._draw_tile(painter, area, code, colours)
            bar = QRectF(area.left(), area.bottom() + 2, side, _BAR)
            painter.fillRect(bar, QColor(colours.line))
            bar.setWidth(side * self._share(code) / longest)
            painter.fillRect(bar, QColor(colours.accent))
            if code == self.marked or (self.hasFocus() and number == self._at):
                painter.setPen(QPen(QColor(colours.accent), 2.0 if code == self.marked else 1.0))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRect(area.adjusted(-1, -1, 1, 1))
        painter.end()

    def _draw_tile(self, painter: QPainter, area: QRectF, code: int, colours: Tokens) -> None:
        tiles = self.tiles
        if tiles is None:
            return
        if not tiles.counts[code]:
            painter.setPen(QPen(QColor(colours.line), 1, Qt.PenStyle.DashLine))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(area.adjusted(0.5, 0.5, -0.5, -0.5))
        elif tiles.patches is None:
            painter.fillRect(area, QColor(*tiles.colours[code].tolist()))
            draw_frame(painter, area, QColor(colours.line), self.devicePixelRatioF())
        else:
            inner = QRectF(area.topLeft() + QPointF(1, 1), area.size() - QSize(2, 2))
            draw_sample(painter, inner, tiles.patches[code], SampleStyle(), colours)
