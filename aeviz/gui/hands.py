"""Who gets the mouse on the map: a layer that has a handle there, else the tool in use."""

from collections.abc import Sequence

from PySide6.QtCore import QObject, QPointF, Qt, Slot

from aeviz.gui.layers import base as layer_base
from aeviz.gui.layers.base import Layer
from aeviz.gui.map_plot import MapPlot
from aeviz.gui.session import Session
from aeviz.gui.tools import base as tool_base
from aeviz.gui.tools.base import Keys


def make_layers(session: Session, plot: MapPlot) -> list[Layer]:
    """Every registered layer, in the order of the menu."""
    return [entry.make(session, plot) for entry in layer_base.in_order()]


class Hands(QObject):
    """Hands the mouse on."""

    def __init__(self, session: Session, plot: MapPlot, layers: Sequence[Layer]) -> None:
        super().__init__()
        self._session = session
        self._plot = plot
        self._layers = layers
        self.tools = {entry.name: entry.make(session, plot) for entry in tool_base.in_order()}
        self._before = session.tool
        self._taken: Layer | None = None
        plot.taker = self
        plot.pointed.connect(self._on_pointed)
        session.tool_changed.connect(self._on_tool_changed)
        self._on_tool_changed(session.tool)

    @property
    def tool(self) -> tool_base.Tool:
        """The tool in use."""
        return self.tools[self._session.tool]

    @Slot(str)
    def _on_tool_changed(self, name: str) -> None:
        self.tools[self._before].put_away()
        self._before = name
        self._plot.viewport().setCursor(Qt.CursorShape(self.tool.cursor))

    @Slot(QPointF, int)
    def _on_pointed(self, at: QPointF, row: int) -> None:
        """Say by the cursor whether a press would be a layer's or the tool's."""
        shapes = (layer.cursor_at(at) for layer in self._layers)
        shape = next((shape for shape in shapes if shape is not None), self.tool.cursor)
        viewport = self._plot.viewport()
        if viewport.cursor().shape() != shape:
            viewport.setCursor(shape)

    def put_away(self) -> None:
        """Another run is shown: every tool ends what it is about."""
        for tool in self.tools.values():
            tool.put_away()

    def press(self, at: QPointF, row: int, keys: Keys) -> bool:
        """See `map_plot.Taker`."""
        self._taken = next((layer for layer in self._layers if layer.press(at)), None)
        return self._taken is not None or self.tool.press(at, row, keys)

    def drag(self, at: QPointF, keys: Keys) -> None:
        """See `map_plot.Taker`."""
        if self._taken is not None:
            self._taken.drag(at)
        else:
            self.tool.drag(at, keys)

    def release(self, at: QPointF, keys: Keys) -> None:
        """See `map_plot.Taker`."""
        if self._taken is not None:
            self._taken.release(at)
            self._taken = None
        else:
            self.tool.release(at, keys)

    def click(self, at: QPointF, row: int, keys: Keys) -> None:
        """A press that nobody took came up where it went down."""
        self.tool.click(at, row, keys)

    def double_click(self, at: QPointF, row: int) -> bool:
        """Two clicks at one place; False where the tool leaves them."""
        return self.tool.double_click(at, row)

    def finish(self) -> bool:
        """Enter was pressed."""
        return self.tool.finish()

    def cancel(self) -> bool:
        """Esc was pressed."""
        return self.tool.cancel()

    def erase(self) -> bool:
        """Delete or Backspace was pressed."""
        return self.tool.erase()

    def nudge(self, step: QPointF) -> bool:
        """An arrow key was pressed."""
        return self.tool.nudge(step)

    def menu(self, at: QPointF) -> bool:
        """The right button was clicked."""
        return any(layer.menu(at) for layer in self._layers)
