"""A list of samples that makes its drawings when they are seen: pictures, or rows of bars."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    Qt,
    QTimer,
    Slot,
)
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPalette
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from aeviz import messages as m
from aeviz.gui import theme, wording
from aeviz.gui.captions import draw_dot, tip
from aeviz.gui.label_colours import label_of
from aeviz.gui.session import Session
from aeviz.gui.tiles import SampleStyle, draw_sample, style_of_run

VIEW = "samples"
TILE = 56
"""Side of a picture in logical pixels."""
_MARGIN = 6
_GAP = 3
_MOST_KEPT = 4096
_MOST_ASKED = 256

Index = QModelIndex | QPersistentModelIndex


class SampleModel(QAbstractListModel):
    """Rows of the map as rows of a list; samples that the window lacks are fetched when seen."""

    def __init__(
        self, session: Session, parent: QObject | None = None, *, view: str = VIEW
    ) -> None:
        super().__init__(parent)
        self.session = session
        self._view = view
        self.rows: NDArray[np.int64] = np.empty(0, np.int64)
        self.style = SampleStyle()
        self._kept: dict[int, NDArray[Any]] = {}
        self._wanted: list[int] = []
        # Everything that one paint lacks is asked for in one request after it.
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._on_timeout)
        session.samples_fetched.connect(self._on_samples_fetched)

    def set_run(self, run: m.RunOpened | None) -> None:
        """Forget the samples of another run."""
        self._kept.clear()
        self._wanted.clear()
        self._timer.stop()
        self.style = SampleStyle() if run is None else style_of_run(run)
        self.set_rows(())

    def set_rows(self, rows: Sequence[int] | NDArray[np.int64]) -> None:
        """List these rows of the map, in this order."""
        self.beginResetModel()
        self.rows = np.asarray(rows, np.int64)
        self.endResetModel()

    def sample(self, row: int) -> NDArray[Any] | None:
        """A sample in its own units, or None and it is fetched."""
        held = self.session.sample(row)
        if held is None:
            held = self._kept.get(row)
        if held is None and row not in self._wanted:
            self._wanted = [*self._wanted[-_MOST_ASKED:], row]
            self._timer.start(0)
        return held

    @Slot()
    def _on_timeout(self) -> None:
        if self._wanted:
            self.session.fetch(self._view, self._wanted)

    @Slot(object)
    def _on_samples_fetched(self, message: m.SamplesFetched) -> None:
        if message.view != self._view:
            return
        if len(self._kept) > _MOST_KEPT:
            self._kept.clear()
        self._kept.update(zip(message.rows.tolist(), message.samples, strict=True))
        self._wanted = [row for row in self._wanted if row not in self._kept]
        if len(self.rows):
            self.dataChanged.emit(self.index(0), self.index(len(self.rows) - 1))

    def name(self, row: int) -> str:
        """What a person reads of a sample: its label, else its number."""
        return label_of(self.session, row)[0] or self.number(row)

    def number(self, row: int) -> str:
        """Its number in the data set."""
        run = self.session.run
        return f"#{row if run is None else int(run.index[row])}"

    def _sentence(self, row: int) -> str:
        run = self.session.run
        part = "" if run is None else f", {wording.part_name(int(run.parts[row]))} part"
        called = f" “{run.names[row]}”" if run is not None and run.names else ""
        return f"{self.name(row)}, sample {self.number(row)}{called}{part}"

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """How many samples are listed."""
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Texts of a sample; the delegate draws the rest."""
        if not 0 <= index.row() < len(self.rows):
            return None
        row = int(self.rows[index.row()])
        if role == Qt.ItemDataRole.DisplayRole:
            return self.name(row)
        if role == Qt.ItemDataRole.ToolTipRole:
            return tip(self._sentence(row))
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return self._sentence(row)
        return None


class SampleDelegate(QStyledItemDelegate):
    """Draws a picture over its label, or for a table a line with label, number and bars."""

    def __init__(self, model: SampleModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._model = model

    @property
    def _is_image(self) -> bool:
        run = self._model.session.run
        return run is None or run.is_image

    def cell(self, metrics: QFontMetrics, width: int) -> QSize:
        """The size of one sample in a list of that width."""
        if self._is_image:
            return QSize(TILE + 2 * _MARGIN, TILE + metrics.height() + 2 * _MARGIN + _GAP)
        return QSize(max(width, 80), metrics.height() + 2 * _MARGIN)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """As `cell` says."""
        return self.cell(option.fontMetrics, option.rect.width())

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw one sample."""
        row = int(self._model.rows[index.row()])
        painter.save()
        painter.setFont(theme.caption(option.font))
        self._paint_ground(painter, option)
        area = option.rect.adjusted(_MARGIN, _MARGIN, -_MARGIN, -_GAP)
        if self._is_image:
            self._paint_tile(painter, area, option.palette, row)
        else:
            self._paint_row(painter, area, option.palette, row)
        painter.restore()

    def _paint_ground(self, painter: QPainter, option: QStyleOptionViewItem) -> None:
        """A tint under the mouse, a stronger one when chosen, a frame where the keyboard is."""
        accent = QColor(option.palette.color(QPalette.ColorRole.Highlight))
        area = QRectF(option.rect).adjusted(1.5, 1.5, -1.5, -1.5)
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        under = bool(option.state & QStyle.StateFlag.State_MouseOver)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        if chosen or under:
            tint = QColor(accent)
            tint.setAlphaF(0.28 if chosen else 0.12)
            painter.setBrush(tint)
            painter.drawRoundedRect(area, 4, 4)
        if option.state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(accent)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(area, 4, 4)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def _paint_tile(self, painter: QPainter, area: QRect, palette: QPalette, row: int) -> None:
        place = QRectF(area.left() + (area.width() - TILE) / 2, area.top(), TILE, TILE)
        self._paint_sample(painter, place, palette, row)
        line = QRectF(area).adjusted(0, TILE + _GAP, 0, 0)
        self._paint_name(painter, line, palette, row)

    def _paint_row(self, painter: QPainter, area: QRect, palette: QPalette, row: int) -> None:
        metrics = painter.fontMetrics()
        names = min(max(area.width() * 0.3, 56.0), 120.0)
        run = self._model.session.run
        has_names = run is not None and run.labels is not None
        numbers = metrics.horizontalAdvance("#000000") if has_names else 0
        line = QRectF(area)
        self._paint_name(
            painter, QRectF(line.left(), line.top(), names, line.height()), palette, row
        )
        place = line.adjusted(names + _MARGIN, 0, 0, 0)
        if has_names:
            painter.setPen(palette.color(QPalette.ColorRole.PlaceholderText))
            painter.drawText(place, int(Qt.AlignmentFlag.AlignVCenter), self._model.number(row))
        self._paint_sample(painter, place.adjusted(numbers + _MARGIN, 0, 0, 0), palette, row)

    def _paint_sample(self, painter: QPainter, area: QRectF, palette: QPalette, row: int) -> None:
        sample = self._model.sample(row)
        if sample is not None and area.width() > 4:
            draw_sample(painter, area, sample, self._model.style, theme.tokens(palette))

    def _paint_name(self, painter: QPainter, area: QRectF, palette: QPalette, row: int) -> None:
        colour = label_of(self._model.session, row)[1]
        left = draw_dot(painter, area, colour)
        place = area.adjusted(left, 0, 0, 0)
        text = painter.fontMetrics().elidedText(
            self._model.name(row), Qt.TextElideMode.ElideRight, int(place.width())
        )
        painter.setPen(palette.color(QPalette.ColorRole.Text))
        painter.drawText(place, int(Qt.AlignmentFlag.AlignVCenter), text)
