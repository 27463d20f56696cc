"""Asks for what is met along the route, and keeps the newest answer; map and panel show it."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal, Slot

from aeviz import curves
from aeviz import messages as m
from aeviz.geometry import blend
from aeviz.gui.route import Anchor, Route, quick_curve

if TYPE_CHECKING:
    from aeviz.gui.session import Session

VIEW = "path"
_EVEN = 61


class Walk(QObject):
    """The route of a session at its shown epoch.

    Decodes are asked for only while somebody watches; the map needs the curves alone.

    Signals:
        asked(): Something else is asked for now.
        found(): A newer answer came.
    """

    asked = Signal()
    found = Signal()

    def __init__(self, session: "Session", route: Route) -> None:
        super().__init__(session)
        self._session = session
        self._route = route
        self._stamp = 0
        self._oldest = 0
        self._latents: dict[int, NDArray[np.float32]] = {}
        self.is_watched = False
        self.answer: m.Answer | None = None
        for signal in (route.anchors_changed, route.compares_changed):
            signal.connect(self._on_route_changed)
        route.method_changed.connect(self._on_method_changed)
        route.steps_changed.connect(self._on_route_changed)
        session.run_changed.connect(self._on_run_changed)
        session.epoch_changed.connect(self._on_epoch_changed)
        session.epoch_added.connect(self._on_epoch_added)
        session.engine_ready.connect(self._on_state_changed)
        session.condition_changed.connect(self._on_state_changed)
        session.answered.connect(self._on_answered)

    @property
    def is_current(self) -> bool:
        """Whether the answer is the one to what was asked last."""
        return self.answer is not None and self.answer.values["stamp"] == self._stamp

    def watch(self, is_watched: bool) -> None:
        """Say whether decodes along the path can be seen."""
        if is_watched != self.is_watched:
            self.is_watched = is_watched
            if is_watched:
                self._ask()

    def latents(self) -> list[NDArray[np.float32]] | None:
        """The latent of every anchor at the shown epoch; None where one is not known yet."""
        found = [self._latent(anchor) for anchor in self._route.anchors]
        known = [z for z in found if z is not None]
        return known if len(known) == len(found) else None

    def _latent(self, anchor: Anchor) -> NDArray[np.float32] | None:
        session = self._session
        positions, run = session.positions, session.run
        if anchor.row < 0 or positions is None or run is None:
            return anchor.z
        if run.latent_dim == 2:
            return session.latent_at(positions[anchor.row].tolist())
        # beyond the plane of the map the answer says it
        return self._latents.get(anchor.row)

    def position_of(self, anchor: Anchor) -> NDArray[np.float32] | None:
        """Where an anchor lies on the map of the shown epoch, (2,)."""
        session = self._session
        if anchor.row >= 0 and session.positions is not None:
            return np.asarray(session.positions[anchor.row], np.float32)
        return session.position_of(anchor.z)

    def positions(self, latents: NDArray[np.floating]) -> NDArray[np.float64]:
        """Where latents (P, D) lie on the map of the shown epoch, (P, 2)."""
        done = self._session.epochs[self._session.epoch]
        if done.inverse is not None:
            found = blend(done.inverse.latents, done.inverse.positions, latents)
            return np.asarray(found, np.float64)
        return np.asarray((latents - done.mean) @ np.linalg.pinv(done.axes).T, np.float64)

    def moved(self, number: int, step: NDArray[np.floating]) -> Anchor | None:
        """An anchor as a place that lies (x, y) from it on the map, along its plane."""
        session, anchor = self._session, self._route.anchors[number]
        known = self.latents()
        z = anchor.z if known is None else known[number]
        place = self.position_of(anchor)
        if place is None:
            return None
        if session.has_plane and (known is not None or anchor.row < 0):
            axes = session.epochs[session.epoch].axes
            return Anchor(np.asarray(z + axes @ step, np.float32))
        moved = session.latent_at((place + step).tolist())
        return None if moved is None else Anchor(moved)

    def curve(self, method: str) -> NDArray[np.floating] | None:
        """The curve of a method (P, D) as far as it is known; None where it is not."""
        if not self._route.is_path or not self._session.epochs:
            return None
        latents = self.latents()
        quick = None if latents is None else quick_curve(self._route, method, latents)
        return self._answered(method) if quick is None else quick

    def even(self, method: str) -> NDArray[np.floating] | None:
        """The same with even steps, of a geodesic even in the data."""
        found = self._answered(method)
        if found is not None:
            return found
        quick = self.curve(method)
        return None if quick is None else curves.evenly(quick, _EVEN)

    def _answered(self, method: str) -> NDArray[np.floating] | None:
        answer = self.answer
        if answer is None or not self.is_current or method not in answer.values["methods"]:
            return None
        found: NDArray[np.floating] = answer.arrays["curve"][answer.values["methods"].index(method)]
        return found if np.isfinite(found).all() else None

    def place(self, at: float) -> NDArray[np.float32] | None:
        """The latent (D,) at a share of the chosen path."""
        even = self.even(self._route.method)
        if even is None:
            return None
        rows = np.arange(len(even))
        z = [np.interp(at * (len(even) - 1), rows, column) for column in even.T]
        return np.asarray(z, np.float32)

    # ── asking ────────────────────────────────────────────────────────────────────────────────

    @property
    def can_ask(self) -> bool:
        """Whether a path would be answered."""
        return self._route.is_path and self._session.can_decode and bool(self._session.epochs)

    def _ask(self) -> None:
        self._stamp += 1
        if self.can_ask:
            self._session.ask(VIEW, "path", **self._arguments())
        elif not self._route.is_path:
            self.answer, self._oldest = None, self._stamp
        self.asked.emit()

    def _arguments(self) -> dict[str, Any]:
        route = self._route
        return {
            "anchors": np.stack([anchor.z for anchor in route.anchors]),
            "rows": np.array([anchor.row for anchor in route.anchors], np.int64),
            "methods": route.wanted,
            "steps": route.steps,
            "drawn": route.line,
            "knots": route.knots,
            "closed": route.is_closed,
            "condition": self._session.condition,
            "decodes": self.is_watched,
            "stamp": self._stamp,
        }

    def _ask_anew(self) -> None:
        """Ask, and take no answer any more to what was asked before."""
        self._oldest = self._stamp + 1
        self._latents = {}
        self._ask()

    @Slot()
    def _on_route_changed(self) -> None:
        self._ask()

    @Slot(str)
    def _on_method_changed(self, method: str) -> None:
        # where all are compared it is there already
        if self._route.compares and self.is_current:
            self.asked.emit()
        else:
            self._ask()

    @Slot(object)
    def _on_run_changed(self, run: m.RunOpened | None) -> None:
        self.answer = None
        self._ask_anew()

    @Slot(int)
    def _on_epoch_changed(self, epoch: int) -> None:
        self._ask_anew()

    @Slot(int)
    def _on_epoch_added(self, epoch: int) -> None:
        if epoch == self._session.epoch:
            self._ask_anew()

    @Slot(object)
    def _on_state_changed(self, state: object) -> None:
        self._ask_anew()

    @Slot(object)
    def _on_answered(self, answer: m.Answer) -> None:
        if answer.view != VIEW or answer.values["stamp"] < self._oldest:
            return
        self.answer = answer
        if self.is_current:
            rows = (anchor.row for anchor in self._route.anchors)
            pairs = zip(rows, answer.arrays["anchors"], strict=False)
            self._latents |= {row: z for row, z in pairs if row >= 0}
        self.found.emit()
