"""Fields of a form: one class per kind of option, all with the same three verbs."""

import math
import re
from collections.abc import Callable
from typing import Any, Protocol

from PySide6.QtCore import Qt, Signal, SignalInstance, Slot
from PySide6.QtGui import QValidator, QWheelEvent
from PySide6.QtWidgets import QComboBox, QDoubleSpinBox, QLineEdit, QSpinBox, QWidget

from aeviz.catalogue import Option
from aeviz.gui import numbers
from aeviz.gui.tick_box import TickBox

_LARGEST = 2**31 - 1  # of QSpinBox
_DECIMALS = 15
_BEGUN_NUMBER = re.compile(r"[-+]?\d*[.,]?\d*(e[-+]?\d*)?", re.IGNORECASE)


class Field(Protocol):
    """What a form needs of a field; each one is a QWidget too."""

    edited: SignalInstance

    def value(self) -> Any:
        """The value, or the last valid one while `problem` is not empty."""

    def put(self, value: Any) -> None:
        """Show a value without emitting `edited`."""

    def problem(self) -> str:
        """One sentence that says what is wrong with what was typed, or an empty string."""


def field_for(option: Option) -> QWidget:
    """The field that goes with an option's kind; it follows `Field`."""
    makers: dict[str, Callable[[Option], QWidget]] = {
        "int": IntField,
        "float": FloatField,
        "bool": BoolField,
        "choice": ChoiceField,
        "ints": WidthsField,
        "text": TextField,
    }
    if option.kind == "text" and option.choices:
        return SuggestionField(option)
    return makers[option.kind](option)


class IntField(QSpinBox):
    """A whole number. The wheel turns it only while it has the focus.

    Signals:
        edited(): The person changed it.
    """

    edited = Signal()

    def __init__(self, option: Option) -> None:
        super().__init__()
        self._optional = option.default is None
        low = -_LARGEST if option.low is None else math.ceil(option.low)
        high = _LARGEST if option.high is None else min(math.floor(option.high), _LARGEST)
        self.setRange(low - 1 if self._optional else low, high)
        if self._optional:
            self.setSpecialValueText(self.tr("automatic"))
        self.setKeyboardTracking(False)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setStepType(QSpinBox.StepType.AdaptiveDecimalStepType)
        if high - low <= 1000:
            self.setStepType(QSpinBox.StepType.DefaultStepType)
        self.valueChanged.connect(self.edited)

    def value(self) -> Any:
        """The number; None when it is left to the program."""
        self.interpretText()
        number = super().value()
        return None if self._optional and number == self.minimum() else number

    def put(self, value: Any) -> None:
        """Show a number, or "automatic" for None."""
        self.blockSignals(True)
        self.setValue(self.minimum() if value is None else value)
        self.blockSignals(False)

    def problem(self) -> str:
        """A spin box mends what is typed by itself."""
        return ""

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave the wheel to the panel that scrolls unless this field is being edited."""
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


class FloatField(QDoubleSpinBox):
    """A number, shown as short as it is exact: 0.1, 1e-3.

    Steps of a logarithmic one go 1, 2, 5, 10; of another by a round part of its range.

    Signals:
        edited(): The person changed it.
    """

    edited = Signal()

    def __init__(self, option: Option) -> None:
        super().__init__()
        self._optional = option.default is None
        self._logarithmic = option.logarithmic
        low = -1e12 if option.low is None else option.low
        high = 1e12 if option.high is None else option.high
        self.setDecimals(_DECIMALS)
        self.setRange(low - 1 if self._optional else low, high)
        self._step = 10.0 ** math.floor(math.log10((high - low) / 10)) if high - low < 50 else 0.0
        if self._optional:
            self.setSpecialValueText(self.tr("automatic"))
        self.setKeyboardTracking(False)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.valueChanged.connect(self.edited)

    def value(self) -> Any:
        """The number; None when it is left to the program."""
        self.interpretText()
        number = super().value()
        return None if self._optional and number == self.minimum() else number

    def put(self, value: Any) -> None:
        """Show a number, or "automatic" for None."""
        self.blockSignals(True)
        self.setValue(self.minimum() if value is None else float(value))
        self.blockSignals(False)

    def problem(self) -> str:
        """A spin box mends what is typed by itself."""
        return ""

    def stepBy(self, steps: int) -> None:
        """Go to the next round number."""
        number = super().value()
        for _ in range(abs(steps)):
            number = self._next(number, 1 if steps > 0 else -1)
        self.setValue(number)

    def _next(self, number: float, way: int) -> float:
        if self._logarithmic:
            return _round_neighbour(number, way)
        if self._step:
            return round(number / self._step + way) * self._step
        size = max(abs(number), 1.0)
        return number + way * 10.0 ** math.floor(math.log10(size))

    def textFromValue(self, value: float) -> str:
        """The number as short as it is exact."""
        return numbers.setting(value)

    def valueFromText(self, text: str) -> float:
        """The number that was typed; a decimal comma counts as a point."""
        return _number(text) or 0.0

    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        """Take numbers in the range, wait for those that can still become one."""
        state = QValidator.State
        number = _number(text)
        if text == self.specialValueText():
            return state.Acceptable, text, position
        if number is not None and self.minimum() <= number <= self.maximum():
            return state.Acceptable, text, position
        begun = _BEGUN_NUMBER.fullmatch(text.strip()) is not None
        return (state.Intermediate if begun else state.Invalid), text, position

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave the wheel to the panel that scrolls unless this field is being edited."""
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


class BoolField(TickBox):
    """Yes or no.

    Signals:
        edited(): The person changed it.
    """

    edited = Signal()

    def __init__(self, option: Option) -> None:
        super().__init__()
        self.toggled.connect(self.edited)

    def value(self) -> bool:
        """Whether it is ticked."""
        return self.isChecked()

    def put(self, value: Any) -> None:
        """Tick it or not."""
        self.blockSignals(True)
        self.setChecked(bool(value))
        self.blockSignals(False)

    def problem(self) -> str:
        """Both answers are valid."""
        return ""


class ChoiceField(QComboBox):
    """One of a few words.

    Signals:
        edited(): The person changed it.
    """

    edited = Signal()

    def __init__(self, option: Option) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        if option.default is None:
            self.addItem(self.tr("automatic"), None)
        for word in option.choices:
            self.addItem(word, word)
        self.currentIndexChanged.connect(self.edited)

    def value(self) -> Any:
        """The chosen word; None when it is left to the program."""
        return self.currentData()

    def put(self, value: Any) -> None:
        """Choose a word."""
        self.blockSignals(True)
        self.setCurrentIndex(self.findData(value))
        self.blockSignals(False)

    def problem(self) -> str:
        """Every word of the list is valid."""
        return ""

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave the wheel to the panel that scrolls unless this field is being edited."""
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


class TextField(QLineEdit):
    """A line of text.

    Signals:
        edited(): The person changed it and pressed Enter or went elsewhere.
    """

    edited = Signal()

    def __init__(self, option: Option) -> None:
        super().__init__()
        self._optional = option.default is None
        self.editingFinished.connect(self.edited)

    def value(self) -> Any:
        """The text; None for an empty one that has no default."""
        return self.text() or (None if self._optional else "")

    def put(self, value: Any) -> None:
        """Show a text."""
        self.setText("" if value is None else str(value))

    def problem(self) -> str:
        """Every text is valid."""
        return ""


class SuggestionField(QComboBox):
    """A line of text with a list of words that often fit.

    Signals:
        edited(): The person chose a word, or typed one and pressed Enter or went elsewhere.
    """

    edited = Signal()

    def __init__(self, option: Option) -> None:
        super().__init__()
        self.setEditable(True)
        self.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.addItems(list(option.choices))
        self._optional = option.default is None
        self._told = ""
        self.setEditText("")
        self.activated.connect(self._on_activated)
        line = self.lineEdit()
        assert line is not None
        line.editingFinished.connect(self._on_finished)

    def value(self) -> Any:
        """The text; None for an empty one that has no default."""
        return self.currentText().strip() or (None if self._optional else "")

    def put(self, value: Any) -> None:
        """Show a text."""
        self._told = "" if value is None else str(value)
        self.setEditText(self._told)

    def problem(self) -> str:
        """Something has to stand there, unless the program can choose."""
        return (
            ""
            if self.value() or self._optional
            else self.tr("Choose a word from the list, or type one")
        )

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave the wheel to the panel that scrolls unless this field is being edited."""
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()

    @Slot(int)
    def _on_activated(self, place: int) -> None:
        self._tell()

    @Slot()
    def _on_finished(self) -> None:
        self._tell()

    def _tell(self) -> None:
        """Say once that another text stands there."""
        if self.currentText().strip() != self._told:
            self._told = self.currentText().strip()
            self.edited.emit()


class WidthsField(QLineEdit):
    """A list of whole numbers, such as the widths of layers: 256, 128.

    Signals:
        edited(): The person changed it, to something valid or not.
    """

    edited = Signal()

    def __init__(self, option: Option) -> None:
        super().__init__()
        self._low = 1 if option.low is None else math.ceil(option.low)
        self._high = _LARGEST if option.high is None else math.floor(option.high)
        self._optional = option.default is None
        self._value: tuple[int, ...] = tuple(option.default or ())
        self.setPlaceholderText(self.tr("automatic") if self._optional else self.tr("none"))
        self.textEdited.connect(self._on_text_edited)

    def value(self) -> tuple[int, ...] | None:
        """The numbers, the last valid ones while the text is not; None for "automatic"."""
        return None if self._optional and not self._value else self._value

    def put(self, value: Any) -> None:
        """Show a list; what is being typed is left alone while it means the same."""
        if tuple(value or ()) != self._value or not self.text():
            self._value = tuple(value or ())
            self.setText(", ".join(str(number) for number in self._value))

    def problem(self) -> str:
        """What is wrong with the text."""
        if self._parsed() is not None:
            return ""
        if self._high == _LARGEST:
            return self.tr("Whole numbers from {low}, with commas between: 256, 128").format(
                low=self._low
            )
        return self.tr("Whole numbers from {low} to {high}, with commas between").format(
            low=self._low, high=self._high
        )

    def _parsed(self) -> tuple[int, ...] | None:
        words = [word for word in re.split(r"[,;\s]+", self.text().strip()) if word]
        if not all(re.fullmatch(r"\d{1,9}", word) for word in words):
            return None
        found = tuple(int(word) for word in words)
        return found if all(self._low <= number <= self._high for number in found) else None

    @Slot(str)
    def _on_text_edited(self, text: str) -> None:
        parsed = self._parsed()
        if parsed is not None:
            self._value = parsed
        self.edited.emit()


def _number(text: str) -> float | None:
    try:
        number = float(text.strip().replace(",", ".").replace("\N{MINUS SIGN}", "-"))
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _round_neighbour(number: float, way: int) -> float:
    """The next of …, 0.1, 0.2, 0.5, 1, 2, 5, 10, … above or below a number."""
    if number <= 0:
        return 1e-6 if way > 0 else 0.0
    exponent = math.floor(math.log10(number)) - 1
    ladder = [float(f"{step}e{exponent + up}") for up in range(4) for step in (1, 2, 5)]
    if way > 0:
        return next(rung for rung in ladder if rung > number * (1 + 1e-9))
    return next(rung for rung in reversed(ladder) if rung < number * (1 - 1e-9))
