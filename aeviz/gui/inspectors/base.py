"""What every inspector is, and their registry: one file each, found by walking the package."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeVar

from PySide6.QtWidgets import QWidget

from aeviz.gui.figure import Figure
from aeviz.gui.session import Session
from aeviz.messages import RunOpened
from aeviz.script import Recipe

Area = Literal["left", "right", "bottom"]


class Inspector(QWidget):
    """A panel that explains a cursor or a selection. It gets the session and nothing else."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session

    def figure(self) -> Figure | None:
        """What the panel shows, for paper; None where it shows nothing that could be drawn."""
        return None

    def recipe(self) -> Recipe | None:
        """How the figure is made again in Python; None where that cannot be."""
        return None


@dataclass(frozen=True)
class InspectorEntry:
    """A registered inspector.

    Attributes:
        name: Object name of its dock, stable over versions.
        title: Title of its dock.
        area: Where it is docked in the standard layout.
        make: Its class.
        order: Smaller ones stand further up; equal areas are tabbed from 100 on.
        help: File of its help page in `resources/help`, without ending.
        needs: The ability of the shown run's model without which there is no dock, or "table" for
            runs on tables; "" for none.
    """

    name: str
    title: str
    area: Area
    make: type[Inspector]
    order: int = 0
    help: str = ""
    needs: str = ""


INSPECTORS: dict[str, InspectorEntry] = {}


def abilities_of(run: RunOpened) -> tuple[str, ...]:
    """What a run has of `InspectorEntry.needs`."""
    return run.abilities if run.is_image else (*run.abilities, "table")


InspectorClass = TypeVar("InspectorClass", bound=type[Inspector])


def register_inspector(
    name: str, *, title: str, area: Area, order: int = 0, needs: str = ""
) -> Callable[[InspectorClass], InspectorClass]:
    """Enter an inspector class; the main window makes a dock and a menu entry for it.

    Raises:
        ValueError: If the name is taken.
    """

    def enter(make: InspectorClass) -> InspectorClass:
        if name in INSPECTORS:
            raise ValueError(f"an inspector named {name!r} is registered already")
        INSPECTORS[name] = InspectorEntry(name, title, area, make, order, needs=needs)
        return make

    return enter
