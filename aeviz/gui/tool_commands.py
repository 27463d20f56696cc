"""The commands that take a tool of the map."""

from PySide6.QtCore import QObject, Slot
from PySide6.QtGui import QAction

from aeviz.gui.commands import Commands
from aeviz.gui.session import Session


class ToolCommands(QObject):
    """Keeps commands and session in step."""

    def __init__(self, session: Session, commands: Commands, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._commands = commands
        for command in commands.menu("Tools"):
            if command.choice == "tool":
                commands.connect_to(command.id, self._on_triggered)
        session.tool_changed.connect(self._on_tool_changed)
        self._on_tool_changed(session.tool)

    @Slot()
    def _on_triggered(self) -> None:
        action = self.sender()
        if isinstance(action, QAction):
            self._session.set_tool(action.objectName().removeprefix("tool."))

    @Slot(str)
    def _on_tool_changed(self, name: str) -> None:
        self._commands.action(f"tool.{name}").setChecked(True)
