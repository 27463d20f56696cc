"""Numbers on the lines of equal density: few, apart from each other, where lines leave room."""

from typing import NamedTuple

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt, Slot
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from aeviz.geometry import Region
from aeviz.gui import theme
from aeviz.gui.plotting import tick_text

_APART = 150.0
"""Pixels beyond which two numbers need not be further apart."""

_ROOM = 24.0
"""Pixels to the next line beyond which more room does not matter."""

_INSET = 0.06
"""Share of the region along its edges where no number stands."""

_MOST = 512
"""Places that are weighed for one number."""

FloatArray = NDArray[np.float32]


class Label(NamedTuple):
    """A number on the map: a position, and the value of the line there."""

    x: float
    y: float
    level: float


def label_places(
    density: FloatArray, region: Region, levels: list[float], size: tuple[float, float]
) -> list[Label]:
    """Where on its line each level's number stands; a level that is nowhere has none.

    Args:
        density: Log density on a lattice over the region, (rows, columns), the highest row first.
        region: Left, right, low, high.
        levels: Values of lines.
        size: Width and height of the region in pixels.
    """
    rows, columns = density.shape
    values = np.nan_to_num(density.astype(np.float64), nan=-1e9, neginf=-1e9)
    pixels = np.array([size[0] / (columns - 1), size[1] / (rows - 1)])
    up, across = np.gradient(values)
    steepness = np.hypot(across / pixels[0], up / pixels[1])
    placed: list[Label] = []
    taken: list[NDArray[np.float64]] = []
    for level in levels:
        places = _crossings(values, level)
        inside = (np.abs(places / [columns - 1, rows - 1] - 0.5) < 0.5 - _INSET).all(axis=1)
        places = places[inside]
        if not len(places):
            continue
        places = places[:: len(places) // _MOST + 1]
        near = np.rint(places).astype(np.int64)
        room = 1 / np.maximum(steepness[near[:, 1], near[:, 0]], 1e-9)
        away = np.full(len(places), _APART)
        for other in taken:
            away = np.minimum(away, np.hypot(*((places - other) * pixels).T))
        best = places[int((away + 3 * np.minimum(room, _ROOM)).argmax())]
        taken.append(best)
        left, right, low, high = region
        x = left + best[0] / (columns - 1) * (right - left)
        y = high - best[1] / (rows - 1) * (high - low)
        placed.append(Label(float(x), float(y), level))
    return placed


def _crossings(values: NDArray[np.float64], level: float) -> NDArray[np.float64]:
    """Where rows of a lattice cross a level: columns and rows as fractions, (K, 2)."""
    below, above = values[:, :-1] - level, values[:, 1:] - level
    row, column = np.nonzero((below < 0) != (above < 0))
    share = below[row, column] / (below[row, column] - above[row, column])
    return np.column_stack([column + share, row]).astype(np.float64)


class IsoLabels(pg.GraphicsObject):
    """The numbers, over the points of a map; they keep their size at every zoom."""

    def __init__(self, box: pg.ViewBox) -> None:
        super().__init__()
        self._box = box
        self._labels: list[Label] = []
        self._colours, self._font = theme.LIGHT, QFont()
        self.setParentItem(box)
        self.setZValue(4)
        box.sigResized.connect(self._on_resized)

    @property
    def labels(self) -> list[Label]:
        """What is shown."""
        return self._labels

    def show_labels(self, labels: list[Label]) -> None:
        """Show these numbers."""
        self._labels = labels
        self.update()

    def dress(self, colours: theme.Tokens, font: QFont) -> None:
        """Take the colours and the type of a theme."""
        self._colours, self._font = colours, font
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
        """Draw each number with a light edge, so that it is read over points."""
        if not self._labels:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        metrics, area = QFontMetricsF(self._font), self.boundingRect()
        edge = QPen(QColor(self._colours.surface), 3.2)
        edge.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        for label in self._labels:
            middle = self._box.mapFromView(QPointF(label.x, label.y))
            if not area.contains(middle):
                continue
            text, path = tick_text(label.level, 1.0), QPainterPath()
            left = middle.x() - metrics.horizontalAdvance(text) / 2
            path.addText(QPointF(left, middle.y() + metrics.capHeight() / 2), self._font, text)
            painter.strokePath(path, edge)
            painter.fillPath(path, QColor(self._colours.text))
