"""The attributes of a data set as a table: name, range, kind, details."""

from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from aeviz.gui.captions import tip
from aeviz.gui.numbers import count
from aeviz.gui.scroll import SlimScrollBar
from aeviz.messages import Attribute

_HEADS = ("Name", "Range", "Kind", "Details")
_MOST_ROWS = 12
Index = QModelIndex | QPersistentModelIndex


class AttributeModel(QAbstractTableModel):
    """One row per attribute."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.attributes: tuple[Attribute, ...] = ()

    def set_attributes(self, attributes: tuple[Attribute, ...]) -> None:
        """List these."""
        self.beginResetModel()
        self.attributes = attributes
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """How many attributes there are."""
        return 0 if parent.isValid() else len(self.attributes)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """Name, range, kind, details."""
        return 0 if parent.isValid() else len(_HEADS)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """The titles of the columns."""
        across = orientation == Qt.Orientation.Horizontal
        if across and role == Qt.ItemDataRole.DisplayRole:
            return _HEADS[section]
        if across and role == Qt.ItemDataRole.TextAlignmentRole:
            return int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """The text of a cell."""
        if not index.isValid():
            return None
        attribute = self.attributes[index.row()]
        texts = (attribute.name, range_of(attribute), attribute.kind, attribute.detail)
        text = texts[index.column()]
        if role == Qt.ItemDataRole.DisplayRole:
            return text
        if role == Qt.ItemDataRole.ToolTipRole:
            return tip(text)
        return None


def range_of(attribute: Attribute) -> str:
    """The range of an attribute, or a dash for categories."""
    if attribute.low is None or attribute.high is None:
        return "–"
    return f"{_end(attribute.low)} … {_end(attribute.high)}"


def _end(value: float) -> str:
    """An end of a range, as short as four digits allow."""
    text = count(value) if abs(value) >= 1e4 else f"{value:.4g}"
    return text.replace("-", "−")


class AttributeTable(QTableView):
    """As high as its rows, up to a dozen; more of them scroll."""

    def __init__(self) -> None:
        super().__init__()
        self.attributes = AttributeModel(self)
        self.setModel(self.attributes)
        self.setAccessibleName("Attributes")
        self.setVerticalScrollBar(SlimScrollBar())
        self.setShowGrid(False)
        self.setAlternatingRowColors(True)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.horizontalHeader().setHighlightSections(False)
        self.horizontalHeader().setStretchLastSection(True)
        self.set_attributes(())

    def set_attributes(self, attributes: tuple[Attribute, ...]) -> None:
        """List these."""
        self.attributes.set_attributes(attributes)
        row = self.fontMetrics().height() + 8
        self.verticalHeader().setDefaultSectionSize(row)
        # The widths of the first rows will do: a table of genes has thirty thousand.
        self.horizontalHeader().setResizeContentsPrecision(50)
        self.resizeColumnsToContents()
        shown = min(max(len(attributes), 1), _MOST_ROWS)
        frame = 2 * self.frameWidth() + self.horizontalHeader().sizeHint().height()
        bar = self.horizontalScrollBar().sizeHint().height()
        self.setFixedHeight(shown * row + frame + bar)
        self._fit_names()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave room for the ranges beside long names."""
        super().resizeEvent(event)
        self._fit_names()

    def _fit_names(self) -> None:
        wished = max(self.sizeHintForColumn(0), self.horizontalHeader().sectionSizeHint(0))
        self.setColumnWidth(0, min(wished + 8, max(round(self.width() * 0.46), 60)))
