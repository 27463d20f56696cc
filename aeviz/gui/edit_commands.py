"""The commands of the Edit menu: undo, redo, and ways to select, hide and show samples."""

from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtWidgets import QWidget
from shiboken6 import isValid

from aeviz.gui import wording
from aeviz.gui.commands import Commands
from aeviz.gui.select_dialog import SelectDialog
from aeviz.gui.session import Session
from aeviz.gui.undo import Undo

NO_RUN = "Open a run first."
NOTHING = "Select samples first."


class EditCommands(QObject):
    """Connects the commands to the session, and says why those that cannot act are disabled."""

    def __init__(self, session: Session, commands: Commands, window: QWidget) -> None:
        super().__init__(window)
        self._session = session
        self._commands = commands
        self._window = window
        self.undo = Undo(session)
        slots: dict[str, Callable[[], object]] = {
            "edit.undo": self.undo.stack.undo,
            "edit.redo": self.undo.stack.redo,
            "select.all": self._on_all,
            "select.none": self._on_none,
            "select.invert": self._on_invert,
            "select.label": self._on_label,
            "select.find": self._on_find,
            "select.isolate": self._on_isolate,
            "select.hide": self._on_hide,
            "select.show": self._on_show,
        }
        for name, slot in slots.items():
            commands.connect_to(name, slot)
        for signal in (
            session.run_changed,
            session.selection_changed,
            session.masked_changed,
            self.undo.stack.indexChanged,
        ):
            signal.connect(self._on_changed)
        self._on_changed()

    @Slot()
    def _on_changed(self) -> None:
        session, stack, allow = self._session, self.undo.stack, self._commands.allow
        if not isValid(stack):
            return  # it says so while the window goes, too
        allow("edit.undo", "" if stack.canUndo() else "There is nothing to undo.")
        allow("edit.redo", "" if stack.canRedo() else "There is nothing to redo.")
        undo, redo = stack.undoText(), stack.redoText()
        self._commands.rename("edit.undo", f"&Undo {undo.lower()}" if undo else "&Undo")
        self._commands.rename("edit.redo", f"&Redo {redo.lower()}" if redo else "&Redo")
        why = NO_RUN if session.run is None else ""
        for name in ("select.all", "select.invert", "select.find"):
            allow(name, why)
        lacking = why or ("" if session.selection.size else NOTHING)
        has_labels = session.run is not None and session.run.labels is not None
        allow("select.label", lacking or ("" if has_labels else "This run has no labels."))
        for name in ("select.none", "select.isolate", "select.hide"):
            allow(name, lacking)
        allow("select.show", why or ("" if session.masked is not None else "No sample is hidden."))

    # ── slots ─────────────────────────────────────────────────────────────────────────────────

    def _select(self, chosen: "np.ndarray[tuple[int], np.dtype[np.bool_]]") -> None:
        """Select the visible ones of these, and say how many."""
        session, run = self._session, self._session.run
        if run is None:
            return
        shown = chosen & session.is_shown
        session.select(np.flatnonzero(shown))
        session.noticed.emit(f"{wording.several(int(shown.sum()), 'sample')} selected")

    @Slot()
    def _on_all(self) -> None:
        if self._session.run is not None:
            self._select(np.ones(len(self._session.run.index), bool))

    @Slot()
    def _on_none(self) -> None:
        self._session.select(())

    @Slot()
    def _on_invert(self) -> None:
        if self._session.run is not None:
            others = np.ones(len(self._session.run.index), bool)
            others[self._session.selection] = False
            self._select(others)

    @Slot()
    def _on_label(self) -> None:
        run = self._session.run
        if run is not None and run.labels is not None:
            self._select(np.isin(run.labels, np.unique(run.labels[self._session.selection])))

    @Slot()
    def _on_find(self) -> None:
        dialog = SelectDialog(self._session, self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    @Slot()
    def _on_isolate(self) -> None:
        run = self._session.run
        if run is not None:
            masked = np.ones(len(run.index), bool)
            masked[self._session.selection] = False
            self._session.mask(masked)

    @Slot()
    def _on_hide(self) -> None:
        session, run = self._session, self._session.run
        if run is not None:
            masked = np.zeros(len(run.index), bool) if session.masked is None else session.masked
            masked = masked.copy()
            masked[session.selection] = True
            session.mask(masked)
            session.select(())

    @Slot()
    def _on_show(self) -> None:
        self._session.mask(None)
