"""What every tool of the map is, and their registry."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from PySide6.QtCore import QObject, QPointF, Qt

from aeviz.gui.map_plot import MapPlot
from aeviz.gui.session import Session

Keys = Qt.KeyboardModifier


class Tool(QObject):
    """One way to use the mouse on the map; positions are those of the map.

    It takes a press, and is then told of every move and the release, or leaves it: then the map is
    panned, or a click without a move comes as `click`.
    """

    cursor = Qt.CursorShape.CrossCursor

    def __init__(self, session: Session, plot: MapPlot) -> None:
        super().__init__()
        self.session = session
        self.plot = plot

    def press(self, at: QPointF, row: int, keys: Keys) -> bool:
        """The left button went down, over the sample of a row or -1; True takes it."""
        return False

    def drag(self, at: QPointF, keys: Keys) -> None:
        """The mouse moved with the button that was taken; `at` may lie outside the axes."""

    def release(self, at: QPointF, keys: Keys) -> None:
        """That button came up."""

    def click(self, at: QPointF, row: int, keys: Keys) -> None:
        """A press that was not taken came up where it went down."""

    def double_click(self, at: QPointF, row: int) -> bool:
        """Two clicks at one place; the first came as `click`. False shows everything again."""
        return False

    def finish(self) -> bool:
        """Enter was pressed; False where nothing is under way."""
        return False

    def cancel(self) -> bool:
        """Esc was pressed; False where nothing is under way."""
        return False

    def erase(self) -> bool:
        """Delete or Backspace was pressed; False where there is nothing of the tool's."""
        return False

    def nudge(self, step: QPointF) -> bool:
        """An arrow key was pressed: how far to move, on the map; False moves the pin."""
        return False

    def put_away(self) -> None:
        """Another tool is taken, or another run is shown: end what is under way."""
        self.cancel()


@dataclass(frozen=True)
class ToolEntry:
    """A registered tool.

    Attributes:
        name: Stable over versions.
        title: What a person reads.
        tip: One sentence that says what it does.
        icon: Name of its icon.
        shortcut: One letter.
        order: Smaller ones stand further to the left.
        make: Its class.
    """

    name: str
    title: str
    tip: str
    icon: str
    shortcut: str
    order: int
    make: type[Tool]


TOOLS: dict[str, ToolEntry] = {}

ToolClass = TypeVar("ToolClass", bound=type[Tool])


def register_tool(
    name: str, *, title: str, tip: str, icon: str, shortcut: str = "", order: int = 0
) -> Callable[[ToolClass], ToolClass]:
    """Enter a tool class; the bar over the map and the menus get a button for it.

    Raises:
        ValueError: If the name is taken.
    """

    def enter(make: ToolClass) -> ToolClass:
        if name in TOOLS:
            raise ValueError(f"a tool named {name!r} is registered already")
        TOOLS[name] = ToolEntry(name, title, tip, icon, shortcut, order, make)
        return make

    return enter


def in_order() -> list[ToolEntry]:
    """All tools, as they stand in the bar."""
    return sorted(TOOLS.values(), key=lambda entry: (entry.order, entry.name))
