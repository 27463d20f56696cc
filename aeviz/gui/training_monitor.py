"""How the training goes: progress, time left, the terms of the loss and their chart."""

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QVBoxLayout, QWidget

from aeviz.gui import theme, wording
from aeviz.gui.dock_title import INSET
from aeviz.gui.labels import ElidedLabel
from aeviz.gui.live_options import LiveOptions
from aeviz.gui.loss_plot import (
    LOSS,
    MSE,
    LossPlot,
    loss_names,
    metric_title,
    other_names,
    quantity_unit,
)
from aeviz.gui.numbers import count, duration
from aeviz.gui.plan import Plan
from aeviz.gui.session import Session
from aeviz.gui.term_table import TermTable
from aeviz.gui.thin_bar import ThinBar
from aeviz.gui.tick_box import TickBox
from aeviz.gui.truth_note import TruthNote
from aeviz.messages import Progress, RunOpened

_LOW, _HIGH = 140, 460  # of the chart: a curve on a tower cannot be read
_PHASES = {
    "loading": "Preparing",
    "training": "Training",
    "validating": "Validating",
    "encoding": "Encoding the samples",
    "saving": "Saving",
}
_ENDINGS = {
    "finished": "Finished",
    "stopped": "Stopped",
    "diverged": "Diverged",
    "interrupted": "Interrupted",
    "training": "Training elsewhere",
}


class TrainingMonitor(QWidget):
    """The state of the training or of the shown run, in words, numbers and curves."""

    def __init__(self, session: Session, plan: Plan) -> None:
        super().__init__()
        self._session = session
        self._progress: Progress | None = None
        self.headline = ElidedLabel()
        self.headline.setFont(theme.heading(self.headline.font()))
        self.detail = ElidedLabel(tone="muted")
        self.detail.setFont(theme.caption(self.detail.font()))
        self.where = ElidedLabel(tone="muted")
        self.where.setFont(theme.caption(self.where.font()))
        self.bar = ThinBar()
        self.live = LiveOptions(session, plan)
        self.terms = TermTable()
        self.plot = LossPlot(session)
        self.plot.setMinimumHeight(_LOW)
        self.plot.setMaximumHeight(_HIGH)
        self.truths = TruthNote(session)
        self.quantity = QComboBox()
        self.quantity.setAccessibleName(self.tr("Shown quantity"))
        self.quantity.addItem(self.tr("Loss and its terms"), LOSS)
        self.quantity.addItem(self.tr("Error per feature"), MSE)
        self.log = TickBox(self.tr("Logarithmic"))
        self.log.setToolTip(self.tr("Draw the vertical axis logarithmically."))
        self._lay_out()
        self._connect()
        self._on_run_changed(session.run)

    def _lay_out(self) -> None:
        space = theme.SPACE
        layout = QVBoxLayout(self)
        layout.setContentsMargins(INSET, space, INSET, space)
        layout.setSpacing(space // 2)
        layout.addWidget(self.headline)
        layout.addWidget(self.bar)
        layout.addWidget(self.detail)
        layout.addWidget(self.where)
        layout.addWidget(self.live)
        layout.addSpacing(space // 2)
        layout.addWidget(self.terms)
        layout.addSpacing(space // 2)
        line = QHBoxLayout()
        line.addWidget(self.quantity)
        line.addStretch(1)
        line.addWidget(self.log)
        layout.addLayout(line)
        layout.addWidget(self.plot, 100)
        layout.addWidget(self.truths)
        layout.addStretch(1)

    def _connect(self) -> None:
        session = self._session
        session.run_changed.connect(self._on_run_changed)
        session.epoch_changed.connect(self._on_epoch)
        session.epoch_added.connect(self._on_epoch)
        session.training_changed.connect(self._on_training_changed)
        session.progressed.connect(self._on_progressed)
        self.quantity.currentIndexChanged.connect(self._on_quantity_changed)
        self.log.toggled.connect(self.plot.set_log)

    # ── words ─────────────────────────────────────────────────────────────────────────────────

    def _show_state(self) -> None:
        state = self._session.training.state
        self.bar.setVisible(state != "idle")
        self.bar.set_paused(state == "paused")
        if state == "idle":
            self._show_idle()
        elif self._progress is None:
            outside = self._session.is_outside
            text = self.tr("Training outside") if outside else self.tr("Preparing…")
            self.headline.set_text(text)
            self.detail.set_text("")
            self.bar.setRange(0, 0)
        else:
            self._show_progress(self._progress)
        self._show_where()

    def _show_where(self) -> None:
        """Say who trains, where it is another process."""
        where = self._session.training.where
        is_shown = bool(where) and self._session.training.state != "idle"
        self.where.setVisible(is_shown)
        self.where.set_text(self.tr("Trained by {who}").format(who=where) if is_shown else "")

    def _show_idle(self) -> None:
        run = self._session.run
        if run is None:
            self.headline.set_text(self.tr("No run yet"))
            self.detail.set_text(self.tr("Choose data and model, then press Train."))
            return
        self.headline.set_text(self._ending(run))
        self.detail.set_text(run.title)

    def _ending(self, run: RunOpened) -> str:
        """How the training of the shown run ended, here or before."""
        if wording.is_own(run):
            return self.tr("A model of your own")
        epochs = max(self._session.last_epoch, 0)
        reason = self._session.ending
        if reason and reason != "finished":
            return reason[0].upper() + reason[1:]
        if reason or (run.status == "finished" and epochs >= run.epochs):
            return self.tr("Finished, {done} epochs").format(done=epochs)
        ending = _ENDINGS.get(run.status, run.status)
        text = self.tr("{ending} after {done} of {planned} epochs")
        if run.status == "training":
            text = self.tr("{ending}, {done} of {planned} epochs")
        return text.format(ending=ending, done=epochs, planned=run.epochs)

    def _show_progress(self, progress: Progress) -> None:
        is_paused = self._session.training.state == "paused"
        phase = self.tr("Paused") if is_paused else _PHASES.get(progress.phase, progress.phase)
        text = self.tr("{phase}, epoch {epoch} of {epochs}").format(
            phase=phase, epoch=max(progress.epoch, 1), epochs=progress.epochs
        )
        self.headline.set_text(text)
        parts = []
        if progress.seconds_left is not None and progress.seconds_left >= 1 and not is_paused:
            parts.append(self.tr("{time} left").format(time=duration(progress.seconds_left)))
        if progress.samples_per_second > 0:
            parts.append(
                self.tr("{number} samples/s").format(number=count(progress.samples_per_second))
            )
        if progress.steps:
            parts.append(
                self.tr("step {step} of {steps}").format(
                    step=count(progress.step), steps=count(progress.steps)
                )
            )
        self.detail.set_text(" · ".join(parts))
        self.bar.setRange(0, 1000)
        self.bar.setValue(round(1000 * done_share(progress)))

    # ── numbers ───────────────────────────────────────────────────────────────────────────────

    def _show_terms(self) -> None:
        session = self._session
        metrics = session.epochs[session.epoch].metrics if session.epochs else {}
        at = self.tr("epoch {epoch}").format(epoch=session.epoch) if session.epochs else ""
        progress = self._progress
        if session.is_training and session.following and progress is not None and progress.losses:
            metrics = {**metrics, **progress.losses}
            at = self.tr("now")
        self.terms.show_values(metrics, at)

    def _offer_quantities(self) -> None:
        """List what the model of the run reports besides its loss."""
        fixed = (LOSS, MSE)
        names = (*fixed, *other_names(self._session))
        listed = [str(self.quantity.itemData(row)) for row in range(self.quantity.count())]
        if list(names) == listed:
            return
        chosen = str(self.quantity.currentData())
        self.quantity.blockSignals(True)
        for row in reversed(range(len(fixed), self.quantity.count())):
            self.quantity.removeItem(row)
        for name in names[len(fixed) :]:
            self.quantity.addItem(metric_title(name), name)
        self.quantity.setCurrentIndex(names.index(chosen) if chosen in names else 0)
        self.quantity.blockSignals(False)
        self.plot.set_quantity(str(self.quantity.currentData()))

    @Slot(object)
    def _on_run_changed(self, run: RunOpened | None) -> None:
        self._progress = None
        terms = run.terms if run is not None else ()
        self.terms.set_terms(loss_names(self._session), terms, quantity_unit(self._session, LOSS))
        self._offer_quantities()
        self.terms.setVisible(run is not None)
        self._show_state()
        self._show_terms()

    @Slot(int)
    def _on_epoch(self, epoch: int) -> None:
        self._show_terms()
        self._offer_quantities()
        if not self._session.is_training:
            self._show_state()

    @Slot(object)
    def _on_training_changed(self, change: object) -> None:
        if not self._session.is_training:
            self._progress = None
        self._show_state()
        self._show_terms()

    @Slot(object)
    def _on_progressed(self, progress: Progress) -> None:
        self._progress = progress
        self._show_state()
        self._show_terms()

    @Slot(int)
    def _on_quantity_changed(self, row: int) -> None:
        self.plot.set_quantity(str(self.quantity.itemData(row)))


def done_share(progress: Progress) -> float:
    """Share of the whole training that is done, in [0, 1]."""
    within = progress.step / progress.steps if progress.steps else 0.0
    if progress.phase in ("validating", "encoding", "saving"):
        within = 1.0
    return min(max((progress.epoch - 1 + within) / max(progress.epochs, 1), 0.0), 1.0)
