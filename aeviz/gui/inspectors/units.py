"""The units of the model: the filters of its first layer, and any hidden unit in detail."""

import math
from typing import Any

import numpy as np
from PySide6.QtCore import QModelIndex, Qt, QTimer, Slot
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QBoxLayout, QComboBox, QVBoxLayout, QWidget

from aeviz import messages as m
from aeviz.gui import wording
from aeviz.gui.dock_title import INSET
from aeviz.gui.inspectors.base import Inspector, register_inspector
from aeviz.gui.inspectors.cursor import NO_WEIGHTS, WAITING
from aeviz.gui.labels import caption_label
from aeviz.gui.sample_list import SampleModel
from aeviz.gui.scroll import scrolled
from aeviz.gui.session import Session
from aeviz.gui.theme import SPACE
from aeviz.gui.unit_grid import UnitGrid, UnitModel
from aeviz.gui.unit_view import UnitView
from aeviz.messages import FloatArray, IntArray

LAYERS, ACTIVITY, ASCENT = "units.layers", "units.activity", "units.ascent"
EXCITING = 12
"""How many samples are shown for a unit."""
BESIDE = 620
"""Width in pixels from which a layer and one of its units stand side by side."""
HEIGHT = 188
"""Of the tiles in pixels: a little over four lines, so that it is seen that they scroll."""
REST = 150
"""Milliseconds that the timeline rests before all samples are encoded anew."""
ORDERS = ("In order", "Most selective first", "Most often active first")
WIDE = 360
"""Width in pixels from which layer and order stand side by side."""
NO_RUN = "Open a run or train a model: its filters and hidden units appear here."


@register_inspector("units", title="Units", area="bottom", order=120)
class UnitsInspector(Inspector):
    """A layer as tiles, and below them the unit that was chosen.

    Nothing is asked while it is hidden behind another tab.
    """

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.layer = QComboBox()
        self.order = QComboBox()
        self.note = caption_label(NO_RUN)
        self.model = UnitModel(SampleModel(session, self, view="units.tiles"), self)
        self.grid = UnitGrid(self.model)
        self.unit_view = UnitView(SampleModel(session, self, view="units.exciting"))
        self._filters: FloatArray = np.empty((0, 1), np.float32)
        self._units: list[int] = []
        self._activity: m.Answer | None = None
        self._unit, self._seed = 0, 0
        self._is_stale, self._is_due = True, False
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._lay_out()
        self._listen()
        self._on_run_changed(session.run)

    def _lay_out(self) -> None:
        for chooser, name in ((self.layer, "Layer"), (self.order, "Order of the units")):
            chooser.setAccessibleName(name)
            chooser.setMinimumWidth(60)
            chooser.setSizeAdjustPolicy(
                QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
            )
        self.order.addItems(ORDERS)
        self._choosers = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._choosers.setSpacing(SPACE // 2)
        self._choosers.addWidget(self.layer, 1)
        self._choosers.addWidget(self.order, 1)
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(INSET, SPACE // 2, 2, SPACE)
        column.setSpacing(SPACE // 2)
        column.addLayout(self._choosers)
        column.addWidget(self.note)
        self._parts = QBoxLayout(QBoxLayout.Direction.TopToBottom)
        self._parts.setSpacing(SPACE)
        self._parts.addWidget(self.grid, 1, Qt.AlignmentFlag.AlignTop)
        self._parts.addWidget(self.unit_view, 1, Qt.AlignmentFlag.AlignTop)
        column.addLayout(self._parts)
        column.addStretch()
        self._page_parts = (self.layer, self.order, self.grid, self.unit_view)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scrolled(page, has_pictures=True))
        self._arrange()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the unit below its layer, or beside it where there is room."""
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        beside = self.width() >= BESIDE
        directions = QBoxLayout.Direction
        self._parts.setDirection(directions.LeftToRight if beside else directions.TopToBottom)
        is_wide = self.width() >= WIDE
        self._choosers.setDirection(directions.LeftToRight if is_wide else directions.TopToBottom)
        room = self.height() - 80 if beside else 0
        self.grid.setFixedHeight(max(room, HEIGHT))

    def _listen(self) -> None:
        session = self.session
        session.run_changed.connect(self._on_run_changed)
        session.epoch_changed.connect(self._on_epoch_changed)
        session.epoch_added.connect(self._on_epoch_added)
        session.engine_ready.connect(self._on_engine_ready)
        session.answered.connect(self._on_answered)
        session.failed.connect(self._on_failed)
        self.layer.currentIndexChanged.connect(self._on_layer_chosen)
        self.order.currentIndexChanged.connect(self._on_order_chosen)
        self.grid.selectionModel().currentChanged.connect(self._on_unit_chosen)
        self.unit_view.chosen.connect(self._on_sample_chosen)
        self.unit_view.restarted.connect(self._on_restarted)
        self._rest.timeout.connect(self._on_rested)

    # ── what is asked ─────────────────────────────────────────────────────────────────────────

    @Slot(object)
    def _on_run_changed(self, run: m.RunOpened | None) -> None:
        self._rest.stop()
        self._filters, self._units, self._activity = np.empty((0, 1), np.float32), [], None
        self._unit, self._seed = 0, 0
        self.layer.clear()
        for samples in (self.model.samples, self.unit_view.samples):
            samples.set_run(run)
        self.model.set_units(np.empty(0, np.int64), None)
        self.model.set_best(None, ())
        if run is not None:
            self.unit_view.set_run(run)
        self._refresh()

    @Slot(int)
    def _on_epoch_changed(self, epoch: int) -> None:
        self._refresh()

    @Slot(int)
    def _on_epoch_added(self, epoch: int) -> None:
        if epoch == self.session.epoch:
            self._refresh()

    @Slot(object)
    def _on_engine_ready(self, message: m.EngineReady) -> None:
        self._refresh()

    def showEvent(self, event: QShowEvent) -> None:
        """Ask for what was not asked while it was hidden."""
        super().showEvent(event)
        if self._is_stale:
            self._refresh()

    def _refresh(self) -> None:
        """Ask for the layers of the shown epoch; the rest follows when the timeline rests."""
        session = self.session
        can_ask = session.can_decode and session.last_epoch >= 0
        for part in self._page_parts:
            part.setVisible(can_ask)
        if not can_ask:
            run = session.run
            waits = WAITING if session.engine is None else ""
            self.note.say(NO_RUN if run is None else NO_WEIGHTS if not run.decodes else waits)
        self._is_stale = not (can_ask and self.isVisible())
        if not self._is_stale:
            session.ask(LAYERS, "unit-layers")
            self._rest.start(REST)

    @Slot()
    def _on_rested(self) -> None:
        self._is_due = not self._units
        if self._units:
            self._ask_activity()
            self._ask_ascent()

    def _ask_activity(self) -> None:
        number = self.layer.currentIndex()
        self.session.ask(ACTIVITY, "unit-activity", layer=number, count=EXCITING)

    def _ask_ascent(self) -> None:
        number = self.layer.currentIndex()
        if 0 <= number < len(self._units) and self._unit < self._units[number]:
            self.session.ask(ASCENT, "unit-ascent", layer=number, unit=self._unit, seed=self._seed)

    # ── what is chosen ────────────────────────────────────────────────────────────────────────

    @Slot(int)
    def _on_layer_chosen(self, number: int) -> None:
        if number < 0:
            return
        self._unit, self._activity = 0, None
        self.model.set_best(None, ())
        self._list_units()
        self._show_unit()
        self.unit_view.clear_ascent()
        self._ask_activity()
        self._ask_ascent()

    @Slot(int)
    def _on_order_chosen(self, order: int) -> None:
        self._list_units()

    @Slot(QModelIndex, QModelIndex)
    def _on_unit_chosen(self, current: QModelIndex, previous: QModelIndex) -> None:
        if not 0 <= current.row() < len(self.model.order):
            return
        unit = int(self.model.order[current.row()])
        if unit != self._unit:
            self._unit = unit
            self.unit_view.clear_ascent()
            self._show_unit()
            self._ask_ascent()

    @Slot()
    def _on_restarted(self) -> None:
        self._seed += 1
        self.unit_view.clear_ascent()
        self._ask_ascent()

    @Slot(int)
    def _on_sample_chosen(self, row: int) -> None:
        self.session.select([row])

    # ── what is shown ─────────────────────────────────────────────────────────────────────────

    @Slot(object)
    def _on_answered(self, answer: m.Answer) -> None:
        number = self.layer.currentIndex()
        if answer.view == LAYERS:
            self._take_layers(answer)
        elif answer.view == ACTIVITY and answer.values["layer"] == number:
            self._take_activity(answer)
        elif answer.view == ASCENT:
            asked = (number, self._unit, self._seed)
            if asked == tuple(answer.values[name] for name in ("layer", "unit", "seed")):
                self.unit_view.show_ascent(answer)

    @Slot(object)
    def _on_failed(self, message: m.Failed) -> None:
        if message.where == "question" and self.isVisible():
            self.note.say(message.summary, "error")

    def _take_layers(self, answer: m.Answer) -> None:
        self._filters, self._units = answer.arrays["filters"], list(answer.values["units"])
        titles = [
            f"{title} · {wording.several(units, 'unit')}"
            for title, units in zip(answer.values["titles"], self._units, strict=True)
        ]
        if titles != [self.layer.itemText(i) for i in range(self.layer.count())]:
            self.layer.blockSignals(True)
            self.layer.clear()
            self.layer.addItems(titles)
            self.layer.blockSignals(False)
            self._activity = None
        self._list_units()
        self._show_unit()
        if self._is_due:
            self._on_rested()

    def _take_activity(self, answer: m.Answer) -> None:
        self._activity = answer
        told = tuple(self._told(unit) for unit in range(len(answer.arrays["active"])))
        self.model.set_best(answer.arrays["rows"][:, 0], told)
        if self.order.currentIndex():
            self._list_units()
        self._show_unit()

    def _list_units(self) -> None:
        """List the units of the chosen layer in the chosen order, the chosen one marked."""
        number = self.layer.currentIndex()
        if not 0 <= number < len(self._units):
            return
        has_filters = number == 0 and len(self._filters) > 0
        self.model.set_units(
            self._order(self._units[number]), self._filters if has_filters else None
        )
        place = self.model.place_of(self._unit)
        if place >= 0:
            self.grid.setCurrentIndex(self.model.index(place))
        self.note.say(self._note(has_filters), "muted")

    def _note(self, has_filters: bool) -> str:
        if has_filters:
            return "What each unit weighs: grey is 0, each over its own range."
        return "For each unit the sample that excites it most."

    def _order(self, units: int) -> IntArray:
        order = self.order.currentIndex()
        if self._activity is None or not order:
            return np.arange(units)
        by = self._activity.arrays["selectivity" if order == 1 else "active"]
        return np.argsort(-np.nan_to_num(by, nan=-1.0), kind="stable")

    def _show_unit(self) -> None:
        number = self.layer.currentIndex()
        if not 0 <= number < len(self._units):
            return
        self.unit_view.name.say(f"Unit {self._unit + 1}")
        is_there = number == 0 and self._unit < len(self._filters)
        self.unit_view.show_filter(self._filters[self._unit] if is_there else None)
        activity = self._activity
        self.unit_view.told.say("" if activity is None else self._told(self._unit))
        rows = () if activity is None else activity.arrays["rows"][self._unit]
        if not np.array_equal(rows, self.unit_view.samples.rows):
            self.unit_view.samples.set_rows(rows)

    def _told(self, unit: int) -> str:
        """What is known of a unit in words."""
        activity, run = self._activity, self.session.run
        if activity is None or run is None:
            return ""
        arrays, values = activity.arrays, activity.values
        parts = [selective(arrays, unit, run), above_zero(arrays, unit)]
        if values["seen"] < values["total"]:
            parts.append(f"{wording.share(values['seen'] / values['total'])} of the samples seen")
        return ". ".join(part for part in parts if part)


def selective(arrays: Any, unit: int, run: m.RunOpened) -> str:
    """How well a unit tells its favourite class from the others, in words."""
    share, label = float(arrays["selectivity"][unit]), int(arrays["label"][unit])
    if label < 0 or not math.isfinite(share):
        return ""
    name = wording.label_name(label, run.class_names)
    return f"Favours {name}, class selectivity {share:.2f}"


def above_zero(arrays: Any, unit: int) -> str:
    """For how many samples a unit is active, in words."""
    return f"Above zero for {wording.share(float(arrays['active'][unit]))} of the samples"
