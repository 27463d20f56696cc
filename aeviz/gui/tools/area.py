"""The tools that select what lies in an area: a line drawn by hand, or a rectangle."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, Qt

from aeviz.enclosed import enclosed
from aeviz.gui import theme, wording
from aeviz.gui.map_plot import MapPlot
from aeviz.gui.outline import Outline
from aeviz.gui.session import Session
from aeviz.gui.tools.base import Keys, Tool, register_tool

_STILL = 3.0
"""Pixels that a press may move and still be a click; corners of a lasso lie as far apart."""


class AreaTool(Tool):
    """Selects the visible samples in an area; Shift adds them, Ctrl or Alt takes them out.

    A click without a drag selects the sample under the mouse, or none.
    """

    def __init__(self, session: Session, plot: MapPlot) -> None:
        super().__init__(session, plot)
        self.outline = Outline(plot.box)
        self._start: tuple[QPointF, int] | None = None

    def corners(self, start: QPointF, at: QPointF) -> list[QPointF]:
        """The corners of the area when the mouse has come from `start` to `at`."""
        raise NotImplementedError

    def press(self, at: QPointF, row: int, keys: Keys) -> bool:
        """Begin an area."""
        if self.session.positions is None:
            return False
        self._start = (at, row)
        self.outline.colours = theme.tokens(self.plot.palette())
        return True

    def drag(self, at: QPointF, keys: Keys) -> None:
        """Draw on."""
        if self._start is not None:
            self.outline.show_corners(self.corners(self._start[0], at))

    def release(self, at: QPointF, keys: Keys) -> None:
        """Select what lies in the area."""
        if self._start is None:
            return
        start, row = self._start
        shape = self.corners(start, at)
        self._end()
        if self._pixels(start, shape) <= _STILL:
            self._select(np.array([row] if row >= 0 else [], np.int64), keys)
            return
        positions, polygon = self.plot.points.positions, np.array([[p.x(), p.y()] for p in shape])
        found = enclosed(positions, polygon) & self.plot.points.visible
        self._select(np.flatnonzero(found), keys)

    def _select(self, rows: NDArray[np.int64], keys: Keys) -> None:
        session = self.session
        if keys & Qt.KeyboardModifier.ShiftModifier:
            rows = np.union1d(session.selection, rows)
        elif keys & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier):
            rows = np.setdiff1d(session.selection, rows)
        session.select(rows)
        session.noticed.emit(f"{wording.several(len(rows), 'sample')} selected")

    def _pixels(self, start: QPointF, shape: list[QPointF]) -> float:
        """How far the area goes from where it began, in pixels."""
        wide, high = (float(side) for side in self.plot.box.viewPixelSize())
        return max(max(abs(p.x() - start.x()) / wide, abs(p.y() - start.y()) / high) for p in shape)

    def _end(self) -> None:
        self._start = None
        self.outline.show_corners([])

    def cancel(self) -> bool:
        """Give the area up."""
        was_drawing = self._start is not None
        self._end()
        return was_drawing


@register_tool(
    "lasso",
    title="Lasso",
    tip="Selects the samples that a line is drawn around; Shift adds, Ctrl takes out.",
    icon="lasso",
    shortcut="L",
    order=20,
)
class LassoTool(AreaTool):
    """The area is what is drawn by hand; where it crosses itself, inside and outside alternate."""

    def __init__(self, session: Session, plot: MapPlot) -> None:
        super().__init__(session, plot)
        self._line: list[QPointF] = []

    def corners(self, start: QPointF, at: QPointF) -> list[QPointF]:
        """The line so far; a step of less than three pixels moves its end only."""
        if not self._line:
            self._line = [start]
        if self._pixels(self._line[-1], [at]) >= _STILL:
            self._line.append(at)
        return [*self._line, at]

    def _end(self) -> None:
        super()._end()
        self._line = []


@register_tool(
    "rectangle",
    title="Rectangle",
    tip="Selects the samples in a rectangle; Shift adds, Ctrl takes out.",
    icon="square-dashed",
    shortcut="R",
    order=21,
)
class RectangleTool(AreaTool):
    """The area lies between where the drag began and where it is."""

    def corners(self, start: QPointF, at: QPointF) -> list[QPointF]:
        """Its four corners."""
        return [start, QPointF(at.x(), start.y()), at, QPointF(start.x(), at.y())]
