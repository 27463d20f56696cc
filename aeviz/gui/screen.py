"""Everything that is on screen as plain values: what a session file holds."""

import math
from collections.abc import Iterable

import numpy as np
from PySide6.QtWidgets import QMainWindow

from aeviz import messages as m
from aeviz.gui.docks import Docks
from aeviz.gui.groups import Attribute, Group, Named
from aeviz.gui.latent_view import LatentView
from aeviz.gui.layout import arrange, shown_docks
from aeviz.gui.route import Anchor, Route, State
from aeviz.gui.session import Condition, Session
from aeviz.gui.tools.base import TOOLS
from aeviz.shown import Shown, ShownGroup, ShownPath


class Screen:
    """Reads what is on screen, and shows it again part by part.

    What a session file says is checked against the run: what does not fit it is left out.
    """

    def __init__(
        self, session: Session, view: LatentView, docks: Docks, window: QMainWindow
    ) -> None:
        self._session = session
        self._view = view
        self._docks = docks
        self._window = window

    def read(self) -> Shown | None:
        """What is shown; None without a run that has an epoch."""
        session, run = self._session, self._session.run
        if run is None or not session.epochs or not run.path:
            return None
        return Shown(
            samples=len(run.index),
            latent_dim=run.latent_dim,
            playhead=session.playhead,
            following=session.following,
            plane=session.planes.shown,
            region=self._view.region,
            one_scale=self._view.aspect_action.isChecked(),
            colour=session.colour,
            hidden=self._view.hidden_by,
            tool=session.tool,
            layers=tuple(sorted(session.layers.shown)),
            condition=session.condition,
            pin=session.pin,
            selection=session.selection if session.selection.size else None,
            masked=session.masked,
            path=_read_path(session.route),
            groups=tuple(ShownGroup(g.name, g.rows) for g in session.groups.groups),
            attributes=tuple((a.name, a.start, a.end) for a in session.groups.attributes),
            size=(self._window.width(), self._window.height()),
            docks=shown_docks(self._docks),
        )

    # ── showing again ─────────────────────────────────────────────────────────────────────────

    def show_window(self, shown: Shown) -> None:
        """What needs no run: panels, the tool, one scale or two."""
        arrange(self._docks, shown.size, shown.docks)
        if shown.tool in TOOLS:
            self._session.set_tool(shown.tool)
        self._view.aspect_action.setChecked(shown.one_scale)

    def show_choices(self, shown: Shown, *, is_same: bool) -> None:
        """What needs a run and no epoch of it: colours, what is hidden, selected and named.

        Args:
            shown: What a session file says.
            is_same: Whether its samples are those of the run.
        """
        session, run = self._session, self._session.run
        if run is None:
            return
        if shown.colour != "condition" or run.conditions is not None:
            session.set_colour(shown.colour)
        if not is_same or shown.samples != len(run.index):
            return
        self._view.hide_by(dict(shown.hidden))
        session.mask(shown.masked)
        session.select(() if shown.selection is None else shown.selection)
        if _fits(shown.condition, run):
            session.set_condition(shown.condition)
        self._name(shown)

    def _name(self, shown: Shown) -> None:
        """Name what is not named in the run; names that it has by now stay as they are."""
        state = self._session.groups.state
        groups, attributes = {g.name for g in state.groups}, {a.name for a in state.attributes}
        new = [Group(g.name, g.rows) for g in shown.groups if g.name not in groups]
        ways = [Attribute(*way) for way in shown.attributes if way[0] not in attributes]
        if new or ways:
            named = Named((*state.groups, *new), (*state.attributes, *ways))
            self._session.groups.restore(named)

    def show_layers(self, names: Iterable[str]) -> None:
        """Exactly these layers, as far as the run has them."""
        layers, wanted = self._session.layers, set(names)
        for name, action in self._view.bar.actions_of_layers.items():
            if action.isEnabled() or name not in wanted:
                layers.show(name, name in wanted)

    def show_places(self, shown: Shown) -> None:
        """What lies on the map as it is now: pin, path, and the region that is seen."""
        session, run = self._session, self._session.run
        if run is None or shown.latent_dim != run.latent_dim:
            return
        session.set_pin(shown.pin)
        path = shown.path
        if path is not None and (shown.samples == len(run.index) or (path.rows < 0).all()):
            _show_path(session.route, path)
        self._view.show_region(shown.region)


def _read_path(route: Route) -> ShownPath | None:
    if not route.anchors:
        return None
    return ShownPath(
        anchors=np.stack([anchor.z for anchor in route.anchors]),
        rows=np.array([anchor.row for anchor in route.anchors], np.int64),
        line=route.line,
        knots=route.knots,
        is_closed=route.is_closed,
        method=route.method,
        steps=route.steps,
        compares=route.compares,
        at=route.at,
        active=route.active,
    )


def _show_path(route: Route, path: ShownPath) -> None:
    anchors = zip(path.anchors, path.rows.tolist(), strict=True)
    state = State(
        tuple(Anchor(z, row) for z, row in anchors),
        path.line,
        path.knots,
        path.is_closed,
        path.method,
    )
    route.set_steps(path.steps)
    route.restore(state)
    route.compare(path.compares)
    route.activate(path.active)
    route.set_at(path.at)


def _fits(condition: Condition, run: m.RunOpened) -> bool:
    """Whether a run's model can be told this."""
    about = run.conditions
    if about is None or condition is None:
        return False
    if about.kind == "numbers":
        is_row = isinstance(condition, tuple) and len(condition) == len(about.names)
        return is_row and all(math.isfinite(each) for each in condition)  # type: ignore[union-attr]
    most = len(about.names) if about.kind == "choice" else len(run.index)
    return isinstance(condition, int) and 0 <= condition < most
