"""A plane of two features: a density, samples, lines, and the place that is spoken of."""

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QSize
from PySide6.QtGui import QColor, QPen
from PySide6.QtWidgets import QSizePolicy

from aeviz.colouring import Colouring
from aeviz.geometry import Region
from aeviz.gui.density_image import DensityImage
from aeviz.gui.overlays import HoverRing, Pin
from aeviz.gui.plotting import StyledPlot, mixed, to_plot_array
from aeviz.gui.points import PointCloudItem

FloatArray = NDArray[np.float32]

_LINE = 0.55


class PlanePlot(StyledPlot):
    """Draws what it is told and knows nothing of runs; both axes have one scale."""

    def __init__(self, name: str) -> None:
        super().__init__(name, gaps=(64, 48), grid=False)
        self.setFrameShape(self.Shape.NoFrame)
        self.setMouseEnabled(x=False, y=False)
        box = self.getViewBox()
        box.setAspectLocked(True)
        box.setDefaultPadding(0)
        self.density = DensityImage()
        self.addItem(self.density, ignoreBounds=True)
        self.lines = pg.PlotCurveItem(connect="finite", antialias=True)
        self.addItem(self.lines, ignoreBounds=True)
        self.points = PointCloudItem(box)
        self.points.setZValue(5)  # over the lines
        self.ring = HoverRing(box)
        self.mark = Pin(box)
        self._colouring: Colouring | None = None
        self._hidden: frozenset[int] = frozenset()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(140, 140)
        self.restyle()

    # ── what is shown ─────────────────────────────────────────────────────────────────────────

    def show_region(self, region: Region) -> None:
        """Show a region: left, right, low, high."""
        self.getViewBox().setRange(xRange=region[:2], yRange=region[2:], padding=0)

    def set_colouring(self, colouring: Colouring | None, hidden: frozenset[int]) -> None:
        """Say which group each sample is in; the samples themselves come with `set_points`."""
        self._colouring, self._hidden = colouring, hidden
        self.set_points(None)

    def set_hidden(self, hidden: frozenset[int]) -> None:
        """Hide the samples of these groups."""
        self._hidden = hidden
        self._repaint_points()

    def set_points(self, positions: FloatArray | None) -> None:
        """Draw samples at positions (N, 2), one for each of the colouring; None for none."""
        if self._colouring is None or positions is None:
            empty = np.empty((0, 2), np.float32), np.empty(0, np.uint16)
            self.points.set_points(*empty, np.zeros(1, np.uint32))
            return
        palette = self._colouring.palette(self.colours, self._hidden)
        self.points.set_points(positions, self._colouring.codes, palette)

    def set_lines(self, lines: FloatArray | None) -> None:
        """Draw lines (L, P, 2), or none."""
        if lines is None:
            self.lines.setData([], [])
            return
        gap = np.full((len(lines), 1, 2), np.nan, np.float32)
        joined = to_plot_array(np.concatenate([lines, gap], axis=1).reshape(-1, 2))
        self.lines.setData(joined[:, 0], joined[:, 1])

    def show_mark(self, place: FloatArray | None) -> None:
        """Mark the place that is spoken of, (2,), or none."""
        self.mark.show_at(_point(place))

    def show_ring(self, place: FloatArray | None) -> None:
        """Ring the nearest sample, (2,), or none."""
        self.ring.set_reach(self.points.diameter / 2 + 3.5)
        self.ring.show_at(_point(place))

    def _repaint_points(self) -> None:
        if self._colouring is not None and len(self.points.positions):
            self.points.set_palette(self._colouring.palette(self.colours, self._hidden))

    def restyle(self) -> None:
        """Dress density, lines, points and marks too."""
        super().restyle()
        if not hasattr(self, "_hidden"):  # the constructor of the base calls it before
            return
        colours = self.colours
        for item in (self.density, self.mark, self.ring):
            item.dress(colours)
        pen = QPen(QColor(mixed(colours.muted, colours.surface, _LINE)), self.devicePixelRatioF())
        pen.setCosmetic(True)
        self.lines.setPen(pen)
        self._repaint_points()

    def sizeHint(self) -> QSize:
        """Square."""
        return QSize(280, 280)

    def hasHeightForWidth(self) -> bool:
        """Its height follows its width."""
        return True

    def heightForWidth(self, width: int) -> int:
        """Square, and never so high that it fills a panel alone."""
        return min(max(width, 140), 420)


def _point(place: FloatArray | None) -> QPointF | None:
    """A place that is finite."""
    if place is None or not np.isfinite(place).all():
        return None
    return QPointF(float(place[0]), float(place[1]))
