"""Words on the map: the epoch, what a picture of it would hide, and what to do when it is empty."""

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from aeviz.gui import theme
from aeviz.gui.captions import tip
from aeviz.gui.numbers import count
from aeviz.gui.plane_words import plane_lines
from aeviz.gui.session import Session

_EDGE = 6.0
_CORNER = QPointF(8, 6)
NO_RUN = (
    "No run yet",
    "Choose data and a model, then press Train: the map forms here, epoch by epoch.",
    "Or open a run folder with Ctrl+O, or drop one on the window.",
)
FIRST = (
    "The first epoch is on its way",
    "The map appears as soon as the samples have been encoded for the first time.",
)
NOTHING = (
    "This run has no epochs",
    "Its training ended before the first one. Train it further, or open another run.",
)


def note_on(session: Session, is_aspect_locked: bool) -> tuple[str, ...]:
    """Lines in the corner of the map, the epoch first; none before there is an epoch."""
    run = session.run
    if run is None or not session.epochs:
        return ()
    lines = [f"Epoch {session.epoch}"]
    if run.latent_dim > 2:
        lines.extend(plane_lines(session, run))
    elif run.latent_dim == 1:
        lines.append("One dimension: the height only spreads the points")
    if len(run.index) < run.total:
        lines.append(f"Showing {count(len(run.index))} of {count(run.total)} samples, at random")
    if session.masked is not None:
        shown, total = int((~session.masked).sum()), len(run.index)
        lines.append(f"Showing {count(shown)} of {count(total)} (the others are hidden)")
    if not is_aspect_locked:
        lines.append("Each axis has its own scale: distances and circles are distorted")
    return tuple(lines)


class MapNote(pg.GraphicsObject):
    """Quiet lines in the upper left corner of the map, on a ground that lets points shine through.

    It lies on the view box: a widget over the plot would have to follow the width of its axes.
    """

    def __init__(self, box: pg.ViewBox) -> None:
        super().__init__()
        self.lines: tuple[str, ...] = ()
        self._colours, self._font = theme.LIGHT, QFont()
        self._box = box
        self.setParentItem(box)
        self.setZValue(40)
        self.setPos(_CORNER)

    def say(self, lines: tuple[str, ...]) -> None:
        """Show these lines."""
        if lines != self.lines:
            self.prepareGeometryChange()
            self.lines = lines
            self.setToolTip(tip("\n".join(lines)))
            self.update()

    def dress(self, colours: theme.Tokens, font: QFont) -> None:
        """Take the colours and the type of a theme."""
        self.prepareGeometryChange()
        self._colours, self._font = colours, font
        self.update()

    def boundingRect(self) -> QRectF:
        """Room for the lines."""
        metrics = QFontMetricsF(self._font)
        wide = max((metrics.horizontalAdvance(line) for line in self.lines), default=0.0)
        high = metrics.lineSpacing() * len(self.lines)
        return QRectF(0, 0, wide + 2 * _EDGE, high + _EDGE)

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        """Draw ground and lines."""
        if not self.lines:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ground = QColor(self._colours.surface)
        ground.setAlphaF(0.82)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ground)
        area, metrics = self.boundingRect(), QFontMetricsF(self._font)
        area.setWidth(min(area.width(), self._box.width() - 2 * _CORNER.x()))
        painter.drawRoundedRect(area, 4, 4)
        painter.setFont(self._font)
        high, room = metrics.lineSpacing(), area.width() - 2 * _EDGE
        for number, line in enumerate(self.lines):
            painter.setPen(QColor(self._colours.muted if number else self._colours.text))
            place = QRectF(_EDGE, _EDGE / 2 + number * high, 4000, high)
            text = metrics.elidedText(line, Qt.TextElideMode.ElideRight, room)
            painter.drawText(place, int(Qt.AlignmentFlag.AlignVCenter), text)


class EmptyNote(QWidget):
    """Over the whole map where there is nothing to show: what to do."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.words: tuple[str, ...] = ()
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def say(self, session: Session) -> None:
        """Show what belongs to the state of the session."""
        run = session.run
        if run is None:
            words: tuple[str, ...] = NO_RUN
        elif session.epochs:
            words = ()
        else:
            words = FIRST if run.status == "training" else NOTHING
        if words != self.words or not self.accessibleName():
            self.words = words
            self.setAccessibleName(" ".join(words))
            self.update()
        self.setVisible(bool(words))
        self.raise_()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the words over the ghost of a map."""
        colours = theme.tokens(self.palette())
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), QColor(colours.surface))
        self._paint_ghost(painter)
        heading, text = theme.heading(self.font()), self.font()
        heading.setPointSizeF(heading.pointSizeF() * 1.35)
        area = QRectF(self.rect()).adjusted(32, 0, -32, 0)
        flags = int(Qt.AlignmentFlag.AlignHCenter | Qt.TextFlag.TextWordWrap)
        blocks = []
        for number, words in enumerate(self.words):
            font = text if number else heading
            room = QFontMetricsF(font).boundingRect(area, flags, words)
            blocks.append((words, font, room.height() + (6 if number else 10)))
        top = area.center().y() - sum(block[2] for block in blocks) / 2
        for number, (words, font, high) in enumerate(blocks):
            painter.setFont(font)
            painter.setPen(QColor(colours.muted if number else colours.text))
            painter.drawText(QRectF(area.left(), top, area.width(), high), flags, words)
            top += high

    def _paint_ghost(self, painter: QPainter) -> None:
        """A few pale clusters around the words."""
        generator = np.random.default_rng(11)
        table = theme.label_colours(7)
        middle, side = QPointF(self.rect().center()), min(self.width(), self.height())
        painter.setPen(Qt.PenStyle.NoPen)
        for number in range(7):
            angle = 2 * np.pi * number / 7 + 0.25
            away = np.array([np.cos(angle) * 0.56, np.sin(angle) * 0.34])
            turned = np.eye(2) + 0.5 * generator.normal(size=(2, 2))
            spread = generator.normal(size=(60, 2)) @ turned * 0.045
            colour = QColor(*table[number].tolist())
            colour.setAlphaF(0.17)
            painter.setBrush(colour)
            for x, y in ((away + spread) * side).tolist():
                painter.drawEllipse(middle + QPointF(x, y), 3.0, 3.0)
