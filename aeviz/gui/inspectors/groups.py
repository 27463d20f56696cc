"""Groups of samples: name what is selected, come back to it by a click."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtGui import QColor, QIcon, QKeyEvent, QPainter, QPixmap
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
)

from aeviz import messages as m
from aeviz.gui import theme, wording
from aeviz.gui.captions import tip
from aeviz.gui.dock_title import INSET
from aeviz.gui.groups import MOST_LETTERS, Group
from aeviz.gui.inspectors.base import Inspector, register_inspector
from aeviz.gui.labels import caption_label
from aeviz.gui.numbers import count
from aeviz.gui.scroll import SlimScrollBar
from aeviz.gui.session import Session
from aeviz.gui.theme import SPACE

NO_RUN = "Open a run: samples that you select can be named here."
NO_GROUP = "Select samples with the lasso (L) or the rectangle (R), write a name and press Add."
SELECT_FIRST = "Select samples first."
CHOOSE_FIRST = "Choose a group first."
_NAME = Qt.ItemDataRole.UserRole
_DOT = 10


class GroupList(QListWidget):
    """Names with counts; F2 or a double click renames, Delete deletes."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.setFrameShape(QListWidget.Shape.NoFrame)
        self.setVerticalScrollBar(SlimScrollBar())
        self.setIconSize(QSize(_DOT, _DOT))
        self.setAccessibleName("Groups of samples")
        self.setMinimumHeight(40)

    @property
    def chosen(self) -> str:
        """The name of the group that is chosen, "" for none."""
        item = self.currentItem()
        return "" if item is None or not item.isSelected() else str(item.data(_NAME))

    def fill(self, groups: tuple[Group, ...]) -> None:
        """List other groups; the one that was chosen stays chosen."""
        before, run = self.chosen, self._session.run
        total = 0 if run is None else len(run.index)
        # Items are used again: one may be in the middle of being renamed.
        while self.count() > len(groups):
            self.takeItem(self.count() - 1)
        while self.count() < len(groups):
            self.addItem(QListWidgetItem())
        colours = theme.label_colours(max(len(groups), 1))
        for number, group in enumerate(groups):
            item = self.item(number)
            item.setText(group.name)
            item.setIcon(_dot(QColor(*colours[number].tolist())))
            item.setData(_NAME, group.name)
            item.setToolTip(tip(f"{group.name}: {count(len(group.rows))} of {count(total)}"))
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable)
            if group.name == before:
                self.setCurrentItem(item)
        if before and self.chosen != before:
            self.clearSelection()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Delete deletes the chosen group, Enter selects it."""
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and self.chosen:
            self._session.groups.remove(self.chosen)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.chosen:
            self.itemClicked.emit(self.currentItem())
        else:
            super().keyPressEvent(event)


@register_inspector("groups", title="Groups", area="right", order=104)
class GroupsInspector(Inspector):
    """A field names the selection; a click on a group selects its samples."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.field = QLineEdit()
        self.add = QPushButton("Add")
        self.list = GroupList(session)
        self.note = caption_label(NO_RUN)
        self.rename = QPushButton("Rename")
        self.delete = QPushButton("Delete")
        self._is_filling = False
        self._lay_out()
        self._listen()
        self._on_changed()

    def _lay_out(self) -> None:
        self.field.setPlaceholderText("Name of the selected samples")
        self.field.setAccessibleName("Name of the selected samples")
        self.field.setMaxLength(MOST_LETTERS)
        self.field.setMinimumWidth(60)
        self.note.setWordWrap(True)
        top = QHBoxLayout()
        top.setSpacing(SPACE // 2)
        top.addWidget(self.field, 1)
        top.addWidget(self.add)
        below = QHBoxLayout()
        below.setSpacing(SPACE // 2)
        below.addWidget(self.rename)
        below.addWidget(self.delete)
        below.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(INSET, SPACE // 2, INSET, SPACE)
        column.setSpacing(SPACE // 2)
        column.addLayout(top)
        column.addWidget(self.note)
        column.addWidget(self.list, 1)
        column.addLayout(below)

    def _listen(self) -> None:
        session = self.session
        session.groups.changed.connect(self._on_changed)
        session.selection_changed.connect(self._on_selection_changed)
        self.field.returnPressed.connect(self._on_add)
        self.add.clicked.connect(self._on_add)
        self.list.itemClicked.connect(self._on_clicked)
        self.list.itemChanged.connect(self._on_edited)
        self.list.itemSelectionChanged.connect(self._on_chosen)
        self.rename.clicked.connect(self._on_rename)
        self.delete.clicked.connect(self._on_delete)

    # ── what is shown ─────────────────────────────────────────────────────────────────────────

    @Slot()
    def _on_changed(self) -> None:
        self._is_filling = True
        self.list.fill(self.session.groups.groups)
        self._is_filling = False
        self._refresh()

    @Slot(object)
    def _on_selection_changed(self, rows: NDArray[np.int64]) -> None:
        self._refresh()

    @Slot()
    def _on_chosen(self) -> None:
        self._refresh()

    def _refresh(self) -> None:
        """Say what can be done now."""
        run, chosen = self.session.run, self.list.chosen
        groups = self.session.groups.groups
        rows = next((group.rows for group in groups if group.name == chosen), None)
        if run is None:
            self.note.say(NO_RUN, "muted")
        elif rows is not None:
            self.note.say(f"{chosen}: {_several(rows, run)}", "muted")
        else:
            self.note.say("" if groups else NO_GROUP, "muted")
        self.field.setEnabled(run is not None)
        selected = len(self.session.selection)
        self.add.setEnabled(selected > 0)
        does = f"Name {wording.several(selected, 'selected sample')}." if selected else SELECT_FIRST
        self.add.setToolTip(tip(does))
        for button, does in ((self.rename, "Give it another name (F2)."), (self.delete, "Delete.")):
            button.setEnabled(bool(chosen))
            button.setToolTip(tip(does if chosen else CHOOSE_FIRST))

    # ── what a person does ────────────────────────────────────────────────────────────────────

    @Slot()
    def _on_add(self) -> None:
        name = self.field.text()
        why = self.session.groups.add(name, self.session.selection)
        if why:
            self.note.say(why, "error")
        else:
            self.field.clear()

    @Slot(QListWidgetItem)
    def _on_clicked(self, item: QListWidgetItem) -> None:
        self.session.select(self.session.groups.rows_of(f"group:{item.data(_NAME)}"))

    @Slot(QListWidgetItem)
    def _on_edited(self, item: QListWidgetItem) -> None:
        if self._is_filling:
            return
        why = self.session.groups.rename(str(item.data(_NAME)), item.text())
        if why:
            self._is_filling = True
            item.setText(str(item.data(_NAME)))
            self._is_filling = False
            self.note.say(why, "error")

    @Slot()
    def _on_rename(self) -> None:
        item = self.list.currentItem()
        if item is not None:
            self.list.editItem(item)

    @Slot()
    def _on_delete(self) -> None:
        if self.list.chosen:
            self.session.groups.remove(self.list.chosen)


def _several(rows: NDArray[np.int64], run: m.RunOpened) -> str:
    return f"{count(len(rows))} of {wording.several(len(run.index), 'sample')}"


def _dot(colour: QColor) -> QIcon:
    """A round mark of a colour."""
    picture = QPixmap(2 * _DOT, 2 * _DOT)
    picture.setDevicePixelRatio(2.0)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawEllipse(1, 1, _DOT - 2, _DOT - 2)
    painter.end()
    return QIcon(picture)
