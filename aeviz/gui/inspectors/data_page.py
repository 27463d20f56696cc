"""The data set: how many samples of which class, where from, every attribute, and the split."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QComboBox, QVBoxLayout, QWidget

from aeviz import catalogue
from aeviz import messages as m
from aeviz.gui import wording
from aeviz.gui.attribute_table import AttributeTable
from aeviz.gui.captions import Caption
from aeviz.gui.class_sheet import ClassRow, ClassSheet
from aeviz.gui.dock_title import INSET
from aeviz.gui.download_box import DownloadBox
from aeviz.gui.inspectors.base import Inspector, register_inspector
from aeviz.gui.label_colours import colour_of_label, label_of
from aeviz.gui.labels import caption_label, heading_label
from aeviz.gui.numbers import count
from aeviz.gui.scroll import scrolled
from aeviz.gui.session import Session
from aeviz.gui.theme import SPACE
from aeviz.gui.tiles import SampleStyle, style_of_samples

VIEW = "data"
READING = "Reading the data set…"
NO_DATA = "Choose a data set to see what is in it."


@register_inspector("data", title="Data", area="left", order=100)
class DataInspector(Inspector):
    """Describes the data set of the open run, or another one that is chosen here.

    A description costs a child process, so it is asked for when the page is seen.
    """

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.chosen = QComboBox()
        self.chosen.setAccessibleName("Data set")
        self.chosen.setPlaceholderText("Choose a data set")
        self.chosen.setMinimumWidth(80)
        self.title = heading_label("")
        self.summary = caption_label("", "text")
        self.source = caption_label("")
        self.state = caption_label(NO_DATA)
        self.download = DownloadBox(session)
        self.split = caption_label("", "text")
        self.selected = caption_label("")
        self.classes = ClassSheet()
        self.attributes = AttributeTable()
        self._asked: dict[str, Any] | None = None
        self._heads = {name: heading_label(name) for name in ("Split", "Classes", "Attributes")}
        self._lay_out()
        self._fill_choices()
        self._listen()
        self._on_run_changed(session.run)

    def _lay_out(self) -> None:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(INSET, SPACE // 2, INSET, SPACE)
        column.setSpacing(SPACE // 2)
        parts: tuple[QWidget | Caption, ...] = (
            self.chosen, self.title, self.summary, self.source, self.state, self.download,
            self._heads["Split"], self.split, self.selected,
            self._heads["Classes"], self.classes,
            self._heads["Attributes"], self.attributes,
        )  # fmt: skip
        for part in parts:
            if part in (self.title, *self._heads.values()):
                column.addSpacing(SPACE // 2)
            column.addWidget(part)
        column.addStretch()
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scrolled(page))

    def _fill_choices(self) -> None:
        for entry in catalogue.load().data:
            self.chosen.addItem(entry.title, entry.name)
        self.chosen.setCurrentIndex(-1)

    def _listen(self) -> None:
        session = self.session
        session.run_changed.connect(self._on_run_changed)
        session.data_described.connect(self._on_data_described)
        session.selection_changed.connect(self._on_selection_changed)
        session.job_done.connect(self._on_job_done)
        session.plugins.changed.connect(self._on_plugins_changed)
        self.chosen.currentIndexChanged.connect(self._on_chosen)

    @Slot(object)
    def _on_plugins_changed(self, message: m.PluginsChanged) -> None:
        """Let the data sets of plug-ins be chosen, under their titles."""
        for row in message.data:
            place = self.chosen.findData(row["name"])
            if place < 0:
                self.chosen.addItem(row["title"], row["name"])
            else:
                self.chosen.setItemText(place, row["title"])

    # ── what is asked ─────────────────────────────────────────────────────────────────────────

    @Slot(object)
    def _on_run_changed(self, run: m.RunOpened | None) -> None:
        name = self._name_of_run()
        place = self.chosen.findData(name)
        if name and place < 0:
            self.chosen.addItem(name, name)
            place = self.chosen.count() - 1
        if place == self.chosen.currentIndex():
            self._on_chosen(place)
        else:
            self.chosen.setCurrentIndex(place)

    def _name_of_run(self) -> str:
        run = self.session.run
        return "" if run is None else str(run.settings.get("data", {}).get("name", ""))

    @property
    def _is_of_run(self) -> bool:
        """Whether the page describes the data set of the open run."""
        return bool(self._name_of_run()) and self.chosen.currentData() == self._name_of_run()

    @Slot(int)
    def _on_chosen(self, place: int) -> None:
        self._clear(NO_DATA if place < 0 else READING)
        self._asked = None
        self._show_split()
        if self.isVisible():
            self._ask()

    def showEvent(self, event: QShowEvent) -> None:
        """Ask for the description when the page comes into sight."""
        super().showEvent(event)
        self._ask()

    def _ask(self) -> None:
        name = self.chosen.currentData()
        run = self.session.run
        if name is None:
            return
        own = self._is_of_run and run is not None
        group = dict(run.settings["data"]) if own and run is not None else {"name": name}
        if group != self._asked:
            self._asked = group
            self.session.describe_data(VIEW, {"data": group})

    @Slot(object)
    def _on_job_done(self, message: m.JobDone) -> None:
        """What has just been fetched is read anew."""
        if message.outcome == "done" and message.job == f"download-{self.chosen.currentData()}":
            self._on_chosen(self.chosen.currentIndex())

    # ── what is shown ─────────────────────────────────────────────────────────────────────────

    def _clear(self, state: str) -> None:
        for label in (self.title, self.summary, self.source):
            label.say("")
        self.state.say(state)
        self.download.setVisible(False)
        for widget in (self.classes, self.attributes, *self._heads.values()):
            widget.setVisible(False)

    @Slot(object)
    def _on_data_described(self, message: m.DataDescribed) -> None:
        if message.view != VIEW or message.name != self.chosen.currentData():
            return
        self._clear("")
        self.title.say("" if message.title == self.chosen.currentText() else message.title)
        said = [message.source, f"Licence: {message.licence}" if message.licence else ""]
        if message.available:
            said.append(message.sentence)
            said += [f"{remark[:1].upper()}{remark[1:]}." for remark in message.remarks]
            self._show_contents(message)
        else:
            can = download_offered(message.name)
            self.download.setVisible(True)
            self.download.offer(message.name, message.sentence, can_download=can)
        self.source.say("\n".join(sentence for sentence in said if sentence))
        self._show_split()

    def _show_contents(self, message: m.DataDescribed) -> None:
        self.summary.say(summary_of(message))
        style = style_of_description(message)
        rows = class_rows(message)
        self.classes.set_rows(rows, style, message.sample_shape)
        self.attributes.set_attributes(message.attributes)
        self._heads["Attributes"].setText(f"Attributes ({count(len(message.attributes))})")
        self._heads["Classes"].setText("Classes" if message.class_names else "Some samples")
        for name, widget, is_there in (
            ("Classes", self.classes, bool(rows)),
            ("Attributes", self.attributes, bool(message.attributes)),
        ):
            self._heads[name].setVisible(is_there)
            widget.setVisible(is_there)

    @Slot(object)
    def _on_selection_changed(self, rows: NDArray[np.int64]) -> None:
        self._show_split()

    def _show_split(self) -> None:
        """Say how this run has split the data, and in which part the selected sample is."""
        run = self.session.run
        self._heads["Split"].setVisible(self._is_of_run)
        if run is None or not self._is_of_run:
            self.split.say("")
            self.selected.say("")
            return
        validation = int(np.count_nonzero(run.parts))
        training = len(run.parts) - validation
        shown = "" if len(run.parts) == run.total else f" of {count(run.total)}; these are shown"
        self.split.say(
            f"{count(training)} samples for training, {count(validation)} for validation{shown}"
        )
        self.selected.say(self._selected_sentence(run))

    def _selected_sentence(self, run: m.RunOpened) -> str:
        rows = self.session.selection
        if not rows.size:
            return "Select a sample to see which part it is in."
        if len(rows) > 1:
            held_out = int(np.count_nonzero(run.parts[rows]))
            return (
                f"Selected: {count(len(rows) - held_out)} for training, {held_out} for validation"
            )
        row = int(rows[0])
        name = label_of(self.session, row)[0]
        what = f"#{int(run.index[row])}" + (f", {name}" if name else "")
        return f"Selected: {what}, for {wording.part_name(int(run.parts[row]))}"


def download_offered(name: str) -> bool:
    """Whether the files of a data set can be fetched."""
    return any(entry.name == name and entry.download for entry in catalogue.load().data)


def summary_of(message: m.DataDescribed) -> str:
    """How many samples of what kind and how many classes."""
    told = [wording.several(message.samples, "sample")]
    if len(message.sample_shape) == 3:
        height, width, channels = message.sample_shape
        colours = {1: "grey", 3: "colour"}.get(channels, f"{channels} channels")
        told.append(f"{height} × {width}, {colours}")
    elif message.sample_shape:
        told.append(wording.several(message.sample_shape[0], "feature"))
    if message.class_names:
        told.append(wording.several(len(message.class_names), "class", "classes"))
    return " · ".join(told)


def style_of_description(message: m.DataDescribed) -> SampleStyle:
    """How thumbnails are drawn: a table's features over the ranges of the whole data set."""
    numbers = [a for a in message.attributes if a.kind == "number"]
    features = message.sample_shape[0] if len(message.sample_shape) == 1 else -1
    if len(numbers) != features:
        return style_of_samples(message.thumbnails, message.white)
    low = np.array([0.0 if a.low is None else a.low for a in numbers], np.float32)
    high = np.array([1.0 if a.high is None else a.high for a in numbers], np.float32)
    return SampleStyle(message.white, low, high)


def class_rows(message: m.DataDescribed) -> list[ClassRow]:
    """The classes with their counts and thumbnails; without labels one row of samples."""
    samples = [] if message.thumbnails is None else list(message.thumbnails)
    labels = message.thumbnail_labels
    if not message.class_names or labels is None:
        return [ClassRow("", None, None, samples)] if samples else []
    counts = message.counts or (None,) * len(message.class_names)
    return [
        ClassRow(
            name,
            colour_of_label(label, len(message.class_names)),
            counts[label],
            [sample for sample, own in zip(samples, labels.tolist(), strict=True) if own == label],
        )
        for label, name in enumerate(message.class_names)
    ]
