"""What a denoising model makes of noise: clean, noisy and restored samples at the shown epoch."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QColor, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSlider, QVBoxLayout

from aeviz import catalogue
from aeviz import messages as m
from aeviz.gui import theme, wording
from aeviz.gui.captions import tip
from aeviz.gui.dock_title import INSET
from aeviz.gui.inspectors.base import Inspector, register_inspector
from aeviz.gui.inspectors.cursor import NO_WEIGHTS, WAITING
from aeviz.gui.label_colours import label_of
from aeviz.gui.labels import ElidedLabel, caption_label, unit_label
from aeviz.gui.noise_strip import NoiseStrip
from aeviz.gui.numbers import measure
from aeviz.gui.session import Session
from aeviz.gui.theme import SPACE
from aeviz.gui.tiles import style_of_run

VIEW = "noise"
MOST = 10
STEPS = 100
"""Positions of the slider."""
LEVEL = "level"
"""The live option of a corrupting model that says how much noise there is."""
NO_RUN = "Open a run of a denoising autoencoder: what it restores appears here."
REDRAW = "Spoil the same samples with other noise of the same level"
OTHERS = "Take other samples at random"
SELECTED = "The selected samples are shown; select none to see random ones"


@register_inspector("noise", title="Noise", area="bottom", order=110, needs="corrupting")
class NoiseInspector(Inspector):
    """The selected samples, or random ones; nothing is asked while it is hidden."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.level = unit_label("")
        self.redraw = QPushButton("Redraw")
        self.others = QPushButton("Other samples")
        self.told = ElidedLabel("", "muted")
        self.note = caption_label(NO_RUN)
        self.strip = NoiseStrip()
        self._low, self._high = 0.0, 1.0
        self._rows: NDArray[np.int64] = np.empty(0, np.int64)
        self._seed, self._choice = 0, 0
        self._is_stale = True
        self._lay_out()
        self._listen()
        self._on_run_changed(session.run)

    def _lay_out(self) -> None:
        self.slider.setRange(0, STEPS)
        self.slider.setAccessibleName("Noise level")
        self.slider.setMinimumWidth(60)
        self.slider.setMaximumWidth(160)
        self.told.setFont(theme.caption(self.font()))
        self.redraw.setToolTip(tip(REDRAW))
        top = QHBoxLayout()
        top.setContentsMargins(INSET, SPACE // 2, INSET, 0)
        top.setSpacing(SPACE)
        self._caption = unit_label("Noise level")
        row = (self._caption, self.slider, self.level, self.redraw, self.others)
        for widget in row:
            top.addWidget(widget)
        self._controls = (*row, self.told, self.strip)
        top.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, SPACE // 2)
        column.setSpacing(SPACE // 2)
        column.addLayout(top)
        inner = QVBoxLayout()
        inner.setContentsMargins(INSET, 0, INSET, 0)
        inner.addWidget(self.note)
        inner.addWidget(self.told)
        inner.addWidget(self.strip, 1)
        inner.addStretch()
        column.addLayout(inner, 1)

    def _listen(self) -> None:
        session = self.session
        session.run_changed.connect(self._on_run_changed)
        session.epoch_changed.connect(self._on_epoch_changed)
        session.epoch_added.connect(self._on_epoch_added)
        session.selection_changed.connect(self._on_selection_changed)
        session.engine_ready.connect(self._on_engine_ready)
        session.answered.connect(self._on_answered)
        session.failed.connect(self._on_failed)
        self.slider.valueChanged.connect(self._on_level_moved)
        self.redraw.clicked.connect(self._on_redraw)
        self.others.clicked.connect(self._on_others)

    # ── what is asked ─────────────────────────────────────────────────────────────────────────

    @Slot(object)
    def _on_run_changed(self, run: m.RunOpened | None) -> None:
        self._seed = self._choice = 0
        self._take_level(run)
        self._choose()

    def _take_level(self, run: m.RunOpened | None) -> None:
        """Set the slider to the range and the value of the run's own noise level."""
        model = {} if run is None else run.settings.get("model", {})
        options = _options_of(str(model.get("name", "")))
        option = options.get(LEVEL)
        self._low = 0.0 if option is None or option.low is None else option.low
        self._high = 1.0 if option is None or option.high is None else option.high
        value = float(model.get(LEVEL, 0.0 if option is None else option.default))
        self.slider.blockSignals(True)
        span = self._high - self._low
        self.slider.setValue(round(STEPS * (value - self._low) / span))
        self.slider.blockSignals(False)
        self.slider.setToolTip("" if option is None else tip(option.description))
        kind = str(model.get("noise", "")).replace("-and-", " and ")
        name = f"{kind} noise".strip().capitalize()
        self._caption.setText(name)
        self._caption.setMinimumWidth(self._caption.fontMetrics().horizontalAdvance(name) + 2)
        self._say_level()

    def _say_level(self) -> None:
        self.level.setText(f"{self._value():.2f}")
        self.level.setFixedWidth(self.level.fontMetrics().horizontalAdvance("0.000"))

    def _value(self) -> float:
        return self._low + (self._high - self._low) * self.slider.value() / STEPS

    def _choose(self) -> None:
        """Take the selected samples, else random ones, and ask for them."""
        run, selection = self.session.run, self.session.selection
        self.others.setEnabled(not selection.size)
        self.others.setToolTip(tip(SELECTED if selection.size else OTHERS))
        if run is None:
            self._rows = np.empty(0, np.int64)
        elif selection.size:
            self._rows = selection[:MOST]
        else:
            kept = len(run.index) if run.samples is None else len(run.samples)
            drawn = np.random.default_rng(self._choice).permutation(kept)[:MOST]
            self._rows = np.sort(drawn)
        self._name_samples(run)
        self._ask()

    def _name_samples(self, run: m.RunOpened | None) -> None:
        if run is None:
            return
        self.told.set_text("")
        names: list[str] = []
        colours: list[QColor | None] = []
        for row in self._rows.tolist():
            name, colour = label_of(self.session, row)
            names.append(name or f"#{int(run.index[row])}")
            colours.append(colour)
        self.strip.set_samples(names, colours, style_of_run(run), run.sample_shape)

    def _ask(self) -> None:
        session, run = self.session, self.session.run
        can_ask = session.can_decode and session.last_epoch >= 0 and self._suits(run)
        for widget in self._controls:
            widget.setVisible(can_ask)
        waits = WAITING if session.engine is None and self._suits(run) else NO_RUN
        has_weights = run is None or run.decodes
        self.note.say("" if can_ask else waits if has_weights else NO_WEIGHTS, "muted")
        self._is_stale = not (can_ask and self.isVisible())
        if not self._is_stale:
            weights = {LEVEL: self._value()}
            rows = self._rows.tolist()
            session.ask(VIEW, "corruption", rows=rows, weights=weights, seed=self._seed)

    def _suits(self, run: m.RunOpened | None) -> bool:
        return run is not None and "corrupting" in run.abilities

    def showEvent(self, event: QShowEvent) -> None:
        """Ask for what was not asked while it was hidden."""
        super().showEvent(event)
        if self._is_stale:
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
        self._choose()

    @Slot(object)
    def _on_engine_ready(self, message: m.EngineReady) -> None:
        self._ask()

    @Slot(int)
    def _on_level_moved(self, place: int) -> None:
        self._say_level()
        self._ask()

    @Slot()
    def _on_redraw(self) -> None:
        self._seed += 1
        self._ask()

    @Slot()
    def _on_others(self) -> None:
        self._choice += 1
        self._choose()

    # ── what is shown ─────────────────────────────────────────────────────────────────────────

    @Slot(object)
    def _on_answered(self, answer: m.Answer) -> None:
        if answer.view != VIEW or answer.values["rows"] != self._rows.tolist():
            return
        self.strip.show_answer(answer)
        run = self.session.run
        if run is None:
            return
        what = wording.error_unit(run.settings, is_image=run.is_image)
        noise, error = (float(answer.arrays[name].mean()) for name in ("noise", "error"))
        self.told.set_text(
            f"epoch {answer.epoch} · mean squared error per {what}: noisy "
            f"{measure(noise, 2)}, restored {measure(error, 2)} (below each)"
        )

    @Slot(object)
    def _on_failed(self, message: m.Failed) -> None:
        if message.where == "question" and self.isVisible() and self._suits(self.session.run):
            self.note.say(message.summary, "error")


def _options_of(model: str) -> dict[str, catalogue.Option]:
    """The options of a registered model by name; none for one that came with a plug-in."""
    try:
        return {option.name: option for option in catalogue.load().model(model).options}
    except (KeyError, ValueError):
        return {}
