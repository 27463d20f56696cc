"""The line of the epochs: where the playhead is, what can be decoded, what happened when."""

import math

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QFontMetricsF,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from aeviz.gui import theme
from aeviz.gui.captions import tip
from aeviz.gui.marks import happened, marks, sections
from aeviz.gui.plotting import mixed, nice_step
from aeviz.gui.session import Session

_EDGE = 14.0
_TRACK = 3.0
_HANDLE = 7.0
_DOT = 2.6
_LETTERS = 3  # of the name of a stage at least, before its "…"
_DOT_GAP = 9.0
_NUMBER_GAP = 46.0
_LINE = 15.0


class Scrubber(QWidget):
    """Epochs as dots on a line with the playhead on it; drawn and operated by us.

    Dots are hollow where an epoch keeps no weights; marks over the line are events; upright lines
    are where a stage begins.

    Signals:
        scrubbed(float): The person moves the playhead there.
        settled(float): And lets it go.
        stepped(int): By keys or wheel: so many epochs on.
        toggled(): Play or pause.
    """

    scrubbed = Signal(float)
    settled = Signal(float)
    stepped = Signal(int)
    toggled = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._hovered: int | None = None
        self._is_held = False
        self._wheel = 0
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self.tr("Timeline"))

    @property
    def line_height(self) -> int:
        """Height of what stands beside the line, so that it is centred on it."""
        return int(2 * _LINE)

    @property
    def is_held(self) -> bool:
        """Whether the person drags the playhead."""
        return self._is_held

    @property
    def end(self) -> int:
        """The last epoch that has a place: planned ones too while the run trains."""
        session = self._session
        trains = session.run is not None and session.is_training
        planned = session.run.epochs if trains and session.run is not None else 0
        return max(session.last_epoch, planned, 1)

    def place_of(self, time: float) -> float:
        """Where a time lies, in pixels from the left."""
        return _EDGE + time / self.end * (self.width() - 2 * _EDGE)

    def time_at(self, place: float) -> float:
        """The time at a place, within the epochs that are there."""
        length = max(self.width() - 2 * _EDGE, 1.0)
        time = (place - _EDGE) / length * self.end
        return min(max(time, 0.0), float(max(self._session.last_epoch, 0)))

    def words_on(self, epoch: int) -> str:
        """What the tooltip says of an epoch."""
        session = self._session
        if not 0 <= epoch <= session.last_epoch:
            return ""
        done = session.epochs[epoch]
        lines = [self.tr("Epoch {epoch}").format(epoch=epoch)]
        if epoch == 0:
            lines[0] = self.tr("Epoch 0, before training")
        elif session.run is not None and done.stage < len(session.run.stages) > 1:
            stage = session.run.stages[done.stage]
            lines[0] = self.tr("Epoch {epoch}, stage {stage}").format(epoch=epoch, stage=stage)
        lines += happened(session, epoch)
        if not done.has_weights:
            lines.append(self.tr("It keeps no weights: the nearest kept epoch decodes."))
        return ". ".join(line.rstrip(".") for line in lines)

    # ── drawing ───────────────────────────────────────────────────────────────────────────────

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw track, epochs, events, numbers, playhead."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_track(painter)
        if not self._session.epochs:
            return
        self._paint_numbers(painter)
        self._paint_stages(painter)
        self._paint_epochs(painter)
        self._paint_events(painter)
        self._paint_handle(painter)

    def _band(self, start: float, end: float) -> QRectF:
        left, right = self.place_of(start), self.place_of(end)
        return QRectF(left, _LINE - _TRACK / 2, right - left, _TRACK)

    def _paint_track(self, painter: QPainter) -> None:
        colours, session = theme.tokens(self.palette()), self._session
        painter.setPen(Qt.PenStyle.NoPen)
        planned = QColor(colours.line)
        planned.setAlphaF(0.7)
        painter.setBrush(planned)
        painter.drawRoundedRect(self._band(0, self.end).adjusted(0, 0.75, 0, -0.75), 1, 1)
        if session.last_epoch > 0:
            painter.setBrush(QColor(colours.line).darker(112))
            painter.drawRoundedRect(self._band(0, session.last_epoch), _TRACK / 2, _TRACK / 2)
            painter.setBrush(QColor(colours.accent))
            painter.drawRoundedRect(self._band(0, session.playhead), _TRACK / 2, _TRACK / 2)

    def _paint_numbers(self, painter: QPainter) -> None:
        colours, font = theme.tokens(self.palette()), theme.caption(self.font())
        painter.setFont(font)
        painter.setPen(QColor(colours.muted))
        metrics = QFontMetricsF(font)
        length = self.width() - 2 * _EDGE
        step = max(math.ceil(nice_step(self.end, length, _NUMBER_GAP)), 1)
        for epoch in range(0, self.end + 1, step):
            wide = metrics.horizontalAdvance(str(epoch)) + 2
            room = QRectF(self.place_of(epoch) - wide / 2, _LINE + 7, wide, metrics.height())
            painter.drawText(room, int(Qt.AlignmentFlag.AlignHCenter), str(epoch))

    def _paint_stages(self, painter: QPainter) -> None:
        """Where stages begin, and under the numbers their names."""
        colours, font = theme.tokens(self.palette()), theme.caption(self.font())
        metrics = QFontMetricsF(font)
        top = _LINE + 7 + metrics.height()
        painter.setFont(font)
        for section in sections(self._session, self.end):
            left, right = self.place_of(section.start), self.place_of(section.end)
            painter.setPen(QPen(mixed(colours.muted, colours.window, 0.5), 1.0))
            if section.start > 0:
                painter.drawLine(QPointF(left, _LINE - 9), QPointF(left, self.height()))
            room = QRectF(left + 6, top, right - left - 12, metrics.height())
            name = metrics.elidedText(section.name, Qt.TextElideMode.ElideRight, room.width())
            if name == section.name or len(name) > _LETTERS:
                painter.setPen(QColor(colours.muted))
                painter.drawText(room, int(Qt.AlignmentFlag.AlignLeft), name)

    def _paint_epochs(self, painter: QPainter) -> None:
        """Dots, as many as there is room for; those without weights are hollow."""
        colours, session = theme.tokens(self.palette()), self._session
        apart = (self.width() - 2 * _EDGE) / self.end
        step = max(math.ceil(_DOT_GAP / max(apart, 1e-9)), 1)
        for epoch in range(0, session.last_epoch + 1, step):
            middle = QPointF(self.place_of(epoch), _LINE)
            done = epoch <= session.playhead
            colour = QColor(colours.accent if done else colours.missing)
            if session.epochs[epoch].has_weights:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(colour)
                painter.drawEllipse(middle, _DOT, _DOT)
            else:
                painter.setPen(QPen(colour, 1.2))
                painter.setBrush(self.palette().window())
                painter.drawEllipse(middle, _DOT, _DOT)

    def _paint_events(self, painter: QPainter) -> None:
        colours = theme.tokens(self.palette())
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours.warning))
        for mark in marks(self._session, self.place_of, 1.0):
            x, top = self.place_of(mark.epoch), _LINE - 12
            corners = ((x - 4, top), (x + 4, top), (x, top + 5.5))
            painter.drawPolygon(QPolygonF([QPointF(*corner) for corner in corners]))

    def _paint_handle(self, painter: QPainter) -> None:
        colours = theme.tokens(self.palette())
        middle = QPointF(self.place_of(self._session.playhead), _LINE)
        if self.hasFocus():
            glow = QColor(colours.accent)
            glow.setAlphaF(0.28)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(glow)
            painter.drawEllipse(middle, _HANDLE + 4, _HANDLE + 4)
        painter.setPen(QPen(QColor(colours.surface), 2.0))
        painter.setBrush(QColor(colours.accent))
        grown = _HANDLE + (1.0 if self._is_held or self._hovered is not None else 0.0)
        painter.drawEllipse(middle, grown, grown)

    # ── Qt ────────────────────────────────────────────────────────────────────────────────────

    def sizeHint(self) -> QSize:
        """As wide as there is room; higher where stages have names."""
        run = self._session.run
        rows = 2 if run is not None and len(run.stages) > 1 else 1
        numbers = QFontMetricsF(theme.caption(self.font())).height()
        return QSize(400, math.ceil(_LINE + 7 + rows * numbers + 3))

    def minimumSizeHint(self) -> QSize:
        """A short one."""
        return QSize(120, self.sizeHint().height())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take the playhead."""
        if event.button() == Qt.MouseButton.LeftButton and self._session.epochs:
            self._is_held = True
            self.scrubbed.emit(self.time_at(event.position().x()))
            self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Move the playhead, or say which epoch lies under the mouse."""
        if not self._session.epochs:
            return
        time = self.time_at(event.position().x())
        self._hovered = round(time)
        if self._is_held:
            self.scrubbed.emit(time)
        words = self.words_on(self._hovered)
        below = QPoint(round(event.position().x()), round(_LINE + _HANDLE))
        QToolTip.showText(self.mapToGlobal(below), tip(words), self)
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let the playhead go: it settles on a whole epoch."""
        if self._is_held and event.button() == Qt.MouseButton.LeftButton:
            self._is_held = False
            self.settled.emit(float(round(self.time_at(event.position().x()))))
            self.update()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Step through the epochs."""
        self._wheel += event.angleDelta().y() or event.angleDelta().x()
        steps = int(self._wheel / 120)
        self._wheel -= 120 * steps
        if steps:
            self.stepped.emit(steps)
        event.accept()

    def leaveEvent(self, event: QEvent) -> None:
        """Nothing is under the mouse."""
        self._hovered = None
        self.update()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show that keys move the playhead."""
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Show it no more."""
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows step, Home and End jump, Space plays."""
        steps = {
            Qt.Key.Key_Left: -1,
            Qt.Key.Key_Down: -1,
            Qt.Key.Key_Right: 1,
            Qt.Key.Key_Up: 1,
            Qt.Key.Key_PageDown: -10,
            Qt.Key.Key_PageUp: 10,
            Qt.Key.Key_Home: -self.end,
            Qt.Key.Key_End: self.end,
        }
        key = Qt.Key(event.key())
        if key in steps:
            self.stepped.emit(steps[key])
        elif key == Qt.Key.Key_Space:
            self.toggled.emit()
        else:
            super().keyPressEvent(event)
