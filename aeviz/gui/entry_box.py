"""A drop-down list of catalogue entries: models, data sets, presets."""

from collections.abc import Callable, Iterable

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QStandardItem, QStandardItemModel, QWheelEvent
from PySide6.QtWidgets import QComboBox, QWidget

from aeviz.catalogue import Entry

_NAME = Qt.ItemDataRole.UserRole


class EntryBox(QComboBox):
    """Entries by their titles. Those that cannot be chosen now are greyed and say why.

    Signals:
        chosen(str): The person chose the entry of that name.
    """

    chosen = Signal(str)

    def __init__(self, title: str, entries: Iterable[Entry], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = title
        self._entries = {entry.name: entry for entry in entries}
        self._own: dict[str, Entry] = {}
        self._rows = QStandardItemModel(self)
        self.setModel(self._rows)
        self.setAccessibleName(title)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(12)
        for entry in self._entries.values():
            self._add(entry.name, entry.title)
        self.activated.connect(self._on_activated)

    def add_none(self, title: str) -> None:
        """Put a line for "none of them" first."""
        self._rows.insertRow(0, _item("", title))

    def offer(self, entries: Iterable[Entry]) -> None:
        """Show these entries: new ones come behind the others, those that are gone go."""
        wanted = {entry.name: entry for entry in entries}
        for name in self._entries.keys() - wanted.keys() - self._own.keys():
            self._rows.removeRow(self.findData(name, _NAME))
            del self._entries[name]
        for entry in wanted.values():
            if entry.name not in self._entries:
                self._rows.insertRow(
                    self._rows.rowCount() - len(self._own), _item(entry.name, entry.title)
                )
            self._entries[entry.name] = entry

    def offer_own(self, entries: Iterable[Entry]) -> None:
        """Put data of the person's own at the end, instead of those that stood there."""
        wanted = {entry.name: entry for entry in entries}
        if list(wanted.items()) == list(self._own.items()):
            return
        for name in self._own:
            self._rows.removeRow(self.findData(name, _NAME))
            del self._entries[name]
        self._own = wanted
        self._entries |= wanted
        for entry in wanted.values():
            self._add(entry.name, entry.title)

    def show_entry(self, name: str) -> None:
        """Show an entry without emitting anything."""
        row = self.findData(name, _NAME)
        if row != self.currentIndex():
            self.setCurrentIndex(row)
        entry = self._entries.get(name)
        if self.isEnabled():
            self.setToolTip(f"{self.title}: {entry.summary}" if entry else self.title)

    def grey(self, why_not: Callable[[Entry], str]) -> None:
        """Grey the entries for which there is a reason."""
        for row in range(self._rows.rowCount()):
            item = self._rows.item(row)
            entry = self._entries.get(item.data(_NAME))
            reason = why_not(entry) if entry is not None else ""
            item.setEnabled(not reason)
            item.setToolTip(reason or (entry.summary if entry is not None else ""))

    def lock(self, reason: str) -> None:
        """Disable the list and say why; "" enables it."""
        self.setEnabled(not reason)
        if reason:
            self.setToolTip(reason)
        else:
            self.show_entry(str(self.currentData(_NAME)))

    def _add(self, name: str, title: str) -> None:
        self._rows.appendRow(_item(name, title))

    @Slot(int)
    def _on_activated(self, row: int) -> None:
        self.chosen.emit(str(self.itemData(row, _NAME)))

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave the wheel to the panel that scrolls."""
        event.ignore()


def _item(name: str, title: str) -> QStandardItem:
    item = QStandardItem(title)
    item.setData(name, _NAME)
    return item
