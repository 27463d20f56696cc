"""A row of a table whose values can be changed, feature by feature."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QLineEdit,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

_HEIGHT = 190


class RowEditor(QWidget):
    """Features with their values; what is no number is marked and not taken.

    Signals:
        changed(): A value is another one now.
        refused(str): What was written is no number.
    """

    changed = Signal()
    refused = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.values: NDArray[np.float32] = np.empty(0, np.float32)
        self.search = QLineEdit()
        self.search.setPlaceholderText("Find a feature")
        self.search.setAccessibleName("Find a feature")
        self.search.setClearButtonEnabled(True)
        self.table = QTableWidget(0, 2)
        self.table.setAccessibleName("Values of the row")
        self.table.setHorizontalHeaderLabels(["Feature", "Value"])
        self.table.verticalHeader().hide()
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setFixedHeight(_HEIGHT)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.search)
        column.addWidget(self.table)
        self.table.itemChanged.connect(self._on_item_changed)
        self.search.textChanged.connect(self._on_searched)

    def set_features(self, names: Sequence[str], values: NDArray[np.floating]) -> None:
        """Show these features."""
        self.values = np.array(values, np.float32)
        self.search.setVisible(len(names) > 8)
        self.table.blockSignals(True)
        self.table.setRowCount(len(names))
        for row, name in enumerate(names):
            title = QTableWidgetItem(name)
            title.setFlags(Qt.ItemFlag.ItemIsEnabled)
            title.setToolTip(name)
            self.table.setItem(row, 0, title)
            self.table.setItem(row, 1, QTableWidgetItem(_text(self.values[row])))
        self.table.blockSignals(False)

    def set_values(self, values: NDArray[np.floating]) -> None:
        """Show other values of the same features."""
        self.values = np.array(values, np.float32)
        self.table.blockSignals(True)
        for row, value in enumerate(self.values):
            item = self.table.item(row, 1)
            if item is not None:
                item.setText(_text(value))
        self.table.blockSignals(False)
        self.changed.emit()

    @Slot(QTableWidgetItem)
    def _on_item_changed(self, item: QTableWidgetItem) -> None:
        if item.column() != 1:
            return
        row, text = item.row(), item.text().strip().replace("−", "-").replace(",", ".")
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        is_number = math.isfinite(value) and abs(value) <= 1e30
        said = "" if is_number else f"“{item.text()}” is no number: the value stays as it was."
        if is_number:
            self.values = self.values.copy()
            self.values[row] = value
        self.table.blockSignals(True)
        item.setText(_text(self.values[row]))
        self.table.blockSignals(False)
        if is_number:
            self.changed.emit()
        self.refused.emit(said)

    @Slot(str)
    def _on_searched(self, text: str) -> None:
        for row in range(self.table.rowCount()):
            item = self.table.item(row, 0)
            is_found = item is not None and text.casefold() in item.text().casefold()
            self.table.setRowHidden(row, not is_found)


def _text(value: float) -> str:
    return f"{float(value):.6g}"
