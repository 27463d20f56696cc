"""The tool that makes a path: clicks are anchors, a drag draws one by hand."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF

from aeviz import curves
from aeviz.gui.map_plot import MapPlot
from aeviz.gui.route import Anchor, State
from aeviz.gui.session import Session
from aeviz.gui.tools.base import Keys, Tool, register_tool

_STILL = 4.0
"""Pixels that a press may move and still be a click."""

_ON_LINE = 5.0
"""Pixels from a curve within which a click is on it."""

_DRAWN = 200
"""Points of a drawn line at most."""


@register_tool(
    "path",
    title="Path",
    tip="Clicks on samples or places are its anchors, a drag draws it; Enter ends it.",
    icon="spline",
    shortcut="P",
    order=10,
)
class PathTool(Tool):
    """Makes the route of the session.

    A click adds an anchor, one on the line between its neighbours; the first one after the end of a
    path begins another. A drag draws a line. Esc gives up, Delete takes an anchor away.
    """

    def __init__(self, session: Session, plot: MapPlot) -> None:
        super().__init__(session, plot)
        self.is_open = False
        self._pressed: tuple[QPointF, int] | None = None
        self._before: State | None = None
        self._line: list[QPointF] = []

    # ── mouse ─────────────────────────────────────────────────────────────────────────────────

    def press(self, at: QPointF, row: int, keys: Keys) -> bool:
        """Take it: whether it is a click or a line is seen later."""
        if not self.session.epochs:
            return False
        self._pressed, self._line, self._before = (at, row), [at], None
        return True

    def drag(self, at: QPointF, keys: Keys) -> None:
        """Draw on."""
        if self._pressed is None or not self.session.epochs:
            return
        if self._before is None and self._pixels(self._pressed[0], at) <= _STILL:
            return
        if self._before is None:
            self._before = self.session.route.state
        if self._pixels(self._line[-1], at) >= 2:
            self._line.append(at)
            self._draw()

    def release(self, at: QPointF, keys: Keys) -> None:
        """End the line, or add an anchor."""
        pressed, self._pressed = self._pressed, None
        if pressed is None or not self.session.epochs:
            return
        if self._before is None:
            self._click(*pressed)
            return
        self._before, self.is_open = None, False
        row = self.plot.points.row_at(self.plot.box.mapFromView(at), 2.0)
        for number, end in ((0, pressed[1]), (1, row)):
            anchors = self.session.route.anchors
            if end >= 0 and number < len(anchors):
                self.session.route.move(number, Anchor(anchors[number].z, end))

    def _pixels(self, one: QPointF, other: QPointF) -> float:
        wide, high = self.plot.box.viewPixelSize()
        return float(np.hypot((one.x() - other.x()) / wide, (one.y() - other.y()) / high))

    def _draw(self) -> None:
        points = np.array([(at.x(), at.y()) for at in self._line])
        if len(points) < 2:
            return
        fine = curves.evenly(points, min(_DRAWN, max(3, len(points))))
        for _ in range(2):  # without the trembling of a hand
            fine[1:-1] = fine[1:-1] / 2 + (fine[:-2] + fine[2:]) / 4
        latents = self.session.latents_at(fine.astype(np.float32))
        if latents is not None:
            self.session.route.draw(latents)

    def _click(self, at: QPointF, row: int) -> None:
        session, route = self.session, self.session.route
        z = session.latent_at((at.x(), at.y()))
        if z is None or session.positions is None:
            return
        if row >= 0:
            z = session.latent_at(session.positions[row].tolist())
            assert z is not None
        leg = self._leg_at(at)
        if leg is not None:
            route.add(Anchor(z, row), before=leg)
            return
        if not self.is_open:
            route.clear()
            self.is_open = True
        route.add(Anchor(z, row))

    def _leg_at(self, at: QPointF) -> int | None:
        """The anchor before which a click on the curve puts another one; None beside it."""
        walk, route = self.session.walk, self.session.route
        curve = walk.curve(route.method) if route.is_path else None
        if curve is None:
            return None
        places = self._on_screen(walk.positions(curves.evenly(curve, 400)))
        here = self._on_screen(np.array([[at.x(), at.y()]]))[0]
        far = np.linalg.norm(places - here, axis=1)
        nearest = int(far.argmin())
        if far[nearest] > _ON_LINE:
            return None
        found = [walk.position_of(anchor) for anchor in route.anchors]
        ends = self._on_screen(np.array([each for each in found if each is not None], np.float64))
        knots = np.linalg.norm(places[:, np.newaxis] - ends, axis=2).argmin(axis=0)
        return int(np.searchsorted(np.sort(knots), nearest)) or 1

    def _on_screen(self, positions: NDArray[np.float64]) -> NDArray[np.float64]:
        """Positions of the map in pixels, from its corner."""
        return np.asarray(positions / np.array(self.plot.box.viewPixelSize()), np.float64)

    def double_click(self, at: QPointF, row: int) -> bool:
        """End the path; the first of the two clicks was its last anchor."""
        self.finish()
        return True

    # ── keys ──────────────────────────────────────────────────────────────────────────────────

    def finish(self) -> bool:
        """End the path: the next click begins another one."""
        was_open, self.is_open = self.is_open, False
        return was_open

    def cancel(self) -> bool:
        """Give up the line, or the path that is under way; one that has ended stays."""
        before, self._before, self._pressed = self._before, None, None
        if before is not None:
            self.session.route.restore(before)
            return True
        was_open, self.is_open = self.is_open, False
        if was_open:
            self.session.route.clear()
        return was_open

    def erase(self) -> bool:
        """Take away the anchor that was touched last."""
        route = self.session.route
        number = route.active if route.active >= 0 else len(route.anchors) - 1
        if number >= 0:
            route.remove(number)
        return number >= 0

    def nudge(self, step: QPointF) -> bool:
        """Move the anchor that was touched last."""
        route = self.session.route
        if not 0 <= route.active < len(route.anchors):
            return False
        moved = self.session.walk.moved(route.active, np.array([step.x(), step.y()]))
        if moved is not None:
            route.move(route.active, moved)
        return True

    def put_away(self) -> None:
        """The path stays; a line that is being drawn ends where it is."""
        self.is_open, self._before, self._pressed = False, None, None
