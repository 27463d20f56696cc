"""A data set that is not on this computer: a sentence, a button, and how far the download is."""

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from aeviz import messages as m
from aeviz.gui.captions import Caption
from aeviz.gui.labels import caption_label
from aeviz.gui.session import Session
from aeviz.gui.theme import SPACE
from aeviz.gui.thin_bar import ThinBar


class DownloadBox(QWidget):
    """Offers to fetch one data set and follows the job that does."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.sentence = Caption("", tone="text")
        self.start = QPushButton("Download")
        self.cancel = QPushButton("Cancel")
        self.bar = ThinBar()
        self.detail = caption_label("")
        self._name = ""
        self._offers = False
        buttons = QHBoxLayout()
        buttons.addWidget(self.start)
        buttons.addWidget(self.cancel)
        buttons.addStretch()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE)
        for widget in (self.sentence, self.bar, self.detail):
            column.addWidget(widget)
        column.addLayout(buttons)
        self.start.clicked.connect(self._on_start)
        self.cancel.clicked.connect(self._on_cancel)
        session.job_progressed.connect(self._on_job_progressed)
        session.job_done.connect(self._on_job_done)
        self.offer("", "", can_download=False)

    @property
    def _job(self) -> str:
        """The name of the job that fetches this data set."""
        return f"download-{self._name}"

    def offer(self, name: str, sentence: str, *, can_download: bool) -> None:
        """Say what is missing and offer to fetch it, where it can be fetched."""
        self._name, self._offers = name, can_download
        self.sentence.say(sentence, "text")
        self._show_running(False)

    def _show_running(self, is_running: bool) -> None:
        self.start.setVisible(self._offers and not is_running)
        self.cancel.setVisible(is_running)
        self.cancel.setEnabled(True)
        self.bar.setVisible(is_running)
        if not is_running:
            self.detail.say("")

    @Slot()
    def _on_start(self) -> None:
        self._show_running(True)
        self.bar.setRange(0, 0)
        self.detail.say("Starting")
        self.session.download(self._name)

    @Slot()
    def _on_cancel(self) -> None:
        self.cancel.setEnabled(False)
        self.detail.say("Cancelling")
        self.session.cancel_job(self._job)

    @Slot(object)
    def _on_job_progressed(self, message: m.JobProgress) -> None:
        if message.job != self._job:
            return
        if not self.bar.isVisibleTo(self):
            self._show_running(True)
        self.bar.setRange(0, 0 if message.fraction is None else 1000)
        self.bar.setValue(round(1000 * (message.fraction or 0.0)))
        self.detail.say(message.detail or message.title)

    @Slot(object)
    def _on_job_done(self, message: m.JobDone) -> None:
        if message.job != self._job:
            return
        self._show_running(False)
        if message.sentence:
            self.sentence.say(message.sentence, "error" if message.outcome == "failed" else "muted")
