"""A person's own data before they are used: how the file was understood, and what to change."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QVBoxLayout,
    QWidget,
)

from aeviz.catalogue import Entry, Option, entry_from
from aeviz.gui import data_roles
from aeviz.gui.form import Form
from aeviz.gui.labels import caption_label, heading_label
from aeviz.gui.numbers import count
from aeviz.gui.preview_table import PreviewTable
from aeviz.gui.scroll import scrolled
from aeviz.gui.session import Session
from aeviz.gui.theme import SPACE
from aeviz.messages import DataPreviewed

BY_TABLE = ("label", "features", "colours")
"""Options that the roles above the columns stand for."""

FIRST = ("delimiter", "header", "decimal", "orientation")
"""Options of how the text is cut; the others stand beside them."""

LOOKING = "Looking at the file…"
TALL = 640
_MOST_REMARKS = 6


class DataPreview(QDialog):
    """Shows a file, asks anew with every change, and hands over what was decided.

    Args:
        session: What looks at the file.
        path: The file or folder.
        options: Those that were decided before.
        parent: The window.

    Signals:
        taken(Entry, dict, int): The person uses these data: the entry, its options, the number of
            features where that is known, else 0.
    """

    taken = Signal(object, object, int)

    def __init__(
        self,
        session: Session,
        path: str,
        options: Mapping[str, Any] | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._path = path
        self._options: dict[str, Any] = dict(options or {})
        self._seen: DataPreviewed | None = None
        self.setWindowTitle(self.tr("Open data"))
        self.title = heading_label(path)
        self.summary = caption_label(LOOKING)
        self.table = PreviewTable()
        self.forms = (Form(), Form())
        self.state = caption_label("")
        self.remarks = caption_label("", "text")
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.use = self.buttons.addButton(
            self.tr("Use this data"), QDialogButtonBox.ButtonRole.AcceptRole
        )
        self._lay_out()
        self._connect()
        self._ask()

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setSpacing(SPACE)
        sides = QWidget()
        line = QHBoxLayout(sides)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(3 * SPACE)
        for form in self.forms:
            side = QVBoxLayout()
            side.addWidget(form)
            side.addStretch(1)
            line.addLayout(side, 1)
        self._sides = scrolled(sides)
        for widget in (self.title, self.summary):
            column.addWidget(widget)
        column.addWidget(self.table, 3)
        column.addWidget(self._sides, 2)
        for widget in (self.remarks, self.state):
            column.addWidget(widget)
        column.addWidget(self.buttons)
        self.resize(860, TALL)

    def _connect(self) -> None:
        self._session.data_previewed.connect(self._on_previewed)
        self.table.role_chosen.connect(self._on_role_chosen)
        for form in self.forms:
            form.edited.connect(self._on_edited)
        self.buttons.accepted.connect(self._on_accepted)
        self.buttons.rejected.connect(self.reject)

    # ── asking ────────────────────────────────────────────────────────────────────────────────

    def _ask(self) -> None:
        self.use.setEnabled(False)
        self.state.say(LOOKING, "muted")
        self._session.preview_data(self._path, self._options)

    @Slot(str)
    def _on_edited(self, name: str) -> None:
        kept = {name: self._options[name] for name in BY_TABLE if name in self._options}
        if name in FIRST:  # other columns: what was chosen of the old ones means nothing
            kept = {}
        self._options = kept | self.forms[0].values() | self.forms[1].values()
        self._ask()

    @Slot(int, str)
    def _on_role_chosen(self, place: int, role: str) -> None:
        seen = self._seen
        if seen is None:
            return
        kinds = [column.kind for column in seen.columns]
        roles = data_roles.with_role(seen.roles, kinds, place, role)
        self._options |= data_roles.options_of(seen.all_columns, roles)
        self._ask()

    # ── showing ───────────────────────────────────────────────────────────────────────────────

    @Slot(object)
    def _on_previewed(self, message: DataPreviewed) -> None:
        if message.path != self._path or message.options != self._options:
            return
        self._seen = message
        self.title.setText(message.entry.get("title") or message.path)
        self.title.setToolTip(message.path)
        self.summary.say(summary_of(message))
        self._show_options(message)
        self._show_table(message)
        told = [f"{remark[:1].upper()}{remark[1:]}." for remark in message.remarks]
        self.remarks.say("\n".join(told[:_MOST_REMARKS]))
        self.state.say(message.sentence, "error")
        self.use.setEnabled(bool(message.entry) and not message.sentence)
        if self.use.isEnabled():
            self.use.setDefault(True)

    def _show_table(self, message: DataPreviewed) -> None:
        is_turned = message.found.get("orientation") == "columns"
        self.table.show_rows(message.columns, message.rows, fixed=is_turned)
        if self.table.isHidden() == bool(message.rows):
            self.table.setVisible(bool(message.rows))
            height = TALL if message.rows else self.sizeHint().height()
            self.resize(self.width(), height)

    def _show_options(self, message: DataPreviewed) -> None:
        if not message.entry:
            return
        every = entry_from(message.entry).options
        by_table = BY_TABLE if message.all_columns else ()
        shown = [_plain(option) for option in every if option.name not in by_table]
        halves = (
            tuple(option for option in shown if option.name in FIRST),
            tuple(option for option in shown if option.name not in FIRST),
        )
        if not halves[0]:
            halves = (halves[1], ())
        for form, options in zip(self.forms, halves, strict=True):
            form.set_options(options)
            form.put(self._options)
            form.setVisible(bool(options))
            for option in options:
                _name_auto(form.widget(option.name), message.found.get(option.name, ""))
        self._sides.setVisible(bool(shown))

    @Slot()
    def _on_accepted(self) -> None:
        if self._seen is not None and self.use.isEnabled():
            entry: Entry = entry_from(self._seen.entry)
            self.taken.emit(entry, dict(self._options), self._seen.features)
            self.accept()


def _plain(option: Option) -> Option:
    """An option that is not folded away: here a person is asked."""
    return replace(option, advanced=False)


def _name_auto(field: QWidget, found: str) -> None:
    """Say in a list of words what "auto" stands for."""
    if isinstance(field, QComboBox) and field.itemData(0) == "auto":
        field.setItemText(0, f"auto: {found}" if found else "auto")


def summary_of(message: DataPreviewed) -> str:
    """What kind of file it is and how much is in it."""
    about = "about " if message.is_estimate else ""
    is_turned = message.found.get("orientation") == "columns"
    samples, features = message.samples, message.features
    told = [message.format]
    if samples:
        told.append(f"{'' if is_turned else about}{count(samples)} samples")
    if features:
        told.append(f"{about if is_turned else ''}{count(features)} features")
    if message.found.get("encoding", "UTF-8") != "UTF-8":
        told.append(str(message.found["encoding"]))
    return " · ".join(word for word in told if word) or "No data"
