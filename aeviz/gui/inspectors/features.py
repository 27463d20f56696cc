"""Features of a table: which change most at this point, along this path, with this dimension."""

import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QTimer, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from aeviz import messages as m
from aeviz.gui import wording
from aeviz.gui.bars import BarRows, Bars
from aeviz.gui.dock_title import INSET
from aeviz.gui.exports import base_name
from aeviz.gui.inspectors.base import Inspector, register_inspector
from aeviz.gui.inspectors.cursor import NO_WEIGHTS, WAITING
from aeviz.gui.labels import caption_label
from aeviz.gui.numbers import count, measure
from aeviz.gui.saving import save_bytes
from aeviz.gui.scroll import scrolled
from aeviz.gui.session import Session
from aeviz.gui.theme import SPACE

VIEW, EXPORT = "features", "features-csv"
REST = 120
"""Milliseconds that mouse, path and timeline rest before anything is asked."""

MOST_ROWS = 60
"""Features at most that are drawn; the exported table has all."""

NO_RUN = "Open a run on a table: the features that change most are ranked here."
NO_POINT = "Move the mouse over the map, or pin a place."
NO_PATH = "Make a path on the map (P): two places at least."
CHOICES = (
    ("point", "At this point", "Decode minus the mean of the samples"),
    ("path", "Along this path, last minus first", "Last decode of the path minus the first one"),
    ("variation", "Along this path, to and fro", "How far each feature goes along the path in all"),
    (
        "dimension",
        "With a dimension",
        "Decode where z{number} is {high} (its 99 % quantile) minus decode where it is {low} (its "
        "1 % quantile); the others {others}",
    ),
)
BY = "{what}. Bars and order in standard deviations (σ) of {counted} samples; they end at {end} σ."
CONSTANT = "never varies"
_FILTER = "CSV table (*.csv)"


@register_inspector("features", title="Features", area="bottom", order=128, needs="table")
class FeaturesInspector(Inspector):
    """A choice of what is compared, a bar for every feature, and the ranking as a file."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.what = QComboBox()
        self.dimension = QSpinBox()
        self.export = QPushButton("Export…")
        self.note = caption_label(NO_RUN)
        self.about = caption_label("")
        self.bars = BarRows("Features that change most")
        self.more = caption_label("")
        self._tag = 0
        self._target: Path | None = None
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST)
        self._lay_out()
        self._listen()
        self._on_run_changed(session.run)

    def _lay_out(self) -> None:
        self.what.setAccessibleName("What is compared")
        self.what.setMinimumContentsLength(6)
        self.what.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        for name, title, _ in CHOICES:
            self.what.addItem(title, name)
        self.dimension.setPrefix("z")
        self.dimension.setMinimum(1)
        self.dimension.setAccessibleName("Latent dimension")
        self.export.setToolTip("Save the whole ranking as a CSV table")
        top = QHBoxLayout()
        top.setSpacing(SPACE // 2)
        top.addWidget(self.what, 1)
        top.addWidget(self.dimension)
        top.addWidget(self.export)
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(INSET, SPACE // 2, 2, SPACE)
        column.setSpacing(SPACE)
        column.addLayout(top)
        for widget in (self.note, self.about, self.bars, self.more):
            column.addWidget(widget)
        column.addStretch()
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scrolled(page, has_pictures=True))

    def _listen(self) -> None:
        session = self.session
        session.run_changed.connect(self._on_run_changed)
        session.engine_ready.connect(self._on_changed)
        session.epoch_changed.connect(self._on_number_changed)
        session.epoch_added.connect(self._on_number_changed)
        session.condition_changed.connect(self._on_changed)
        session.cursor_changed.connect(self._on_changed)
        session.pin_changed.connect(self._on_changed)
        session.route.anchors_changed.connect(self._on_route_changed)
        session.route.method_changed.connect(self._on_method_changed)
        session.walk.found.connect(self._on_route_changed)
        session.answered.connect(self._on_answered)
        session.failed.connect(self._on_failed)
        self.what.currentIndexChanged.connect(self._on_number_changed)
        self.dimension.valueChanged.connect(self._on_number_changed)
        self.export.clicked.connect(self._on_export)
        self._rest.timeout.connect(self._on_rested)

    def showEvent(self, event: QShowEvent) -> None:
        """Ask for what was not asked while it was hidden."""
        super().showEvent(event)
        self._refresh()

    # ── what is asked ─────────────────────────────────────────────────────────────────────────

    @property
    def chosen(self) -> str:
        """What is compared: "point", "path", "variation" or "dimension"."""
        return str(self.what.currentData())

    @Slot(object)
    def _on_run_changed(self, run: m.RunOpened | None) -> None:
        self._clear()
        self.dimension.setMaximum(1 if run is None else run.latent_dim)
        self._refresh()

    @Slot(object)
    def _on_changed(self, value: object) -> None:
        self._refresh()

    @Slot(int)
    def _on_number_changed(self, number: int) -> None:
        self._refresh()

    @Slot()
    def _on_route_changed(self) -> None:
        if self.chosen in ("path", "variation"):
            self._refresh()

    @Slot(str)
    def _on_method_changed(self, method: str) -> None:
        self._on_route_changed()

    def _refresh(self) -> None:
        """Ask when everything rests; say why not where nothing can be asked."""
        self.dimension.setVisible(self.chosen == "dimension")
        reason = self._why_not()
        self.note.say(reason, "muted")
        self.export.setEnabled(not reason)
        if reason:
            self._clear()
            self._rest.stop()
        elif self.isVisible():
            self._rest.start()

    def _why_not(self) -> str:
        session = self.session
        run = session.run
        if run is None or run.is_image or session.last_epoch < 0:
            return NO_RUN
        if not run.decodes:
            return NO_WEIGHTS
        if session.engine is None:
            return WAITING
        if self.chosen == "dimension" or self._latents() is not None:
            return ""
        return NO_POINT if self.chosen == "point" else NO_PATH

    def _latents(self) -> NDArray[np.float32] | None:
        """The place under the mouse, else the pinned one, (D,); or those of the path, (P, D)."""
        session = self.session
        if self.chosen == "dimension":
            return session.pin
        if self.chosen == "point":
            return session.pin if session.cursor is None else session.cursor
        even = session.walk.even(session.route.method)
        return None if even is None else np.asarray(even, np.float32)

    def _ask(self, view: str, **more: Any) -> None:
        self.session.ask(
            view,
            "features",
            about=self.chosen,
            z=self._latents(),
            dimension=self.dimension.value() - 1,
            condition=self.session.condition,
            tag=self._tag,
            **more,
        )

    @Slot()
    def _on_rested(self) -> None:
        if not self._why_not():
            self._tag += 1
            self._ask(VIEW)

    # ── as a file ─────────────────────────────────────────────────────────────────────────────

    @Slot()
    def _on_export(self) -> None:
        run = self.session.run
        if run is None or self._why_not():
            return
        name = f"{base_name(run.title)}-features.csv"
        chosen, _ = QFileDialog.getSaveFileName(self, "Export the ranking", name, _FILTER)
        if chosen:
            self.save_as(Path(chosen))

    def save_as(self, path: Path) -> None:
        """Have the ranking written as a CSV table."""
        self._target = path if path.suffix else path.with_suffix(".csv")
        self._ask(EXPORT, csv=True, names=self._names())

    def _names(self) -> tuple[str, ...]:
        run = self.session.run
        if run is None:
            return ()
        return run.feature_names or tuple(f"feature {n + 1}" for n in range(run.sample_shape[0]))

    # ── what is shown ─────────────────────────────────────────────────────────────────────────

    @Slot(object)
    def _on_answered(self, answer: m.Answer) -> None:
        if answer.view == EXPORT and self._target is not None:
            save_bytes(self.session, answer.values["csv"].encode(), self._target)
            self._target = None
        elif answer.view == VIEW and answer.values["tag"] == self._tag and not self._why_not():
            self._show(answer)

    def _show(self, answer: m.Answer) -> None:
        names, arrays = self._names(), answer.arrays
        rows = arrays["order"][:MOST_ROWS].tolist()
        deviations = arrays["deviations"][rows]
        limit = max(math.ceil(10 * wording.largest(deviations)) / 10, 0.1)
        signed = answer.values["about"] != "variation"
        self.bars.set_bars(
            Bars(
                kind="difference" if signed else "error",
                names=tuple(names[row] for row in rows),
                lengths=np.asarray(deviations / limit, np.float32),
                texts=tuple(_text(arrays, row, signed=signed) for row in rows),
                tips=tuple(_tip(names[row], arrays, row, signed=signed) for row in rows),
            )
        )
        counted = count(answer.values["counted"])
        what = self._what(answer)
        end = measure(limit, 2)
        self.about.say(BY.format(what=what, counted=counted, end=f"±{end}" if signed else end))
        left = len(names) - len(rows)
        self.more.say(f"{count(left)} features that change less are in the export." if left else "")

    def _what(self, answer: m.Answer) -> str:
        texts = {name: text for name, _, text in CHOICES}
        number, ends = self.dimension.value(), {"low": "", "high": ""}
        if "low" in answer.arrays:
            ends = {name: measure(float(answer.arrays[name][number - 1]), 2) for name in ends}
        others = "stay at their medians" if self.session.pin is None else "are those of the pin"
        text = texts[answer.values["about"]]
        told = text.format(number=number, others=others, **ends)
        return f"Epoch {answer.epoch}: {told[:1].lower()}{told[1:]}"

    def _clear(self) -> None:
        self.bars.set_bars(None)
        for label in (self.about, self.more):
            label.say("")

    @Slot(object)
    def _on_failed(self, message: m.Failed) -> None:
        if message.where == "question" and message.view in (VIEW, EXPORT) and self.isVisible():
            self._clear()
            self.note.say(message.summary, "error")


def _text(arrays: Any, row: int, *, signed: bool) -> str:
    """A change in own units and, in brackets, in standard deviations."""
    change, deviation = float(arrays["change"][row]), float(arrays["deviations"][row])
    own = _with_sign(change, signed=signed)
    if not np.isfinite(deviation):
        return own if change else CONSTANT
    places = 1 if abs(deviation) >= 0.1 else 2
    sign = ("+" if deviation >= 0 else "−") if signed else ""
    return f"{own} ({sign}{abs(deviation):.{places}f} σ)"


def _with_sign(value: float, *, signed: bool) -> str:
    sign = ("−" if value < 0 else "+") if signed else ""
    return f"{sign}{measure(abs(value), 3)}"


def _tip(name: str, arrays: Any, row: int, *, signed: bool) -> str:
    start, end = (measure(float(arrays[key][row]), 4) for key in ("start", "end"))
    change = _text(arrays, row, signed=signed)
    return f"{name}: from {start} to {end}, {'a change of' if signed else 'in all'} {change}."
