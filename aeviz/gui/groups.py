"""Groups of samples that a person named, and directions between them; kept with the run."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal, Slot

from aeviz import messages as m
from aeviz.gui import wording

if TYPE_CHECKING:
    from aeviz.gui.session import Session

MOST_LETTERS = 60


@dataclass(frozen=True, eq=False)
class Group:
    """Samples with a name.

    Attributes:
        name: Of no other group of the run.
        rows: Of the shown samples, int64 (K,), in order.
    """

    name: str
    rows: NDArray[np.int64]


@dataclass(frozen=True)
class Attribute:
    """A direction from the mean of one side to that of another, at whatever epoch is shown.

    Attributes:
        name: Of no other direction of the run.
        start: A side: "group:" and its name, or "label:" and its number.
        end: Another side.
    """

    name: str
    start: str
    end: str


@dataclass(frozen=True)
class Named:
    """Everything that was named in a run."""

    groups: tuple[Group, ...] = ()
    attributes: tuple[Attribute, ...] = ()


class Groups(QObject):
    """What was named in the shown run; every change is saved with it.

    Signals:
        changed(): Groups or directions came, went or got other names; another run is shown.
    """

    changed = Signal()

    def __init__(self, post: Callable[[m.Message], None], session: "Session") -> None:
        super().__init__(session)
        self._post = post
        self._session = session
        self.state = Named()
        self._path = ""
        self._has_complained = False
        session.run_changed.connect(self._on_run_changed)

    @property
    def groups(self) -> tuple[Group, ...]:
        """The groups, in the order in which they were named."""
        return self.state.groups

    @property
    def attributes(self) -> tuple[Attribute, ...]:
        """The directions, in the order in which they were named."""
        return self.state.attributes

    # ── groups ────────────────────────────────────────────────────────────────────────────────

    def why_not(self, name: str, names: Iterable[str]) -> str:
        """Why a name cannot be given beside others, in one sentence; "" where it can."""
        if not name.strip():
            return "Write a name first."
        if len(name.strip()) > MOST_LETTERS:
            return f"A name has {MOST_LETTERS} letters at most."
        if name.strip() in names:
            return f"{name.strip()} is there already."
        return ""

    def add(self, name: str, rows: NDArray[np.int64]) -> str:
        """Name samples; says why not, or ""."""
        why = self.why_not(name, (group.name for group in self.groups))
        if not why and not len(rows):
            why = "Select samples first."
        if not why:
            self._set((*self.groups, Group(name.strip(), rows)), self.attributes)
        return why

    def rename(self, old: str, new: str) -> str:
        """Give a group another name, also in the directions from or to it; says why not, or ""."""
        why = self.why_not(new, (group.name for group in self.groups if group.name != old))
        if why or new.strip() == old:
            return why
        new = new.strip()
        sides = {f"group:{old}": f"group:{new}"}
        self._set(
            tuple(Group(new, g.rows) if g.name == old else g for g in self.groups),
            tuple(
                replace(a, start=sides.get(a.start, a.start), end=sides.get(a.end, a.end))
                for a in self.attributes
            ),
        )
        return ""

    def remove(self, name: str) -> None:
        """Forget a group and the directions from or to it."""
        side = f"group:{name}"
        self._set(
            tuple(group for group in self.groups if group.name != name),
            tuple(a for a in self.attributes if side not in (a.start, a.end)),
        )

    # ── directions ────────────────────────────────────────────────────────────────────────────

    def add_attribute(self, attribute: Attribute) -> str:
        """Name a direction; says why not, or ""."""
        why = self.why_not(attribute.name, (each.name for each in self.attributes))
        if not why and attribute.start == attribute.end:
            why = "Choose two different sides."
        if not why:
            named = replace(attribute, name=attribute.name.strip())
            self._set(self.groups, (*self.attributes, named))
        return why

    def remove_attribute(self, name: str) -> None:
        """Forget a direction."""
        self._set(self.groups, tuple(each for each in self.attributes if each.name != name))

    def sides(self) -> list[tuple[str, str]]:
        """What a direction may lead from or to: its key, and what a person reads."""
        found = [(f"group:{group.name}", group.name) for group in self.groups]
        run = self._session.run
        if run is not None and run.labels is not None:
            for label in np.unique(run.labels[run.labels >= 0]).tolist():
                found.append((f"label:{label}", wording.label_name(label, run.class_names)))
        return found

    def rows_of(self, side: str) -> NDArray[np.int64]:
        """The rows of a side; none where it is not there."""
        kind, _, name = side.partition(":")
        run = self._session.run
        if kind == "group":
            return next((g.rows for g in self.groups if g.name == name), np.empty(0, np.int64))
        if run is None or run.labels is None or not name.isdigit():
            return np.empty(0, np.int64)
        return np.flatnonzero(run.labels == int(name)).astype(np.int64)

    # ── keeping ───────────────────────────────────────────────────────────────────────────────

    def restore(self, state: Named) -> None:
        """Come back to what was named before."""
        self._set(state.groups, state.attributes)

    def take(self, message: m.NotesSaved) -> None:
        """Say once for a run that its groups cannot be saved."""
        run = self._session.run
        if run is None or message.run != run.run or not message.why_not or self._has_complained:
            return
        self._has_complained = True
        self._session.noticed.emit(message.why_not)

    def _set(self, groups: tuple[Group, ...], attributes: tuple[Attribute, ...]) -> None:
        self.state = Named(groups, attributes)
        self.changed.emit()
        run = self._session.run
        if run is not None:
            self._post(m.SaveNotes(run=run.run, notes=notes_of(self.state, run)))

    @Slot(object)
    def _on_run_changed(self, run: m.RunOpened | None) -> None:
        self._has_complained = False
        path, self._path = self._path, "" if run is None else run.path
        if run is not None and (run.notes or path != self._path):
            self.state = named_in(run)
        self.changed.emit()


def notes_of(named: Named, run: m.RunOpened) -> dict[str, Any]:
    """What is written of names; samples by their numbers in the data set."""
    return {
        "groups": [
            {"name": group.name, "samples": run.index[group.rows].tolist()}
            for group in named.groups
        ],
        "attributes": [
            {"name": each.name, "from": each.start, "to": each.end} for each in named.attributes
        ],
    }


def named_in(run: m.RunOpened) -> Named:
    """What the notes of a run name; what fits neither it nor the form is left out."""
    groups: dict[str, Group] = {}
    for note in run.notes.get("groups", ()):
        rows = np.flatnonzero(np.isin(run.index, _numbers(note.get("samples"))))
        if len(rows):
            groups.setdefault(note["name"], Group(note["name"], rows.astype(np.int64)))
    attributes = {
        note["name"]: Attribute(note["name"], note["from"], note["to"])
        for note in run.notes.get("attributes", ())
        if _is_direction(note)
    }
    return Named(tuple(groups.values()), tuple(attributes.values()))


def _numbers(value: Any) -> list[int]:
    listed = value if isinstance(value, list) else []
    return [each for each in listed if type(each) is int and 0 <= each < 2**62]


def _is_direction(note: Mapping[str, Any]) -> bool:
    return isinstance(note.get("from"), str) and isinstance(note.get("to"), str)
