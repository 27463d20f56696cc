"""Decodes under the points: each cell of the grid lies where its latents are."""

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QRectF, Slot
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from aeviz.geometry import Region
from aeviz.gui import theme
from aeviz.gui.layers.base import Layer, register_layer
from aeviz.gui.map_plot import MapPlot
from aeviz.gui.mosaic import mosaic
from aeviz.gui.session import Session
from aeviz.gui.sweep import sweep_of
from aeviz.gui.tiles import style_of_run
from aeviz.shades import OF_IMAGES, OF_PROFILES


class GridItem(pg.GraphicsObject):
    """A picture over a region of the map, in the map's own coordinates."""

    def __init__(self) -> None:
        super().__init__()
        self.image = QImage()
        self.area = QRectF()
        self.opacity_of_image = OF_IMAGES

    def show_image(self, image: QImage, region: Region) -> None:
        """Lay a picture over a region: left, right, low, high; an empty one shows nothing."""
        left, right, low, high = region
        area = QRectF(left, low, right - left, high - low)
        if area != self.area:
            self.prepareGeometryChange()
            self.area = area
        self.image = image
        self.update()

    def boundingRect(self) -> QRectF:
        """The region."""
        return self.area

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        """Draw it with sharp pixels: their edges are edges of cells."""
        if not self.image.isNull():
            painter.setOpacity(self.opacity_of_image)
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
            # The map's second coordinate grows upwards, rows of a picture downwards.
            painter.translate(self.area.left(), self.area.bottom())
            painter.scale(1, -1)
            painter.drawImage(QRectF(0, 0, self.area.width(), self.area.height()), self.image)


@register_layer(
    "grid",
    title="Grid of decodes",
    tip="What the model decodes everywhere, under the points.",
    order=10,
)
class GridLayer(Layer):
    """Shows the sweep; what it has shown stays at its place until newer decodes have come."""

    def __init__(self, session: Session, plot: MapPlot) -> None:
        super().__init__(session, plot)
        self.sweep = sweep_of(session)
        self.item = GridItem()
        self._colours = theme.LIGHT
        plot.addItem(self.item, ignoreBounds=True)
        # Adding lifts it over the view box, to where the densities are, which would hide it.
        self.item.setZValue(plot.box.zValue() + 2)
        plot.box.sigRangeChanged.connect(self._on_range_changed)
        self.sweep.changed.connect(self._on_sweep_changed)
        self._on_range_changed()

    @Slot()
    def _on_range_changed(self) -> None:
        (left, right), (low, high) = self.plot.box.viewRange()
        self.sweep.set_region((left, right, low, high))

    def refresh(self) -> None:
        """Use the sweep while the layer is on."""
        self.sweep.use(self.name, self.is_on)
        self._on_sweep_changed()

    def dress(self, colours: theme.Tokens) -> None:
        """Draw profiles in the colours of the theme."""
        self._colours = colours
        self._on_sweep_changed()

    @Slot()
    def _on_sweep_changed(self) -> None:
        cells, frames, run = self.sweep.cells, self.sweep.frames, self.session.run
        if not self.is_on or cells is None or frames is None or run is None:
            self.item.show_image(QImage(), (0, 1, 0, 1))
            return
        missing = np.asarray(self.sweep.missing)
        image = mosaic(frames, missing, cells.columns, style_of_run(run), self._colours)
        self.item.opacity_of_image = OF_IMAGES if run.is_image else OF_PROFILES
        self.item.show_image(image, cells.region)
