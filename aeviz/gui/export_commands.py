"""The commands that write latents, metrics, models and reports: ask where to, then go on."""

from pathlib import Path

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QFileDialog, QWidget

from aeviz.gui import wording
from aeviz.gui.commands import Commands
from aeviz.gui.exports import EXPORTS, Export, base_name, with_ending
from aeviz.gui.film_dialog import FilmDialog
from aeviz.gui.film_options import NO_RUN, OWN, options_of, why_not
from aeviz.gui.latent_view import LatentView
from aeviz.gui.session import Session

NO_IMAGES = "The samples of this run are no images."


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
        self._dialog: FilmDialog | None = None
        self._exports = {f"export.{export.what}": export for export in EXPORTS}
        for name in self._exports:
            slot = self._on_film if name == "export.film" else self._on_asked
            commands.connect_to(name, slot)
        session.run_changed.connect(self._on_changed)
        session.epoch_added.connect(self._on_changed)
        self._on_changed()

    def _why_not(self, export: Export) -> str:
        run = self._session.run
        if run is None or not self._session.epochs:
            return NO_RUN
        if export.what == "sprites" and len(run.sample_shape) != 3:
            return NO_IMAGES
        return OWN if export.needs_model and wording.is_own(run) else ""

    @Slot()
    def _on_changed(self) -> None:
        for export in EXPORTS:
            self._commands.allow(f"export.{export.what}", self._why_not(export))

    def _window(self) -> QWidget:
        """Asked for, not kept: a window that its own parts hold would never go."""
        window = self.parent()
        assert isinstance(window, QWidget)
        return window

    @Slot()
    def _on_asked(self) -> None:
        run, export = self._session.run, self._exports.get(self.sender().objectName())
        if run is None or export is None:
            return
        ending = f".{export.ending}" if export.ending else ""
        name = f"{base_name(run.title)}-{export.what}{ending}"
        chosen, chosen_filter = QFileDialog.getSaveFileName(
            self._window(), export.tip, name, export.filters
        )
        if chosen:
            self._session.export(export.what, str(with_ending(Path(chosen), export, chosen_filter)))

    @Slot()
    def _on_film(self) -> None:
        self._dialog = FilmDialog(self._session, self._window())
        self._dialog.accepted.connect(self._on_film_chosen)
        self._dialog.finished.connect(self._dialog.deleteLater)
        self._dialog.open()

    @Slot()
    def _on_film_chosen(self) -> None:
        dialog = self._dialog
        if dialog is None or dialog.target is None or why_not(self._session, dialog.what):
            return
        view = self._window().findChild(LatentView)
        hidden = self._session.hidden if view is None else view.hidden
        options = options_of(self._session, dialog.what, dialog.seconds, hidden)
        self._session.export(dialog.what, str(dialog.target), {**options, "cut": dialog.cut})
