"""Every action of the window in one table: menus, toolbar, shortcuts and palette read it."""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QActionGroup, QKeySequence

from aeviz.gui.exports import EXPORTS
from aeviz.gui.icons import icon
from aeviz.gui.plane_menu import BOXES, TIPS
from aeviz.gui.tools.base import in_order
from aeviz.plane import NAMES


@dataclass(frozen=True)
class Command:
    """One thing that a person can ask for.

    Attributes:
        id: Stable name, "menu.verb".
        text: Its line in a menu; "&" marks the letter for the keyboard.
        tip: One sentence that says what it does.
        menu: The menu that it stands in; "" for none.
        shortcut: Keys, in Qt's spelling; "; " stands between several.
        icon: Name of its icon.
        choice: Name of the group of which one is chosen, "" for a plain command.
        apart: Whether a line separates it from the one above.
    """

    id: str
    text: str
    tip: str
    menu: str
    shortcut: str = ""
    icon: str = ""
    choice: str = ""
    apart: bool = False


COMMANDS = (
    Command("run.open", "&Open run…", "Show a run folder.", "File", "Ctrl+O", "folder-open"),
    Command(
        "data.open",
        "Open &data…",
        "Look at a file of your own: a table, arrays, a data set in one file.",
        "File",
        "Ctrl+D",
        apart=True,
    ),
    Command(
        "data.folder",
        "Open a &folder of data…",
        "Look at a folder of your own: tables, pictures.",
        "File",
    ),
    Command(
        "session.open",
        "Open s&ession…",
        "Show everything again as it was when a session was saved.",
        "File",
        apart=True,
    ),
    Command(
        "session.save",
        "&Save session",
        "Save what is on screen, with a link to the run.",
        "File",
        "Ctrl+S",
    ),
    Command(
        "session.save-as",
        "Save session &as…",
        "Save what is on screen in another file.",
        "File",
        "Ctrl+Shift+S",
    ),
    Command(
        "figure.save",
        "Save fi&gure…",
        "Save the map or a panel as PNG, SVG or PDF, or copy it.",
        "File",
        "Ctrl+E",
        "image-down",
        apart=True,
    ),
    Command(
        "script.save",
        "Save as &Python…",
        "Save a script that makes the map, or the panel used last, again without the window.",
        "File",
    ),
    Command(
        "plugins.show",
        "&Plug-ins…",
        "Models, data sets and panels of your own: which are loaded, which files you trust.",
        "File",
        apart=True,
    ),
    Command("window.quit", "&Quit", "Close the program.", "File", "Ctrl+Q", "log-out", apart=True),
    Command("edit.undo", "&Undo", "Take the last change back.", "Edit", "Ctrl+Z", "undo-2"),
    Command(
        "edit.redo",
        "&Redo",
        "Do again what was taken back.",
        "Edit",
        "Ctrl+Shift+Z; Ctrl+Y",
        "redo-2",
    ),
    Command(
        "figure.copy",
        "&Copy picture of the map",
        "Copy the map with its legend to the clipboard.",
        "Edit",
        "Ctrl+Shift+C",
        "copy",
        apart=True,
    ),
    Command(
        "script.copy",
        "Copy as P&ython",
        "Copy a script that makes the map, or the panel used last, again without the window.",
        "Edit",
        "Ctrl+Alt+C",
    ),
    Command(
        "select.all",
        "Select &all",
        "Select every visible sample.",
        "Edit",
        "Ctrl+A",
        apart=True,
    ),
    Command("select.none", "Select &none", "Select no sample.", "Edit", "Ctrl+Shift+A"),
    Command(
        "select.invert",
        "&Invert selection",
        "Select the visible samples that are not selected.",
        "Edit",
        "Ctrl+I",
    ),
    Command(
        "select.label",
        "Select the same &labels",
        "Select all visible samples with the labels of the selected ones.",
        "Edit",
        "Ctrl+L",
    ),
    Command(
        "select.find",
        "Select by &words…",
        "Select samples by number, label or part.",
        "Edit",
        "Ctrl+F",
        "search",
    ),
    Command(
        "select.isolate",
        "I&solate selection",
        "Hide all samples but the selected ones.",
        "Edit",
        apart=True,
    ),
    Command("select.hide", "&Hide selection", "Hide the selected samples.", "Edit", "Ctrl+H"),
    Command(
        "select.show",
        "Sho&w all samples",
        "Show samples again that were hidden.",
        "Edit",
        "Ctrl+Shift+H",
    ),
    Command(
        "train.start",
        "&Train",
        "Train the chosen model on the chosen data, in a new run.",
        "Training",
        "Ctrl+T",
        "play",
    ),
    Command(
        "train.pause",
        "&Pause",
        "Pause within one batch; nothing is lost.",
        "Training",
        "Ctrl+P",
        "pause",
    ),
    Command(
        "train.step",
        "S&tep",
        "Do one optimiser step, then pause.",
        "Training",
        "Ctrl+.",
        "step-forward",
    ),
    Command(
        "train.stop",
        "&Stop",
        "Stop within one batch and save; training can go on later.",
        "Training",
        "Ctrl+Shift+T",
        "square",
    ),
    Command(
        "train.further",
        "Train &further",
        "Go on with the training of the shown run.",
        "Training",
        icon="history",
        apart=True,
    ),
    Command(
        "view.play",
        "&Play",
        "Play the epochs of the run, or stop playing.",
        "View",
        "Space",
    ),
    Command(
        "view.clear",
        "&Clear pin and selection",
        "Take the pin and the selection off the map.",
        "View",
        "Esc",
        "x",
    ),
    Command(
        "view.reset",
        "&Reset layout",
        "Put every panel back where it was at first.",
        "View",
        icon="rotate-ccw",
        apart=True,
    ),
    Command(
        "theme.system",
        "Like the &desktop",
        "Light or dark as the desktop is.",
        "Theme",
        icon="monitor",
        choice="theme",
    ),
    Command("theme.light", "&Light", "Dark on light.", "Theme", icon="sun", choice="theme"),
    Command("theme.dark", "&Dark", "Light on dark.", "Theme", icon="moon", choice="theme"),
    Command("help.show", "&Help", "Explain the panel in use.", "Help", "F1", "circle-help"),
    Command(
        "help.palette",
        "&Find a command…",
        "Every command by its name.",
        "Help",
        "Ctrl+K",
        "search",
    ),
    Command(
        "help.about",
        "&About aeviz",
        "Versions, devices and licences, to copy.",
        "Help",
        icon="info",
        apart=True,
    ),
)


def plane_commands() -> tuple[Command, ...]:
    """A command for every plane of the map."""
    singles = [(name, NAMES[name], tip) for name, tip in TIPS.items()]
    chosen = [(name, title.replace("Two", "two"), tip) for name, (title, tip) in BOXES.items()]
    return tuple(
        Command(f"plane.{name}", f"Plane: {title}", tip, "Plane")
        for name, title, tip in (*singles, *chosen)
    )


def export_commands() -> tuple[Command, ...]:
    """A command for everything of a run that can be written for other programs."""
    return tuple(Command(f"export.{e.what}", e.text, e.tip, "Export") for e in EXPORTS)


def tool_commands() -> tuple[Command, ...]:
    """A command for every tool of the map."""
    return tuple(
        Command(
            f"tool.{entry.name}",
            entry.title,
            entry.tip,
            "Tools",
            entry.shortcut,
            entry.icon,
            choice="tool",
        )
        for entry in in_order()
    )


class Commands(QObject):
    """The table as actions. Disabled ones say why in their tooltip."""

    def __init__(
        self, table: tuple[Command, ...] | None = None, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        table = (
            (*COMMANDS, *tool_commands(), *plane_commands(), *export_commands())
            if table is None
            else table
        )
        self._actions: dict[str, QAction] = {}
        self._tips: dict[str, str] = {}
        self._groups: dict[str, QActionGroup] = {}
        self.table = table
        for command in table:
            self._actions[command.id] = self._make(command)

    def action(self, name: str) -> QAction:
        """The action of a command."""
        return self._actions[name]

    def actions(self) -> list[QAction]:
        """All of them, in the order of the table."""
        return list(self._actions.values())

    def menu(self, menu: str) -> list[Command]:
        """The commands of a menu, in order."""
        return [command for command in self.table if command.menu == menu]

    def actions_of(self, menu: str) -> list[QAction]:
        """The actions of a menu, in order, with a line before those that stand apart."""
        found: list[QAction] = []
        for command in self.menu(menu):
            if command.apart:
                line = QAction(self)
                line.setSeparator(True)
                found.append(line)
            found.append(self._actions[command.id])
        return found

    def connect_to(self, name: str, slot: Callable[[], object]) -> None:
        """Call a slot when a command is asked for."""
        self._actions[name].triggered.connect(slot)

    def allow(self, name: str, why_not: str = "") -> None:
        """Enable a command, or disable it with the reason as its tooltip."""
        action = self._actions[name]
        action.setEnabled(not why_not)
        action.setToolTip(why_not or self._tips[name])

    def rename(self, name: str, text: str, picture: str = "") -> None:
        """Give a command another text and icon, such as Continue for Pause."""
        action = self._actions[name]
        action.setText(text)
        action.setIconText(text.replace("&", ""))
        if picture:
            action.setIcon(icon(picture))

    def _make(self, command: Command) -> QAction:
        action = QAction(self.tr(command.text), self)
        action.setObjectName(command.id)
        action.setIconText(action.text().replace("&", "").rstrip("…"))
        if command.icon:
            action.setIcon(icon(command.icon))
        if command.shortcut:
            action.setShortcuts(QKeySequence.listFromString(command.shortcut))
        if command.choice:
            action.setCheckable(True)
            self._group(command.choice).addAction(action)
        keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        tip = self.tr(command.tip)
        self._tips[command.id] = f"{tip}  ({keys})" if keys else tip
        action.setToolTip(self._tips[command.id])
        action.setStatusTip("")
        action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
        return action

    def _group(self, name: str) -> QActionGroup:
        if name not in self._groups:
            self._groups[name] = QActionGroup(self)
        return self._groups[name]
