"""The units of a layer as tiles: what each weighs, or else the sample that excites it most."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRectF,
    QSize,
    Qt,
    Slot,
)
from PySide6.QtGui import QColor, QPainter, QPalette
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
)

from aeviz.gui import image_label, theme
from aeviz.gui.captions import tip
from aeviz.gui.sample_list import SampleModel
from aeviz.gui.scroll import SlimScrollBar
from aeviz.gui.tiles import draw_sample
from aeviz.messages import ByteArray, FloatArray, IntArray

TILE = 40
"""Side of a tile in logical pixels."""
_MARGIN = 2

Index = QModelIndex | QPersistentModelIndex


def grey_of(weights: FloatArray) -> ByteArray:
    """Weights as a picture of symmetric contrast: 0 is middle grey, the largest black or white.

    Args:
        weights: (H, W, C); other channel counts than 1 and 3 are averaged.

    Returns:
        uint8 (H, W, 1) or (H, W, 3).
    """
    if weights.shape[2] not in (1, 3):
        weights = weights.mean(axis=2, keepdims=True)
    largest = float(np.abs(weights).max(initial=0.0))
    shares = weights / largest if largest > 0 else weights
    return np.asarray(np.rint(127.5 + 127.5 * shares), np.uint8)


class UnitModel(QAbstractListModel):
    """Units as rows of a list, in an order of choice."""

    def __init__(self, samples: SampleModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.samples = samples
        self.order: IntArray = np.empty(0, np.int64)
        self.filters: FloatArray | None = None
        self.best: IntArray | None = None
        self._told: tuple[str, ...] = ()
        samples.dataChanged.connect(self.repaint_tiles)

    def set_units(self, order: IntArray, filters: FloatArray | None) -> None:
        """List units in an order.

        Args:
            order: Numbers of the units, (U,).
            filters: Their weights (U, H, W, C) or (U, F) by number; None where they have none in
                the shape of a sample.
        """
        self.beginResetModel()
        self.order, self.filters = order, filters
        self.endResetModel()

    def set_best(self, rows: IntArray | None, told: tuple[str, ...]) -> None:
        """Say which sample excites each unit most, (U,), and a sentence about each unit."""
        self.best, self._told = rows, told
        self.repaint_tiles()

    @Slot()
    def repaint_tiles(self) -> None:
        """Draw all tiles anew."""
        if len(self.order):
            self.dataChanged.emit(self.index(0), self.index(len(self.order) - 1))

    def place_of(self, unit: int) -> int:
        """Where a unit stands in the list, -1 where it does not."""
        found = np.flatnonzero(self.order == unit)
        return int(found[0]) if found.size else -1

    def tile(self, unit: int) -> NDArray[Any] | None:
        """What is drawn for a unit: weights (float), a sample in its own units, or nothing yet."""
        if self.filters is not None:
            return np.asarray(self.filters[unit]) if unit < len(self.filters) else None
        if self.best is None or unit >= len(self.best):
            return None
        return self.samples.sample(int(self.best[unit]))

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """How many units are listed."""
        return 0 if parent.isValid() else len(self.order)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Texts of a unit; the delegate draws the rest."""
        if not 0 <= index.row() < len(self.order):
            return None
        unit = int(self.order[index.row()])
        told = self._told[unit] if unit < len(self._told) else ""
        sentence = f"Unit {unit + 1}. {told}".strip()
        if role == Qt.ItemDataRole.ToolTipRole:
            return tip(sentence)
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return sentence
        return None


class UnitDelegate(QStyledItemDelegate):
    """Draws a tile with a frame when it is chosen."""

    def __init__(self, model: UnitModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._model = model

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """A square."""
        return QSize(TILE + 2 * _MARGIN, TILE + 2 * _MARGIN)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw one unit."""
        painter.save()
        area = QRectF(option.rect).adjusted(_MARGIN, _MARGIN, -_MARGIN, -_MARGIN)
        self._paint_tile(painter, area, int(self._model.order[index.row()]), option.palette)
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        if chosen or option.state & QStyle.StateFlag.State_MouseOver:
            accent = option.palette.color(QPalette.ColorRole.Highlight)
            painter.setPen(QColor(accent))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            grow = 1.5 if chosen else 0.5
            for wide in (grow, grow + 1) if chosen else (grow,):
                painter.drawRect(area.adjusted(-wide, -wide, wide, wide))
        painter.restore()

    def _paint_tile(self, painter: QPainter, area: QRectF, unit: int, palette: QPalette) -> None:
        tile, colours = self._model.tile(unit), theme.tokens(palette)
        if tile is None:
            painter.fillRect(area, QColor(colours.surface))
        elif self._model.filters is None:
            draw_sample(painter, area, tile, self._model.samples.style, colours)
        elif tile.ndim == 3:
            picture = image_label.to_image(grey_of(tile))
            device = painter.device()
            ratio = device.devicePixelRatioF() if device is not None else 1.0
            image_label.draw(painter, area, picture, ratio)
        else:
            draw_weights(painter, area, tile, colours)


def draw_weights(
    painter: QPainter, area: QRectF, weights: FloatArray, colours: theme.Tokens
) -> None:
    """Draw weights of a table's features (F,) as bars up and down from the middle."""
    painter.fillRect(area, QColor(colours.surface))
    largest = float(np.abs(weights).max(initial=0.0)) or 1.0
    edges = np.linspace(area.left(), area.right(), len(weights) + 1)
    middle = area.center().y()
    for left, right, weight in zip(edges[:-1], edges[1:], weights, strict=True):
        tall = float(weight) / largest * area.height() / 2
        bar = QRectF(left, middle - max(tall, 0.0), max(right - left - 0.5, 0.5), abs(tall))
        painter.fillRect(bar, QColor(colours.accent))
    painter.fillRect(QRectF(area.left(), middle - 0.25, area.width(), 0.5), QColor(colours.muted))


class UnitGrid(QListView):
    """Tiles in lines."""

    def __init__(self, model: UnitModel) -> None:
        super().__init__()
        self.setModel(model)
        self.setItemDelegate(UnitDelegate(model, self))
        self.setFlow(QListView.Flow.LeftToRight)
        self.setWrapping(True)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setFrameShape(QListView.Shape.NoFrame)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollBar(SlimScrollBar())
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.setAccessibleName("Units")
        self.setMinimumSize(80, 2 * (TILE + 2 * _MARGIN))
