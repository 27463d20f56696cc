"""The class × style sheet of a conditional model: every condition with the same latents."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from aeviz import messages as m
from aeviz.gui import numbers, saving
from aeviz.gui.captions import tip
from aeviz.gui.dock_title import INSET
from aeviz.gui.figure import Figure
from aeviz.gui.figure_words import about_of, title_of
from aeviz.gui.inspectors.base import Inspector, register_inspector
from aeviz.gui.inspectors.cursor import NO_WEIGHTS, WAITING
from aeviz.gui.inspectors.reconstruction import fixed_rows
from aeviz.gui.labels import caption_label
from aeviz.gui.scroll import scrolled
from aeviz.gui.session import Condition, Session
from aeviz.gui.style_sheet import Sheet, StyleSheet
from aeviz.gui.theme import SPACE
from aeviz.gui.tiles import style_of_run

VIEW = "styles"
COLUMNS = 8
MOST_ROWS = 40
"""Choices at most that have a row."""

STEPS = 7
"""Rows over the range of a column of numbers."""

DRAWN, ACROSS, DOWN = "drawn", "across", "down"
WAYS = (
    (DRAWN, "At random"),
    (ACROSS, "Across"),
    (DOWN, "Upwards"),
)
THROUGH = (
    "Latents drawn at random, or on a line across or up the map through the selected sample; "
    "through the middle where none is selected"
)
NO_RUN = "Open a run of a conditional model: every condition appears here with the same latents."


@register_inspector("styles", title="Styles", area="bottom", order=115, needs="conditional")
class StylesInspector(Inspector):
    """Rows are conditions, columns are latents; nothing is asked while it is hidden."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.way = QComboBox()
        self.column = QComboBox()
        self.redraw = QPushButton("Other")
        self.save = QPushButton("Save…")
        self.note = caption_label(NO_RUN)
        self.sheet = StyleSheet()
        self._seed = 0
        self._z: NDArray[np.float32] | None = None
        self._told: list[Condition] = []
        self._names: list[str] = []
        self._is_stale = True
        self._lay_out()
        self._listen()
        self._on_run_changed(session.run)

    def _lay_out(self) -> None:
        for name, title in WAYS:
            self.way.addItem(title, name)
        self.way.setAccessibleName("Which latents stand in the columns")
        self.way.setToolTip(tip(THROUGH))
        self.column.setAccessibleName("Which column of numbers changes from row to row")
        self.redraw.setToolTip(tip("Draw other styles"))
        self.save.setToolTip(tip("Save the sheet as PNG, SVG or PDF"))
        for box in (self.way, self.column):
            box.setMinimumContentsLength(6)
            box.setSizeAdjustPolicy(
                QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
            )
        top = QHBoxLayout()
        top.setSpacing(SPACE // 2)
        for box in (self.way, self.column):
            top.addWidget(box, 1)
        for button in (self.redraw, self.save):
            top.addWidget(button)
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(INSET, SPACE // 2, INSET, SPACE)
        column.setSpacing(SPACE // 2)
        column.addLayout(top)
        column.addWidget(self.note)
        column.addWidget(self.sheet)
        column.addStretch()
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scrolled(page, has_pictures=True))

    def _listen(self) -> None:
        session = self.session
        session.run_changed.connect(self._on_run_changed)
        session.epoch_changed.connect(self._on_epoch_changed)
        session.epoch_added.connect(self._on_epoch_added)
        session.selection_changed.connect(self._on_selection_changed)
        session.condition_changed.connect(self._on_condition_changed)
        session.engine_ready.connect(self._on_engine_ready)
        session.answered.connect(self._on_answered)
        session.decoded.connect(self._on_decoded)
        self.way.activated.connect(self._on_way_chosen)
        self.column.activated.connect(self._on_column_chosen)
        self.redraw.clicked.connect(self._on_redraw)
        self.save.clicked.connect(self._on_save)
        self.sheet.cell_chosen.connect(self._on_cell_chosen)

    def showEvent(self, event: QShowEvent) -> None:
        """Ask for what was not asked while nobody could see it."""
        super().showEvent(event)
        if self._is_stale:
            self._ask()

    # ── what is asked ─────────────────────────────────────────────────────────────────────────

    @Slot(object)
    def _on_run_changed(self, run: m.RunOpened | None) -> None:
        self._seed, self._z = 0, None
        about = None if run is None else run.conditions
        has_columns = about is not None and about.kind == "numbers" and len(about.names) > 1
        self.column.clear()
        if about is not None and has_columns:
            self.column.addItems(list(about.names))
        self.column.setVisible(has_columns)
        self._ask()

    @Slot(int)
    def _on_epoch_changed(self, epoch: int) -> None:
        self._ask()

    @Slot(int)
    def _on_epoch_added(self, epoch: int) -> None:
        if epoch == self.session.epoch:
            self._ask()

    @Slot(object)
    def _on_selection_changed(self, rows: NDArray[np.int64]) -> None:
        about = self._about()
        if self.way.currentData() != DRAWN or (about is not None and about.kind == "sample"):
            self._ask()

    @Slot(object)
    def _on_condition_changed(self, condition: Condition) -> None:
        about = self._about()
        if about is not None and about.kind == "numbers" and len(about.names) > 1:
            self._ask()

    @Slot(object)
    def _on_engine_ready(self, message: m.EngineReady) -> None:
        self._ask()

    @Slot(int)
    def _on_way_chosen(self, place: int) -> None:
        self._ask()

    @Slot(int)
    def _on_column_chosen(self, place: int) -> None:
        self._ask()

    @Slot()
    def _on_redraw(self) -> None:
        self._seed += 1
        self._ask()

    def _ask(self) -> None:
        """Take rows and columns anew and ask for their decodes, if somebody can see them."""
        run, session = self.session.run, self.session
        self._is_stale = not self.isVisible()
        self._say_state()
        self.redraw.setVisible(self.way.currentData() == DRAWN)
        can_ask = run is not None and run.conditions is not None and session.last_epoch >= 0
        if not can_ask or not session.can_decode or self._is_stale:
            self._z = None
            self.sheet.set_sheet(None)
            self.save.setEnabled(False)
            return
        assert run is not None
        self._told, self._names = self._rows(run)
        if self.way.currentData() == DRAWN:
            session.ask(VIEW, "styles", count=COLUMNS, seed=self._seed)
        else:
            self._take(self._line())

    def _about(self) -> m.Conditions | None:
        run = self.session.run
        return None if run is None else run.conditions

    def _rows(self, run: m.RunOpened) -> tuple[list[Condition], list[str]]:
        """The conditions of the rows, and their names."""
        about = run.conditions
        assert about is not None
        if about.kind == "choice":
            names = list(about.names[:MOST_ROWS])
            return list(range(len(names))), names
        if about.kind == "numbers":
            return self._numbers(about)
        selected = self.session.selection
        rows = selected[:MOST_ROWS] if len(selected) > 1 else fixed_rows(run)
        return rows.tolist(), [f"#{number}" for number in run.index[rows].tolist()]

    def _numbers(self, about: m.Conditions) -> tuple[list[Condition], list[str]]:
        """Rows over the range of one column, the others as the session tells them."""
        at = max(self.column.currentIndex(), 0)
        told = self.session.condition
        base = told if isinstance(told, tuple) else about.middles
        steps = np.linspace(*about.ranges[at], STEPS).tolist()
        rows: list[Condition] = [(*base[:at], step, *base[at + 1 :]) for step in steps]
        return rows, [numbers.measure(step, 3) for step in steps]

    def _line(self) -> NDArray[np.float32]:
        """Latents on a line across or up the map through the selected sample, (COLUMNS, D)."""
        session = self.session
        done = session.epochs[session.epoch]
        middle = np.median(done.positions, axis=0)
        if session.selection.size:
            middle = done.positions[session.selection[0]]
        axis = 0 if self.way.currentData() == ACROSS else 1
        low, high = np.quantile(done.positions[:, axis], (0.01, 0.99))
        places = np.tile(np.asarray(middle, np.float32), (COLUMNS, 1))
        places[:, axis] = np.linspace(low, high, COLUMNS)
        return session.planes.latents_at(done, places)

    @Slot(object)
    def _on_answered(self, message: m.Answer) -> None:
        if message.view == VIEW and message.question == "styles" and self._names:
            self._take(np.asarray(message.arrays["z"], np.float32))

    def _take(self, z: NDArray[np.float32]) -> None:
        """Ask for the decodes of these latents under every condition."""
        self._z = np.tile(z, (len(self._told), 1))
        told = np.repeat(np.array(self._told), len(z), axis=0)
        self.session.decode(VIEW, self._z, condition=told)

    # ── what is shown ─────────────────────────────────────────────────────────────────────────

    def _say_state(self) -> None:
        run, about = self.session.run, self._about()
        if run is None or about is None:
            self.note.say(NO_RUN)
        elif not run.decodes:
            self.note.say(NO_WEIGHTS)
        elif self.session.engine is None:
            self.note.say(WAITING)
        elif about.kind == "choice" and len(about.names) > MOST_ROWS:
            self.note.say(f"The first {MOST_ROWS} of {len(about.names)} choices")
        else:
            self.note.say("")

    @Slot(object)
    def _on_decoded(self, message: m.Decoded) -> None:
        run = self.session.run
        is_wanted = message.view == VIEW and message.asked == self.session.epoch
        if run is None or self._z is None or not is_wanted:
            return
        if not np.array_equal(message.z, self._z):
            return
        frames = message.values if message.pictures is None else message.pictures
        columns = len(frames) // len(self._names)
        sheet = Sheet(self._names, columns, frames, style_of_run(run), run.sample_shape)
        self.sheet.set_sheet(sheet)
        self.save.setEnabled(True)

    @Slot(int, int)
    def _on_cell_chosen(self, row: int, column: int) -> None:
        """Pin the latent of a cell, and tell what its row is told."""
        sheet = self.sheet.sheet
        if sheet is None or self._z is None:
            return
        told, about = self._told[row], self._about()
        self.session.set_pin(self._z[row * sheet.columns + column])
        if about is not None and about.kind == "sample" and isinstance(told, int):
            self.session.select([told])
        self.session.set_condition(told)

    # ── out ───────────────────────────────────────────────────────────────────────────────────

    @Slot()
    def _on_save(self) -> None:
        run = self.session.run
        if run is None:
            return
        path = saving.ask_where(self, "Save the sheet of styles", run.title, "styles")
        if path is not None:
            self.save_picture(path)

    def save_picture(self, path: Path) -> None:
        """Save the sheet; `noticed` or `failed` of the session says how it went."""
        saving.save_figure(self.session, self.figure(), path)

    def figure(self) -> Figure | None:
        """The sheet of styles."""
        session = self.session
        return self.sheet.figure(title_of(session, "styles"), about_of(session))
