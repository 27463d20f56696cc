"""The widgets of the reconstructions: the film strip, and originals over reconstructions."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QObject, QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFontMetrics,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QScrollArea, QSizePolicy, QToolTip, QWidget

from aeviz.gui import theme
from aeviz.gui.captions import tip
from aeviz.gui.dock_title import INSET
from aeviz.gui.figure import Figure
from aeviz.gui.film import (
    Film,
    FilmLayout,
    cell_size,
    clamp_side,
    draw_film,
    error_texts,
    layout,
    shortened,
)
from aeviz.gui.numbers import measure
from aeviz.gui.scroll import SlimScrollBar
from aeviz.gui.tiles import SampleStyle, draw_sample

_MOST_FILM, _MOST_PAIR = 72.0, 96.0
_NARROWEST = 32.0
"""Pixels between two samples at least, so that their names and errors stay apart."""
_MOST_NAME = 72.0
_EDGE = INSET
_PICTURE_SIDE = 56.0
_PICTURE_SCALE = 2.0


class FilmStrip(QWidget):
    """Draws a film; a click on a column, or the arrow keys, choose an epoch.

    Signals:
        epoch_chosen(int): The epoch of the column.
    """

    epoch_chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.film: Film | None = None
        self._shape: Sequence[int] = (1, 1, 1)
        self._room = QSize(400, 200)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName("Film strip: reconstructions over the epochs")
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def set_film(self, film: Film | None, shape: Sequence[int]) -> None:
        """Show another film of samples of a shape."""
        self.film, self._shape = film, shape
        self._resize()
        self.update()

    def fit(self, room: QSize) -> None:
        """Choose the cells so that the strip fits into the room, if they stay large enough."""
        self._room = room
        self._resize()

    def _resize(self) -> None:
        places = self.places()
        if places is not None:
            wide, high = places.width + 2 * _EDGE, places.height + _EDGE
            self.setFixedSize(math.floor(wide), math.floor(high))

    def wish(self, height: int) -> int:
        """The width that it would fill at a height."""
        places = self._places(QSize(100_000, height))
        return 0 if places is None else round(places.width) + 2 * _EDGE

    def places(self) -> FilmLayout | None:
        """Where everything lies."""
        return self._places(self._room)

    def _places(self, room: QSize) -> FilmLayout | None:
        """Names give way where that lets the whole film fit."""
        if self.film is None:
            return None
        wide = self._placed(self.film, room, min(room.width() * 0.3, 140.0))
        narrow = self._placed(self.film, room, min(max(room.width() * 0.22, 44.0), 140.0))
        fits = [made.width + 2 * _EDGE <= room.width() for made in (wide, narrow)]
        return narrow if fits == [False, True] else wide

    def _placed(self, film: Film, room: QSize, names: float) -> FilmLayout:
        """Where everything lies where names may be so wide."""
        font = theme.caption(self.font())
        rough = layout(film, font, (0.0, 0.0), names)
        across = (room.width() - 2 * _EDGE - rough.width) / (rough.columns + 1)
        if len(self._shape) != 3:
            across /= 1.5
        down = (room.height() - _EDGE - rough.height) / max(rough.rows, 1)
        side = clamp_side(min(across, down), self._shape, _MOST_FILM)
        cell = cell_size(self._shape, side, self.devicePixelRatioF())
        return layout(film, font, cell, names)

    def figure(self, title: str, about: Mapping[str, str]) -> Figure | None:
        """The whole strip for paper, None where there is none."""
        film = self.film
        if film is None:
            return None
        cell = cell_size(self._shape, _PICTURE_SIDE, _PICTURE_SCALE)
        places = layout(film, self.font(), cell, 160.0)

        def draw(painter: QPainter) -> None:
            draw_film(painter, film, places, theme.LIGHT, self.font())

        return Figure("film", title, places.width, places.height, draw, self.font(), about)

    def _choose(self, column: int) -> None:
        if self.film is not None and 0 <= column < len(self.film.epochs):
            self.epoch_chosen.emit(self.film.epochs[column])

    def _column_of_shown(self) -> int:
        """The last column that is not beyond the shown epoch."""
        if self.film is None:
            return -1
        return sum(epoch <= self.film.shown for epoch in self.film.epochs) - 1

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go to the epoch of the column."""
        places = self.places()
        if places is not None and event.button() == Qt.MouseButton.LeftButton:
            self._choose(places.column_at(event.position().x() - _EDGE))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrow keys, Home and End go along the columns."""
        at = self._column_of_shown()
        exact = self.film is not None and at >= 0 and self.film.epochs[at] == self.film.shown
        last = -1 if self.film is None else len(self.film.epochs) - 1
        column = {
            Qt.Key.Key_Left: at - 1 if exact else at,
            Qt.Key.Key_Right: at + 1,
            Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: last,
        }.get(Qt.Key(event.key()))
        if column is None:
            super().keyPressEvent(event)
        else:
            self._choose(column)

    def event(self, event: QEvent) -> bool:
        """Say where a click would go."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            QToolTip.showText(QPoint(event.globalPos()), tip(self.tip_at(event.pos().x())), self)
            return True
        return super().event(event)

    def tip_at(self, x: float) -> str:
        """What is said of the column under a point."""
        places = self.places()
        column = -1 if places is None else places.column_at(x - _EDGE)
        if self.film is None or column < 0:
            return ""
        epoch, answered = self.film.epochs[column], self.film.answered[column]
        if epoch == answered:
            return f"Go to epoch {epoch}"
        return f"Go to epoch {epoch}, which keeps no weights: epoch {answered} decoded this column"

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the strip and the frame of the keyboard's focus."""
        places = self.places()
        if self.film is None or places is None:
            return
        colours = theme.tokens(self.palette())
        painter = QPainter(self)
        painter.translate(_EDGE, 0)
        draw_film(painter, self.film, places, colours, theme.caption(self.font()))
        if self.hasFocus():
            painter.setPen(QColor(colours.accent))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            left = places.left(0) - 4
            area = QRectF(left, 0.5, places.width - left + 4, places.height - 1)
            painter.drawRoundedRect(area, 4, 4)
        painter.end()


class PairStrip(QWidget):
    """Originals in the upper row, reconstructions in the next one, errors below.

    A third row can show the same latents decoded under another condition.
    """

    def __init__(self) -> None:
        super().__init__()
        self._names: Sequence[str] = ()
        self._colours: Sequence[QColor | None] = ()
        self._originals: Sequence[NDArray[Any] | None] = ()
        self._frames: Sequence[NDArray[Any]] = ()
        self._errors: Sequence[float] = ()
        self._swapped: Sequence[NDArray[Any]] = ()
        self._swap = ""
        self._style = SampleStyle()
        self._shape: Sequence[int] = (1, 1, 1)
        self._room = QSize(300, 200)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Fixed samples: originals over reconstructions")

    def set_samples(
        self,
        names: Sequence[str],
        colours: Sequence[QColor | None],
        originals: Sequence[NDArray[Any] | None],
        style: SampleStyle,
        shape: Sequence[int],
    ) -> None:
        """Show these samples; their reconstructions stay until others come."""
        self._names, self._colours, self._originals = names, colours, originals
        self._style, self._shape = style, shape
        self._resize()
        self.update()

    def set_reconstructions(self, frames: Sequence[NDArray[Any]], errors: Sequence[float]) -> None:
        """Show the reconstructions, in the order of the samples, with their errors."""
        self._frames, self._errors = frames, errors
        told = zip(self._names, errors, strict=False)
        said = "; ".join(f"{name}: {measure(float(error), 2)}" for name, error in told)
        self.setAccessibleDescription(f"Mean squared errors: {said}" if said else "")
        self.update()

    def set_swap(self, title: str, frames: Sequence[NDArray[Any]]) -> None:
        """Show a third row under a title, or none where the title is empty."""
        has_changed = title != self._swap
        self._swap, self._swapped = title, frames
        if has_changed:
            self._resize()
        self.update()

    @property
    def _rows(self) -> int:
        return 3 if self._swap else 2

    def fit(self, room: QSize) -> None:
        """Choose the cells so that the strip fits into the room, if they stay large enough."""
        self._room = room
        self._resize()

    def _line(self) -> int:
        return round(self.fontMetrics().height() * 1.05)

    def wish(self, height: int) -> int:
        """The width that it would fill at a height."""
        wide, _ = self._cell_in(QSize(100_000, height))
        return round(len(self._names) * (max(wide, _NARROWEST, self._longest()) + 4) + 2 * _EDGE)

    def _longest(self) -> float:
        """Width of the names, as far as wider columns are worth it."""
        metrics = QFontMetrics(theme.caption(self.font()))
        widest = max((metrics.horizontalAdvance(name) for name in self._names), default=0)
        return min(widest + 4.0, _MOST_NAME)

    def _pitch(self, wide: float) -> float:
        """From one column to the next: pictures, errors and, where there is room, names fit."""
        free = (self._room.width() - 2 * _EDGE) / max(len(self._names), 1) - 4
        return max(wide, _NARROWEST, min(self._longest(), free)) + 4

    def _cell(self) -> tuple[float, float]:
        return self._cell_in(self._room)

    def _cell_in(self, room: QSize) -> tuple[float, float]:
        across = (room.width() - 2 * _EDGE) / max(len(self._names), 1) - 4
        if len(self._shape) != 3:
            across /= 1.5
        down = (room.height() - self._rows * self._line() - 8) / self._rows - 4
        side = clamp_side(min(across, down), self._shape, _MOST_PAIR)
        return cell_size(self._shape, side, self.devicePixelRatioF())

    def _resize(self) -> None:
        wide, high = self._cell()
        width = len(self._names) * self._pitch(wide) + 2 * _EDGE
        if self._swap:  # its title may be longer than a few samples are wide
            title = QFontMetrics(theme.caption(self.font())).horizontalAdvance(self._swap)
            width = max(width, min(title + 2.0 * _EDGE, self._room.width()))
        height = self._rows * (high + 4 + self._line())
        self.setFixedSize(math.floor(width), math.floor(height))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw one column per sample."""
        painter = QPainter(self)
        painter.setFont(theme.caption(self.font()))
        for column in range(len(self._names)):
            self._draw_column(painter, column)
        if self._swap:
            self._draw_swap(painter)
        painter.end()

    def _draw_swap(self, painter: QPainter) -> None:
        """The third row with its title, below the errors."""
        wide, high = self._cell()
        colours, line = theme.tokens(self.palette()), self._line()
        top = line + 2 * (high + 4) + line
        title = QRectF(_EDGE, top, self.width() - 2 * _EDGE, line)
        painter.setPen(QColor(colours.text))
        text = painter.fontMetrics().elidedText(
            self._swap, Qt.TextElideMode.ElideRight, int(title.width())
        )
        painter.drawText(title.adjusted(0, -2, 0, -2), int(Qt.AlignmentFlag.AlignVCenter), text)
        for column in range(len(self._names)):
            left = _EDGE + column * self._pitch(wide)
            self._draw_frame(painter, self._swapped, column, QRectF(left, top + line, wide, high))

    def _draw_column(self, painter: QPainter, column: int) -> None:
        wide, high = self._cell()
        colours = theme.tokens(self.palette())
        pitch = self._pitch(wide)
        left, line = _EDGE + column * pitch, self._line()
        colour = self._colours[column]
        painter.setPen(QColor(colours.text))
        head = QRectF(left, 0, pitch - 4, line)
        if colour is not None:
            mark = QRectF(left, line - 3, wide, 2)
            painter.fillRect(mark, colour)
        text = shortened(painter.fontMetrics(), self._names, pitch - 2)[column]
        painter.drawText(head.adjusted(0, -2, 2, -2), int(Qt.AlignmentFlag.AlignVCenter), text)
        self._draw_pair(painter, column, QRectF(left, line + 2, wide, high))
        if column < len(self._errors):
            painter.setPen(QColor(colours.muted))
            foot = QRectF(left, line + 2 * (high + 4), pitch, line)
            error = error_texts(painter.fontMetrics(), self._errors, pitch - 4)[column]
            painter.drawText(foot, int(Qt.AlignmentFlag.AlignVCenter), error)

    def _draw_pair(self, painter: QPainter, column: int, area: QRectF) -> None:
        colours = theme.tokens(self.palette())
        original = self._originals[column]
        below = area.translated(0, area.height() + 4)
        if original is not None:
            draw_sample(painter, area, original, self._style, colours)
        self._draw_frame(painter, self._frames, column, below)

    def _draw_frame(
        self, painter: QPainter, frames: Sequence[NDArray[Any]], column: int, area: QRectF
    ) -> None:
        """A decode, or an empty frame where it has not come."""
        colours = theme.tokens(self.palette())
        if column >= len(frames):
            painter.setPen(QColor(colours.line))
            painter.drawRect(area.adjusted(0.5, 0.5, -0.5, -0.5))
            return
        frame = frames[column]
        is_row = frame.ndim == 1
        style = self._style if is_row else SampleStyle()
        reference = self._originals[column] if is_row else None
        draw_sample(painter, area, frame, style, colours, reference)


class FittingArea(QScrollArea):
    """Scrolls a strip, and tells it the room it has."""

    def __init__(self, strip: FilmStrip | PairStrip) -> None:
        super().__init__()
        self._strip = strip
        self.setWidget(strip)
        self.setVerticalScrollBar(SlimScrollBar())
        self.setHorizontalScrollBar(SlimScrollBar(Qt.Orientation.Horizontal))
        self.setCornerWidget(QWidget())  # the style would draw a corner of its own
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setMinimumSize(60, 60)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Let the strip choose the size of its cells; leave room for the bar that it needs."""
        room = self.maximumViewportSize()
        self._strip.fit(room)
        if self._strip.height() > room.height():
            room.setWidth(room.width() - self.verticalScrollBar().sizeHint().width())
            self._strip.fit(room)
        self._choose_bars()
        super().resizeEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Another film can need other bars."""
        taken = bool(super().eventFilter(watched, event))
        if watched is self._strip and event.type() == QEvent.Type.Resize:
            self._choose_bars()
        return taken

    def _choose_bars(self) -> None:
        """No bar where all fits: left to itself, each can stay for the room the other takes."""
        room, strip = self.maximumViewportSize(), self._strip.size()
        is_whole = strip.width() <= room.width() and strip.height() <= room.height()
        policy = Qt.ScrollBarPolicy
        wanted = policy.ScrollBarAlwaysOff if is_whole else policy.ScrollBarAsNeeded
        self.setVerticalScrollBarPolicy(wanted)
        self.setHorizontalScrollBarPolicy(wanted)
