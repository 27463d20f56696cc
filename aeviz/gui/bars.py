"""One row per feature: its name, a bar, and its value in its own units."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QHelpEvent, QPainter, QPaintEvent, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from aeviz.gui import scales, theme
from aeviz.gui.captions import tip
from aeviz.messages import FloatArray

BarKind = Literal["value", "difference", "error"]
_ROW_SPACE = 6
_GAP = 6


@dataclass(frozen=True, eq=False)
class Bars:
    """What there is to draw.

    Attributes:
        kind: "value" and "error" grow from the left; "difference" from the middle.
        names: Of the features.
        lengths: (F,) in [0, 1], or [-1, 1] for differences; what goes beyond ends in an arrow.
        texts: Values in the features' own units.
        tips: A sentence for each row.
        marks: Where a second value lies, (F,), or None.
        faint: Which rows are drawn in grey; empty for none.
    """

    kind: BarKind
    names: tuple[str, ...]
    lengths: FloatArray
    texts: tuple[str, ...]
    tips: tuple[str, ...]
    marks: FloatArray | None = None
    faint: tuple[bool, ...] = ()


class BarRows(QWidget):
    """Draws `Bars`; as high as it has rows."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.bars: Bars | None = None
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def set_bars(self, bars: Bars | None) -> None:
        """Draw these, or nothing."""
        rows = 0 if self.bars is None else len(self.bars.names)
        self.bars = bars
        if rows != (0 if bars is None else len(bars.names)):
            self.updateGeometry()
        told = () if bars is None else zip(bars.names, bars.texts, strict=True)
        self.setAccessibleDescription("; ".join(f"{name} {text}" for name, text in told))
        self.update()

    @property
    def _row_height(self) -> int:
        return self.fontMetrics().height() + _ROW_SPACE

    def _columns(self) -> tuple[float, float]:
        """Where the bars begin and where they end, in pixels."""
        if self.bars is None:
            return 0.0, float(self.width())
        measure = self.fontMetrics().horizontalAdvance
        names = max((measure(name) for name in self.bars.names), default=0)
        texts = max((measure(text) for text in self.bars.texts), default=0)
        begin = min(names + 1, int(self.width() * 0.42)) + _GAP
        return float(begin), float(max(self.width() - texts - _GAP, begin + 8))

    def _draw_row(self, painter: QPainter, row: int) -> None:
        if self.bars is None:
            return
        colours = theme.tokens(self.palette())
        begin, end = self._columns()
        line = QRectF(0, row * self._row_height, self.width(), self._row_height)
        name = self.fontMetrics().elidedText(
            self.bars.names[row], Qt.TextElideMode.ElideRight, int(begin - _GAP)
        )
        painter.setPen(QColor(colours.muted))
        painter.drawText(line, int(Qt.AlignmentFlag.AlignVCenter), name)
        painter.setPen(QColor(colours.text))
        flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
        painter.drawText(line, int(flags), self.bars.texts[row])
        track = QRectF(begin, line.top(), end - begin, line.height())
        is_faint = bool(self.bars.faint) and self.bars.faint[row]
        self._draw_bar(painter, track, float(self.bars.lengths[row]), is_faint=is_faint)
        if self.bars.marks is not None:
            _draw_mark(painter, track, float(self.bars.marks[row]), QColor(colours.text))

    def _draw_bar(
        self, painter: QPainter, track: QRectF, length: float, *, is_faint: bool = False
    ) -> None:
        if self.bars is None:
            return
        colours = theme.tokens(self.palette())
        thick = max(4.0, track.height() * 0.42)
        band = QRectF(track.left(), track.center().y() - thick / 2, track.width(), thick)
        ground = QColor(colours.line)
        ground.setAlphaF(0.55)
        painter.fillRect(band, ground)
        if not np.isfinite(length):
            return
        signed = self.bars.kind == "difference"
        zero = band.center().x() if signed else band.left()
        reach = (band.width() / 2 if signed else band.width()) * float(np.clip(length, -1, 1))
        colour = QColor(colours.muted) if is_faint else self._colour(length)
        left = min(zero, zero + reach) if signed else zero
        painter.fillRect(
            QRectF(left, band.top(), abs(reach) if signed else max(reach, 0), thick), colour
        )
        if signed:
            painter.fillRect(
                QRectF(zero - 0.5, track.top() + 2, 1, track.height() - 4), QColor(colours.muted)
            )
        if length > 1 or length < (-1 if signed else 0):
            _draw_arrow(painter, band, length > 1, colour)

    def _colour(self, length: float) -> QColor:
        colours = theme.tokens(self.palette())
        dark = theme.is_dark(self.palette())
        one = np.array(np.sign(length), np.float32)
        kind = "value" if self.bars is None else self.bars.kind
        if kind == "difference":
            return QColor(*scales.diverging(one, 1.0, dark=dark).tolist())
        if kind == "error":
            return QColor(*scales.sequential(one, 1.0, dark=dark).tolist())
        return QColor(colours.accent)

    def event(self, event: QEvent) -> bool:
        """Say of the row under the mouse what its bar stands for."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            self._show_tip(event)
            return True
        return super().event(event)

    def _show_tip(self, event: QHelpEvent) -> None:
        row = event.pos().y() // self._row_height
        if self.bars is not None and 0 <= row < len(self.bars.tips):
            QToolTip.showText(QPoint(event.globalPos()), tip(self.bars.tips[row]), self)
        else:
            QToolTip.hideText()

    def sizeHint(self) -> QSize:
        """As high as the rows."""
        rows = 0 if self.bars is None else len(self.bars.names)
        return QSize(200, rows * self._row_height)

    def minimumSizeHint(self) -> QSize:
        """The rows keep their height; names are shortened first."""
        return QSize(80, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the rows that are seen."""
        if self.bars is None:
            return
        painter = QPainter(self)
        seen = event.rect()
        first = max(seen.top() // self._row_height, 0)
        last = min(seen.bottom() // self._row_height + 1, len(self.bars.names))
        for row in range(first, last):
            self._draw_row(painter, row)
        painter.end()


def _draw_mark(painter: QPainter, track: QRectF, place: float, colour: QColor) -> None:
    """A thin upright line with a light edge, so that it is seen on the bar and beside it."""
    if not np.isfinite(place):
        return
    across = track.left() + float(np.clip(place, 0, 1)) * (track.width() - 2)
    painter.fillRect(QRectF(across, track.top() + 3, 2, track.height() - 6), colour)


def _draw_arrow(painter: QPainter, band: QRectF, right: bool, colour: QColor) -> None:
    """A value beyond the end of its bar."""
    tip_at, back = (band.right() + 4, band.right()) if right else (band.left() - 4, band.left())
    corners = [(tip_at, band.center().y()), (back, band.top() - 1), (back, band.bottom() + 1)]
    arrow = QPolygonF([QPointF(x, y) for x, y in corners])
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawPolygon(arrow)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
