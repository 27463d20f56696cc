"""Directions between groups: a slider moves any latent along one, a strip shows it decoded."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from aeviz import messages as m
from aeviz.gui import wording
from aeviz.gui.captions import tip
from aeviz.gui.dock_title import INSET
from aeviz.gui.groups import MOST_LETTERS, Attribute
from aeviz.gui.inspectors.base import Inspector, register_inspector
from aeviz.gui.inspectors.cursor import NO_WEIGHTS, WAITING
from aeviz.gui.labels import caption_label
from aeviz.gui.scroll import scrolled
from aeviz.gui.session import Session
from aeviz.gui.style_sheet import Sheet, StyleSheet
from aeviz.gui.theme import SPACE
from aeviz.gui.tiles import style_of_run

VIEW = "attributes"
MOST_STEPS = 2.0
"""How many times the direction the slider goes to either side."""

FINE = 100
"""Steps of the slider in one whole direction."""

_NARROW = 56
"""Pixels that a field or a button needs in a narrow panel."""

COLUMNS = 7
NO_RUN = "Open a run: directions between groups of its samples appear here."
NO_SIDES = "Name two groups of samples first (Groups), or open a run with labels."
SAME = "Choose two different sides."
TEST = (
    "Each half of the samples is projected on the direction of the other half. AUC is the share of "
    "pairs in the right order, 0.5 by chance; p says how often groups that are mixed at random "
    "separate as well."
)


@register_inspector("attributes", title="Attributes", area="right", order=105)
class AttributesInspector(Inspector):
    """The direction between the chosen sides at the shown epoch; asks nothing while hidden."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.start, self.end, self.saved = QComboBox(), QComboBox(), QComboBox()
        self.field, self.add = QLineEdit(), QPushButton("Add")
        self.delete = QPushButton("Delete")
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.at = QLabel("0.00")
        self.note, self.told = caption_label(NO_RUN), caption_label("")
        self.sheet = StyleSheet()
        self.direction: NDArray[np.float32] | None = None
        self._base: NDArray[np.float32] | None = None
        self._z: NDArray[np.float32] | None = None
        self._tag = 0
        self._is_stale, self._is_moving = True, False
        self._lay_out()
        self._listen()
        self._on_run_changed(session.run)

    def _lay_out(self) -> None:
        names = ("From which samples", "To which samples", "Saved directions")
        for box, name in zip((self.start, self.end, self.saved), names, strict=True):
            box.setAccessibleName(name)
            box.setMinimumContentsLength(3)
            box.setSizeAdjustPolicy(
                QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
            )
            box.setMinimumWidth(_NARROW)
        self.field.setPlaceholderText("Name of the direction")
        self.field.setAccessibleName("Name of the direction")
        self.field.setMaxLength(MOST_LETTERS)
        self.field.setMinimumWidth(_NARROW)
        for button in (self.add, self.delete):
            button.setMinimumWidth(_NARROW)
        most = round(MOST_STEPS * FINE)
        self.slider.setRange(-most, most)
        self.slider.setPageStep(FINE // 2)
        self.slider.setAccessibleName("How far along the direction")
        self.slider.setToolTip(tip("Moves the pin along the direction; 1 is from mean to mean"))
        self.at.setMinimumWidth(self.fontMetrics().horizontalAdvance("−0.00"))
        self.told.setToolTip(tip(TEST))
        for note in (self.note, self.told):
            note.setWordWrap(True)
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(INSET, SPACE // 2, INSET, SPACE)
        column.setSpacing(SPACE // 2)
        column.addLayout(self._choices())
        column.addWidget(self.note)
        along = QHBoxLayout()
        along.addWidget(self.slider, 1)
        along.addWidget(self.at)
        column.addLayout(along)
        column.addWidget(self.sheet)
        column.addWidget(self.told)
        column.addStretch()
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scrolled(page, has_pictures=True))

    def _choices(self) -> QGridLayout:
        """From and to, a name for them, and those that were named."""
        grid = QGridLayout()
        grid.setSpacing(SPACE // 2)
        for row, (text, box) in enumerate((("From", self.start), ("To", self.end))):
            label = QLabel(text)
            label.setBuddy(box)
            grid.addWidget(label, row, 0)
            grid.addWidget(box, row, 1, 1, 2)
        for row, (field, button) in enumerate(((self.field, self.add), (self.saved, self.delete))):
            grid.addWidget(field, row + 2, 0, 1, 2)
            grid.addWidget(button, row + 2, 2)
        grid.setColumnStretch(1, 1)
        return grid

    def _listen(self) -> None:
        session = self.session
        session.run_changed.connect(self._on_run_changed)
        session.groups.changed.connect(self._on_groups_changed)
        session.epoch_changed.connect(self._on_epoch_changed)
        session.engine_ready.connect(self._on_engine_ready)
        session.pin_changed.connect(self._on_pin_changed)
        session.selection_changed.connect(self._on_selection_changed)
        session.condition_changed.connect(self._on_condition_changed)
        session.answered.connect(self._on_answered)
        session.reconstructed.connect(self._on_reconstructed)
        session.decoded.connect(self._on_decoded)
        self.start.activated.connect(self._on_sides_chosen)
        self.end.activated.connect(self._on_sides_chosen)
        self.saved.activated.connect(self._on_saved_chosen)
        self.field.returnPressed.connect(self._on_add)
        self.add.clicked.connect(self._on_add)
        self.delete.clicked.connect(self._on_delete)
        self.slider.valueChanged.connect(self._on_moved)
        self.sheet.cell_chosen.connect(self._on_cell_chosen)

    # ── what is asked ─────────────────────────────────────────────────────────────────────────

    @Slot(object)
    def _on_run_changed(self, run: m.RunOpened | None) -> None:
        self._base = None
        self._on_groups_changed()

    @Slot()
    def _on_groups_changed(self) -> None:
        sides, groups = self.session.groups.sides(), self.session.groups
        for place, box in enumerate((self.start, self.end)):
            before = box.currentData()
            box.clear()
            for key, name in sides:
                box.addItem(name, key)
            found = box.findData(before)
            box.setCurrentIndex(found if found >= 0 else min(place, len(sides) - 1))
        before = self.saved.currentText()
        self.saved.clear()
        self.saved.addItems([each.name for each in groups.attributes])
        self.saved.setCurrentIndex(self.saved.findText(before))
        self.saved.setPlaceholderText("Saved directions")
        for part in (self.saved, self.delete):
            part.setEnabled(bool(groups.attributes))
        self._ask()

    @Slot(int)
    def _on_epoch_changed(self, epoch: int) -> None:
        self._ask()

    @Slot(object)
    def _on_engine_ready(self, message: m.EngineReady) -> None:
        self._ask()

    @Slot(int)
    def _on_sides_chosen(self, place: int) -> None:
        self.saved.setCurrentIndex(-1)
        self._ask()

    @Slot(int)
    def _on_saved_chosen(self, place: int) -> None:
        chosen = self.session.groups.attributes[place]
        for box, side in ((self.start, chosen.start), (self.end, chosen.end)):
            box.setCurrentIndex(box.findData(side))
        self._ask()

    @Slot(object)
    def _on_condition_changed(self, condition: object) -> None:
        self._ask_decodes()

    def _ask(self) -> None:
        """Ask for the direction and its test, if somebody can see them."""
        self._is_stale = not self.isVisible()
        self._tag += 1
        self.direction, self._z = None, None
        self.told.say("")
        self.sheet.set_sheet(None)
        why = self._why_not()
        self.note.say(why)
        self.slider.setEnabled(False)
        self.add.setEnabled(not why or why in (NO_WEIGHTS, WAITING))
        self.add.setToolTip(tip(why or "Keep this direction under a name."))
        if why or self._is_stale:
            return
        start, end = (self.session.groups.rows_of(b.currentData()) for b in (self.start, self.end))
        self.session.ask(VIEW, "attribute", start=start, end=end, tag=self._tag)
        self._find_base()

    def _why_not(self) -> str:
        """Why there is no direction, "" where there is one."""
        run, session = self.session.run, self.session
        if run is None or session.last_epoch < 0:
            return NO_RUN
        if not run.decodes:
            return NO_WEIGHTS
        if session.engine is None:
            return WAITING
        if self.start.count() < 2:
            return NO_SIDES
        if self.start.currentIndex() < 0 or self.end.currentIndex() < 0:
            return "A group of this direction is not there any more: choose both sides."
        return SAME if self.start.currentData() == self.end.currentData() else ""

    # ── where it is applied ───────────────────────────────────────────────────────────────────

    def _find_base(self) -> None:
        """Begin at the pin, else at the first selected sample, else in the middle of the map."""
        session = self.session
        if self.slider.value() and self._base is not None:
            self._ask_decodes()
            return
        kept = 0 if session.run is None or session.run.samples is None else len(session.run.samples)
        if session.pin is not None:
            self._take_base(session.pin)
        elif session.selection.size and int(session.selection[0]) < kept:
            session.reconstruct(VIEW, session.selection[:1], [session.epoch])
        elif session.epochs:
            self._take_base(session.epochs[session.epoch].mean)

    def _take_base(self, z: NDArray[np.float32]) -> None:
        self._base = np.asarray(z, np.float32)
        self.slider.blockSignals(True)
        self.slider.setValue(0)
        self.slider.blockSignals(False)
        self.at.setText("0.00")
        self._ask_decodes()

    @Slot(object)
    def _on_pin_changed(self, z: NDArray[np.float32] | None) -> None:
        if not self.isVisible():
            self._is_stale = True
        elif not self._is_moving:
            self.slider.blockSignals(True)
            self.slider.setValue(0)
            self.slider.blockSignals(False)
            self._find_base()

    @Slot(object)
    def _on_selection_changed(self, rows: NDArray[np.int64]) -> None:
        if not self.isVisible():
            self._is_stale = True
        elif self.session.pin is None:
            self._find_base()

    @Slot(object)
    def _on_reconstructed(self, message: m.Reconstructed) -> None:
        session = self.session
        is_wanted = message.view == VIEW and message.asked == session.epoch and session.pin is None
        if is_wanted and np.array_equal(message.rows, session.selection[:1]):
            self._take_base(message.z[0])

    @Slot(int)
    def _on_moved(self, value: int) -> None:
        """Pin the base moved along the direction: the decode follows it."""
        self.at.setText(wording.coordinate(value / FINE))
        if self.direction is None or self._base is None:
            return
        self._is_moving = True
        self.session.set_pin(self._base + np.float32(value / FINE) * self.direction)
        self._is_moving = False

    @Slot(int, int)
    def _on_cell_chosen(self, row: int, column: int) -> None:
        steps = np.linspace(-MOST_STEPS, MOST_STEPS, COLUMNS)
        self.slider.setValue(round(float(steps[column]) * FINE))

    # ── answers ───────────────────────────────────────────────────────────────────────────────

    @Slot(object)
    def _on_answered(self, message: m.Answer) -> None:
        if message.view != VIEW or message.values.get("tag") != self._tag:
            return
        is_new = self.direction is None
        self.direction = np.asarray(message.arrays["direction"], np.float32)
        self.slider.setEnabled(True)
        self.told.say(result_of(message), "muted")
        if is_new:
            self._ask_decodes()

    def _ask_decodes(self) -> None:
        if self.direction is None or self._base is None or not self.isVisible():
            return
        if self._base.shape != self.direction.shape:
            return
        steps = np.linspace(-MOST_STEPS, MOST_STEPS, COLUMNS, dtype=np.float32)
        self._z = self._base + steps[:, None] * self.direction
        self.session.decode(VIEW, self._z)

    @Slot(object)
    def _on_decoded(self, message: m.Decoded) -> None:
        run = self.session.run
        is_wanted = message.view == VIEW and message.asked == self.session.epoch
        if run is None or self._z is None or not is_wanted:
            return
        if np.array_equal(message.z, self._z) and message.condition == self.session.condition:
            frames = message.values if message.pictures is None else message.pictures
            names = [""]  # the slider above says where each of them stands
            self.sheet.set_sheet(Sheet(names, COLUMNS, frames, style_of_run(run), run.sample_shape))

    # ── names ─────────────────────────────────────────────────────────────────────────────────

    @Slot()
    def _on_add(self) -> None:
        if not self.add.isEnabled():
            return
        name, sides = self.field.text(), (self.start.currentData(), self.end.currentData())
        why = self.session.groups.add_attribute(Attribute(name, *sides))
        if why:
            self.note.say(why, "error")
        else:
            self.field.clear()
            self.saved.setCurrentIndex(self.saved.count() - 1)

    @Slot()
    def _on_delete(self) -> None:
        if self.saved.currentIndex() >= 0:
            self.session.groups.remove_attribute(self.saved.currentText())

    # ── Qt ────────────────────────────────────────────────────────────────────────────────────

    def showEvent(self, event: QShowEvent) -> None:
        """Ask for what was not asked while nobody could see it."""
        super().showEvent(event)
        if self._is_stale:
            self._ask()


def result_of(message: m.Answer) -> str:
    """How well the direction separates its groups, in one sentence."""
    values = message.values
    if "why_not" in values:
        return f"Not tested: {values['why_not']}."
    if "p" not in values:
        return "Testing the separation…"
    auc, p, count = float(values["auc"]), float(values["p"]), int(values["permutations"])
    verdict = "Separates" if p <= 0.05 else "Does not separate"
    return (
        f"{verdict} samples it was not made of: AUC {auc:.2f}, p = {p:.3f} "
        f"({count} permutations, {values['tested']} samples)"
    )
