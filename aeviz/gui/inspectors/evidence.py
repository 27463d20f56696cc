"""The evidence of a model with a posterior: ELBO, importance-weighted bound, KL per dimension."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QTimer, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from aeviz import messages as m
from aeviz.gui import wording
from aeviz.gui.bars import BarRows, Bars
from aeviz.gui.captions import Caption, tip
from aeviz.gui.dock_title import INSET
from aeviz.gui.inspectors.base import Inspector, register_inspector
from aeviz.gui.inspectors.cursor import NO_WEIGHTS, WAITING
from aeviz.gui.labels import ElidedLabel, caption_label, figure_label, heading_label
from aeviz.gui.numbers import measure
from aeviz.gui.scroll import scrolled
from aeviz.gui.session import Session
from aeviz.gui.theme import SPACE

VIEW = "evidence"
_LEAST_TOP = 0.1  # nats at the end of the longest bar
MOST_SAMPLES = 200
DRAWS = 500
REST = 150
"""Milliseconds that the timeline rests before the bounds are estimated anew."""

UNIT = "nats per sample"
NO_RUN = "Open a run or train a model with a posterior: its evidence appears here."
LINES = (
    (
        "reconstruction",
        "Reconstruction",
        "Mean of log p(x|z), z drawn from the posterior q(z|x): how well samples are restored.",
    ),
    (
        "divergence",
        "− KL divergence",
        "KL(q(z|x) ‖ p(z)): what it costs to say z, given the prior p(z). It is taken off.",
    ),
    (
        "elbo",
        "= ELBO",
        "Evidence lower bound: reconstruction minus KL divergence, never above log p(x).",
    ),
    (
        "iwae",
        f"IWAE bound, k = {DRAWS}",
        f"Importance-weighted bound: log of the mean of p(x|z) p(z) / q(z|x) over {DRAWS} draws of "
        "z. It lies between the ELBO and log p(x), and nearer to log p(x) the more draws.",
    ),
    (
        "gap",
        "IWAE − ELBO",
        "How much the ELBO is too small at least: what a Gaussian posterior cannot follow.",
    ),
)
DIMENSION = (
    "z{number}: KL of q(z|x) to N(0, 1) in this dimension, mean over the samples, in nats. {state}"
)
IS_ACTIVE = "Active: its posterior mean has a variance above 0.01 over the samples."
IS_DEAD = "Dead: its posterior mean hardly differs between samples, so the decoder learns nothing."
LEARNED = "The prior of this model is learned; these bars compare with N(0, 1) all the same."


@register_inspector("evidence", title="Evidence", area="left", order=104, needs="posterior")
class EvidenceInspector(Inspector):
    """Bounds of some held-out samples at the shown epoch; nothing is asked while it is hidden."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.note = caption_label(NO_RUN)
        self.about = caption_label("")
        self.reason = caption_label("")
        self.figures: dict[str, tuple[Caption, Caption]] = {}
        self.dimensions = heading_label("")
        self.learned = caption_label("")
        self.bars = BarRows("KL divergence of every latent dimension")
        self._is_stale = True
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._lay_out()
        self._listen()
        self._on_run_changed(session.run)

    def _lay_out(self) -> None:
        self._table = QWidget()
        grid = QGridLayout(self._table)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(SPACE)
        grid.setVerticalSpacing(3)
        grid.setColumnStretch(0, 1)
        for row, (name, title, definition) in enumerate(LINES):
            grid.addWidget(self._title(title, definition), row, 0)
            figures = (figure_label(), figure_label())
            for place, label in enumerate(figures):
                label.setToolTip(tip(f"{definition} ({UNIT})"))
                grid.addWidget(label, row, place + 1)
            self.figures[name] = figures
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(INSET, SPACE // 2, 2, SPACE)
        column.setSpacing(SPACE)
        parts = (self._table, self.reason, self.dimensions, self.bars, self.learned)
        for widget in (self.note, self.about, *parts):
            column.addWidget(widget)
        column.addStretch()
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scrolled(page, has_pictures=True))  # always room for the bar

    def _title(self, title: str, definition: str) -> ElidedLabel:
        label = ElidedLabel(title)
        label.setAccessibleDescription(f"{definition} ({UNIT})")
        return label

    def _listen(self) -> None:
        session = self.session
        session.run_changed.connect(self._on_run_changed)
        session.epoch_changed.connect(self._on_epoch_changed)
        session.epoch_added.connect(self._on_epoch_added)
        session.engine_ready.connect(self._on_engine_ready)
        session.answered.connect(self._on_answered)
        session.failed.connect(self._on_failed)
        self._rest.timeout.connect(self._on_rested)

    # ── what is asked ─────────────────────────────────────────────────────────────────────────

    @Slot(object)
    def _on_run_changed(self, run: m.RunOpened | None) -> None:
        self._rest.stop()
        self.bars.set_bars(None)
        self._say_figures({})
        for label in (self.about, self.reason, self.learned, self.dimensions):
            label.say("")
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
        """Ask when the timeline rests; say why not where nothing can be asked."""
        session = self.session
        can_ask = session.can_decode and session.last_epoch >= 0 and bool(len(self._rows()))
        self._table.setVisible(can_ask)
        self.note.say("" if can_ask else self._why_not())
        self._is_stale = not (can_ask and self.isVisible())
        if not self._is_stale:
            self._rest.start(REST)

    def _why_not(self) -> str:
        run = self.session.run
        if run is None:
            return NO_RUN
        if not run.decodes:
            return NO_WEIGHTS
        return WAITING if self.session.engine is None else "This run keeps no samples."

    def _rows(self) -> NDArray[np.int64]:
        """Kept samples, of those held out where there are some, evenly chosen."""
        run = self.session.run
        if run is None or run.samples is None:
            return np.empty(0, np.int64)
        parts = run.parts[: len(run.samples)]
        rows = np.flatnonzero(parts) if parts.any() else np.arange(len(parts))
        chosen = np.linspace(0, len(rows) - 1, min(len(rows), MOST_SAMPLES)).astype(np.int64)
        return rows[chosen]

    @Slot()
    def _on_rested(self) -> None:
        run = self.session.run
        if run is None:
            return
        binarise = run.settings.get("data", {}).get("binarise") == "dynamic"
        self.session.ask(
            VIEW,
            "evidence",
            rows=self._rows(),
            draws=DRAWS,
            binarise=binarise,
            asked=self.session.epoch,
        )

    # ── what is shown ─────────────────────────────────────────────────────────────────────────

    @Slot(object)
    def _on_answered(self, answer: m.Answer) -> None:
        values = answer.values
        if answer.view != VIEW or values["asked"] != self.session.epoch:
            return
        self.note.say("")
        self.about.say(self._about(answer), "muted")
        self.reason.say(_sentence(values["reason"]) if values["reason"] else "")
        self._table.setVisible(not values["reason"])
        if values["done"] or values["reason"]:
            self._say_figures(values)
        self._show_dimensions(answer.arrays["kl"], answer.arrays["active"])
        self.learned.say("" if values["is_standard"] else LEARNED)

    @Slot(object)
    def _on_failed(self, message: m.Failed) -> None:
        if message.where == "question" and self.isVisible():
            self.note.say(message.summary, "error")

    def _about(self, answer: m.Answer) -> str:
        """Of which samples and epoch the numbers are, and how far they are."""
        values, run = answer.values, self.session.run
        part = wording.part_name(int(run is not None and bool(run.parts.any())))
        which = f"Epoch {answer.epoch} · {wording.several(values['samples'], f'{part} sample')}"
        is_done = values["reason"] or values["done"] >= values["samples"]
        return f"{which} · {UNIT}" if is_done else f"{which} · {values['done']} so far"

    def _say_figures(self, values: Any) -> None:
        for name, (figure, error) in self.figures.items():
            value, spread = _figure(values, name)
            figure.setText("" if value is None else f"{_rounded(value, values, name)}")
            error.setText("" if spread is None else f"± {measure(spread, 2)}")

    def _show_dimensions(self, kl: NDArray[np.float32], active: NDArray[np.bool_]) -> None:
        """Bars in the order of their divergence, the dead ones in grey."""
        order = np.argsort(-kl, kind="stable")
        # Of a model that has collapsed the bars are short, not long on a scale of nothing.
        top = wording.nice_ceiling(float(kl.max(initial=_LEAST_TOP)))
        states = [bool(active[number]) for number in order]
        self.dimensions.say(f"KL per dimension · {sum(states)} of {len(kl)} active")
        self.bars.set_bars(
            Bars(
                kind="value",
                names=tuple(f"z{number + 1}" for number in order),
                lengths=(kl[order] / top).astype(np.float32),
                texts=tuple(
                    wording.coordinate(float(kl[number]), 3) + ("" if state else " dead")
                    for number, state in zip(order, states, strict=True)
                ),
                tips=tuple(
                    DIMENSION.format(number=number + 1, state=IS_ACTIVE if state else IS_DEAD)
                    for number, state in zip(order, states, strict=True)
                ),
                faint=tuple(not state for state in states),
            )
        )


def _figure(values: Any, name: str) -> tuple[float | None, float | None]:
    """A number and its standard error, None where there is none."""
    if name == "gap":
        bounds = [values.get(bound) for bound in ("iwae", "elbo")]
        return (None, None) if None in bounds else (bounds[0] - bounds[1], None)
    value, error = values.get(name), values.get(f"{name}_error")
    if value is None or not math.isfinite(value):
        return None, None
    return value, error


def _rounded(value: float, values: Any, name: str) -> str:
    """A number to as many decimals as its column needs, so that the sum can be checked."""
    error = values.get("elbo_error") or 0.0
    places = 3 if error < 0.01 else 2
    return wording.coordinate(value, places)


def _sentence(reason: str) -> str:
    """A reason as a sentence of its own."""
    return f"No bound: {reason}."
