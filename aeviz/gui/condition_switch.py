"""What a conditional model is told when it decodes: a switch that all views share."""

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QComboBox, QSizePolicy, QSlider, QVBoxLayout, QWidget

from aeviz import messages as m
from aeviz.gui import numbers
from aeviz.gui.captions import Caption, tip
from aeviz.gui.labels import caption_label
from aeviz.gui.segments import SegmentBar
from aeviz.gui.session import Condition, Session
from aeviz.gui.theme import SPACE

MOST_SEGMENTS = 12
MOST_LETTERS = 30
"""Choices beyond either are listed in a box that opens."""

STEPS = 200
"""Of a slider over the range of a column."""


class ConditionSwitch(QWidget):
    """Shown only while the model of the shown run is told something.

    Segments or a box for choices, a slider for each column of numbers, a line for a sample.
    """

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.caption = caption_label("")
        self.segments = SegmentBar("Condition")
        self.box = QComboBox()
        self.sliders: list[QSlider] = []
        self.values: list[Caption] = []
        self.sample = Caption("", tone="text")
        self._rows = QVBoxLayout()
        self._lay_out()
        session.run_changed.connect(self._on_run_changed)
        session.condition_changed.connect(self._on_condition_changed)
        self.segments.chosen.connect(self._on_chosen)
        self.box.activated.connect(self._on_chosen)
        self._on_run_changed(session.run)

    def _lay_out(self) -> None:
        self.box.setAccessibleName("Condition")
        self.box.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._rows.setSpacing(0)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE // 2)
        for widget in (self.caption, self.segments, self.box, self.sample):
            column.addWidget(widget)
        column.addLayout(self._rows)

    @Slot(object)
    def _on_run_changed(self, run: m.RunOpened | None) -> None:
        about = None if run is None else run.conditions
        self._clear_sliders()
        is_choice = about is not None and about.kind == "choice"
        is_barred = is_choice and about is not None and fits_in_a_bar(about.names)
        self.segments.setVisible(is_barred)
        self.box.setVisible(is_choice and not is_barred)
        self.sample.setVisible(about is not None and about.kind == "sample")
        self.setVisible(about is not None)
        if about is None:
            return
        self.caption.say(caption_of(about))
        if is_barred:
            self.segments.set_choices(about.names)
        elif is_choice:
            self.box.clear()
            self.box.addItems(list(about.names))
        elif about.kind == "numbers":
            self._make_sliders(about)
        self._on_condition_changed(self._session.condition)

    def _clear_sliders(self) -> None:
        for widget in (*self.sliders, *self.values):
            self._rows.removeWidget(widget)
            widget.hide()
            widget.deleteLater()
        self.sliders, self.values = [], []

    def _make_sliders(self, about: m.Conditions) -> None:
        for row, (name, unit) in enumerate(zip(about.names, about.units, strict=True)):
            low, high = about.ranges[row]
            slider, value = QSlider(Qt.Orientation.Horizontal), Caption("", tone="text")
            slider.setRange(0, STEPS)
            slider.setPageStep(STEPS // 10)
            slider.setAccessibleName(f"{name} ({unit})" if unit else name)
            slider.setToolTip(
                tip(f"From {numbers.measure(low, 3)} to {numbers.measure(high, 3)}, as in training")
            )
            slider.valueChanged.connect(self._on_slid)
            self.sliders.append(slider)
            self.values.append(value)
            self._rows.addWidget(value)
            self._rows.addWidget(slider)

    # ── what is chosen ────────────────────────────────────────────────────────────────────────

    @Slot(int)
    def _on_chosen(self, number: int) -> None:
        self._session.set_condition(number)

    @Slot(int)
    def _on_slid(self, step: int) -> None:
        about = self._about()
        if about is None:
            return
        told = list(about.middles)
        if isinstance(self._session.condition, tuple):
            told = list(self._session.condition)
        sender = self.sender()
        row = next(row for row, slider in enumerate(self.sliders) if slider is sender)
        low, high = about.ranges[row]
        told[row] = low + (high - low) * step / STEPS
        self._session.set_condition(tuple(told))

    @Slot(object)
    def _on_condition_changed(self, condition: Condition) -> None:
        about = self._about()
        if about is None:
            return
        if isinstance(condition, tuple):
            self._show_numbers(about, condition)
        elif condition is not None and about.kind == "choice":
            self.segments.choose(condition)
            self.box.setCurrentIndex(condition)
        elif condition is not None:
            self._name_sample(about, condition)

    def _show_numbers(self, about: m.Conditions, told: tuple[float, ...]) -> None:
        for row, (slider, label) in enumerate(zip(self.sliders, self.values, strict=True)):
            low, high = about.ranges[row]
            share = (told[row] - low) / (high - low) if high > low else 0.5
            slider.blockSignals(True)
            slider.setValue(round(share * STEPS))
            slider.blockSignals(False)
            number = f"{numbers.measure(told[row], 3)} {about.units[row]}".strip()
            label.say(f"{about.names[row]}: {number}")

    def _name_sample(self, about: m.Conditions, row: int) -> None:
        run = self._session.run
        if run is not None and 0 <= row < len(run.index):
            self.sample.say(f"Sample #{int(run.index[row])}; select another one to take its")

    def _about(self) -> m.Conditions | None:
        run = self._session.run
        return None if run is None else run.conditions


def caption_of(about: m.Conditions) -> str:
    """What stands above the switch."""
    if about.kind == "choice":
        return f"Decode as {about.name}"
    if about.kind == "numbers":
        return "Decode with"
    return f"Decode with the {about.name.replace('-', ' ')} of"


def fits_in_a_bar(names: tuple[str, ...]) -> bool:
    """Whether choices can stand side by side in a narrow panel."""
    return len(names) <= MOST_SEGMENTS and sum(map(len, names)) <= MOST_LETTERS
