"""Memorised or invented: a decode between the nearest training and the nearest held-out sample."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from aeviz import messages as m
from aeviz.gui import wording
from aeviz.gui.captions import Caption, tip
from aeviz.gui.dock_title import INSET
from aeviz.gui.image_label import ImageLabel
from aeviz.gui.inspectors.base import Inspector, register_inspector
from aeviz.gui.inspectors.cursor import NO_WEIGHTS, WAITING
from aeviz.gui.label_colours import label_of
from aeviz.gui.labels import ElidedLabel, caption_label, figure_label, heading_label
from aeviz.gui.numbers import count, measure
from aeviz.gui.profile import Profile
from aeviz.gui.scroll import scrolled
from aeviz.gui.session import Session
from aeviz.gui.theme import SPACE
from aeviz.gui.tiles import style_of_run

VIEW = "memorised"
REST = 200
"""Milliseconds that the mouse rests before all samples are compared."""

_MOST = 96
"""Largest side of a picture in logical pixels."""

UNUSUAL = 0.05
"""Share of held-out samples with a ratio as small, up to which it is unusual."""

NO_RUN = "Open a run: here a decode stands between the nearest samples of both parts."
POINT = "Move the mouse over the map, or pin a place: its decode is compared with all kept samples."
TITLES = ("Training", "Decode", "Held out")
CLOSE = (
    "Closer to a training sample than is usual: {few} of {all} real held-out samples have a "
    "ratio as small. It may be memorised; look whether it is the same as the training sample."
)
USUAL = (
    "Nothing says that it is memorised: {few} of {all} real held-out samples have a ratio as small "
    "or smaller."
)
FEW = "One held-out sample is too few to say which ratio is usual."
FIGURES = (
    (
        "distance_train",
        "To the training sample",
        "Euclidean distance from the decode to the nearest sample that was trained on, over all "
        "features as the model sees them.",
    ),
    (
        "distance_validation",
        "To the held-out sample",
        "The same to the nearest sample that the model never saw.",
    ),
    (
        "ratio",
        "Ratio",
        "The first distance over the second one. More training samples than held-out ones alone "
        "make it small, so it says something only beside the ratios of real held-out samples.",
    ),
    (
        "usual_ratio",
        "Ratio of real samples",
        "Median over real held-out samples: distance to the nearest training sample over that to "
        "the nearest other held-out one.",
    ),
)


@register_inspector("memorised", title="Memorised", area="bottom", order=127)
class MemorisedInspector(Inspector):
    """Three pictures, four numbers and a careful sentence; asks nothing while it is hidden."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.note = caption_label(NO_RUN)
        self.verdict = caption_label("", "text")
        self.about = caption_label("")
        self.pictures = tuple(ImageLabel(title) for title in TITLES)
        self.profiles = (
            Profile("Decode and nearest training sample"),
            Profile("Decode and nearest held-out sample"),
        )
        self.names = (ElidedLabel(), ElidedLabel(), ElidedLabel())
        self.figures: dict[str, Caption] = {}
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST)
        self._lay_out()
        self._listen()
        self._on_run_changed(session.run)

    def _lay_out(self) -> None:
        self._body = QWidget()
        column = QVBoxLayout(self._body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE)
        column.addWidget(self.verdict)
        column.addLayout(self._cells())
        for profile in self.profiles:
            column.addWidget(profile)
        column.addWidget(self._table())
        column.addWidget(self.about)
        page = QWidget()
        whole = QVBoxLayout(page)
        whole.setContentsMargins(INSET, SPACE // 2, 2, SPACE)
        whole.addWidget(self.note)
        whole.addWidget(self._body)
        whole.addStretch()
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scrolled(page, has_pictures=True))

    def _cells(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(SPACE)
        for title, picture, name in zip(TITLES, self.pictures, self.names, strict=True):
            cell = QWidget()
            stack = QVBoxLayout(cell)
            stack.setContentsMargins(0, 0, 0, 0)
            stack.setSpacing(2)
            for widget in (picture, heading_label(title), name):
                stack.addWidget(widget)
            row.addWidget(cell, 1, Qt.AlignmentFlag.AlignTop)
        return row

    def _table(self) -> QWidget:
        table = QWidget()
        grid = QGridLayout(table)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(SPACE)
        grid.setVerticalSpacing(3)
        grid.setColumnStretch(0, 1)
        for row, (name, title, definition) in enumerate(FIGURES):
            label, figure = ElidedLabel(title), figure_label()
            label.setAccessibleDescription(definition)
            for place, widget in enumerate((label, figure)):
                widget.setToolTip(tip(definition))
                grid.addWidget(widget, row, place)
            self.figures[name] = figure
        return table

    def _listen(self) -> None:
        session = self.session
        session.run_changed.connect(self._on_run_changed)
        session.epoch_changed.connect(self._on_epoch)
        session.epoch_added.connect(self._on_epoch)
        session.cursor_changed.connect(self._on_place)
        session.pin_changed.connect(self._on_place)
        session.condition_changed.connect(self._on_place)
        session.engine_ready.connect(self._on_place)
        session.answered.connect(self._on_answered)
        session.failed.connect(self._on_failed)
        self._rest.timeout.connect(self._on_rested)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Enlarge the pictures equally."""
        super().resizeEvent(event)
        side = (self.width() - INSET - 2 * SPACE - 20) // 3
        for picture in self.pictures:
            picture.set_most(max(24, min(side, _MOST)))

    def showEvent(self, event: QShowEvent) -> None:
        """Ask for what was not asked while it was hidden."""
        super().showEvent(event)
        self._refresh()

    # ── what is asked ─────────────────────────────────────────────────────────────────────────

    @Slot(object)
    def _on_run_changed(self, run: m.RunOpened | None) -> None:
        self._rest.stop()
        self._body.hide()
        if run is not None:
            style = style_of_run(run)
            for picture in self.pictures:
                picture.setVisible(run.is_image)
                if run.is_image:
                    picture.set_shape(run.sample_shape[0], run.sample_shape[1])
            for profile in self.profiles:
                profile.setVisible(not run.is_image)
                if not run.is_image:
                    profile.set_features(run.feature_names, style)
        self._refresh()

    @Slot(int)
    def _on_epoch(self, epoch: int) -> None:
        self._refresh()

    @Slot(object)
    def _on_place(self, place: object) -> None:
        self._refresh()

    @property
    def place(self) -> NDArray[np.float32] | None:
        """The latent under the mouse, else the pinned one."""
        session = self.session
        return session.pin if session.cursor is None else session.cursor

    def _refresh(self) -> None:
        """Ask when the mouse rests; say why not where nothing can be asked."""
        reason = self._why_not()
        self.note.say(reason, "muted")
        if reason:
            self._body.hide()
            self._rest.stop()
        elif self.isVisible():
            self._rest.start()

    def _why_not(self) -> str:
        session = self.session
        run = session.run
        if run is None or session.last_epoch < 0:
            return NO_RUN
        if not run.decodes:
            return NO_WEIGHTS
        if session.engine is None:
            return WAITING
        return POINT if self.place is None else ""

    @Slot()
    def _on_rested(self) -> None:
        session, z = self.session, self.place
        if z is not None and not self._why_not():
            session.ask(VIEW, "memorised", z=z, condition=session.condition, asked=session.epoch)

    # ── what is shown ─────────────────────────────────────────────────────────────────────────

    @Slot(object)
    def _on_answered(self, answer: m.Answer) -> None:
        run, place = self.session.run, self.place
        if answer.view != VIEW or run is None or place is None:
            return
        is_old = answer.values["asked"] != self.session.epoch
        if is_old or not np.array_equal(answer.arrays["z"], place):
            return
        self.note.say("")
        self._show_samples(run, answer)
        values = answer.values
        for name, figure in self.figures.items():
            value = values.get(name)
            figure.setText("…" if value is None else measure(value, 3))
        self.verdict.say(verdict(values), "text")
        self.about.say(about(run, values, answer.epoch), "muted")
        self._body.show()

    def _show_samples(self, run: m.RunOpened, answer: m.Answer) -> None:
        own = answer.arrays["x"]
        train, held = answer.arrays["nearest"].tolist()
        for label, text in zip(self.names, (self._name(train), "", self._name(held)), strict=True):
            label.set_text(text)
        samples = [self.session.sample(row) for row in (train, held)]
        if run.is_image:
            grey = np.rint(np.clip(np.nan_to_num(own), 0, 1) * 255).astype(np.uint8)
            self.pictures[1].set_image(grey)
            for picture, sample in zip(self.pictures[::2], samples, strict=True):
                picture.set_image(None if sample is None else np.asarray(sample), run.white)
            return
        for profile, sample, word in zip(
            self.profiles, samples, ("training sample", "held-out sample"), strict=True
        ):
            other = None if sample is None else np.asarray(sample, np.float32)
            profile.show_values(own, other, ("decode", f"nearest {word}"))

    def _name(self, row: int) -> str:
        """What a sample is called: its label and number."""
        run = self.session.run
        assert run is not None
        name, number = label_of(self.session, row)[0], f"#{run.index[row]}"
        return f"{name} · {number}" if name else number

    @Slot(object)
    def _on_failed(self, message: m.Failed) -> None:
        if message.where == "question" and message.view == VIEW and self.isVisible():
            self._body.hide()
            self.note.say(message.summary, "error")


def verdict(values: Any) -> str:
    """What the ratio says, and no more."""
    percentile = values.get("percentile")
    if percentile is None:
        can_tell = values["validation"] > 1
        return "Comparing with real held-out samples…" if can_tell else FEW
    judged = int(values["judged"])
    few = round(percentile * judged / 100)
    # as a permutation test counts: among few samples nothing can be unusual
    text = CLOSE if (few + 1) / (judged + 1) <= UNUSUAL else USUAL
    return text.format(few=count(few) if few else "none", all=count(judged))


def about(run: m.RunOpened, values: Any, epoch: int) -> str:
    """Of which samples that is."""
    train, held = wording.several(values["train"], "training sample"), count(values["validation"])
    told = f"Epoch {epoch} · {train}, {held} held out"
    judged = values.get("judged")
    told += f", {count(judged)} of them judged" if judged and judged < values["validation"] else ""
    kept = values["train"] + values["validation"]
    left = run.total - kept
    return f"{told} · {count(left)} that the run does not keep are left out" if left > 0 else told
