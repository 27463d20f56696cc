"""The path over the map, with a handle for every anchor that can be dragged with every tool."""

import numpy as np
from PySide6.QtCore import QPointF, Qt, Slot

from aeviz import curves
from aeviz.gui import theme
from aeviz.gui.layers.base import Layer, register_layer
from aeviz.gui.map_plot import MapPlot
from aeviz.gui.path_marks import HANDLE, Line, PathMarks, Stand
from aeviz.gui.route import Anchor
from aeviz.gui.session import Session

_GRASP = HANDLE + 4.0
"""Pixels from the middle of a handle within which it is taken."""

_STILL = 3.0
"""Pixels that a press may move and still be a click."""


@register_layer(
    "path", title="Path", tip="The path between its anchors.", order=80, is_listed=False
)
class PathLayer(Layer):
    """Shows the route of the session while it has anchors."""

    def __init__(self, session: Session, plot: MapPlot) -> None:
        super().__init__(session, plot)
        self.marks = PathMarks(plot.box)
        self.stand = Stand(plot.box)
        self._held = -1
        self._from = QPointF()
        self._has_moved = False
        route, walk = session.route, session.walk
        # an asked path is drawn at once: whatever changes the route asks
        walk.asked.connect(self._on_changed)
        walk.found.connect(self._on_changed)
        route.active_changed.connect(self._on_active_changed)
        route.at_changed.connect(self._on_at_changed)

    @Slot()
    def _on_changed(self) -> None:
        self.refresh()

    @Slot(int)
    def _on_active_changed(self, number: int) -> None:
        self.refresh()

    @Slot(float)
    def _on_at_changed(self, at: float) -> None:
        self._show_stand()

    def refresh(self) -> None:
        """Draw the route as it is at the shown epoch."""
        route, walk = self.session.route, self.session.walk
        handles = self._handles()
        lines = [line for name in route.wanted if (line := self._line(name)) is not None]
        lines.sort(key=_is_chosen)
        even = walk.even(route.method) if route.is_path else None
        steps = np.empty((0, 2))
        if even is not None:
            steps = walk.positions(curves.evenly(even, route.steps))
            if walk.is_current and walk.answer is not None and route.method == "geodesic":
                steps = walk.positions(even[:: walk.answer.values["every"]])
        self.marks.show_path(lines, steps, handles, route.active)
        self._show_stand()

    def _handles(self) -> np.ndarray:
        found = [self.session.walk.position_of(each) for each in self.session.route.anchors]
        known = [position for position in found if position is not None]
        return np.array(known, np.float64).reshape(-1, 2)

    def _line(self, method: str) -> Line | None:
        route, walk = self.session.route, self.session.walk
        if not route.is_path or not self.session.epochs:
            return None
        curve, is_chosen = walk.curve(method), method == route.method
        if curve is not None:
            return Line(walk.positions(curve), method, is_chosen, is_sure=True)
        if not is_chosen:
            return None
        handles = self._handles()
        positions = curves.round_trip(handles) if route.is_closed else handles
        return Line(positions, method, is_chosen, is_sure=False)

    def _show_stand(self) -> None:
        z = self.session.walk.place(self.session.route.at) if self.session.route.is_path else None
        place = None if z is None else self.session.position_of(z)
        self.stand.show_at(None if place is None else QPointF(float(place[0]), float(place[1])))

    def dress(self, colours: theme.Tokens) -> None:
        """Take the colours of a theme."""
        self.marks.dress(colours)
        self.stand.dress(colours)

    # ── handles ───────────────────────────────────────────────────────────────────────────────

    def _pixels_between(self, one: QPointF, other: QPointF) -> float:
        wide, high = self.plot.box.viewPixelSize()
        return float(np.hypot((one.x() - other.x()) / wide, (one.y() - other.y()) / high))

    def handle_at(self, at: QPointF) -> int:
        """The number of the anchor whose handle is at a position of the map, -1 for none."""
        far = [self._pixels_between(at, QPointF(*place)) for place in self._handles().tolist()]
        nearest = int(np.argmin(far)) if far else -1
        return nearest if far and far[nearest] <= _GRASP else -1

    def cursor_at(self, at: QPointF) -> Qt.CursorShape | None:
        """A hand over a handle."""
        return Qt.CursorShape.PointingHandCursor if self.handle_at(at) >= 0 else None

    def press(self, at: QPointF) -> bool:
        """Take the handle under the mouse."""
        self._held, self._from, self._has_moved = self.handle_at(at), at, False
        self.session.route.activate(self._held)
        return self._held >= 0

    def drag(self, at: QPointF) -> None:
        """Move its anchor, beyond the plane of the map along it."""
        anchors = self.session.route.anchors
        self._has_moved |= self._pixels_between(at, self._from) > _STILL
        if not self._has_moved or not 0 <= self._held < len(anchors):
            return
        place = self.session.walk.position_of(anchors[self._held])
        if place is None:
            return
        moved = self.session.walk.moved(self._held, np.array([at.x(), at.y()]) - place)
        if moved is not None:
            self.session.route.move(self._held, moved)

    def release(self, at: QPointF) -> None:
        """Leave it there, on a sample as that sample's; a click pins it."""
        route, number = self.session.route, self._held
        self._held = -1
        if not 0 <= number < len(route.anchors):
            return
        if self._has_moved:
            row = self.plot.points.row_at(self.plot.box.mapFromView(at), 2.0)
            if row >= 0:
                route.move(number, Anchor(route.anchors[number].z, row))
            return
        latents = self.session.walk.latents()
        if latents is not None:
            self.session.set_pin(latents[number])

    def menu(self, at: QPointF) -> bool:
        """Take an anchor away."""
        number = self.handle_at(at)
        if number >= 0:
            self.session.route.remove(number)
        return number >= 0


def _is_chosen(line: Line) -> bool:
    return line.is_chosen
