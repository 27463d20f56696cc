"""A form made from the options of the catalogue."""

from collections.abc import Iterable, Mapping
from typing import Any, cast

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtWidgets import (
    QGridLayout,
    QLabel,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from aeviz.catalogue import Option
from aeviz.gui import theme
from aeviz.gui.fields import Field, field_for
from aeviz.gui.icons import icon
from aeviz.gui.labels import caption_label, unit_label

_LABEL_LETTERS = 15  # width of the column of labels, the same in all forms of a panel


class Form(QWidget):
    """One row per option; the advanced ones are folded away until asked for.

    An option that matters only with certain values of another one is there only with those.

    Signals:
        edited(str): The person changed the option of that name to a valid value.
        problems_changed(): Another set of fields holds no valid value.
    """

    edited = Signal(str)
    problems_changed = Signal()

    def __init__(self, options: Iterable[Option] = ()) -> None:
        super().__init__()
        self._options: dict[str, Option] = {}
        self._fields: dict[str, QWidget] = {}
        self._labels: dict[str, QLabel] = {}
        self._notes: dict[str, QLabel] = {}
        self._rows: dict[str, Rows] = {}
        self._defaults: dict[str, Any] = {}
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(theme.SPACE // 2)
        self.set_options(tuple(options))

    # ── content ───────────────────────────────────────────────────────────────────────────────

    def set_options(self, options: tuple[Option, ...], defaults: Mapping[str, Any] = {}) -> None:
        """Make the rows of other options, showing the defaults; call `put` after it."""
        self._defaults = {option.name: option.default for option in options} | dict(defaults)
        if options != tuple(self._options.values()):
            self._clear()
            self._options = {option.name: option for option in options}
            self._add_rows([option for option in options if not option.advanced], folded=False)
            self._add_rows([option for option in options if option.advanced], folded=True)
            self.put({})

    def put(self, values: Mapping[str, Any]) -> None:
        """Show values, and the default where none is given, without emitting anything."""
        for name in self._fields:
            self._field(name).put(values.get(name, self._defaults[name]))
            self._note_problem(name)
            self._mark(name)
        self._show_what_matters()

    def value(self, name: str) -> Any:
        """What the field of an option holds."""
        return self._field(name).value()

    def values(self) -> dict[str, Any]:
        """What differs from the defaults."""
        values = {name: self._field(name).value() for name in self._fields}
        return {name: value for name, value in values.items() if value != self._defaults[name]}

    def problems(self) -> tuple[str, ...]:
        """A sentence for every field that holds no valid value."""
        titles = [(name, self._field(name).problem()) for name in self._fields]
        return tuple(f"{self._options[name].title}: {text}" for name, text in titles if text)

    def option(self, name: str) -> Option:
        """The option of a row."""
        return self._options[name]

    def widget(self, name: str) -> QWidget:
        """The field of an option."""
        return self._fields[name]

    def lock(self, reason: str) -> None:
        """Disable what cannot be changed while training and say why; "" enables everything."""
        for name, field in self._fields.items():
            option = self._options[name]
            locked = bool(reason) and not option.live
            field.setEnabled(not locked)
            field.setToolTip(reason if locked else _tip(option))

    # ── rows ──────────────────────────────────────────────────────────────────────────────────

    def _clear(self) -> None:
        for number in reversed(range(self._layout.count())):
            item = self._layout.takeAt(number)
            widget = None if item is None else item.widget()
            if widget is not None:
                widget.hide()
                widget.setParent(None)
                widget.deleteLater()
        self._fields.clear()
        self._labels.clear()
        self._notes.clear()
        self._rows.clear()

    def _add_rows(self, options: list[Option], *, folded: bool) -> None:
        if not options:
            return
        rows = Rows()
        for option in options:
            self._add_row(rows, option)
        if folded:
            self._layout.addWidget(Fold(self.tr("More options"), rows))
        else:
            self._layout.addWidget(rows)

    def _add_row(self, rows: "Rows", option: Option) -> None:
        field = field_for(option)
        field.setObjectName(option.name)
        field.setAccessibleName(option.title)
        field.setAccessibleDescription(option.description)
        field.setToolTip(_tip(option))
        cast("Field", field).edited.connect(self._on_edited)
        note = caption_label("", "error")
        note.hide()
        label = rows.add(option.title, field, unit=option.unit, tip=_tip(option))
        rows.add_below(note)
        self._labels[option.name] = label
        self._fields[option.name] = field
        self._notes[option.name] = note
        self._rows[option.name] = rows

    def _show_what_matters(self) -> None:
        for name, option in self._options.items():
            if option.when:
                matters = self._matters(option)
                self._rows[name].show_row(self._fields[name], shown=matters)
                self._notes[name].setVisible(matters and bool(self._notes[name].text()))

    def _matters(self, option: Option) -> bool:
        """Whether the option that this one hangs on, if any, has such a value and matters too."""
        if not option.when or option.when[0] not in self._fields:
            return True
        other, *values = option.when
        word = str(self._field(other).value()).lower()
        return word in values and self._matters(self._options[other])

    def _field(self, name: str) -> Field:
        return cast("Field", self._fields[name])

    def _note_problem(self, name: str) -> None:
        problem = self._field(name).problem()
        note = self._notes[name]
        if problem != note.text():
            note.setText(problem)
            note.setVisible(bool(problem))
            self._fields[name].setAccessibleDescription(problem or self._options[name].description)
            self.problems_changed.emit()

    def _mark(self, name: str) -> None:
        """Names of options that differ from their default stand out."""
        differs = self._field(name).value() != self._defaults[name]
        self._labels[name].setFont(theme.heading(self.font()) if differs else self.font())

    @Slot()
    def _on_edited(self) -> None:
        name = self.sender().objectName()
        self._note_problem(name)
        self._mark(name)
        self._show_what_matters()
        if not self._field(name).problem():
            self.edited.emit(name)


class Rows(QWidget):
    """Labels on the left, fields on the right, units behind them in small type."""

    def __init__(self) -> None:
        super().__init__()
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(theme.SPACE)
        self._grid.setVerticalSpacing(theme.SPACE // 2)
        width = self.fontMetrics().averageCharWidth() * _LABEL_LETTERS
        self._grid.setColumnMinimumWidth(0, width)
        self._grid.setColumnStretch(1, 1)

    def add(self, title: str, field: QWidget, *, unit: str = "", tip: str = "") -> QLabel:
        """Add a row; the label belongs to the field and is returned."""
        row = self._grid.rowCount()
        label = QLabel(title)
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setWordWrap(True)
        label.setFixedWidth(self._grid.columnMinimumWidth(0))
        label.setBuddy(field)
        label.setToolTip(tip)
        field.setMinimumWidth(self.fontMetrics().averageCharWidth() * 10)
        policy = field.sizePolicy()
        policy.setHorizontalPolicy(QSizePolicy.Policy.Expanding)
        field.setSizePolicy(policy)
        self._grid.addWidget(label, row, 0)
        self._grid.addWidget(field, row, 1, 1, 1 if unit else 2)
        if unit:
            self._grid.addWidget(unit_label(unit), row, 2)
        return label

    def show_row(self, field: QWidget, *, shown: bool) -> None:
        """Show or hide everything that stands beside a field."""
        row = self._grid.getItemPosition(self._grid.indexOf(field))[0]  # type: ignore[index]
        for column in range(self._grid.columnCount()):
            item = self._grid.itemAtPosition(row, column)
            widget = None if item is None else item.widget()
            if widget is not None:
                widget.setVisible(shown)

    def add_below(self, widget: QWidget) -> None:
        """Add something under the field of the last row."""
        self._grid.addWidget(widget, self._grid.rowCount(), 1, 1, 2)


class Fold(QWidget):
    """A part that is folded away until its title is clicked."""

    def __init__(self, title: str, content: QWidget) -> None:
        super().__init__()
        self._content = content
        self._button = QToolButton()
        self._button.setText(title)
        self._button.setAutoRaise(True)
        self._button.setIconSize(QSize(14, 14))
        self._button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._button.setFont(theme.caption(self._button.font()))
        self._is_open = False
        self._button.clicked.connect(self._on_clicked)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.SPACE // 2)
        layout.addWidget(self._button, 0, Qt.AlignmentFlag.AlignLeft)
        layout.addWidget(content)
        self.set_open(False)

    def set_open(self, is_open: bool) -> None:
        """Unfold it or fold it away."""
        self._is_open = is_open
        self._button.setIcon(icon("chevron-down" if is_open else "chevron-right"))
        self._content.setVisible(is_open)

    @Slot()
    def _on_clicked(self) -> None:
        self.set_open(not self._is_open)


def _tip(option: Option) -> str:
    parts = [option.description.rstrip(".") + "."] if option.description else []
    if option.live:
        parts.append("Can be changed while it trains.")
    return " ".join(parts)
