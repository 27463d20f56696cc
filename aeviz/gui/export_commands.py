"""The commands that write latents, metrics, models and reports: ask where to, then go on."""

import re
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QFileDialog, QWidget

from aeviz.gui import wording
from aeviz.gui.commands import Commands
from aeviz.gui.exports import EXPORTS, Export, with_ending
from aeviz.gui.session import Session

NO_RUN = "No run is shown."
NO_PATH = "There is no path on the map: draw one with the path tool."
OWN = "It is a model of your own, which the program that opened it can save."


class ExportCommands(QObject):
    """Asks where to, and has it written beside the window.

    Args:
        session: With the run.
        commands: The table.
        parent: The window.
    """

    def __init__(self, session: Session, commands: Commands, parent: QWidget) -> None:
        super().__init__(parent)
        self._session, self._commands = session, commands
        self._exports = {f"export.{export.what}": export for export in EXPORTS}
        for name in self._exports:
            commands.connect_to(name, self._on_asked)
        session.run_changed.connect(self._on_changed)
        session.epoch_added.connect(self._on_changed)
        session.route.anchors_changed.connect(self._on_changed)
        session.walk.found.connect(self._on_changed)
        self._on_changed()

    def _why_not(self, export: Export) -> str:
        run = self._session.run
        if run is None or not self._session.epochs:
            return NO_RUN
        if export.needs_model and wording.is_own(run):
            return OWN
        has_path = self._session.walk.even(self._session.route.method) is not None
        return "" if has_path or not export.needs_path else NO_PATH

    @Slot()
    def _on_changed(self) -> None:
        for export in EXPORTS:
            self._commands.allow(f"export.{export.what}", self._why_not(export))

    @Slot()
    def _on_asked(self) -> None:
        run, export = self._session.run, self._exports.get(self.sender().objectName())
        if run is None or export is None:
            return
        base = re.sub(r"[^\w.-]+", "-", run.title).strip("-.") or "run"
        ending = f".{export.ending}" if export.ending else ""
        window = self.parent()
        assert isinstance(window, QWidget)
        chosen, chosen_filter = QFileDialog.getSaveFileName(
            window, export.tip, f"{base}-{export.what}{ending}", export.filters
        )
        if chosen:
            target = str(with_ending(Path(chosen), export, chosen_filter))
            self._session.export(export.what, target, self._options(export))

    def _options(self, export: Export) -> dict[str, Any]:
        """What the child process has to know beside the run."""
        session = self._session
        along = session.walk.even(session.route.method) if export.needs_path else None
        if along is None:
            return {}
        return {"z": along.tolist(), "condition": session.condition}
