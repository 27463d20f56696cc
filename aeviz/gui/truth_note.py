"""What is known in advance of the shown run, in numbers: how far the shown epoch is from it."""

import math

import numpy as np
from PySide6.QtCore import QTimer, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from aeviz import messages as m
from aeviz.gui.captions import Caption, tip
from aeviz.gui.labels import caption_label
from aeviz.gui.loss_plot import LOSS, MSE, quantity_unit
from aeviz.gui.numbers import measure
from aeviz.gui.session import Session
from aeviz.messages import TruthLine

VIEW = "optimum"
LINEAR = "linear"
REST = 150
"""Milliseconds that the timeline rests before the angle is asked for."""

AT_LEAST = 1e-4
"""Share of an optimum below which a model is at it."""

ANGLE = (
    "Largest principal angle between the plane that the decoder spans and the plane of PCA of "
    "{samples:,} training samples: 0° is the same plane, 90° a direction that PCA has not."
)


class TruthNote(QWidget):
    """A sentence for every truth line, and for a linear autoencoder the angle to PCA's plane."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.labels: list[Caption] = []
        self.angle = caption_label("")
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(2)
        self._column.addWidget(self.angle)
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST)
        self._rest.timeout.connect(self._on_rested)
        session.run_changed.connect(self._on_run_changed)
        session.epoch_changed.connect(self._on_epoch)
        session.epoch_added.connect(self._on_epoch)
        session.engine_ready.connect(self._on_engine_ready)
        session.answered.connect(self._on_answered)
        self._on_run_changed(session.run)

    def showEvent(self, event: QShowEvent) -> None:
        """Ask for what was not asked while it was hidden."""
        super().showEvent(event)
        self._refresh()

    # ── what is said ──────────────────────────────────────────────────────────────────────────

    @Slot(object)
    def _on_run_changed(self, run: m.RunOpened | None) -> None:
        for label in self.labels:
            self._column.removeWidget(label)
            label.deleteLater()
        truths = () if run is None else run.truths
        self.labels = [caption_label("") for _ in truths]
        for place, label in enumerate(self.labels):
            self._column.insertWidget(place, label)
            label.setToolTip(tip(truths[place].definition))
        self.angle.say("")
        self._refresh()

    @Slot(int)
    def _on_epoch(self, epoch: int) -> None:
        self._refresh()

    @Slot(object)
    def _on_engine_ready(self, message: m.EngineReady) -> None:
        self._refresh()

    def _refresh(self) -> None:
        session = self._session
        run, epoch = session.run, session.epoch
        self.setVisible(bool(run is not None and run.truths))
        if run is None or not run.truths:
            return
        for truth, label in zip(run.truths, self.labels, strict=True):
            values = session.metric(truth.metric)
            value = float(values[epoch]) if 0 <= epoch < len(values) else math.nan
            unit = quantity_unit(session, LOSS) if truth.metric == LOSS else _unit(run, truth)
            label.say(sentence(truth, value, epoch, unit.removesuffix(" per sample")), "muted")
        if self._has_plane() and self.isVisible():
            self._rest.start()

    # ── the angle ─────────────────────────────────────────────────────────────────────────────

    def _has_plane(self) -> bool:
        """Whether there is a plane to be compared with that of PCA."""
        run = self._session.run
        if run is None or run.samples is None or not self._session.can_decode:
            return False
        name = run.settings.get("model", {}).get("name")
        return name == LINEAR and any(truth.metric == MSE for truth in run.truths)

    @Slot()
    def _on_rested(self) -> None:
        run, session = self._session.run, self._session
        if run is None or run.samples is None or not self._has_plane():
            return
        rows = np.flatnonzero(run.parts[: len(run.samples)] == 0)
        session.ask(VIEW, "optimum", rows=rows, asked=session.epoch)

    @Slot(object)
    def _on_answered(self, answer: m.Answer) -> None:
        if answer.view != VIEW or answer.values["asked"] != self._session.epoch:
            return
        angle = measure(float(answer.values["angle"]), 2)
        self.angle.say(
            f"Epoch {answer.epoch}: {angle}° between its plane and that of PCA.", "muted"
        )
        self.angle.setToolTip(tip(ANGLE.format(samples=answer.values["samples"])))


def _unit(run: m.RunOpened, truth: TruthLine) -> str:
    return next((term.unit for term in run.terms if term.name == truth.metric), "")


def sentence(truth: TruthLine, value: float, epoch: int, unit: str = "") -> str:
    """How far an epoch is from what is known: in percent of an error, in the unit of a loss."""
    says_value = truth.title.endswith("nats")
    known = truth.title if says_value else f"{truth.title}: {measure(truth.value, 4)}"
    if not math.isfinite(value):
        return f"{known}."
    away = value - truth.value
    if truth.metric == MSE and truth.value > 0:
        share = abs(away) / truth.value
        far = f"{measure(100 * share, 2)} %"
        is_there = share < AT_LEAST
    else:
        far = f"{measure(abs(away), 3)} {unit}".strip()
        is_there = abs(away) < AT_LEAST * max(1.0, abs(truth.value))
    if is_there:
        return f"{known}. Epoch {epoch} is there."
    return f"{known}. Epoch {epoch} is {far} {'above' if away > 0 else 'below'} it."
