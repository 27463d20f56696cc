"""The commands that choose a plane of the map."""

from PySide6.QtCore import QObject, Slot
from PySide6.QtGui import QAction

from aeviz.gui.commands import Commands
from aeviz.gui.plane_menu import PlaneButton
from aeviz.gui.session import Session


class PlaneCommands(QObject):
    """Keeps the commands of the menu "Plane" true to the button over the map, and hands them on."""

    def __init__(
        self, session: Session, button: PlaneButton, commands: Commands, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._button = button
        self._commands = commands
        for command in commands.menu("Plane"):
            commands.connect_to(command.id, self._on_triggered)
        session.planes.wanted_changed.connect(self._on_changed)
        session.epoch_added.connect(self._on_epoch_added)
        session.run_changed.connect(self._on_run_changed)
        self._refresh()

    def _refresh(self) -> None:
        """Say of every command why it cannot be asked for."""
        for name, why_not in self._button.reasons().items():
            self._commands.allow(f"plane.{name}", why_not)

    @Slot()
    def _on_triggered(self) -> None:
        action = self.sender()
        if isinstance(action, QAction):
            self._button.take(action.objectName().removeprefix("plane."))

    @Slot()
    def _on_changed(self) -> None:
        self._refresh()

    @Slot(int)
    def _on_epoch_added(self, epoch: int) -> None:
        if epoch == 0:
            self._refresh()

    @Slot(object)
    def _on_run_changed(self, run: object) -> None:
        self._refresh()
