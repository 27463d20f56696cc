"""The commands that copy and save what a view shows as a Python script."""

import os
import re
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QDockWidget, QFileDialog, QWidget

from aeviz import __version__, script
from aeviz.gui import saving, wording
from aeviz.gui.commands import Commands
from aeviz.gui.docks import Docks
from aeviz.gui.inspectors.base import Inspector
from aeviz.gui.latent_view import LatentView
from aeviz.gui.loss_plot import LossPlot
from aeviz.gui.map_recipe import loss_recipe, map_recipe
from aeviz.gui.session import Session
from aeviz.script import Origin, Recipe

NO_RUN = "There is no run whose map could be made again."
OWN = "It is a model of your own: a script cannot load it from its folder."
MAP, LOSSES = "Map", "Losses"

RecipeMaker = Callable[[], Recipe | None]


class ScriptCommands(QObject):
    """Copies and saves scripts of the panel that was used last, or of the map.

    Args:
        session: With the run.
        view: The map.
        docks: The panels, of which each may have a recipe.
        commands: The table.
        parent: The window.
    """

    def __init__(
        self, session: Session, view: LatentView, docks: Docks, commands: Commands, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._session, self._view, self._docks = session, view, docks
        self._commands = commands
        self._used = MAP
        commands.connect_to("script.copy", self._on_copy)
        commands.connect_to("script.save", self._on_save)
        session.run_changed.connect(self._on_changed)
        session.epoch_added.connect(self._on_changed)
        application = QApplication.instance()
        if isinstance(application, QApplication):
            application.focusChanged.connect(self._on_focus_changed)
        self._on_changed()

    def _window(self) -> QWidget:
        """Asked for, not kept: a window that its own parts hold would never go."""
        window = self.parent()
        assert isinstance(window, QWidget)
        return window

    # ── which view ────────────────────────────────────────────────────────────────────────────

    @Slot("QWidget*", "QWidget*")
    def _on_focus_changed(self, old: QWidget | None, new: QWidget | None) -> None:
        """Remember which view is used; dialogs, menus and the palette are none."""
        widget = new
        while widget is not None:
            if widget is self._view:
                self._used = MAP
            elif isinstance(widget, QDockWidget) and widget.parent() is self.parent():
                self._used = widget.windowTitle()
            elif isinstance(widget, LossPlot):
                self._used = LOSSES
                return
            widget = widget.parentWidget()

    @property
    def titles(self) -> list[str]:
        """The views that have a recipe now, the one that was used last first."""
        found = [title for title in self._titles() if self.recipe(title) is not None]
        return sorted(found, key=self._used.__ne__)

    def _titles(self) -> list[str]:
        return [MAP, LOSSES, *(dock.windowTitle() for dock in self._docks.docks.values())]

    def recipe(self, title: str) -> Recipe | None:
        """How a view is made again, by its title; None where that cannot be."""
        if self._why_not():
            return None
        if title == MAP:
            return map_recipe(self._view)
        if title == LOSSES:
            plot = self._window().findChild(LossPlot)
            return loss_recipe(plot) if isinstance(plot, LossPlot) else None
        for dock in self._docks.docks.values():
            panel = dock.widget()
            if dock.windowTitle() == title and isinstance(panel, Inspector):
                return panel.recipe()
        return None

    def _why_not(self) -> str:
        run = self._session.run
        if run is None or not self._session.epochs:
            return NO_RUN
        return OWN if wording.is_own(run) else ""

    @Slot()
    def _on_changed(self) -> None:
        for name in ("script.copy", "script.save"):
            self._commands.allow(name, self._why_not())

    # ── out ───────────────────────────────────────────────────────────────────────────────────

    def text(self, title: str, path: Path | None = None) -> str:
        """The script of a view, "" where there is none; `path` is where it will lie."""
        session, recipe = self._session, self.recipe(title)
        if session.run is None or recipe is None:
            return ""
        folder = os.path.abspath(session.run.path)
        origin = Origin(session.run.title, folder, session.epoch, __version__)
        return script.text(recipe, origin, path)

    def copy(self, title: str) -> None:
        """Put the script of a view on the clipboard; `noticed` says so."""
        text = self.text(title)
        if text:
            QGuiApplication.clipboard().setText(text)
            self._session.noticed.emit(f"Copied a Python script: {title}")

    def save_as(self, title: str, path: Path) -> None:
        """Write the script of a view; `noticed` or `failed` of the session says how it went."""
        target = Path(os.path.abspath(path if path.suffix else path.with_suffix(".py")))
        text = self.text(title, target)
        if text:
            saving.save_bytes(self._session, text.encode(), target)

    @Slot()
    def _on_copy(self) -> None:
        for title in self.titles[:1]:
            self.copy(title)

    @Slot()
    def _on_save(self) -> None:
        run, titles = self._session.run, self.titles
        if run is None or not titles:
            return
        base = re.sub(r"[^\w.-]+", "-", run.title).strip("-.") or "run"
        name = f"{base}-{titles[0].lower()}.py"
        caption = f"Save as Python: {titles[0]}"
        chosen, _ = QFileDialog.getSaveFileName(self._window(), caption, name, "Python (*.py)")
        if chosen:
            self.save_as(titles[0], Path(chosen))
