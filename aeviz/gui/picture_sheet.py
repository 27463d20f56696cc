"""Pictures of samples side by side with a caption under each, in as many lines as they need."""

from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from aeviz.gui import theme
from aeviz.gui.film import cell_size
from aeviz.gui.tiles import SampleStyle, draw_sample

_GAP = 8


class PictureSheet(QWidget):
    """Draws samples, decodes or drawn ones; all of them have the same shape.

    Args:
        name: What a screen reader says.
        side: Of a picture, in logical pixels, where there is room for all in a line.
        columns: In a line at least: pictures become smaller rather than go to the next line.
    """

    def __init__(self, name: str, *, side: int = 64, columns: int = 1) -> None:
        super().__init__()
        self.pictures: list[NDArray[Any] | None] = []
        self.captions: list[str] = []
        self._side = side
        self._columns = columns
        self._style = SampleStyle()
        self._shape: Sequence[int] = (1, 1, 1)
        self.setFont(theme.caption(self.font()))
        self.setAccessibleName(name)
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def set_kind(self, style: SampleStyle, shape: Sequence[int]) -> None:
        """Say how samples of a run are drawn, and of which shape they are."""
        self._style, self._shape = style, shape
        self.updateGeometry()
        self.update()

    def set_pictures(
        self, pictures: Sequence[NDArray[Any] | None], captions: Sequence[str] = ()
    ) -> None:
        """Show these, None for one that is still to come; uint8 (H, W, C) or float32 (F,)."""
        changed = len(pictures) != len(self.pictures) or bool(captions) != bool(self.captions)
        self.pictures, self.captions = list(pictures), list(captions)
        self.setAccessibleDescription("; ".join(captions))
        if changed:
            self.updateGeometry()
        self.update()

    def _cell(self, width: int) -> tuple[int, float, float]:
        """Pictures in a line, and width and height of one."""
        ratio = self.devicePixelRatioF()
        wide, high = cell_size(self._shape, float(self._side), ratio)
        fitting = int((width - 2 + _GAP) // (wide + _GAP))
        columns = max(min(max(fitting, self._columns), len(self.pictures)), 1)
        room = (width - 2 - (columns - 1) * _GAP) / columns
        if room < wide:
            # a row of features is wider than high
            side = room if len(self._shape) == 3 else room / (wide / high)
            wide, high = cell_size(self._shape, side, ratio)
        return columns, wide, high

    def _line(self, high: float) -> float:
        """Height of a line of pictures with their captions."""
        return high + _GAP + (self.fontMetrics().height() + 2 if self.captions else 0)

    def hasHeightForWidth(self) -> bool:
        """Yes: a narrow sheet has more lines."""
        return True

    def heightForWidth(self, width: int) -> int:
        """All lines."""
        columns, _, high = self._cell(width)
        lines = -(-len(self.pictures) // columns)
        return round(lines * self._line(high)) + 2

    def sizeHint(self) -> QSize:
        """Some pictures wide."""
        return QSize(3 * self._side, self.heightForWidth(3 * self._side))

    def minimumSizeHint(self) -> QSize:
        """A picture."""
        return QSize(min(self._side, 48), 0)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw them line by line."""
        painter = QPainter(self)
        columns, wide, high = self._cell(self.width())
        colours = theme.tokens(self.palette())
        for number, picture in enumerate(self.pictures):
            row, column = divmod(number, columns)
            area = QRectF(1 + column * (wide + _GAP), 1 + row * self._line(high), wide, high)
            if picture is None:
                painter.setPen(QColor(colours.line))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRoundedRect(area.adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
            else:
                is_own = picture.ndim == 1
                style = self._style if is_own else SampleStyle()
                draw_sample(painter, area, picture, style, colours)
            if number < len(self.captions):
                painter.setPen(QColor(colours.muted))
                foot = QRectF(
                    area.left(), area.bottom() + 2, wide + _GAP, self.fontMetrics().height()
                )
                text = self.fontMetrics().elidedText(
                    self.captions[number], Qt.TextElideMode.ElideRight, int(wide)
                )
                painter.drawText(foot, int(Qt.AlignmentFlag.AlignVCenter), text)
        painter.end()
