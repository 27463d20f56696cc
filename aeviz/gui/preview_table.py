"""The first rows of a table, with the role of every column above them to be chosen."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QColor, QWheelEvent
from PySide6.QtWidgets import QAbstractItemView, QComboBox, QTableWidget, QTableWidgetItem

from aeviz.gui import theme
from aeviz.gui.captions import tip
from aeviz.gui.data_roles import ROLES
from aeviz.gui.scroll import SlimScrollBar
from aeviz.messages import ColumnSeen

TITLES = {
    "feature": "Feature",
    "label": "Label",
    "colour": "Colour",
    "ignored": "Left out",
    "name": "Name",
}
TIPS = {
    "feature": "The model sees it.",
    "label": "Colours the map and names the classes; the model does not see it.",
    "colour": "Kept beside the features; a conditional model can be told of it.",
    "ignored": "It is not read.",
    "name": "Names the samples, or the features where those stand in rows.",
}
_WIDEST = 180


class RoleBox(QComboBox):
    """The role of one column; a name, which is found and not chosen, is offered where it is one."""

    def __init__(self, column: ColumnSeen, *, fixed: bool) -> None:
        super().__init__()
        for role in (*ROLES, *(["name"] if column.role == "name" else [])):
            self.addItem(TITLES[role], role)
            self.setItemData(self.count() - 1, TIPS[role], Qt.ItemDataRole.ToolTipRole)
        self.setCurrentIndex(self.findData(column.role))
        self.setAccessibleName(f"Role of {column.name}")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setEnabled(not fixed)
        self.setToolTip(tip(TIPS[column.role]))

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave the wheel to the table."""
        event.ignore()


class PreviewTable(QTableWidget):
    """Rows of words under the names of their columns.

    Signals:
        role_chosen(int, str): The person gave a column another role.
    """

    role_chosen = Signal(int, str)

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("First rows")
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBar(SlimScrollBar(Qt.Orientation.Horizontal))
        self.setVerticalScrollBar(SlimScrollBar(Qt.Orientation.Vertical))
        self.setWordWrap(False)
        self.verticalHeader().hide()
        self.horizontalHeader().setMaximumSectionSize(_WIDEST)
        self.horizontalHeader().setDefaultAlignment(
            Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        )

    def show_rows(
        self, columns: Sequence[ColumnSeen], rows: Sequence[Sequence[str]], *, fixed: bool
    ) -> None:
        """Show other rows.

        Args:
            columns: What is known of the columns; none where the rows are lines of no table.
            rows: Words.
            fixed: Whether roles cannot be chosen.
        """
        self.clear()
        width = len(columns) or max((len(row) for row in rows), default=0)
        top = 1 if columns else 0
        self.setColumnCount(width)
        self.setRowCount(len(rows) + top)
        self.setHorizontalHeaderLabels([column.name for column in columns] or [""] * width)
        self.horizontalHeader().setVisible(bool(columns))
        for place, column in enumerate(columns):
            self._show_column(place, column, fixed=fixed)
        for number, row in enumerate(rows):
            for place, cell in enumerate(row[:width]):
                kind = columns[place].kind if columns else "text"
                self.setItem(number + top, place, _item(cell, is_number=kind == "number"))
        self.resizeColumnsToContents()
        self._dim()

    def _show_column(self, place: int, column: ColumnSeen, *, fixed: bool) -> None:
        box = RoleBox(column, fixed=fixed)
        box.setProperty("place", place)
        box.activated.connect(self._on_activated)
        self.setCellWidget(0, place, box)
        missing = f", {column.missing:,} missing in the rows that were seen"
        header = self.horizontalHeaderItem(place)
        if header is not None:
            kinds = {"number": "numbers", "text": "words", "empty": "empty"}
            text = f"{column.name}: {kinds[column.kind]}{missing if column.missing else ''}"
            header.setToolTip(tip(text))

    def _dim(self) -> None:
        """Show in the second colour what the model does not see."""
        muted = QColor(theme.tokens(self.palette()).muted)
        for place in range(self.columnCount()):
            box = self.cellWidget(0, place)
            if isinstance(box, RoleBox) and box.currentData() == "ignored":
                for row in range(1, self.rowCount()):
                    item = self.item(row, place)
                    if item is not None:
                        item.setForeground(muted)

    @Slot(int)
    def _on_activated(self, row: int) -> None:
        box = self.sender()
        if isinstance(box, RoleBox):
            self.role_chosen.emit(int(box.property("place")), str(box.itemData(row)))


def _item(text: str, *, is_number: bool) -> QTableWidgetItem:
    item = QTableWidgetItem(text)
    side = Qt.AlignmentFlag.AlignRight if is_number else Qt.AlignmentFlag.AlignLeft
    item.setTextAlignment(side | Qt.AlignmentFlag.AlignVCenter)
    return item
