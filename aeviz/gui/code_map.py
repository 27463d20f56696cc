"""The codes of a sample as a map of coloured places that can be chosen and changed."""

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from aeviz.gui import theme
from aeviz.gui.captions import tip
from aeviz.messages import ByteArray, IntArray

_MOST = 30
_LEAST_SIDE = 120
_LEAST_TEXT = 17
_MARGIN = 2


class CodeMap(QWidget):
    """Draws one map; a click or the arrow keys choose a place.

    Signals:
        place_chosen(int, int): Row and column of the place that was chosen.
    """

    place_chosen = Signal(int, int)

    def __init__(self, name: str) -> None:
        super().__init__()
        self.codes: IntArray | None = None
        self.edited: IntArray | None = None
        self.place: tuple[int, int] | None = None
        self._colours: ByteArray | None = None
        self.setFont(theme.caption(self.font()))
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def set_map(self, codes: IntArray | None, edited: IntArray | None) -> None:
        """Show the codes of a sample (h, w), and as they are after the edits."""
        before = None if self.codes is None else self.codes.shape
        self.codes, self.edited = codes, edited
        if codes is None or (self.place is not None and not self._is_inside(*self.place)):
            self.place = None
        if before != (None if codes is None else codes.shape):
            self.updateGeometry()
        self.update()

    def set_colours(self, colours: ByteArray | None) -> None:
        """Colours of the codes, uint8 (K, 3); grey without."""
        self._colours = colours
        self.update()

    def choose(self, place: tuple[int, int] | None) -> None:
        """Frame a place, or none."""
        if place != self.place:
            self.place = place
            self.update()

    def _is_inside(self, row: int, column: int) -> bool:
        if self.codes is None:
            return False
        height, width = self.codes.shape
        return bool(0 <= row < height and 0 <= column < width)

    def _cell(self, width: int = 0) -> float:
        """Side of a place in logical pixels."""
        if self.codes is None:
            return 0.0
        columns = self.codes.shape[1]
        most = max(_MOST, _LEAST_SIDE / columns)  # coarse and fine maps of an image are as wide
        return float(min(((width or self.width()) - 2 * _MARGIN) / columns, most))

    def area_of(self, row: int, column: int) -> QRectF:
        """Where a place is drawn."""
        side = self._cell()
        return QRectF(_MARGIN + column * side, _MARGIN + row * side, side, side)

    def place_at(self, point: QPoint) -> tuple[int, int] | None:
        """Row and column under a point, None where there is no place."""
        side = self._cell()
        if not side:
            return None
        place = int((point.y() - _MARGIN) // side), int((point.x() - _MARGIN) // side)
        return place if self._is_inside(*place) else None

    def hasHeightForWidth(self) -> bool:
        """Yes: places are square."""
        return True

    def heightForWidth(self, width: int) -> int:
        """All rows."""
        rows = 0 if self.codes is None else len(self.codes)
        return round(rows * self._cell(width)) + 2 * _MARGIN

    def sizeHint(self) -> QSize:
        """As large as places become."""
        columns = 4 if self.codes is None else self.codes.shape[1]
        width = max(columns * _MOST, _LEAST_SIDE)
        return QSize(width, self.heightForWidth(width))

    def minimumSizeHint(self) -> QSize:
        """Small places."""
        return QSize(48, self.heightForWidth(48))

    def event(self, event: QEvent) -> bool:
        """Say which code the place under the mouse has, and had."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            place = self.place_at(event.pos())
            QToolTip.showText(
                event.globalPos(), "" if place is None else tip(self._told(place)), self
            )
            return True
        return super().event(event)

    def _told(self, place: tuple[int, int]) -> str:
        if self.codes is None or self.edited is None:
            return ""
        before, now = int(self.codes[place]), int(self.edited[place])
        where = f"Row {place[0] + 1}, column {place[1] + 1}: code {now}"
        return where if before == now else f"{where}, was {before}"

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the place under the mouse."""
        place = self.place_at(event.position().toPoint())
        if event.button() == Qt.MouseButton.LeftButton and place is not None:
            self.choose(place)
            self.place_chosen.emit(*place)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows go from place to place."""
        steps = {
            Qt.Key.Key_Left: (0, -1),
            Qt.Key.Key_Right: (0, 1),
            Qt.Key.Key_Up: (-1, 0),
            Qt.Key.Key_Down: (1, 0),
        }
        key = Qt.Key(event.key())
        if key not in steps or self.codes is None:
            super().keyPressEvent(event)
            return
        row, column = self.place or (0, 0)
        down, right = steps[key] if self.place is not None else (0, 0)
        if self._is_inside(row + down, column + right):
            self.choose((row + down, column + right))
            self.place_chosen.emit(row + down, column + right)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw every place with the number of its code where there is room."""
        if self.codes is None or self.edited is None:
            return
        painter = QPainter(self)
        for (row, column), code in np.ndenumerate(self.edited):
            is_changed = bool(code != self.codes[row, column])
            self._draw_place(painter, self.area_of(row, column), int(code), is_changed)
        if self.place is not None:
            colours = theme.tokens(self.palette())
            area = self.area_of(*self.place)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(colours.surface), 4))
            painter.drawRect(area)
            painter.setPen(QPen(QColor(colours.accent), 2))
            painter.drawRect(area)
        painter.end()

    def _draw_place(self, painter: QPainter, area: QRectF, code: int, is_changed: bool) -> None:
        colours = theme.tokens(self.palette())
        colour = QColor(colours.missing)
        if self._colours is not None and code < len(self._colours):
            colour = QColor(*self._colours[code].tolist())
        painter.fillRect(area.adjusted(0.5, 0.5, -0.5, -0.5), colour)
        ink = QColor("#000000" if colour.lightnessF() > 0.45 else "#ffffff")
        if area.width() >= _LEAST_TEXT:
            painter.setPen(ink)
            painter.drawText(area, int(Qt.AlignmentFlag.AlignCenter), str(code))
        if is_changed:
            painter.setPen(QPen(ink, 1.5))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(area.adjusted(2.5, 2.5, -2.5, -2.5))
