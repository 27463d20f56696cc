"""A flow at work: samples, grid and density on their way from x to z, and one place in nats."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEasingCurve, QPropertyAnimation, Qt, Slot
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QSlider, QVBoxLayout, QWidget

from aeviz import colouring, geometry
from aeviz import messages as m
from aeviz.gui import wording
from aeviz.gui.captions import tip
from aeviz.gui.density_image import DensityScale
from aeviz.gui.dock_title import INSET
from aeviz.gui.inspectors.base import Inspector, register_inspector
from aeviz.gui.inspectors.cursor import INEXACT, NO_WEIGHTS, WAITING
from aeviz.gui.labels import caption_label, figure_label, unit_label
from aeviz.gui.numbers import count, measure
from aeviz.gui.plane_plot import PlanePlot
from aeviz.gui.quiet_button import QuietButton
from aeviz.gui.scroll import scrolled
from aeviz.gui.session import Session
from aeviz.gui.theme import SPACE
from aeviz.messages import FloatArray

STAGES, PLACE = "flow.stages", "flow.place"
FINE = 100
"""Steps of the slider from one transform to the next."""
SECONDS = 0.9
"""How long a transform takes while the slider plays."""
NO_RUN = "Open a run of a flow, or train one: its transforms appear here."
ON_THE_WAY = "The samples are on their way through the flow."
READOUTS = (
    ("log_base", "log p(z)", "Log density of z = f(x) under the standard normal."),
    ("log_det", "log |det ∂f/∂x|", "How much f stretches volumes at x, standardising included."),
    ("log_density", "log p(x)", "Their sum: the log density of standardised x."),
)


@register_inspector("flow", title="Flow", area="right", order=105, needs="invertible")
class FlowInspector(Inspector):
    """A slider steps through the transforms; nothing is asked while the panel is hidden."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.plot = PlanePlot("Samples on their way through the flow")
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.play = QuietButton("Play")
        self.switches = {
            name: QuietButton(title, has_light=True)
            for name, title in (("points", "Samples"), ("lines", "Grid"), ("density", "Density"))
        }
        self.stage = caption_label("", "text")
        self.stage.setToolTip("∫p is the integral of the density over the shown window")
        self.scale = DensityScale()
        self.note = caption_label(NO_RUN)
        self.figures = {name: figure_label() for name, *_ in READOUTS}
        self._animation = QPropertyAnimation(self.slider, b"value", self)
        self._answer: m.Answer | None = None
        self._place: m.Answer | None = None
        self._z: NDArray[np.float32] | None = None
        self._shown_density = -1
        self._is_stale = True
        self._lay_out()
        self._listen()
        self._on_run_changed(session.run)

    # ── layout ────────────────────────────────────────────────────────────────────────────────

    def _lay_out(self) -> None:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(INSET, SPACE // 2, 2, SPACE)
        column.setSpacing(SPACE // 2)
        self._body = QWidget()
        body = QVBoxLayout(self._body)
        body.setContentsMargins(0, 0, 0, 0)
        body.setSpacing(SPACE // 2)
        body.addLayout(self._make_slider_row())
        body.addWidget(self.stage)
        body.addWidget(self.plot)
        body.addWidget(self.scale)
        switches = QHBoxLayout()
        for switch in self.switches.values():
            switch.setChecked(True)
            switches.addWidget(switch)
        switches.addStretch()
        body.addLayout(switches)
        body.addLayout(self._make_readouts())
        column.addWidget(self._body)
        column.addWidget(self.note)
        column.addStretch()
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scrolled(page, has_pictures=True))
        self.scale.show_top(math.nan)

    def _make_slider_row(self) -> QHBoxLayout:
        self.slider.setAccessibleName("Transforms of the flow, from x to z")
        self.slider.setSingleStep(FINE // 10)
        self.slider.setPageStep(FINE)
        self.slider.setTickPosition(QSlider.TickPosition.TicksBelow)
        self.slider.setTickInterval(FINE)
        self.play.setToolTip("Show the way from x to z")
        self._animation.setEasingCurve(QEasingCurve.Type.InOutSine)
        row = QHBoxLayout()
        row.addWidget(self.play)
        row.addWidget(unit_label("x"))
        row.addWidget(self.slider, 1)
        row.addWidget(unit_label("z"))
        return row

    def _make_readouts(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(SPACE)
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(0, 1)
        for row, (name, title, definition) in enumerate(READOUTS):
            label = caption_label(title, "text")
            for column, widget in enumerate((label, self.figures[name], unit_label("nats"))):
                widget.setToolTip(tip(definition))
                grid.addWidget(widget, row, column)
        return grid

    def _listen(self) -> None:
        session = self.session
        session.run_changed.connect(self._on_run_changed)
        session.epoch_changed.connect(self._on_epoch_changed)
        session.epoch_added.connect(self._on_epoch_added)
        session.engine_ready.connect(self._on_engine_ready)
        session.cursor_changed.connect(self._on_cursor_changed)
        session.pin_changed.connect(self._on_pin_changed)
        session.hidden_changed.connect(self._on_hidden_changed)
        session.answered.connect(self._on_answered)
        session.failed.connect(self._on_failed)
        self.slider.valueChanged.connect(self._on_slid)
        self.play.clicked.connect(self._on_play)
        for switch in self.switches.values():
            switch.toggled.connect(self._on_switched)

    # ── what is asked ─────────────────────────────────────────────────────────────────────────

    @Slot(object)
    def _on_run_changed(self, run: m.RunOpened | None) -> None:
        self._animation.stop()
        self._answer = self._place = None
        self._z = self.session.pin
        self.plot.set_colouring(None, frozenset())
        self._show_place()
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

    @Slot(object)
    def _on_cursor_changed(self, z: NDArray[np.float32] | None) -> None:
        self._point_at(self.session.pin if z is None else z)

    @Slot(object)
    def _on_pin_changed(self, z: NDArray[np.float32] | None) -> None:
        if self.session.cursor is None:
            self._point_at(z)

    def _point_at(self, z: NDArray[np.float32] | None) -> None:
        self._z = self._z if z is None else z
        if not self._is_stale:
            self._ask_place()

    @property
    def _is_flow(self) -> bool:
        return self.session.run is not None and "invertible" in self.session.run.abilities

    def _refresh(self) -> None:
        """Ask for everything at the shown epoch, once it can be answered and is seen."""
        session = self.session
        can_ask = self._is_flow and session.can_decode and session.last_epoch >= 0
        if not can_ask:
            self._answer = None
        self._body.setVisible(self._answer is not None)
        if self._answer is None:
            self.note.say(ON_THE_WAY if can_ask else self._why_not(), "muted")
        self._is_stale = not (can_ask and self.isVisible())
        if not self._is_stale:
            session.ask(STAGES, "flow-stages")
            self._ask_place()

    def _why_not(self) -> str:
        run = self.session.run
        if run is None or not self._is_flow:
            return NO_RUN
        return WAITING if run.decodes else NO_WEIGHTS

    def _ask_place(self) -> None:
        if self._z is not None:
            self.session.ask(PLACE, "flow-at", z=[float(value) for value in self._z])

    # ── what is shown ─────────────────────────────────────────────────────────────────────────

    @Slot(object)
    def _on_answered(self, answer: m.Answer) -> None:
        if answer.view == STAGES:
            self._take_stages(answer)
        elif answer.view == PLACE:
            self._place = answer
            self._show_place()

    @Slot(object)
    def _on_failed(self, message: m.Failed) -> None:
        if message.where == "question" and self.isVisible():
            self.note.say(message.summary, "error")

    def _take_stages(self, answer: m.Answer) -> None:
        run = self.session.run
        if run is None:
            return
        rows, steps = answer.arrays["rows"], answer.values["transforms"]
        if self._answer is None or not np.array_equal(self._answer.arrays["rows"], rows):
            by_label = colouring.by_label(run)
            groups = colouring.Colouring(by_label.codes[rows], by_label.groups)
            self.plot.set_colouring(groups, self.session.hidden)
        self._answer = answer
        self._body.show()
        self._shown_density = -1
        if self.slider.maximum() != steps * FINE:
            self.slider.setRange(0, steps * FINE)
        has_plane = "lines" in answer.arrays
        for name in ("lines", "density"):
            self.switches[name].setVisible(has_plane)
        self.note.say(self._told(run, answer), "muted")
        self._draw()

    def _told(self, run: m.RunOpened, answer: m.Answer) -> str:
        """What a person would not see: which features, how many samples, the units."""
        rows, features = answer.arrays["rows"], run.latent_dim
        notes = ["In standardised units"]
        if "lines" not in answer.arrays:
            first, second = (feature_name(run, number) for number in answer.values["features"])
            notes = [
                f"{first} and {second} of {features} features, standardised; "
                "a grid and a density are drawn for two features only"
            ]
        if len(rows) < run.total:
            notes.append(f"{count(len(rows))} of {count(run.total)} samples are drawn")
        return ". ".join(notes)

    @Slot(int)
    def _on_slid(self, value: int) -> None:
        self._draw()

    @Slot(bool)
    def _on_switched(self, is_on: bool) -> None:
        self._shown_density = -1
        self._draw()

    @Slot()
    def _on_play(self) -> None:
        self._animation.stop()
        self._animation.setStartValue(0)
        self._animation.setEndValue(self.slider.maximum())
        self._animation.setDuration(round(1000 * SECONDS * self.slider.maximum() / FINE))
        self._animation.start()

    @property
    def time(self) -> float:
        """How far along the transforms the slider stands, from 0 (x) to K (z)."""
        return self.slider.value() / FINE

    def _draw(self) -> None:
        """Draw everything as it is at the slider's time."""
        answer = self._answer
        if answer is None:
            return
        on = {name: switch.isChecked() for name, switch in self.switches.items()}
        points = between(answer.arrays["points"], self.time)
        self.plot.set_points(points if on["points"] else None)
        lines = answer.arrays.get("lines")
        drawn = lines is not None and on["lines"]
        self.plot.set_lines(between(lines, self.time) if drawn and lines is not None else None)
        if "regions" in answer.arrays:
            left, right, low, high = between(answer.arrays["regions"], self.time).tolist()
            self.plot.show_region((left, right, low, high))
        else:
            self.plot.show_region(geometry.extent(points, 0.1))
        self._draw_density(answer, on["density"])
        self.stage.say(stage_name(self.time, answer.values["transforms"]) + self._mass(answer))
        self.plot.show_mark(self._marked())

    def _draw_density(self, answer: m.Answer, is_on: bool) -> None:
        """Show the density of the transform next to the slider's time; it is drawn once."""
        number = round(self.time)
        is_whole = abs(self.time - number) < 0.25 and "density" in answer.arrays and is_on
        wanted = number if is_whole else -2
        if wanted == self._shown_density:
            return
        self._shown_density = wanted
        if is_whole:
            left, right, low, high = answer.arrays["regions"][number].tolist()
            density = answer.arrays["density"][number]
            self.plot.density.set_density(density, (left, right, low, high))
        else:
            self.plot.density.set_density(None)
        is_seen = is_whole and np.isfinite(answer.arrays["density"][number]).any()
        self.scale.show_top(self.plot.density.top if is_seen else self.scale.top)

    def _mass(self, answer: m.Answer) -> str:
        number = round(self.time)
        if number != self.time or "mass" not in answer.arrays:
            return ""
        mass = float(answer.arrays["mass"][number])
        return f" · ∫p = {measure(mass, 3)}" if math.isfinite(mass) else ""

    def _marked(self) -> FloatArray | None:
        """Where the place that is spoken of lies at the slider's time."""
        place = self._place
        if place is None or self._answer is None:
            return None
        if len(place.arrays["places"]) != len(self._answer.arrays["points"]):
            return None
        return between(place.arrays["places"], self.time)

    def _show_place(self) -> None:
        values: dict[str, Any] = {} if self._place is None else dict(self._place.values)
        for name, label in self.figures.items():
            label.setText(measure(values.get(name, math.nan)))
        if self._place is not None and math.isnan(values["log_density"]):
            self.note.say(INEXACT, "warning")
        elif self.note.text() == INEXACT and self._answer is not None and self.session.run:
            self.note.say(self._told(self.session.run, self._answer), "muted")
        self.plot.show_mark(self._marked())

    @Slot(object)
    def _on_hidden_changed(self, hidden: frozenset[int]) -> None:
        self.plot.set_hidden(hidden)

    # ── Qt ────────────────────────────────────────────────────────────────────────────────────

    def showEvent(self, event: QShowEvent) -> None:
        """Ask for what was not asked while it was hidden."""
        super().showEvent(event)
        if self._is_stale:
            self._z = self.session.pin if self._z is None else self._z
            self._refresh()

    def hideEvent(self, event: QHideEvent) -> None:
        """Play for nobody no more."""
        super().hideEvent(event)
        self._animation.stop()
        self._is_stale = True


def between(stages: FloatArray, time: float) -> FloatArray:
    """What lies between two stages, (K + 1, …) to (…)."""
    low = min(int(time), len(stages) - 2) if len(stages) > 1 else 0
    if time == low or len(stages) == 1:
        return np.asarray(stages[low], np.float32)
    return np.asarray(stages[low] + (time - low) * (stages[low + 1] - stages[low]), np.float32)


def stage_name(time: float, transforms: int) -> str:
    """The slider's time in words."""
    if time == 0:
        return "x, before the first transform"
    if time == transforms:
        return f"z, after {wording.several(transforms, 'transform')}"
    if time == int(time):
        return f"After transform {int(time)} of {transforms}"
    return f"In transform {int(time) + 1} of {transforms}"


def feature_name(run: m.RunOpened, number: int) -> str:
    """A feature's name, or where a pixel lies."""
    if run.is_image:
        _, wide, _ = run.sample_shape
        return f"pixel ({number % wide}, {number // wide})"
    return run.feature_names[number] if number < len(run.feature_names) else f"x{number + 1}"
