"""Where the sample that was put in lies on the map, with the ellipse of its posterior."""

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt, Slot
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from aeviz.gui import theme
from aeviz.gui.layers.base import Layer, register_layer
from aeviz.gui.map_plot import MapPlot
from aeviz.gui.put import put_of
from aeviz.gui.session import Session

_REACH = 7.0


def ellipse(
    place: NDArray[np.floating], covariance: NDArray[np.floating], sigmas: float = 2.0
) -> NDArray[np.float64]:
    """Points on the ellipse of a Gaussian around a place, (64, 2).

    Args:
        place: Its mean, (2,).
        covariance: (2, 2).
        sigmas: How many standard deviations out.
    """
    values, axes = np.linalg.eigh(np.asarray(covariance, np.float64))
    angles = np.linspace(0, 2 * np.pi, 64, endpoint=False)
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    reach = sigmas * np.sqrt(np.maximum(values, 0))
    return np.asarray(place + (circle * reach) @ axes.T)


class Landing(pg.GraphicsObject):
    """A square on its corner, filled, and an ellipse around it."""

    def __init__(self, box: pg.ViewBox) -> None:
        super().__init__()
        self._box = box
        self.place: NDArray[np.floating] | None = None
        self.ring: NDArray[np.floating] = np.empty((0, 2))
        self.colours = theme.LIGHT
        self.setParentItem(box)
        self.setZValue(28)
        box.sigRangeChanged.connect(self._on_range_changed)
        box.sigResized.connect(self._on_resized)

    def show_at(self, place: NDArray[np.floating] | None, ring: NDArray[np.floating]) -> None:
        """Show a place (2,) with a ring (K, 2), or nothing."""
        self.place, self.ring = place, ring
        self.update()

    @Slot()
    def _on_range_changed(self) -> None:
        if self.place is not None:
            self.update()

    @Slot(object)
    def _on_resized(self, box: object) -> None:
        self.prepareGeometryChange()

    def boundingRect(self) -> QRectF:
        """The view box."""
        return QRectF(self._box.rect())

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        """Draw ring and square with a light edge."""
        if self.place is None:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        shape = QPolygonF(
            [self._box.mapFromView(QPointF(*corner)) for corner in self.ring.tolist()]
        )
        for tone, wide in ((self.colours.surface, 3.4), (self.colours.warning, 1.5)):
            painter.setPen(QPen(QColor(tone), wide))
            painter.drawPolygon(shape)
        middle = self._box.mapFromView(QPointF(float(self.place[0]), float(self.place[1])))
        corners = ((0, -_REACH), (_REACH, 0), (0, _REACH), (-_REACH, 0))
        painter.setPen(QPen(QColor(self.colours.surface), 2.0))
        painter.setBrush(QColor(self.colours.warning))
        painter.drawPolygon(QPolygonF([middle + QPointF(x, y) for x, y in corners]))


@register_layer(
    "put",
    title="What was put in",
    tip="Where the sample of the panel Put in lies, with two σ of its posterior.",
    order=41,
    is_listed=False,
)
class PutLayer(Layer):
    """Shown whenever something was put in: the panel rules it."""

    def __init__(self, session: Session, plot: MapPlot) -> None:
        super().__init__(session, plot)
        self.put = put_of(session)
        self.item = Landing(plot.box)
        self.put.changed.connect(self._on_changed)
        session.epoch_changed.connect(self._on_changed)

    @Slot()
    def _on_changed(self) -> None:
        self.refresh()

    def refresh(self) -> None:
        """Show where it landed."""
        session, z, log_var = self.session, self.put.z, self.put.log_var
        place = None if z is None else session.position_of(z)
        ring = np.empty((0, 2))
        if place is not None and log_var is not None and session.has_plane:
            inverse = np.linalg.pinv(session.epochs[session.epoch].axes)  # (2, D)
            ring = ellipse(place, (inverse * np.exp(log_var)) @ inverse.T)
        self.item.show_at(place, ring)

    def dress(self, colours: theme.Tokens) -> None:
        """Take the colours of a theme."""
        self.item.colours = colours
        self.item.update()
