"""The map as a plot: points and marks over axes, mouse and keys as plain signals."""

import math
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt, Signal, Slot
from PySide6.QtGui import QCursor, QKeyEvent, QMouseEvent, QWheelEvent

from aeviz import geometry
from aeviz.gui import theme
from aeviz.gui.map_notes import MapNote
from aeviz.gui.overlays import HoverRing, Pin, SelectionRings
from aeviz.gui.plotting import StyledPlot
from aeviz.gui.points import PointCloudItem

MARGIN = 0.08
"""How much wider than the points the map is, as a share."""

TOLERANCE = 6.0
"""Pixels from the edge of a spot within which the mouse is on it."""

_EASE = 0.22
_GAP = 84


class Taker(Protocol):
    """What may take a drag of the left button on the map."""

    def press(self, at: QPointF, row: int, keys: Qt.KeyboardModifier) -> bool:
        """The button went down at a position, over the sample of a row or -1; True takes it."""
        ...

    def drag(self, at: QPointF, keys: Qt.KeyboardModifier) -> None:
        """The mouse moved with it."""
        ...

    def release(self, at: QPointF, keys: Qt.KeyboardModifier) -> None:
        """It came up."""
        ...


class MapPlot(StyledPlot):
    """Points, pin and rings; it says where the mouse is and knows nothing of runs.

    Signals:
        pointed(QPointF, int): The mouse is at a position of the map; the row under it, or -1.
        left(): The mouse is elsewhere.
        clicked(QPointF, int, object): The left button was clicked at a position; the row under it,
            or -1; the modifier keys.
        double_clicked(QPointF, int): The left button was clicked twice; `clicked` came for the
            first time.
        menu_asked(QPoint): The right button was clicked; a place on the screen.
        nudged(QPointF): An arrow key; how far to move, on the map.
        moved_by_hand(): The person panned or zoomed.
    """

    pointed = Signal(QPointF, int)
    left = Signal()
    clicked = Signal(QPointF, int, object)
    double_clicked = Signal(QPointF, int)
    menu_asked = Signal(QPoint)
    nudged = Signal(QPointF)
    moved_by_hand = Signal()

    def __init__(self) -> None:
        super().__init__("Latent map", gaps=(_GAP, _GAP))
        self.setFrameShape(self.Shape.NoFrame)
        self.box = self.getViewBox()
        # What is added in the map's own coordinates lies under the points, which lie on the box.
        self.box.childGroup.setZValue(-20)
        self.points = PointCloudItem(self.box)
        self.chosen = PointCloudItem(self.box)
        self.chosen.setZValue(self.points.zValue() + 1)
        self.rings = SelectionRings(self.box)
        self.ring = HoverRing(self.box)
        self.pin = Pin(self.box)
        self.note = MapNote(self.box)
        self.region: geometry.Region | None = None
        self._target: geometry.Region | None = None
        self.taker: Taker | None = None
        self._is_taken = False
        self.box.setAspectLocked(True)
        self.box.setDefaultPadding(0)
        self.viewport().setCursor(Qt.CursorShape.CrossCursor)
        self.scene().sigMouseClicked.connect(self._on_clicked)
        self.box.sigRangeChangedManually.connect(self._on_moved)
        self.restyle()

    # ── region ────────────────────────────────────────────────────────────────────────────────

    @property
    def is_aspect_locked(self) -> bool:
        """Whether both axes have one scale."""
        return self.box.state["aspectLocked"] is not False

    def set_aspect_locked(self, is_locked: bool) -> None:
        """Give both axes one scale, or let each fill the room."""
        self.box.setAspectLocked(is_locked)
        if self.region is not None:
            self.look_at(self.region)

    def fit(self, region: geometry.Region) -> None:
        """Show exactly a region, as large as possible."""
        self.region, self._target = region, region
        wide, high = region[1] - region[0], region[3] - region[2]
        most = max(wide, high)
        # The limits of another run must not bend this region on the way.
        self.box.setLimits(minXRange=None, maxXRange=None, minYRange=None, maxYRange=None)
        self.look_at(region)
        # Beyond these, single precision and pyqtgraph's own arithmetic give way.
        low, high = most * 1e-5, most * 1e3
        self.box.setLimits(minXRange=low, maxXRange=high, minYRange=low, maxYRange=high)

    def hold(self, needed: geometry.Region, *, at_once: bool) -> None:
        """Show a region too: what is shown only grows, in steps, and each step is eased.

        Args:
            needed: What has to be seen now.
            at_once: Whether this is no animation: then the region holds what is needed and no more.
        """
        if self.region is None or self._target is None:
            self.fit(needed)
            return
        if at_once:
            self._target = geometry.union(self._target, needed)
            self.region = self._target
        else:
            self._target = geometry.grown(self._target, needed)
            start, end = np.asarray(self.region), np.asarray(self._target)
            left, right, low, high = geometry.lerp(start, end, _EASE).tolist()
            self.region = geometry.union((left, right, low, high), needed)
        self.look_at(self.region)

    def look_at(self, region: geometry.Region) -> None:
        """Show a region as panning and zooming do: what is held stays as it was."""
        self.box.setRange(xRange=region[:2], yRange=region[2:], padding=0)

    # ── pointing ──────────────────────────────────────────────────────────────────────────────

    def row_at(self, place: QPointF) -> int:
        """The row of the sample at a place of the widget, -1 for none."""
        tolerance = self.points.diameter / 2 + TOLERANCE
        return self.points.row_at(
            self.box.mapFromScene(self.mapToScene(place.toPoint())), tolerance
        )

    def position_at(self, place: QPointF) -> QPointF | None:
        """The position of the map at a place of the widget, None outside the axes."""
        scene = self.mapToScene(place.toPoint())
        if not self.box.sceneBoundingRect().contains(scene):
            return None
        position = self.box.mapSceneToView(scene)
        return position if math.isfinite(position.x() + position.y()) else None

    def point_again(self) -> None:
        """Say anew what is under the mouse, since the map has changed under it."""
        place = self.viewport().mapFromGlobal(QCursor.pos())
        if self.viewport().underMouse():
            self._point(QPointF(place))

    def _point(self, place: QPointF) -> None:
        position = self.position_at(place)
        if position is None:
            self.left.emit()
        else:
            self.pointed.emit(position, self.row_at(place))

    def show_ring(self, row: int) -> None:
        """Ring the sample of a row, or none for -1."""
        positions = self.points.positions
        self.ring.set_reach(self.points.diameter / 2 + 3.5)
        self.ring.show_at(_point(positions[row]) if 0 <= row < len(positions) else None)

    def move_points(self, positions: NDArray[np.float32]) -> None:
        """Put the points elsewhere, and those above them that are selected."""
        self.points.set_positions(positions)
        if not self.chosen.is_empty:
            self.chosen.set_positions(positions)

    def show_rings(self, rows: NDArray[np.int64]) -> None:
        """Ring the samples of rows."""
        positions = self.points.positions
        self.rings.radius = self.points.diameter / 2 + 4
        self.rings.show_at(positions[rows[rows < len(positions)]])

    def show_pin(self, position: NDArray[np.float32] | None) -> None:
        """Pin a position, or none."""
        self.pin.show_at(None if position is None else _point(position))

    @Slot(object)
    def _on_clicked(self, event: Any) -> None:
        place = QPointF(self.mapFromScene(event.scenePos()))
        if self.position_at(place) is None:
            return
        if event.button() == Qt.MouseButton.RightButton:
            self.menu_asked.emit(event.screenPos().toPoint())
        elif event.button() == Qt.MouseButton.LeftButton and event.double():
            self.double_clicked.emit(self.position_at(place), self.row_at(place))
        elif event.button() == Qt.MouseButton.LeftButton:
            at, row = self.position_at(place), self.row_at(place)
            self.clicked.emit(at, row, event.modifiers())

    @Slot()
    def _on_moved(self) -> None:
        self.moved_by_hand.emit()

    def restyle(self) -> None:
        """Dress the marks too."""
        super().restyle()
        # The constructor of the base calls it before they are there.
        for mark in (getattr(self, name, None) for name in ("pin", "ring", "rings")):
            if mark is not None:
                mark.dress(self.colours)
        if hasattr(self, "note"):
            self.note.dress(self.colours, theme.caption(self.font()))

    def anywhere_at(self, place: QPointF) -> QPointF:
        """The position of the map at a place of the widget, also outside the axes."""
        return QPointF(self.box.mapSceneToView(self.mapToScene(place.toPoint())))

    # ── Qt ────────────────────────────────────────────────────────────────────────────────────

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Offer a press of the left button to what may take it; else pan or click."""
        place, is_left = event.position(), event.button() == Qt.MouseButton.LeftButton
        at = self.position_at(place) if is_left and self.taker is not None else None
        if at is not None and self.taker is not None:
            self._is_taken = self.taker.press(at, self.row_at(place), event.modifiers())
        if self._is_taken and is_left:
            self.setFocus(Qt.FocusReason.MouseFocusReason)
            event.accept()
        else:
            super().mousePressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End a drag that was taken."""
        if self._is_taken and event.button() == Qt.MouseButton.LeftButton:
            self._is_taken = False
            if self.taker is not None:
                self.taker.release(self.anywhere_at(event.position()), event.modifiers())
        else:
            super().mouseReleaseEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Leave the second of two clicks to the scene, whoever took the first."""
        self._is_taken = False
        super().mouseDoubleClickEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Point, unless the map is being dragged."""
        if self._is_taken and self.taker is not None:
            self.taker.drag(self.anywhere_at(event.position()), event.modifiers())
            self._point(event.position())
            return
        if event.buttons() == Qt.MouseButton.NoButton:
            # Nothing in the scene wants to know; looking through its items takes some 5 ms.
            self._point(event.position())
        else:
            super().mouseMoveEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        """Point at nothing."""
        super().leaveEvent(event)
        self.left.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom around the mouse."""
        super().wheelEvent(event)
        self._point(event.position())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Nudge with the arrows, ten times as far with Shift; zoom with plus and minus."""
        ways = {
            Qt.Key.Key_Left: (-1, 0),
            Qt.Key.Key_Right: (1, 0),
            Qt.Key.Key_Down: (0, -1),
            Qt.Key.Key_Up: (0, 1),
        }
        zooms = {Qt.Key.Key_Plus: 0.8, Qt.Key.Key_Equal: 0.8, Qt.Key.Key_Minus: 1.25}
        key = Qt.Key(event.key())
        if key in ways:
            far = 40.0 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 4.0
            size = self.box.viewPixelSize()
            x, y = ways[key]
            self.nudged.emit(QPointF(x * far * size[0], y * far * size[1]))
        elif key in zooms:
            self.box.scaleBy((zooms[key], zooms[key]))
            self.moved_by_hand.emit()
        else:
            event.ignore()


def _point(position: NDArray[np.float32]) -> QPointF:
    return QPointF(float(position[0]), float(position[1]))
