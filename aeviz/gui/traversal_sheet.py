"""Rows of a traversal: a strip of decodes for each dimension, which is its slider too."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFontMetricsF,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from aeviz.gui import theme
from aeviz.gui.figure import Figure
from aeviz.gui.tiles import SampleStyle, draw_sample

STEPS = 9
_GAP, _NAMES, _MARK = 6.0, 66.0, 5.0
_MOST_CELL = 56.0


@dataclass(eq=False)
class TraversalRow:
    """One dimension.

    Attributes:
        dimension: Its number.
        name: Such as z₃.
        detail: What it carries, or that it is dead.
        is_dead: Whether it carries nothing.
        low: Value at the left end of the strip.
        high: At the right end.
        value: Of the base point.
        frames: Decodes along it, (STEPS, …), None before they have come.
        slope: |∂x/∂z| as a picture or a row of features, None before it has come.
    """

    dimension: int
    name: str
    detail: str
    is_dead: bool
    low: float
    high: float
    value: float = 0.0
    frames: NDArray[Any] | None = None
    slope: NDArray[Any] | None = field(default=None)


class TraversalSheet(QWidget):
    """Paints the rows that are in view; dragging along a strip changes that dimension.

    Signals:
        dragged(int, float): A dimension and its new value.
        rows_seen(): Other rows came into view.
    """

    dragged = Signal(int, float)
    rows_seen = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[TraversalRow] = []
        self.style_of_samples = SampleStyle()
        self.slope_style = SampleStyle()
        self.current = 0
        self._held = -1
        self._seen: tuple[int, int] = (0, 0)
        self.setAccessibleName("Traversal: a strip of decodes for every latent dimension")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def set_rows(self, rows: list[TraversalRow]) -> None:
        """Show these rows."""
        self.rows = rows
        self.current = min(self.current, max(len(rows) - 1, 0))
        self._seen = (0, 0)
        self.setVisible(bool(rows))
        self.updateGeometry()
        self._describe()
        self.update()

    def seen(self) -> list[TraversalRow]:
        """The rows that are in view."""
        region = self.visibleRegion().boundingRect()
        if region.isEmpty():
            return []
        pitch = self.pitch
        first = max(int((region.top()) / pitch), 0)
        return self.rows[first : int(region.bottom() / pitch) + 1]

    # ── where things lie ──────────────────────────────────────────────────────────────────────

    @property
    def cell(self) -> float:
        """Side of a decode in pixels: strip and slope share the width."""
        room = self.width() - _NAMES - _GAP
        return max(min(room / (STEPS + 1.15), _MOST_CELL), 8.0)

    @property
    def pitch(self) -> float:
        """From one row to the next."""
        return max(self.cell, 2.2 * self.fontMetrics().height()) + _MARK + _GAP

    def _strip(self, row: int) -> QRectF:
        return QRectF(_NAMES, row * self.pitch + _MARK, STEPS * self.cell, self.cell)

    def value_at(self, row: int, x: float) -> float:
        """The value of a row's dimension at a place along its strip."""
        own, strip = self.rows[row], self._strip(row)
        inner = strip.width() - self.cell  # the first and the last decode stand at the ends
        share = (x - strip.left() - self.cell / 2) / inner
        return own.low + min(max(share, 0.0), 1.0) * (own.high - own.low)

    def place_of(self, row: int) -> float:
        """Where the value of the base point lies along a row's strip, in pixels."""
        own, strip = self.rows[row], self._strip(row)
        span = own.high - own.low
        share = min(max((own.value - own.low) / span, 0.0), 1.0) if span > 0 else 0.5
        return strip.left() + self.cell / 2 + share * (strip.width() - self.cell)

    def sizeHint(self) -> QSize:
        """As high as all rows."""
        return QSize(240, round(self.pitch * len(self.rows)))

    def minimumSizeHint(self) -> QSize:
        """The same height; the rest is scrolled."""
        return QSize(160, self.sizeHint().height())

    # ── the hand ──────────────────────────────────────────────────────────────────────────────

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take hold of the slider under the mouse."""
        row = int(event.position().y() / self.pitch)
        is_left = event.button() == Qt.MouseButton.LeftButton
        if is_left and 0 <= row < len(self.rows) and event.position().x() >= _NAMES:
            self._held = self.current = row
            self._describe()
            self._drag_to(event.position().x())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag it."""
        if self._held >= 0:
            self._drag_to(event.position().x())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go."""
        self._held = -1

    def _drag_to(self, x: float) -> None:
        row = self.rows[self._held]
        value = self.value_at(self._held, x)
        row.value = value
        self.update()
        self.dragged.emit(row.dimension, value)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Up and down choose a dimension, left and right change it."""
        turns = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
        ways = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}
        key = Qt.Key(event.key())
        if not self.rows or key not in {**turns, **ways}:
            super().keyPressEvent(event)
            return
        if key in ways:
            self.current = min(max(self.current + ways[key], 0), len(self.rows) - 1)
            self._describe()
        else:
            row = self.rows[self.current]
            row.value += turns[key] * (row.high - row.low) / 40
            row.value = min(max(row.value, row.low), row.high)
            self.dragged.emit(row.dimension, row.value)
        self.update()

    def _describe(self) -> None:
        if self.rows:
            row = self.rows[self.current]
            self.setAccessibleDescription(f"{row.name}, {row.detail}, {row.value:.2f}")

    # ── painting ──────────────────────────────────────────────────────────────────────────────

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the rows that are touched."""
        if not self.rows:
            return
        painter = QPainter(self)
        colours = theme.tokens(self.palette())
        first = max(int(event.rect().top() / self.pitch), 0)
        last = min(int(event.rect().bottom() / self.pitch) + 1, len(self.rows))
        for row in range(first, last):
            self._paint_row(painter, row, colours)
        painter.end()
        region = self.visibleRegion().boundingRect()
        seen = (int(region.top() / self.pitch), int(region.bottom() / self.pitch))
        if seen != self._seen:
            self._seen = seen
            self.rows_seen.emit()

    def figure(self, title: str, about: Mapping[str, str]) -> Figure | None:
        """The strips that have decodes, for paper; None where there are none."""
        shown = [number for number, row in enumerate(self.rows) if row.frames is not None]
        if not shown:
            return None

        def draw(painter: QPainter) -> None:
            for place, number in enumerate(shown):
                painter.save()
                painter.translate(0, (place - number) * self.pitch)
                self._paint_row(painter, number, theme.LIGHT)
                painter.restore()

        width = self._strip(0).right() + 1.3 * self.cell
        font = self.font()
        return Figure("traversal", title, width, len(shown) * self.pitch, draw, font, about)

    def _paint_row(self, painter: QPainter, number: int, colours: theme.Tokens) -> None:
        row, strip, cell = self.rows[number], self._strip(number), self.cell
        self._paint_name(painter, row, strip, colours, is_current=number == self.current)
        for step in range(STEPS):
            area = QRectF(strip.left() + step * cell, strip.top(), cell - 1, cell - 1)
            self._paint_cell(painter, area, row.frames, step, colours)
        slope = QRectF(strip.right() + 0.15 * cell, strip.top(), cell - 1, cell - 1)
        if row.slope is not None:
            draw_sample(painter, slope, row.slope, self.slope_style, colours)
        if row.is_dead:
            veil = QColor(colours.surface)
            veil.setAlphaF(0.72)
            painter.fillRect(QRectF(strip.left(), strip.top(), self.width(), cell), veil)
        self._paint_mark(painter, number, strip, colours)

    def _paint_cell(
        self,
        painter: QPainter,
        area: QRectF,
        frames: NDArray[Any] | None,
        step: int,
        colours: theme.Tokens,
    ) -> None:
        frame = None if frames is None else frames[step]
        if frame is None or (frame.ndim == 1 and not np.isfinite(frame).all()):
            painter.setPen(QColor(colours.line))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(area.adjusted(0.5, 0.5, -0.5, -0.5))
        else:
            style = self.style_of_samples if frame.ndim == 1 else SampleStyle()
            draw_sample(painter, area, frame, style, colours)

    def _paint_name(
        self,
        painter: QPainter,
        row: TraversalRow,
        strip: QRectF,
        colours: theme.Tokens,
        *,
        is_current: bool,
    ) -> None:
        small = theme.caption(self.font())
        line, metrics = self.fontMetrics().height(), QFontMetricsF(small)
        painter.setFont(theme.heading(self.font()) if is_current else self.font())
        painter.setPen(QColor(colours.missing if row.is_dead else colours.text))
        painter.drawText(QPointF(0, strip.top() + 0.8 * line), row.name)
        painter.setFont(small)
        painter.setPen(QColor(colours.missing if row.is_dead else colours.muted))
        text = metrics.elidedText(row.detail, Qt.TextElideMode.ElideRight, _NAMES - 4)
        painter.drawText(QPointF(0, strip.top() + 0.8 * line + metrics.lineSpacing()), text)

    def _paint_mark(
        self, painter: QPainter, number: int, strip: QRectF, colours: theme.Tokens
    ) -> None:
        """A line across the strip with a grip on top, where the base point is."""
        x = self.place_of(number)
        is_dead = self.rows[number].is_dead
        colour = QColor(colours.missing if is_dead else colours.accent)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for tone, wide in ((QColor(colours.surface), 3.6), (colour, 1.6)):
            painter.setPen(QPen(tone, wide))
            painter.drawLine(QPointF(x, strip.top() - 1), QPointF(x, strip.bottom()))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        top = strip.top()
        grip = (QPointF(x - 4.5, top - _MARK), QPointF(x + 4.5, top - _MARK), QPointF(x, top + 1))
        painter.drawPolygon(QPolygonF(list(grip)))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
