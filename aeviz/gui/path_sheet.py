"""The sheet of a path as a widget: scrubbed by mouse and keys, a click on a decode chooses it."""

import math

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from aeviz.gui import theme
from aeviz.gui.captions import tip
from aeviz.gui.numbers import measure
from aeviz.gui.path_drawing import Places, Scene, draw_shown, draw_still, ordinal, places_of
from aeviz.gui.route import METHODS

LENGTH = (
    "Length of the decoded path: the sum of the distances between neighbouring decodes, "
    "as the model sees samples"
)


class PathSheet(QWidget):
    """Draws a scene as wide as the panel; the scrubber over it and the curves move along the path.

    Signals:
        scrubbed(float): The person moves along the path, to a share from 0 to 1.
        cell_chosen(int, int): The row and the step of a decode that was clicked.
        row_chosen(int): The row whose name was clicked.
    """

    scrubbed = Signal(float)
    cell_chosen = Signal(int, int)
    row_chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.scene: Scene | None = None
        self.at = 0.0
        self.density = ""
        self._is_held = False
        self._still = QPixmap()
        self.setAccessibleName("Decodes along the path")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Expanding)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def show_scene(self, scene: Scene | None, at: float) -> None:
        """Show another scene, or none."""
        before = 0 if self.scene is None else len(self.scene.rows)
        rows = 0 if scene is None else len(scene.rows)
        self.scene, self.at, self._still = scene, at, QPixmap()
        said = "" if scene is None else "; ".join(_said(scene, number) for number in range(rows))
        self.setAccessibleDescription(said)
        if rows != before:
            self.updateGeometry()
        self.update()

    def show_at(self, at: float) -> None:
        """Stand at another place of the path."""
        self.at = at
        self.update()

    def places(self) -> Places | None:
        """Where everything lies now."""
        return self._places(self.width(), self.height())

    def _places(self, width: float, height: float) -> Places | None:
        if self.scene is None:
            return None
        return places_of(self.scene, width, height, self._type(), self.devicePixelRatioF())

    def _type(self) -> QFont:
        return theme.caption(self.font())

    def tip_at(self, x: float, y: float) -> str:
        """What is under a point, in a sentence."""
        places, scene = self.places(), self.scene
        if places is None or scene is None:
            return ""
        row = places.name_at(x, y)
        if row >= 0:
            return _said(scene, row) + (f". {LENGTH}" if not scene.rows[row].why else "")
        for number, told in enumerate(self._definitions(scene)):
            area = places.curve(number)
            if area.top() <= y <= area.bottom():
                return told
        return ""

    def _definitions(self, scene: Scene) -> tuple[str, str, str]:
        usual = measure(scene.low, 3), measure(scene.far, 3)
        return (
            f"Log density in nats: {self.density}. 1 % of the data lie under the dotted line, "
            f"{usual[0]} nats",
            f"Distance to the {ordinal(scene.neighbour)} nearest latent of the data, in the units "
            f"of the latents. 1 % of the data lie beyond the dotted line, {usual[1]}",
            "How far the decode moves from each step to the next: the distance between the two "
            "as the model sees samples (pixels from 0 to 1; features standardised)",
        )

    # ── Qt ────────────────────────────────────────────────────────────────────────────────────

    def heightForWidth(self, width: int) -> int:
        """All strips, with low curves."""
        places = self._places(width, 0)
        return 0 if places is None else round(places.height) + 2

    def sizeHint(self) -> QSize:
        """As high as it has to be at the present width."""
        return QSize(480, self.heightForWidth(max(self.width(), 240)))

    def minimumSizeHint(self) -> QSize:
        """Small."""
        return QSize(160, self.heightForWidth(max(self.width(), 160)) if self.scene else 0)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose a decode or a name, or begin to scrub."""
        places, x, y = self.places(), event.position().x(), event.position().y()
        if places is None or event.button() != Qt.MouseButton.LeftButton:
            return
        cell, row = places.cell_at(x, y), places.name_at(x, y)
        if cell is not None:
            self.cell_chosen.emit(*cell)
        elif row >= 0:
            self.row_chosen.emit(row)
        else:
            self._is_held = True
            self.scrubbed.emit(places.share_at(x))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Scrub; else say by the cursor what a click would do."""
        places, x, y = self.places(), event.position().x(), event.position().y()
        if places is None:
            return
        if self._is_held:
            self.scrubbed.emit(places.share_at(x))
        on = places.cell_at(x, y) is not None or places.name_at(x, y) >= 0
        shape = Qt.CursorShape.PointingHandCursor if on else Qt.CursorShape.SizeHorCursor
        self.setCursor(shape)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go."""
        self._is_held = False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go from decode to decode with the arrows, to the ends with Home and End."""
        if self.scene is None:
            super().keyPressEvent(event)
            return
        step = 1 / (self.scene.steps - 1)
        ways = {
            Qt.Key.Key_Left: self.at - step,
            Qt.Key.Key_Right: self.at + step,
            Qt.Key.Key_Home: 0.0,
            Qt.Key.Key_End: 1.0,
        }
        key = Qt.Key(event.key())
        if key in ways:
            self.scrubbed.emit(min(max(round(ways[key] / step) * step, 0.0), 1.0))
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.cell_chosen.emit(self.scene.chosen, round(self.at / step))
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        """Explain what is under the mouse."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            QToolTip.showText(
                event.globalPos(), tip(self.tip_at(event.pos().x(), event.pos().y())), self
            )
            return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the scene, and a frame while it has the keyboard."""
        places = self.places()
        if places is None or self.scene is None:
            return
        colours = theme.tokens(self.palette())
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._drawn(self.scene, places))
        draw_shown(painter, self.scene, places, self.at, self._type(), colours)
        if self.hasFocus():
            painter.setPen(QPen(QColor(colours.accent), 1.0))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()

    def _drawn(self, scene: Scene, places: Places) -> QPixmap:
        """What stays while the path plays, drawn once: each frame of it then costs little."""
        ratio = self.devicePixelRatioF()
        size = QSize(math.ceil(self.width() * ratio), math.ceil(self.height() * ratio))
        if self._still.size() != size or self._still.devicePixelRatio() != ratio:
            self._still = QPixmap(size)
            self._still.setDevicePixelRatio(ratio)
            self._still.fill(Qt.GlobalColor.transparent)
            painter = QPainter(self._still)
            draw_still(painter, scene, places, self._type(), theme.tokens(self.palette()))
            painter.end()
        return self._still

    def changeEvent(self, event: QEvent) -> None:
        """Follow light, dark and the font."""
        super().changeEvent(event)
        if hasattr(self, "_still"):
            self._still = QPixmap()


def _said(scene: Scene, number: int) -> str:
    """A method and how long it is, in words."""
    row = scene.rows[number]
    if row.why:
        return f"{METHODS[row.method]}: {row.why}"
    return f"{METHODS[row.method]}: decoded length {measure(row.length, 3)}"
