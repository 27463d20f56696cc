"""What every layer of the map is, and their registry."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from PySide6.QtCore import QObject, QPointF, Qt, Slot
from PySide6.QtWidgets import QWidget

from aeviz.gui import theme
from aeviz.gui.map_plot import MapPlot
from aeviz.gui.session import Session


class Layer(QObject):
    """Something that lies over or under the points of the map.

    A layer puts its graphics items on `plot`, asks the session for what it needs while it is on and
    the map can be seen, and shows nothing while it is off.

    Attributes:
        name: As it is registered.
        legend: What the bar over the map shows while it is on, such as a scale; None for nothing.
    """

    name: str

    def __init__(self, session: Session, plot: MapPlot) -> None:
        super().__init__()
        self.session = session
        self.plot = plot
        self.legend: QWidget | None = None
        session.layers.changed.connect(self._on_layers_changed)

    @property
    def is_on(self) -> bool:
        """Whether the person wants to see it."""
        return self.name in self.session.layers.shown

    def refresh(self) -> None:
        """Show what belongs to the state of the session; called when it is switched on or off."""

    def dress(self, colours: theme.Tokens) -> None:
        """Take the colours of a theme."""

    def press(self, at: QPointF) -> bool:
        """The left button went down at a position of the map; True takes the drag."""
        return False

    def drag(self, at: QPointF) -> None:
        """The mouse moved with the button that was taken."""

    def release(self, at: QPointF) -> None:
        """That button came up."""

    def cursor_at(self, at: QPointF) -> Qt.CursorShape | None:
        """The cursor at a position of the map where a press would be taken; None elsewhere."""
        return None

    def menu(self, at: QPointF) -> bool:
        """The right button was clicked at a position of the map; False opens the map's menu."""
        return False

    @Slot(str)
    def _on_layers_changed(self, name: str) -> None:
        if name == self.name:
            if self.legend is not None:
                self.legend.setVisible(self.is_on)
            self.refresh()


@dataclass(frozen=True)
class LayerEntry:
    """A registered layer.

    Attributes:
        name: Stable over versions.
        title: What a person reads.
        tip: One sentence that says what it shows.
        group: Layers of one group exclude each other; "" for none.
        order: Smaller ones stand further up in the menu.
        is_listed: Whether the menu has it; a layer that a tool or panel rules is not.
        needs: The ability of the run's model without which it cannot be shown, "" for none.
        needs_plane: Whether it means nothing on a fitted map, which is no plane of the latents.
        make: Its class.
        dimensions: Latent dimensions that it needs at least.
    """

    name: str
    title: str
    tip: str
    group: str
    order: int
    is_listed: bool
    needs: str
    needs_plane: bool
    make: type[Layer]
    dimensions: int = 1


LAYERS: dict[str, LayerEntry] = {}

LayerClass = TypeVar("LayerClass", bound=type[Layer])


def register_layer(
    name: str,
    *,
    title: str,
    tip: str,
    group: str = "",
    order: int = 0,
    is_listed: bool = True,
    needs: str = "",
    needs_plane: bool = False,
    dimensions: int = 1,
) -> Callable[[LayerClass], LayerClass]:
    """Enter a layer class; the map makes it and the menu of layers switches it.

    Raises:
        ValueError: If the name is taken.
    """

    def enter(make: LayerClass) -> LayerClass:
        if name in LAYERS:
            raise ValueError(f"a layer named {name!r} is registered already")
        make.name = name
        LAYERS[name] = LayerEntry(
            name, title, tip, group, order, is_listed, needs, needs_plane, make, dimensions
        )
        return make

    return enter


def in_order() -> list[LayerEntry]:
    """All layers, as they stand in the menu."""
    return sorted(LAYERS.values(), key=lambda entry: (entry.order, entry.name))
