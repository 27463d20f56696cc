"""The path that a person makes on the map: its anchors, how it goes between them, where it is."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal, Slot

from aeviz import curves

if TYPE_CHECKING:
    from aeviz.gui.session import Session

METHODS = {
    "straight": "Straight",
    "slerp": "Spherical",
    "spline": "Spline",
    "freehand": "Freehand",
    "density": "Density",
    "geodesic": "Geodesic",
}
"""What a person reads of each method."""

STEPS = 12
MOST_STEPS = 64
MOST_ANCHORS = 50

Latent = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Anchor:
    """What a path goes through.

    Attributes:
        z: A latent (D,); of a sample where it lay on the map when it was taken.
        row: The sample whose latent it is at every epoch, -1 for a place.
    """

    z: Latent
    row: int = -1


@dataclass(frozen=True, eq=False)
class State:
    """A path: its anchors, the line that was drawn with their places in it, how it goes."""

    anchors: tuple[Anchor, ...]
    line: NDArray[np.float64] | None
    knots: tuple[int, ...]
    is_closed: bool
    method: str


class Route(QObject):
    """The anchors of a path and what was chosen for it; another run begins with none.

    Signals:
        anchors_changed(): Anchors came, moved or went; also when the path is closed or opened.
        active_changed(int): Keys move and remove another anchor.
        method_changed(str): It goes another way from anchor to anchor.
        steps_changed(int): Another number of decodes along it.
        compares_changed(bool): Whether every method is shown beside the chosen one.
        at_changed(float): The shown place, from 0 at the first anchor to 1 at the last.
    """

    anchors_changed = Signal()
    active_changed = Signal(int)
    method_changed = Signal(str)
    steps_changed = Signal(int)
    compares_changed = Signal(bool)
    at_changed = Signal(float)

    def __init__(self, session: "Session") -> None:
        super().__init__(session)
        self.anchors: tuple[Anchor, ...] = ()
        self.active = -1
        self.line: NDArray[np.float64] | None = None
        self.knots: tuple[int, ...] = ()
        self.is_closed = False
        self.method = "straight"
        self.steps = STEPS
        self.compares = False
        self.at = 0.0
        session.run_changed.connect(self._on_run_changed)

    @property
    def is_path(self) -> bool:
        """Whether there are anchors enough for one."""
        return len(self.anchors) >= 2

    @property
    def methods(self) -> tuple[str, ...]:
        """Those that can be chosen: freehand where a line was drawn."""
        return tuple(name for name in METHODS if name != "freehand" or self.line is not None)

    @property
    def wanted(self) -> tuple[str, ...]:
        """The chosen method, or all where they are compared."""
        return self.methods if self.compares else (self.method,)

    # ── anchors ───────────────────────────────────────────────────────────────────────────────

    def add(self, anchor: Anchor, before: int | None = None) -> None:
        """Go through one more, at the end or before another one."""
        if len(self.anchors) >= MOST_ANCHORS:
            return
        place = len(self.anchors) if before is None else before
        if self.line is not None:
            self._knot(place, anchor.z)
        self._set((*self.anchors[:place], anchor, *self.anchors[place:]), place)

    def _knot(self, place: int, z: Latent) -> None:
        """Take a point of the drawn line for a new anchor, or a new point."""
        assert self.line is not None
        if 0 < place < len(self.knots):
            first, last = self.knots[place - 1] + 1, self.knots[place]
            if last > first:
                far = np.linalg.norm(self.line[first:last] - z, axis=1)
                knot = first + int(far.argmin())
                self.knots = (*self.knots[:place], knot, *self.knots[place:])
                return
        at = self.knots[place] if place < len(self.knots) else len(self.line)
        self.line = np.insert(self.line, at, z, axis=0)
        self.knots = (*self.knots[:place], at, *(knot + 1 for knot in self.knots[place:]))

    def move(self, number: int, anchor: Anchor) -> None:
        """Put another anchor in the place of one."""
        self._set((*self.anchors[:number], anchor, *self.anchors[number + 1 :]), number)

    def remove(self, number: int) -> None:
        """Go through one less; a drawn line loses what led to it from an end."""
        anchors = (*self.anchors[:number], *self.anchors[number + 1 :])
        if self.line is not None:
            knots = (*self.knots[:number], *self.knots[number + 1 :])
            if len(knots) >= 2:
                self.line = self.line[knots[0] : knots[-1] + 1]
                self.knots = tuple(knot - knots[0] for knot in knots)
            else:
                self._forget_line()
        self._set(anchors, min(number, len(anchors) - 1))

    def draw(self, line: NDArray[np.floating]) -> None:
        """Take a drawn line (M, D) for the path; its ends are the anchors."""
        self.line = np.asarray(line, np.float64)
        self.knots = (0, len(line) - 1)
        self.is_closed = False
        self.set_method("freehand")
        ends = (Anchor(np.asarray(line[end], np.float32)) for end in (0, -1))
        self._set(tuple(ends), 1)

    def reverse(self) -> None:
        """Go the other way round."""
        if self.line is not None:
            last = len(self.line) - 1
            self.line, self.knots = self.line[::-1], tuple(last - k for k in self.knots[::-1])
        self._set(self.anchors[::-1], len(self.anchors) - 1 - self.active)

    def close(self, is_closed: bool) -> None:
        """Go back to the first anchor in the end, or not."""
        if is_closed != self.is_closed:
            self.is_closed = is_closed
            self._set(self.anchors, self.active)

    def clear(self) -> None:
        """Take the path away."""
        if self.anchors:
            self._forget_line()
            self.is_closed = False
            self._set((), -1)
            self.set_at(0.0)

    @property
    def state(self) -> State:
        """The path as it is, to come back to."""
        return State(self.anchors, self.line, self.knots, self.is_closed, self.method)

    def restore(self, state: State) -> None:
        """Come back to a path."""
        self.line, self.knots, self.is_closed = state.line, state.knots, state.is_closed
        self.set_method(state.method)
        self._set(state.anchors, len(state.anchors) - 1)

    def activate(self, number: int) -> None:
        """Make an anchor the one that keys move and remove."""
        if number != self.active and -1 <= number < len(self.anchors):
            self.active = number
            self.active_changed.emit(number)

    def _set(self, anchors: tuple[Anchor, ...], active: int) -> None:
        self.anchors, self.active = anchors, active
        self.anchors_changed.emit()

    def _forget_line(self) -> None:
        self.line, self.knots = None, ()
        if self.method == "freehand":
            self.set_method("straight")

    # ── choices ───────────────────────────────────────────────────────────────────────────────

    def set_method(self, method: str) -> None:
        """Go another way from anchor to anchor."""
        if method != self.method and method in self.methods:
            self.method = method
            self.method_changed.emit(method)

    def set_steps(self, steps: int) -> None:
        """Decode at so many places along the path, with both ends."""
        steps = min(max(steps, 2), MOST_STEPS)
        if steps != self.steps:
            self.steps = steps
            self.steps_changed.emit(steps)

    def compare(self, compares: bool) -> None:
        """Show every method, or the chosen one."""
        if compares != self.compares:
            self.compares = compares
            self.compares_changed.emit(compares)

    def set_at(self, at: float) -> None:
        """Show another place of the path, from 0 to 1."""
        at = float(min(max(at, 0.0), 1.0))
        if at != self.at:
            self.at = at
            self.at_changed.emit(at)

    @Slot(object)
    def _on_run_changed(self, run: object) -> None:
        self.compare(False)
        self.set_steps(STEPS)
        self.clear()
        self.set_method("straight")


def quick_curve(route: Route, method: str, latents: Iterable[Latent]) -> NDArray[np.float64] | None:
    """The curve of a method that needs no model, (P, D); None of the others, or where none is."""
    points = np.array(list(latents), np.float64)
    try:
        if method == "freehand" and route.line is not None:
            return curves.drawn(route.line, route.knots, points, closed=route.is_closed)
        if method in curves.CURVES:
            return curves.CURVES[method](points, closed=route.is_closed)
    except ValueError:
        return None
    return None
