"""What the panels of instruments have in common: options, Compute and Cancel, progress, of when."""

import math
from collections.abc import Mapping
from typing import Any, ClassVar

from PySide6.QtCore import Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from aeviz import catalogue
from aeviz import messages as m
from aeviz.catalogue import Option
from aeviz.gui.dock_title import INSET
from aeviz.gui.form import Form
from aeviz.gui.inspectors.base import Inspector
from aeviz.gui.labels import caption_label
from aeviz.gui.scroll import scrolled
from aeviz.gui.session import Session
from aeviz.gui.theme import SPACE
from aeviz.gui.thin_bar import ThinBar
from aeviz.numbers import duration

COMPUTE = "Compute"
AGAIN = "Compute at epoch {epoch}"


class StudyInspector(Inspector):
    """A panel that puts an instrument to the shown epoch when asked, and shows what it found.

    A subclass names its `instrument` and what stands in the panel before a run is there, fills
    `body` with its widgets in `lay_out_findings`, and shows findings in `show_findings`; it takes
    them away in `clear_findings`. Findings of another epoch than the map's stay, and say so.

    Attributes:
        instrument: The registered name of what is asked; also the name of its view.
        empty: What the panel says without a run.
        form: The options of the instrument.
        body: Where a subclass puts what it shows; hidden until there is something.
        findings: What is shown, None while nothing is.
    """

    instrument: ClassVar[str]
    empty: ClassVar[str]

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.note = caption_label(self.empty)
        self.form = Form(self.options())
        self.button = QPushButton(COMPUTE)
        self.cancel = QPushButton("Cancel")
        self.bar = ThinBar()
        self.phrase = caption_label("")
        self.about = caption_label("")
        self.about_error = caption_label("", "error")
        self.body = QWidget()
        self.findings: m.Studied | None = None
        self._is_running = False
        self._lay_out()
        self.lay_out_findings(self.body)
        self._listen()
        self._on_run_changed(session.run)

    # ── what a subclass says ──────────────────────────────────────────────────────────────────

    def options(self) -> tuple[Option, ...]:
        """The rows of the form: those of the instrument in the catalogue."""
        return catalogue.load().instrument(self.instrument).options

    def asked_options(self) -> dict[str, Any]:
        """What is asked for: what the form has; a subclass may add what is on the screen."""
        return self.form.values()

    def why_not(self) -> str:
        """Why nothing can be computed of the shown run, in a sentence; "" where it can."""
        return ""

    def lay_out_findings(self, body: QWidget) -> None:
        """Put the widgets for findings into `body`."""

    def show_findings(self, arrays: Mapping[str, Any], values: Mapping[str, Any]) -> None:
        """Show what was found; `findings` has epoch and options."""

    def clear_findings(self) -> None:
        """Another run is shown: nothing that was found is of it."""

    # ── layout ────────────────────────────────────────────────────────────────────────────────

    def _lay_out(self) -> None:
        buttons = QHBoxLayout()
        buttons.setSpacing(SPACE)
        buttons.addWidget(self.button)
        buttons.addWidget(self.cancel)
        buttons.addStretch()
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(INSET, SPACE // 2, 2, SPACE)
        column.setSpacing(SPACE)
        column.addWidget(self.note)
        column.addWidget(self.form)
        column.addLayout(buttons)
        for widget in (self.bar, self.phrase, self.about_error, self.about, self.body):
            column.addWidget(widget)
        column.addStretch()
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scrolled(page, has_pictures=True))

    def _listen(self) -> None:
        session = self.session
        self.button.clicked.connect(self._on_compute)
        self.cancel.clicked.connect(self._on_cancel)
        self.form.problems_changed.connect(self._on_problems_changed)
        session.run_changed.connect(self._on_run_changed)
        session.epoch_changed.connect(self._on_epoch_changed)
        session.epoch_added.connect(self._on_epoch_changed)
        session.job_progressed.connect(self._on_job_progressed)
        session.job_done.connect(self._on_job_done)
        session.studied.connect(self._on_studied)

    def showEvent(self, event: QShowEvent) -> None:
        """Say what has changed while it was hidden."""
        super().showEvent(event)
        self._refresh()

    # ── asking ────────────────────────────────────────────────────────────────────────────────

    @property
    def job(self) -> str:
        """The name of its job."""
        return m.study_job(self.instrument)

    def compute(self) -> None:
        """Ask for findings of the shown epoch."""
        if self._reason():
            return
        self.about_error.say("")
        self._run(True)
        self.session.study(self.instrument, self.instrument, self.asked_options())

    @Slot()
    def _on_compute(self) -> None:
        self.compute()

    @Slot()
    def _on_cancel(self) -> None:
        self.session.cancel_job(self.job)

    def _reason(self) -> str:
        """Why nothing can be computed now."""
        session = self.session
        if session.run is None or session.last_epoch < 0:
            return self.empty
        problems = self.form.problems()
        return self.why_not() or (problems[0] if problems else "")

    # ── hearing ───────────────────────────────────────────────────────────────────────────────

    @Slot(object)
    def _on_run_changed(self, run: m.RunOpened | None) -> None:
        if self._is_running:
            self.session.cancel_job(self.job)
        self.findings = None
        self.clear_findings()
        self.body.hide()
        for label in (self.about, self.about_error):
            label.say("")
        self._run(False)

    @Slot(int)
    def _on_epoch_changed(self, epoch: int) -> None:
        if self.isVisible():
            self._refresh()

    @Slot()
    def _on_problems_changed(self) -> None:
        self._refresh()

    @Slot(object)
    def _on_job_progressed(self, message: m.JobProgress) -> None:
        if message.job != self.job or not self._is_running:
            return
        share = message.fraction
        self.bar.setRange(0, 0 if share is None else 1000)
        self.bar.setValue(0 if share is None else math.floor(1000 * share))
        self.phrase.say(message.detail[:1].upper() + message.detail[1:])

    @Slot(object)
    def _on_job_done(self, message: m.JobDone) -> None:
        if message.job != self.job:
            return
        self._run(False)
        if message.outcome == "failed":
            self.about_error.say(message.sentence, "error")

    @Slot(object)
    def _on_studied(self, message: m.Studied) -> None:
        if message.view != self.instrument:
            return
        self.findings = message
        self.body.show()
        self.show_findings(message.arrays, message.values)
        self._refresh()

    # ── what is said ──────────────────────────────────────────────────────────────────────────

    def _run(self, is_running: bool) -> None:
        self._is_running = is_running
        self.bar.setRange(0, 0)
        self.phrase.say("")
        for widget in (self.bar, self.cancel):
            widget.setVisible(is_running)
        self._refresh()

    def _refresh(self) -> None:
        """Say what can be done, and of which epoch the findings are."""
        session, reason = self.session, self._reason()
        has_run = session.run is not None and session.last_epoch >= 0
        self.note.say(reason, "muted")
        self.form.setVisible(has_run and not self.why_not())
        self.button.setVisible(has_run and not self._is_running)
        self.button.setEnabled(not reason)
        self.button.setToolTip(reason)
        found = self.findings
        is_old = found is not None and found.asked != session.epoch
        self.button.setText(AGAIN.format(epoch=session.epoch) if is_old else COMPUTE)
        self.about.say(
            "" if found is None else self._of_when(found), "warning" if is_old else "muted"
        )

    def _of_when(self, found: m.Studied) -> str:
        """Of which epoch the findings are, and how long they took."""
        seconds = found.seconds
        time = f"{seconds:.1f} s" if seconds < 10 else duration(seconds)
        took = f"Epoch {found.epoch} · computed in {time}"
        shown = self.session.epoch
        return took if found.asked == shown else f"{took}; the map shows epoch {shown}."
