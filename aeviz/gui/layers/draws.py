"""Where the draws of the Draws panel lie on the map: hollow diamonds over the points."""

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt, Slot
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from aeviz.gui import theme
from aeviz.gui.drawn import drawn_of
from aeviz.gui.layers.base import Layer, register_layer
from aeviz.gui.map_plot import MapPlot
from aeviz.gui.session import Session

_REACH, _HOVERED = 4.5, 8.0


class Diamonds(pg.GraphicsObject):
    """Hollow diamonds at positions of the map, one of them larger."""

    def __init__(self, box: pg.ViewBox) -> None:
        super().__init__()
        self._box = box
        self.positions: NDArray[np.float32] = np.empty((0, 2), np.float32)
        self.large = -1
        self.colours = theme.LIGHT
        self.setParentItem(box)
        self.setZValue(12)
        box.sigResized.connect(self._on_resized)
        box.sigRangeChanged.connect(self._on_range_changed)

    def show_at(self, positions: NDArray[np.float32], large: int) -> None:
        """Draw diamonds at positions (K, 2), that of one number larger; -1 for none."""
        self.positions, self.large = positions, large
        self.update()

    @Slot(object)
    def _on_resized(self, box: object) -> None:
        self.prepareGeometryChange()

    @Slot()
    def _on_range_changed(self) -> None:
        if len(self.positions):
            self.update()

    def boundingRect(self) -> QRectF:
        """The view box."""
        return QRectF(self._box.rect())

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        """Draw those that are in view, with a light edge so that they are seen on every colour."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        area = self.boundingRect()
        for number, position in enumerate(self.positions.tolist()):
            place = self._box.mapFromView(QPointF(*position))
            if not area.contains(place):
                continue
            reach = _HOVERED if number == self.large else _REACH
            corners = ((0, -reach), (reach, 0), (0, reach), (-reach, 0))
            shape = QPolygonF([place + QPointF(x, y) for x, y in corners])
            tone = self.colours.accent if number == self.large else self.colours.text
            for colour, wide in ((self.colours.surface, 3.6), (tone, 1.5)):
                painter.setPen(QPen(QColor(colour), wide))
                painter.drawPolygon(shape)


@register_layer(
    "draws",
    title="Draws",
    tip="Where the draws of the Draws panel lie: places that they fill and the data do not.",
    order=40,
)
class DrawsLayer(Layer):
    """Follows the draws, and the epoch where the map is another plane at each."""

    def __init__(self, session: Session, plot: MapPlot) -> None:
        super().__init__(session, plot)
        self.drawn = drawn_of(session)
        self.item = Diamonds(plot.box)
        self.drawn.changed.connect(self._on_changed)
        self.drawn.hovered_changed.connect(self._on_changed)
        session.epoch_changed.connect(self._on_changed)

    @Slot()
    def _on_changed(self) -> None:
        self.refresh()

    def refresh(self) -> None:
        """Show the draws while the layer is on."""
        z = self.drawn.z
        found = (
            [self.session.position_of(each) for each in z] if self.is_on and z is not None else []
        )
        places = [place for place in found if place is not None]
        positions = np.array(places, np.float32).reshape(-1, 2)
        self.item.show_at(positions, self.drawn.hovered)

    def dress(self, colours: theme.Tokens) -> None:
        """Take the colours of a theme."""
        self.item.colours = colours
        self.item.update()
