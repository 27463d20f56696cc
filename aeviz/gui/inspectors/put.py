"""Put something in: a drawing, a picture or a row; where it lands and how it is reconstructed."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QBuffer, QMimeData, Slot
from PySide6.QtGui import (
    QDragEnterEvent,
    QDropEvent,
    QGuiApplication,
    QImage,
    QImageReader,
    QKeyEvent,
    QKeySequence,
    QShowEvent,
)
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from aeviz import messages as m
from aeviz.gui.captions import tip
from aeviz.gui.comparison import Comparison
from aeviz.gui.dock_title import INSET
from aeviz.gui.drawing_pad import DrawingPad, fitted
from aeviz.gui.inspectors.base import Inspector, register_inspector
from aeviz.gui.inspectors.cursor import NO_WEIGHTS, WAITING, spread_of
from aeviz.gui.labels import caption_label
from aeviz.gui.put import put_of
from aeviz.gui.quiet_button import QuietButton
from aeviz.gui.row_editor import RowEditor
from aeviz.gui.scroll import scrolled
from aeviz.gui.session import Condition, Session
from aeviz.gui.theme import SPACE
from aeviz.gui.tiles import style_of_run

VIEW = "put"
MOST_PIXELS = 100_000_000
NO_RUN = "Open a run or train a model: draw something here, or drop a picture, and see it land."
HOW = "Draw with the left button, erase with the right one; drop or paste a picture."
HOW_TABLE = "Change values; the row lands on the map as you write."


@register_inspector("put", title="Put in", area="left", order=105)
class PutInspector(Inspector):
    """Every change is encoded and decoded at the shown epoch; the newest one counts."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.put = put_of(session)
        self.pad = DrawingPad()
        self.row = RowEditor()
        self.buttons = {
            name: QuietButton(title)
            for name, title in (
                ("clear", "Clear"),
                ("undo", "Undo"),
                ("invert", "Invert"),
                ("sample", "From the sample"),
                ("open", "Open…"),
            )
        }
        self.pin = QPushButton("Pin it")
        self.note = caption_label(NO_RUN)
        self.comparison = Comparison()
        self._lay_out()
        self._listen()
        self._on_run_changed(session.run)

    def _lay_out(self) -> None:
        tips = {
            "clear": "Empty the pad; of a table the mean of the data",
            "undo": "Take the last stroke back",
            "invert": "Black for white",
            "sample": "Begin with the selected sample",
            "open": "Take a picture from a file",
        }
        for name, button in self.buttons.items():
            button.setToolTip(tip(tips[name]))
        self.pin.setToolTip(tip("Pin its latent: every panel speaks of it then"))
        tools, second = QHBoxLayout(), QHBoxLayout()
        for name in ("clear", "undo", "invert"):
            tools.addWidget(self.buttons[name])
        tools.addStretch()
        for name in ("sample", "open"):
            second.addWidget(self.buttons[name])
        second.addStretch()
        second.addWidget(self.pin)
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(INSET, SPACE // 2, INSET, SPACE)
        column.setSpacing(SPACE // 2)
        column.addWidget(self.pad)
        column.addWidget(self.row)
        column.addLayout(tools)
        column.addLayout(second)
        column.addWidget(self.note)
        column.addWidget(self.comparison)
        column.addStretch()
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scrolled(page, has_pictures=True))
        self.setAcceptDrops(True)

    def _listen(self) -> None:
        session, buttons = self.session, self.buttons
        session.run_changed.connect(self._on_run_changed)
        session.epoch_changed.connect(self._on_epoch_changed)
        session.epoch_added.connect(self._on_epoch_added)
        session.condition_changed.connect(self._on_condition_changed)
        session.selection_changed.connect(self._on_selection_changed)
        session.engine_ready.connect(self._on_engine_ready)
        session.answered.connect(self._on_answered)
        self.pad.changed.connect(self._on_changed)
        self.row.changed.connect(self._on_changed)
        self.row.refused.connect(self._on_refused)
        buttons["clear"].clicked.connect(self._on_clear)
        buttons["undo"].clicked.connect(self._on_undo)
        buttons["invert"].clicked.connect(self._on_invert)
        buttons["sample"].clicked.connect(self._on_sample)
        buttons["open"].clicked.connect(self._on_open)
        self.pin.clicked.connect(self._on_pin)

    # ── what is put in ────────────────────────────────────────────────────────────────────────

    @Slot(object)
    def _on_run_changed(self, run: m.RunOpened | None) -> None:
        is_image = run is not None and run.is_image
        self.pad.setVisible(is_image)
        self.row.setVisible(run is not None and not is_image)
        for name in ("undo", "invert", "open"):
            self.buttons[name].setVisible(is_image)
        for name in ("clear", "sample"):
            self.buttons[name].setVisible(run is not None)
        self.pin.setVisible(run is not None)
        self.comparison.setVisible(False)
        if run is not None:
            self.comparison.set_run(run, style_of_run(run), spread_of(run))
            if run.is_image:
                high, wide, channels = run.sample_shape
                self.pad.set_shape(high, wide, channels)
            else:
                self.row.set_features(run.feature_names, self._mean(run))
        self._show_state()

    def _mean(self, run: m.RunOpened) -> NDArray[np.float32]:
        if run.samples is None or not len(run.samples):
            return np.zeros(run.sample_shape, np.float32)
        return np.asarray(run.samples.mean(axis=0, dtype=np.float64), np.float32)

    def _sample(self) -> NDArray[np.float32] | None:
        """What is put in, in the data's own units; None while the pad is empty."""
        run = self.session.run
        if run is None:
            return None
        if not run.is_image:
            return self.row.values
        return self.pad.image * np.float32(run.white) if self.pad.image.any() else None

    @Slot()
    def _on_changed(self) -> None:
        self._ask()

    @Slot(int)
    def _on_epoch_changed(self, epoch: int) -> None:
        self._ask()

    @Slot(int)
    def _on_epoch_added(self, epoch: int) -> None:
        if epoch == self.session.epoch:
            self._ask()

    @Slot(object)
    def _on_condition_changed(self, condition: Condition) -> None:
        self._ask()

    @Slot(object)
    def _on_engine_ready(self, message: m.EngineReady) -> None:
        self._ask()

    @Slot(object)
    def _on_selection_changed(self, rows: NDArray[np.int64]) -> None:
        self._show_state()

    def _ask(self) -> None:
        """Ask where it lands, if somebody can see it."""
        session, sample = self.session, self._sample()
        self._show_state()
        can_ask = session.can_decode and session.last_epoch >= 0
        if sample is None or not can_ask or not self.isVisible():
            self.put.land(None)
            self.comparison.setVisible(False)
            return
        session.ask(VIEW, "put-in", x=sample, condition=session.condition)

    # ── what came of it ───────────────────────────────────────────────────────────────────────

    @Slot(object)
    def _on_answered(self, message: m.Answer) -> None:
        run, sample = self.session.run, self._sample()
        if message.view != VIEW or message.question != "put-in" or run is None or sample is None:
            return
        arrays = message.arrays
        log_var = arrays.get("log_var")
        self.put.land(arrays["z"][0], None if log_var is None else log_var[0])
        own = np.rint(sample).astype(np.uint8) if run.is_image else sample
        self.comparison.show_original(own)
        self.comparison.show_reconstruction(
            m.Reconstructed(
                run=message.run,
                view=VIEW,
                rows=np.empty(0, np.int64),
                epoch=message.epoch,
                asked=message.epoch,
                z=arrays["z"],
                values=arrays["values"],
                pictures=arrays.get("pictures"),
                difference=arrays["difference"],
                error=arrays["error"],
            )
        )
        self.comparison.setVisible(True)
        self._show_state()

    def _show_state(self) -> None:
        run, session = self.session.run, self.session
        if run is None:
            self.note.say(NO_RUN)
        elif not run.decodes:
            self.note.say(NO_WEIGHTS)
        elif session.engine is None:
            self.note.say(WAITING)
        else:
            self.note.say(HOW if run.is_image else HOW_TABLE)
        self.pin.setEnabled(self.put.z is not None)
        row = int(session.selection[0]) if session.selection.size else -1
        self.buttons["sample"].setEnabled(row >= 0 and session.sample(row) is not None)

    @Slot(str)
    def _on_refused(self, text: str) -> None:
        self.note.say(text or HOW_TABLE, "error" if text else "muted")

    # ── buttons ───────────────────────────────────────────────────────────────────────────────

    @Slot()
    def _on_clear(self) -> None:
        run = self.session.run
        if run is not None and run.is_image:
            self.pad.clear()
        elif run is not None:
            self.row.set_values(self._mean(run))

    @Slot()
    def _on_undo(self) -> None:
        self.pad.undo()

    @Slot()
    def _on_invert(self) -> None:
        self.pad.invert()

    @Slot()
    def _on_sample(self) -> None:
        run, selection = self.session.run, self.session.selection
        sample = self.session.sample(int(selection[0])) if selection.size else None
        if run is None or sample is None:
            return
        if run.is_image:
            self.pad.set_image(sample.astype(np.float32) / np.float32(run.white))
        else:
            self.row.set_values(sample)

    @Slot()
    def _on_pin(self) -> None:
        if self.put.z is not None:
            self.session.set_pin(self.put.z)

    @Slot()
    def _on_open(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(
            self, "Open a picture", "", "Pictures (*.png *.jpg *.jpeg *.bmp *.gif *.webp)"
        )
        if chosen:
            self.take_file(Path(chosen))

    # ── pictures ──────────────────────────────────────────────────────────────────────────────

    def take_file(self, path: Path) -> None:
        """Take a picture from a file; a sentence says why not."""
        reader = QImageReader(str(path))
        reader.setAutoTransform(True)
        self._take_reader(reader, path.name)

    def _take_reader(self, reader: QImageReader, name: str) -> None:
        size = reader.size()
        if size.width() * size.height() > MOST_PIXELS:
            self._refuse(
                f"The file {name} has more than {MOST_PIXELS // 10**6} megapixels: make it smaller"
            )
            return
        image = reader.read()
        if image.isNull():
            self._refuse(f"The file {name} cannot be read as a picture: {reader.errorString()}")
            return
        self.take_image(image)

    def take_image(self, image: QImage) -> None:
        """Show a picture on the pad; one on white paper is inverted where the data are on black."""
        run = self.session.run
        if run is None or not run.is_image or image.isNull():
            self._refuse("This run's samples are rows of a table: a picture cannot be put in")
            return
        taken = fitted(image, *run.sample_shape)
        if _edge(taken) > 0.5 > self._own_edge(run):
            taken = 1 - taken
            self.session.noticed.emit("The picture was inverted: the data are light on dark.")
        self.pad.set_image(taken)

    def _own_edge(self, run: m.RunOpened) -> float:
        if run.samples is None or not len(run.samples):
            return 1.0
        some = run.samples[:: max(len(run.samples) // 200, 1)].astype(np.float32) / run.white
        return float(np.mean([_edge(each) for each in some]))

    def _refuse(self, sentence: str) -> None:
        self.note.say(f"{sentence}.", "error")

    def _take_mime(self, data: QMimeData) -> None:
        urls = [url for url in data.urls() if url.isLocalFile()]
        if urls:
            self.take_file(Path(urls[0].toLocalFile()))
        elif data.hasImage():
            self.take_image(QImage(data.imageData()))
        elif data.hasFormat("image/png"):
            buffer = QBuffer()
            buffer.setData(data.data("image/png"))
            self._take_reader(QImageReader(buffer), "that was pasted")
        else:
            self._refuse("There is no picture in what was dropped or pasted")

    # ── Qt ────────────────────────────────────────────────────────────────────────────────────

    def showEvent(self, event: QShowEvent) -> None:
        """Ask for what was not asked while nobody could see it."""
        super().showEvent(event)
        self._ask()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Paste a picture."""
        if event.matches(QKeySequence.StandardKey.Paste):
            self._take_mime(QGuiApplication.clipboard().mimeData())
        else:
            super().keyPressEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take pictures, and files that may be some; run folders go to the window."""
        urls = event.mimeData().urls()
        is_folder = bool(urls) and Path(urls[0].toLocalFile()).is_dir()
        run = self.session.run
        if run is not None and run.is_image and not is_folder:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Take the picture."""
        event.acceptProposedAction()
        self._take_mime(event.mimeData())


def _edge(image: NDArray[np.float32]) -> float:
    """Mean of the pixels along the edges of an image (H, W, C)."""
    return float(
        np.mean([image[0].mean(), image[-1].mean(), image[:, 0].mean(), image[:, -1].mean()])
    )
