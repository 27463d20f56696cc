"""The track of the timeline: epochs as ticks, events as marks, and the playhead that is dragged."""

import math

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QFont,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from aeviz.gui import theme
from aeviz.gui.session import Session

_HEIGHT = 40
_MARGIN = 12.0
_RAIL_Y = 14.0
_RAIL = 4.0
_KNOB = 7.0
_LABEL_GAP = 46.0
_STEPS = (1, 2, 5)


class TimelineTrack(QWidget):
    """Time from epoch 0 to the last planned epoch, drawn by us.

    Signals:
        sought(float): A person went to a time, in epochs.
        stepped(int): A person went one epoch on (1) or back (-1).
    """

    sought = Signal(float)
    stepped = Signal(int)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self.tr("Timeline"))
        self.setAccessibleDescription(self.tr("Left and right go one epoch back and on."))

    # ── where things are ──────────────────────────────────────────────────────────────────────

    @property
    def end(self) -> int:
        """The last epoch of the axis: the planned one while training, else the newest."""
        run = self.session.run
        planned = run.epochs if run is not None and self.session.is_training else 0
        return max(self.session.last_epoch, planned, 1)

    def x_of(self, time: float) -> float:
        """Where a time lies, in pixels."""
        return _MARGIN + (self.width() - 2 * _MARGIN) * time / self.end

    def time_of(self, x: float) -> float:
        """The time under a pixel, within the epochs that there are."""
        share = (x - _MARGIN) / max(1.0, self.width() - 2 * _MARGIN)
        return min(max(share * self.end, 0.0), float(max(self.session.last_epoch, 0)))

    def _label_step(self) -> int:
        per_epoch = (self.width() - 2 * _MARGIN) / self.end
        wanted = max(1.0, _LABEL_GAP / max(per_epoch, 1e-9))
        decade = int(10 ** math.floor(math.log10(wanted)))
        return next(step * decade for step in (*_STEPS, 10) if step * decade >= wanted)

    # ── drawing ───────────────────────────────────────────────────────────────────────────────

    def _draw_rail(self, painter: QPainter, colours: theme.Tokens) -> None:
        top = _RAIL_Y - _RAIL / 2
        whole = QRectF(_MARGIN, top, self.width() - 2 * _MARGIN, _RAIL)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours.line))
        painter.drawRoundedRect(whole, _RAIL / 2, _RAIL / 2)
        if self.session.last_epoch < 0:
            return
        there = QColor(colours.accent)
        there.setAlphaF(0.35)
        painter.setBrush(there)
        reach = QRectF(_MARGIN, top, self.x_of(self.session.last_epoch) - _MARGIN, _RAIL)
        painter.drawRoundedRect(reach, _RAIL / 2, _RAIL / 2)
        painter.setBrush(QColor(colours.accent))
        played = QRectF(_MARGIN, top, self.x_of(self.session.playhead) - _MARGIN, _RAIL)
        painter.drawRoundedRect(played, _RAIL / 2, _RAIL / 2)

    def _draw_ticks(self, painter: QPainter, colours: theme.Tokens) -> None:
        step = self._label_step()
        small = max(1, step // 5) if step >= 5 else 1
        painter.setPen(QPen(QColor(colours.muted), 1.0))
        for epoch in range(0, self.end + 1, small):
            x = self.x_of(epoch)
            long = epoch % step == 0
            painter.drawLine(QPointF(x, _RAIL_Y + 8), QPointF(x, _RAIL_Y + (12 if long else 10)))
        for epoch in range(0, self.end + 1, step):
            box = QRectF(self.x_of(epoch) - 30, _RAIL_Y + 12, 60, 14)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, str(epoch))

    def _draw_marks(self, painter: QPainter, colours: theme.Tokens) -> None:
        """Events as small diamonds over the rail; epochs whose weights went as hollow dots."""
        for done in self.session.epochs:
            x = self.x_of(done.epoch)
            if done.events:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(QColor(colours.warning))
                middle = QPointF(x, _RAIL_Y - 8)
                painter.drawPolygon(
                    [middle + QPointF(*d) for d in ((0, -4), (4, 0), (0, 4), (-4, 0))]
                )
            if not done.has_weights:
                painter.setPen(QPen(QColor(colours.muted), 1.0))
                painter.setBrush(QColor(colours.surface))
                painter.drawEllipse(QPointF(x, _RAIL_Y), 2.5, 2.5)

    def _draw_playhead(self, painter: QPainter, colours: theme.Tokens) -> None:
        middle = QPointF(self.x_of(self.session.playhead), _RAIL_Y)
        if self.hasFocus():
            halo = QColor(colours.accent)
            halo.setAlphaF(0.25)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(halo)
            painter.drawEllipse(middle, _KNOB + 4, _KNOB + 4)
        painter.setPen(QPen(QColor(colours.surface), 2.0))
        painter.setBrush(QColor(colours.accent))
        painter.drawEllipse(middle, _KNOB, _KNOB)

    # ── Qt ────────────────────────────────────────────────────────────────────────────────────

    def sizeHint(self) -> QSize:
        """As wide as there is room, one line high."""
        return QSize(400, _HEIGHT)

    def minimumSizeHint(self) -> QSize:
        """Room for a few epochs."""
        return QSize(120, _HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw rail, ticks, marks, playhead."""
        colours = theme.tokens(self.palette())
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = QFont(self.font())
        font.setPointSizeF(max(7.0, font.pointSizeF() * 0.8))
        painter.setFont(font)
        self._draw_rail(painter, colours)
        if self.session.epochs:
            self._draw_ticks(painter, colours)
            self._draw_marks(painter, colours)
            self._draw_playhead(painter, colours)
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go to the time under the mouse."""
        if event.button() == Qt.MouseButton.LeftButton and self.session.epochs:
            self.sought.emit(self.time_of(event.position().x()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag the playhead; else say which epoch is under the mouse."""
        if not self.session.epochs:
            return
        time = self.time_of(event.position().x())
        if event.buttons() & Qt.MouseButton.LeftButton:
            self.sought.emit(time)
        else:
            QToolTip.showText(event.globalPosition().toPoint(), self._tip(round(time)), self)

    def _tip(self, epoch: int) -> str:
        done = self.session.epochs[epoch]
        lines = [self.tr("Epoch {epoch}").format(epoch=epoch), *done.events]
        if not done.has_weights:
            lines.append(self.tr("Its weights were thinned: the nearest kept epoch decodes."))
        return "\n".join(lines)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Rest on the nearest whole epoch."""
        if event.button() == Qt.MouseButton.LeftButton and self.session.epochs:
            self.sought.emit(float(round(self.time_of(event.position().x()))))

    def wheelEvent(self, event: QWheelEvent) -> None:
        """One epoch on or back for each notch."""
        turned = event.angleDelta().y() or -event.angleDelta().x()
        if turned:
            self.stepped.emit(1 if turned < 0 else -1)
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Left and right step, Home and End go to the ends."""
        key = event.key()
        if key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self.stepped.emit(1 if key == Qt.Key.Key_Right else -1)
        elif key in (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown):
            self.stepped.emit(10 if key == Qt.Key.Key_PageUp else -10)
        elif key == Qt.Key.Key_Home:
            self.sought.emit(0.0)
        elif key == Qt.Key.Key_End:
            self.sought.emit(float(max(self.session.last_epoch, 0)))
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show the focus."""
        self.update()
        super().focusInEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Show that the focus went."""
        self.update()
        super().focusOutEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        """Follow light and dark."""
        if event.type() == QEvent.Type.PaletteChange:
            self.update()
        super().changeEvent(event)
