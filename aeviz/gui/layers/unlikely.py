"""Hatching where latents of the data hardly ever are."""

from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt, Slot
from PySide6.QtGui import QColor, QImage, QPainter, QPen
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from aeviz import messages as m
from aeviz.geometry import Region
from aeviz.gui import theme
from aeviz.gui.captions import tip
from aeviz.gui.density_image import finer
from aeviz.gui.layer_legend import LayerLegend
from aeviz.gui.layers.base import register_layer
from aeviz.gui.layers.over_region import RegionLayer
from aeviz.gui.map_plot import MapPlot
from aeviz.gui.session import Session

_GAP, _INK = 8.0, 0.42
"""Pixels between two lines, and how much of the muted colour they are."""

MEANING = (
    "Hatched: the density of a Gaussian mixture fitted to the latents is lower there than at 99 % "
    "of the latents themselves. What is decoded there is a guess."
)


class Hatching(pg.GraphicsObject):
    """Slanting lines over a part of the map, equally far apart at every zoom."""

    def __init__(self, box: pg.ViewBox) -> None:
        super().__init__()
        self._box = box
        self._mask = QImage()
        self._region: Region = (0, 1, 0, 1)
        self._colours = theme.LIGHT
        self._picture, self._drawn = QImage(), ()  # type: tuple[QImage, tuple[Any, ...]]
        self.setParentItem(box)
        self.setZValue(-15)
        box.sigResized.connect(self._on_resized)

    @property
    def is_shown(self) -> bool:
        """Whether something is hatched."""
        return not self._mask.isNull()

    def set_mask(self, mask: NDArray[np.bool_] | None, region: Region = (0, 1, 0, 1)) -> None:
        """Hatch where a mask is true, (rows, columns) with the highest row first; or nothing."""
        self._region, self._drawn = region, ()
        if mask is None or not mask.any():
            self._mask = QImage()
        else:
            alpha = np.ascontiguousarray(np.where(mask, 255, 0), np.uint8)
            high, wide = alpha.shape
            form = QImage.Format.Format_Alpha8
            self._mask = QImage(alpha.data, wide, high, wide, form).copy()
        self.update()

    def dress(self, colours: theme.Tokens) -> None:
        """Take the colours of a theme."""
        self._colours, self._drawn = colours, ()
        self.update()

    @Slot()
    def _on_resized(self) -> None:
        self.prepareGeometryChange()

    def boundingRect(self) -> QRectF:
        """The view box."""
        return QRectF(self._box.rect())

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        """Draw the lines where the mask is; anew only when view or mask have changed."""
        if self._mask.isNull():
            return
        left, right, low, high = self._region
        corners = (QPointF(left, high), QPointF(right, low))
        area = QRectF(*(self._box.mapFromView(corner) for corner in corners))
        ratio = painter.device().devicePixelRatioF()
        state = (area.getRect(), self.boundingRect().getRect(), ratio)
        if state != self._drawn:
            self._picture, self._drawn = self._draw(area, ratio), state
        painter.drawImage(QPointF(), self._picture)

    def _draw(self, area: QRectF, ratio: float) -> QImage:
        size = self.boundingRect().size()
        form = QImage.Format.Format_ARGB32_Premultiplied
        made = QImage((size * ratio).toSize(), form)
        made.setDevicePixelRatio(ratio)
        made.fill(Qt.GlobalColor.transparent)
        painter = QPainter(made)
        painter.setRenderHints(
            QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform
        )
        painter.setClipRect(area)
        ink = QColor(self._colours.muted)
        ink.setAlphaF(_INK)
        painter.setPen(QPen(ink, 1.0))
        high = size.height()
        start = np.arange(-high, size.width(), _GAP * 2**0.5)
        painter.drawLines([QLineF(x, high, x + high, 0) for x in start.tolist()])
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_DestinationIn)
        painter.drawImage(area, self._mask)
        painter.end()
        return made


@register_layer(
    "unlikely",
    title="Unlikely places",
    tip="Hatches where the density of the latents is under that of 99 % of the data.",
    order=30,
    dimensions=2,
    needs_plane=True,
)
class UnlikelyLayer(RegionLayer):
    """Asks for the same mixture as the density of that name."""

    question = "density-over-map"

    def __init__(self, session: Session, plot: MapPlot) -> None:
        super().__init__(session, plot)
        self.hatching = Hatching(plot.box)
        self.legend: LayerLegend = LayerLegend()
        self.legend.setToolTip(tip(MEANING))

    def arguments(self) -> dict[str, Any]:
        """The mixture."""
        return {"kind": "gmm"}

    def take(self, answer: m.Answer, region: Region) -> None:
        """Hatch what lies below the rare ones of the data."""
        rare = finer(answer.arrays["density"]) < answer.values["rare"]
        self.hatching.set_mask(rare, region)
        epoch = answer.epoch
        told = "" if epoch == self.session.epoch else f"of epoch {epoch}"
        self.legend.say("Hatched: rarest 1 %", told)

    def clear(self) -> None:
        """Show nothing."""
        self.hatching.set_mask(None)
        self.legend.say("")

    def say(self, sentence: str, *, is_wrong: bool = False) -> None:
        """In the bar."""
        self.legend.say(sentence, tone="error" if is_wrong else "muted")

    def dress(self, colours: theme.Tokens) -> None:
        """Take the colours of a theme."""
        self.hatching.dress(colours)
