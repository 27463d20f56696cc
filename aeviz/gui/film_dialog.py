"""Save a film: of what, how large and how long, in which format, with which words."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import Slot
from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QFileDialog,
    QFormLayout,
    QVBoxLayout,
    QWidget,
)

from aeviz import colouring
from aeviz.gui.exports import FILMS, base_name
from aeviz.gui.film_options import MOST, RATE, base_sample, why_not
from aeviz.gui.labels import caption_label
from aeviz.gui.session import Session
from aeviz.gui.theme import SPACE

SIZES = (480, 640, 960, 1280)


@dataclass(frozen=True)
class Subject:
    """What a film can be of.

    Attributes:
        what: Its name in `messages.ExportRun`.
        title: What a person reads.
        note: What each picture can say.
    """

    what: str
    title: str
    note: str


SUBJECTS = (
    Subject("film", "Training: the map as it formed", "Epoch"),
    Subject("path", "Path: what is decoded along it", "Place on the path"),
    Subject("traversal", "Traversal: every dimension at once", ""),
)

FORMATS = {
    "gif": ("GIF", "GIF plays everywhere; 256 colours."),
    "webp": ("WebP", "WebP plays in browsers; all colours."),
    "mp4": ("MP4", "MP4 is the smallest. It needs ffmpeg, which this computer may lack."),
}


class FilmDialog(QDialog):
    """Asks how a film is to be made, and where to: `what`, `target`, `cut` and `seconds`.

    Args:
        session: With the run.
        parent: The window.
    """

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent)
        self._session = session
        self._is_own_length = False
        self.target: Path | None = None
        self.setWindowTitle(self.tr("Save a film"))
        self.subject, self.format, self.size_box = QComboBox(), QComboBox(), QComboBox()
        self.length = QDoubleSpinBox()
        self.has_title, self.has_note = QCheckBox(self.tr("Title")), QCheckBox()
        self.has_legend = QCheckBox(self.tr("Legend"))
        self.note = caption_label("")
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.save = self.buttons.addButton(self.tr("Save…"), QDialogButtonBox.ButtonRole.AcceptRole)
        self._fill()
        self._lay_out()
        self._connect()
        self._on_subject_chosen()

    def _fill(self) -> None:
        model = self.subject.model()
        assert isinstance(model, QStandardItemModel)
        for number, subject in enumerate(SUBJECTS):
            self.subject.addItem(subject.title, subject.what)
            reason = why_not(self._session, subject.what)
            model.item(number).setEnabled(not reason)
            model.item(number).setToolTip(reason)
        for kind, (title, _) in FORMATS.items():
            self.format.addItem(title, kind)
        for side in SIZES:
            self.size_box.addItem(f"{side} pixels", side)
        self.size_box.setCurrentIndex(1)
        self.length.setRange(0.5, 120.0)
        self.length.setDecimals(1)
        self.length.setSuffix(" s")
        for box in (self.has_title, self.has_note, self.has_legend):
            box.setChecked(True)

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setSpacing(SPACE)
        form.addRow(self.tr("Of"), self.subject)
        form.addRow(self.tr("Format"), self.format)
        form.addRow(self.tr("Size"), self.size_box)
        form.addRow(self.tr("Plays"), self.length)
        for box in (self.has_title, self.has_note, self.has_legend):
            form.addRow("", box)
        self.note.setWordWrap(True)
        self.note.setMinimumHeight(3 * self.fontMetrics().lineSpacing())
        column = QVBoxLayout(self)
        column.setSpacing(SPACE)
        column.addLayout(form)
        column.addWidget(self.note)
        column.addWidget(self.buttons)
        self.setMinimumWidth(400)

    def _connect(self) -> None:
        self.subject.currentIndexChanged.connect(self._on_subject_chosen)
        self.format.currentIndexChanged.connect(self._on_changed)
        self.length.valueChanged.connect(self._on_length_changed)
        self.buttons.accepted.connect(self._on_save)
        self.buttons.rejected.connect(self.reject)

    # ── what was chosen ───────────────────────────────────────────────────────────────────────

    @property
    def what(self) -> str:
        """Its name in `messages.ExportRun`."""
        return str(self.subject.currentData())

    @property
    def kind(self) -> str:
        """The ending of the file."""
        return str(self.format.currentData())

    @property
    def seconds(self) -> float:
        """How long it plays."""
        return float(self.length.value())

    @property
    def cut(self) -> dict[str, Any]:
        """How it is made, as plain values."""
        return {
            "seconds": self.seconds,
            "size": int(self.size_box.currentData()),
            "has_title": self.has_title.isChecked(),
            "has_note": self.has_note.isChecked() and self.has_note.isEnabled(),
            "has_legend": self.has_legend.isChecked() and self.has_legend.isEnabled(),
        }

    # ── what is shown ─────────────────────────────────────────────────────────────────────────

    @Slot()
    def _on_subject_chosen(self) -> None:
        subject = SUBJECTS[self.subject.currentIndex()]
        self.has_note.setText(subject.note or self.tr("Place"))
        self.has_note.setEnabled(bool(subject.note))
        self.has_legend.setEnabled(subject.what == "film" and self._has_groups())
        if not self._is_own_length:
            is_training = subject.what == "film"
            length = max(3.0, 0.12 * len(self._session.epochs)) if is_training else 4.0
            self.length.blockSignals(True)
            self.length.setValue(length)
            self.length.blockSignals(False)
        self._on_changed()

    @Slot()
    def _on_length_changed(self) -> None:
        self._is_own_length = True
        self._on_changed()

    @Slot()
    def _on_changed(self) -> None:
        reason = why_not(self._session, self.what)
        self.save.setEnabled(not reason)
        words = f"{self._about()} {FORMATS[self.kind][1]}"
        self.note.say(reason or words, "warning" if reason else "muted")

    @Slot()
    def _on_save(self) -> None:
        """Ask where to; the dialog stays open where no file was named."""
        run = self._session.run
        if run is None:
            return
        name = f"{base_name(run.title)}-{self.what}.{self.kind}"
        chosen, _ = QFileDialog.getSaveFileName(self, self.windowTitle(), name, FILMS[self.kind])
        if chosen:
            target = Path(chosen)
            self.target = target if target.suffix else target.with_suffix(f".{self.kind}")
            self.accept()

    def _about(self) -> str:
        session = self._session
        if self.what == "film":
            last = session.last_epoch
            return f"Epochs 0 to {last}, coloured as the map is now, on the plane that it shows."
        if self.what == "path":
            count = min(MOST, max(2, round(RATE * self.seconds)))
            return f"{count} decodes along the path, by epoch {session.epoch}."
        sample = base_sample(session)
        through = "the median latent" if session.pin is None else "the pin"
        through = through if sample is None else f"sample #{sample}"
        return f"Through {through}, there and back, by epoch {session.epoch}."

    def _has_groups(self) -> bool:
        run = self._session.run
        found = None if run is None else colouring.colouring_of(run, self._session.colour)
        return found is not None and len(found.groups) > 1
