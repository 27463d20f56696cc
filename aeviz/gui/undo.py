"""Undo and redo of what a person does on the map: pins, selections, what is hidden, paths."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from PySide6.QtCore import QObject, QTimer, Slot
from PySide6.QtGui import QUndoCommand, QUndoStack

from aeviz.gui.session import Session
from aeviz.messages import RunOpened

MERGED = 0.8
"""Seconds within which changes of the same things are one: a drag is undone as a whole."""

MOST = 200
"""Changes that can be undone."""


@dataclass(frozen=True)
class Watched:
    """One thing whose changes can be undone.

    Attributes:
        text: What a change of it is called in the menu.
        read: Its value now; a value is never changed, only replaced.
        write: Puts a value back.
    """

    text: str
    read: Callable[[], Any]
    write: Callable[[Any], None]


class Change(QUndoCommand):
    """What several watched things were, and what they became."""

    def __init__(self, owner: "Undo", values: Mapping[str, tuple[Any, Any]], text: str) -> None:
        super().__init__(text)
        self._owner = owner
        self.values = dict(values)
        self.at = time.monotonic()
        self._is_new = True

    def undo(self) -> None:
        """Put back what was."""
        self._owner.apply({name: before for name, (before, _) in self.values.items()})

    def redo(self) -> None:
        """Put back what became; it is there already when the change is new."""
        if not self._is_new:
            self._owner.apply({name: after for name, (_, after) in self.values.items()})
        self._is_new = False

    def id(self) -> int:
        """Changes of the same things may be merged."""
        return hash(tuple(sorted(self.values))) & 0x7FFFFFFF

    def mergeWith(self, other: QUndoCommand) -> bool:
        """Take a change in that came at once after this one."""
        if not isinstance(other, Change) or other.at - self.at > MERGED:
            return False
        for name, (_, after) in other.values.items():
            self.values[name] = (self.values[name][0], after)
        self.at = other.at
        return True


class Undo(QObject):
    """Listens to the session; what changes in one turn of the event loop is one change."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.session = session
        self.stack = QUndoStack(self)
        self.stack.setUndoLimit(MOST)
        self._watched: dict[str, Watched] = {}
        self._state: dict[str, Any] = {}
        self._before: dict[str, Any] = {}
        self._is_applying = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._on_timeout)
        self._watch_session()
        session.run_changed.connect(self._on_run_changed)

    def _watch_session(self) -> None:
        session = self.session
        self.watch("pin", Watched("Pin", lambda: session.pin, session.set_pin), session.pin_changed)
        self.watch(
            "selection",
            Watched("Selection", lambda: session.selection, session.select),
            session.selection_changed,
        )
        self.watch(
            "hidden", Watched("Hide labels", lambda: session.hidden, session.hide),
            session.hidden_changed,
        )  # fmt: skip
        self.watch(
            "masked", Watched("Hide samples", lambda: session.masked, session.mask),
            session.masked_changed,
        )  # fmt: skip
        groups = session.groups
        self.watch(
            "groups", Watched("Groups", lambda: groups.state, groups.restore), groups.changed
        )
        route = session.route
        self.watch(
            "route", Watched("Path", lambda: route.state, route.restore), route.anchors_changed
        )

    def watch(self, name: str, watched: Watched, signal: Any) -> None:
        """Undo changes of something from now on; its signal says when it may have changed."""
        self._watched[name] = watched
        self._state[name] = watched.read()
        signal.connect(self._on_changed)

    @Slot()
    def _on_changed(self) -> None:
        for name, watched in self._watched.items():
            value = watched.read()
            if not _is_same(value, self._state[name]):
                if not self._is_applying:
                    self._before.setdefault(name, self._state[name])
                self._state[name] = value
        if self._before:
            self._timer.start(0)

    @Slot()
    def _on_timeout(self) -> None:
        changed = {
            name: (before, self._state[name])
            for name, before in self._before.items()
            if not _is_same(before, self._state[name])
        }
        self._before = {}
        if changed:
            text = self._watched[next(reversed(changed))].text
            self.stack.push(Change(self, changed, text))

    def apply(self, values: Mapping[str, Any]) -> None:
        """Put values back, without making it a change."""
        self._is_applying = True
        try:
            for name, value in values.items():
                self._watched[name].write(value)
        finally:
            self._is_applying = False

    @Slot(object)
    def _on_run_changed(self, run: RunOpened | None) -> None:
        self.begin_anew()

    @Slot()
    def begin_anew(self) -> None:
        """Nothing that was done before can be undone."""
        self._timer.stop()
        self._before = {}
        self.stack.clear()
        self._state = {name: watched.read() for name, watched in self._watched.items()}


def _is_same(one: Any, other: Any) -> bool:
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
        return one is other or np.array_equal(one, other)
    if hasattr(one, "anchors") and hasattr(other, "anchors"):  # a path, whose parts are replaced
        return bool(vars(one) == vars(other)) if one.line is other.line else False
    return bool(one is other or (type(one) is type(other) and not isinstance(one, np.ndarray)
                                 and one == other))  # fmt: skip
