"""The line at the bottom: notices, failures with their details, and jobs with Cancel."""

import time

from PySide6.QtCore import QSize, Qt, QTimer, Slot
from PySide6.QtWidgets import QHBoxLayout, QStatusBar, QToolButton, QWidget

from aeviz.gui import theme
from aeviz.gui.details import DetailsDialog
from aeviz.gui.icons import icon
from aeviz.gui.labels import ElidedLabel, unit_label
from aeviz.gui.numbers import duration
from aeviz.gui.session import Session
from aeviz.gui.thin_bar import ThinBar
from aeviz.messages import Failed, JobDone, JobProgress, TrainingChanged

_NOTICE_MS = 8000


class StatusBar(QStatusBar):
    """One sentence at a time. A failure stays until it is dismissed or mended."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.setSizeGripEnabled(False)
        self._session = session
        self._failure: Failed | None = None
        self.sentence = ElidedLabel()
        self.details = self._button(self.tr("Details…"), "circle-alert")
        self.details.setToolTip(self.tr("Show what went wrong as text that can be copied."))
        self.dismiss = self._button("", "x")
        self.dismiss.setToolTip(self.tr("Dismiss this message."))
        self.dismiss.setAccessibleName(self.tr("Dismiss"))
        self.job = JobView(session)
        line = QWidget()
        layout = QHBoxLayout(line)
        layout.setContentsMargins(theme.SPACE, 2, theme.SPACE, 2)
        layout.setSpacing(theme.SPACE // 2)
        layout.addWidget(self.sentence, 1)
        layout.addWidget(self.details)
        layout.addWidget(self.dismiss)
        self.addWidget(line, 1)
        self.addPermanentWidget(self.job)
        self._fade = QTimer(self, interval=_NOTICE_MS)
        self._fade.timeout.connect(self._on_dismiss)
        self.details.clicked.connect(self._on_details)
        self.dismiss.clicked.connect(self._on_dismiss)
        session.noticed.connect(self._on_noticed)
        session.failed.connect(self._on_failed)
        session.answered.connect(self._on_answered)
        session.run_changed.connect(self._on_run_changed)
        session.training_changed.connect(self._on_training_changed)
        self._on_dismiss()

    def _button(self, text: str, picture: str) -> QToolButton:
        button = QToolButton()
        button.setText(text)
        button.setIcon(icon(picture))
        button.setIconSize(QSize(14, 14))
        button.setAutoRaise(True)
        style = Qt.ToolButtonStyle
        button.setToolButtonStyle(
            style.ToolButtonTextBesideIcon if text else style.ToolButtonIconOnly
        )
        return button

    @Slot(str)
    def _on_noticed(self, text: str) -> None:
        if self._failure is None:
            self.sentence.set_text(text, "text")
            self._fade.start()

    @Slot(object)
    def _on_failed(self, failure: Failed) -> None:
        self._fade.stop()
        self._failure = failure
        self.sentence.set_text(failure.summary, "error")
        self.details.show()
        self.dismiss.show()

    @Slot(object)
    def _on_answered(self, answer: object) -> None:
        """The question was answered after all: what was wrong with it has been mended."""
        if self._failure is not None and self._failure.where == "question":
            self._on_dismiss()

    @Slot(object)
    def _on_run_changed(self, run: object) -> None:
        if self._failure is not None and self._failure.where == "open":
            self._on_dismiss()

    @Slot(object)
    def _on_training_changed(self, change: TrainingChanged) -> None:
        """A new attempt; what the last one failed with is in the log."""
        if self._failure is not None and change.state == "loading":
            self._on_dismiss()

    @Slot()
    def _on_details(self) -> None:
        failure = self._failure
        if failure is None:
            return
        title = self.tr("What went wrong")
        dialog = DetailsDialog(title, failure.summary, failure.details, self.window())
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    @Slot()
    def _on_dismiss(self) -> None:
        self._fade.stop()
        self._failure = None
        self.sentence.set_text("", "text")
        self.details.hide()
        self.dismiss.hide()


class JobView(QWidget):
    """How far the child process is, with the time left and Cancel; hidden while there is none."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._job = ""
        self._began = 0.0
        self.title = unit_label("")
        self.left = unit_label("")
        self.bar = ThinBar()
        self.bar.setFixedWidth(140)
        self.cancel = QToolButton()
        self.cancel.setText(self.tr("Cancel"))
        self.cancel.setAutoRaise(True)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(theme.SPACE, 0, theme.SPACE, 0)
        for widget in (self.title, self.bar, self.left, self.cancel):
            layout.addWidget(widget)
        self.cancel.clicked.connect(self._on_cancel)
        session.job_progressed.connect(self._on_progressed)
        session.job_done.connect(self._on_done)
        self.hide()

    @Slot(object)
    def _on_progressed(self, progress: JobProgress) -> None:
        if progress.job != self._job:
            self._job, self._began = progress.job, time.monotonic()
            self.cancel.setEnabled(True)
        self.title.setText(progress.title)
        fraction = progress.fraction
        self.bar.setRange(0, 0 if fraction is None else 1000)
        if fraction is not None:
            self.bar.setValue(round(1000 * fraction))
        self.left.setText(
            " · ".join(part for part in (progress.detail, self._rest(fraction)) if part)
        )
        self.show()

    def _rest(self, fraction: float | None) -> str:
        """Time left, once there is something to reckon with."""
        taken = time.monotonic() - self._began
        if fraction is None or fraction < 0.02 or taken < 1.0:
            return ""
        return self.tr("{time} left").format(time=duration(taken * (1 - fraction) / fraction))

    @Slot()
    def _on_cancel(self) -> None:
        self.cancel.setEnabled(False)
        self._session.cancel_job(self._job)

    @Slot(object)
    def _on_done(self, done: JobDone) -> None:
        if done.job == self._job:
            self._job = ""
            self.hide()
        if done.sentence:
            self._session.noticed.emit(done.sentence)
