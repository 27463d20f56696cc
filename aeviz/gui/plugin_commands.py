"""Plug-ins in the window: their list, the question before one runs, and what they bring."""

from pathlib import Path

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtWidgets import QFileDialog, QWidget

from aeviz import catalogue
from aeviz.catalogue import entry_from
from aeviz.gui.commands import Commands
from aeviz.gui.docks import Docks
from aeviz.gui.plan import Plan
from aeviz.gui.plugin_dialog import PluginDialog
from aeviz.gui.plugin_question import PluginQuestion
from aeviz.gui.session import Session
from aeviz.messages import Failed, NeededPlugin, PluginsChanged, PluginSeen, RunOpened

_WANTED = "You have chosen it as a plug-in."
_CHANGED = "It is not the same file any more as when the run was trained."


class PluginCommands(QObject):
    """Asks before a file is run, and takes over what plug-ins bring.

    Args:
        session: What loads them.
        plan: Gets their models and data sets.
        docks: Gets their panels.
        commands: The table.
        parent: The window.
    """

    def __init__(
        self, session: Session, plan: Plan, docks: Docks, commands: Commands, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._session, self._plan, self._docks = session, plan, docks
        self._window = parent
        self._refused: set[tuple[str, str]] = set()
        self._folder = str(Path.home())
        commands.connect_to("plugins.show", self._on_show)
        session.run_changed.connect(self._on_run_changed)
        session.plugins.seen.connect(self._on_seen)
        session.plugins.changed.connect(self._on_changed)

    # ── asking ────────────────────────────────────────────────────────────────────────────────

    def ask(self, path: str, sha256: str, reason: str, refusal: str) -> PluginQuestion:
        """Put the question over the window; a Yes loads the file."""
        question = PluginQuestion(path, sha256, reason, refusal, self._window)
        question.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        question.finished.connect(self._on_answered)
        question.open()
        return question

    def _ask_for_run(self, need: NeededPlugin) -> None:
        reason = f"{need.what[:1].upper()}{need.what[1:]} of this run comes from it."
        if need.has_changed:
            reason = f"{reason} {_CHANGED}"
        self.ask(need.path, need.sha256, reason, self.tr("No, show the map only"))

    @Slot(int)
    def _on_answered(self, result: int) -> None:
        question = self.sender()
        if not isinstance(question, PluginQuestion):
            return
        if question.clickedButton() is question.yes:
            self._session.plugins.load(question.path, question.sha256)
        else:
            self._refused.add((question.path, question.sha256))

    @Slot(object)
    def _on_run_changed(self, run: RunOpened | None) -> None:
        """Ask about the first plug-in that the run needs, unless the answer was No before."""
        for need in () if run is None else run.needs:
            if need.path and (need.path, need.sha256) not in self._refused:
                self._ask_for_run(need)
                return

    @Slot(object)
    def _on_seen(self, seen: PluginSeen) -> None:
        self.ask(seen.path, seen.sha256, self.tr(_WANTED), self.tr("No"))

    # ── the list ──────────────────────────────────────────────────────────────────────────────

    @Slot()
    def _on_show(self) -> None:
        dialog = PluginDialog(self._session, self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.add_asked.connect(self._on_add)
        dialog.open()

    @Slot()
    def _on_add(self) -> None:
        path, _ = QFileDialog.getOpenFileName(
            self._window, self.tr("Add a plug-in"), self._folder, self.tr("Python files (*.py)")
        )
        if path:
            self._folder = str(Path(path).parent)
            self._session.plugins.see(path)

    # ── what they bring ───────────────────────────────────────────────────────────────────────

    @Slot(object)
    def _on_changed(self, message: PluginsChanged) -> None:
        models, data = (tuple(map(entry_from, rows)) for rows in (message.models, message.data))
        catalogue.join(models, data)
        self._plan.offer_catalogue(catalogue.load())
        for sentence in self._docks.join_inspectors(self._session):
            self._session.receive(Failed(where="plug-in", summary=sentence))
        run = self._session.run
        if run is not None and run.needs:
            self._session.open_run(run.path)  # what it needs may have come
        elif run is not None and not self._session.trains_here:
            brought = {entry.name for entry in (*models, *data)}
            names = {run.settings.get(group, {}).get("name") for group in ("model", "data")}
            if names & brought:  # which could not be chosen when the run was opened
                self._plan.set_settings(run.settings)
