"""A few fixed samples and how the model reconstructs them: at the shown epoch, and over time."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QColor, QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QHBoxLayout,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from aeviz import messages as m
from aeviz.gui import saving, theme, wording
from aeviz.gui.dock_title import INSET
from aeviz.gui.figure import Figure
from aeviz.gui.figure_words import about_of
from aeviz.gui.film import Film, film_epochs
from aeviz.gui.film_strip import FilmStrip, FittingArea, PairStrip
from aeviz.gui.inspectors.base import Inspector, register_inspector
from aeviz.gui.inspectors.cursor import WAITING
from aeviz.gui.label_colours import colour_of_label, label_count
from aeviz.gui.labels import ElidedLabel, caption_label, heading_label
from aeviz.gui.session import Condition, Session
from aeviz.gui.theme import SPACE
from aeviz.gui.tiles import SampleStyle, style_of_run

FIXED, FILM, SWAP = "reconstruction", "film", "swap"
MOST_SAMPLES = 10
NO_RUN = "Open a run or train a model: reconstructions of the same samples appear here."
_BAR = 18
"""Room for a scroll bar in pixels."""
_BESIDE = 560
"""Width in pixels from which the two parts stand side by side."""


def fixed_rows(run: m.RunOpened) -> NDArray[np.int64]:
    """The same samples whenever a run is shown: of each class the one with the lowest number.

    Without labels, or with one class, they are spread evenly. At most `MOST_SAMPLES`.
    """
    order = np.argsort(run.index, kind="stable")
    classes: NDArray[np.int64] = np.empty(0, np.int64)
    if run.labels is not None:
        classes = np.unique(run.labels[run.labels >= 0])
    if run.labels is None or len(classes) < 2:
        return np.asarray(order[spread(len(order), MOST_SAMPLES - 2)], np.int64)
    chosen = classes[spread(len(classes), MOST_SAMPLES)]
    return np.array([order[np.argmax(run.labels[order] == label)] for label in chosen], np.int64)


def spread(count: int, most: int) -> NDArray[np.int64]:
    """At most `most` places among `count`, evenly spread."""
    wanted = min(count, most)
    return np.arange(wanted) * count // max(wanted, 1)


@register_inspector("reconstruction", title="Reconstructions", area="bottom", order=0)
class ReconstructionInspector(Inspector):
    """Fixed samples at the shown epoch beside the film strip."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.pairs = PairStrip()
        self.film = FilmStrip()
        self.epoch = heading_label("")
        self.note = ElidedLabel("", "muted")
        self.hint = caption_label(NO_RUN)
        self.save = QPushButton("Save…")
        self._rows: NDArray[np.int64] = np.empty(0, np.int64)
        self._originals: dict[int, NDArray[np.generic]] = {}
        self._style = SampleStyle()
        self._answers: dict[int, m.Reconstructed] = {}
        self._asked: set[int] = set()
        self._lay_out()
        self._listen()
        self._on_run_changed(session.run)

    def _lay_out(self) -> None:
        self.epoch.setWordWrap(False)
        self.epoch.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Preferred)
        self.note.setFont(theme.caption(self.font()))
        self._parts = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._parts.setSpacing(2 * SPACE)
        left_head, right_head = QHBoxLayout(), QHBoxLayout()
        left_head.addWidget(self.epoch)
        left_head.addWidget(self.note, 1)
        self._over = ElidedLabel("Over the epochs")
        self._over.setFont(theme.heading(self._over.font()))
        self._over.setMinimumWidth(20)
        right_head.addWidget(self._over, 1)
        right_head.addWidget(self.save)
        self.save.setToolTip("Save the whole film strip as PNG, SVG or PDF")
        self._page = QWidget()
        self._page.setLayout(self._parts)
        self._parts.setContentsMargins(0, SPACE // 2, 0, 0)
        self._halves = (QWidget(), QWidget())
        areas = (FittingArea(self.pairs), FittingArea(self.film))
        for half, head, area in zip(self._halves, (left_head, right_head), areas, strict=True):
            head.setContentsMargins(INSET, 0, INSET, 0)
            part = QVBoxLayout(half)
            part.setContentsMargins(0, 0, 0, 0)
            part.setSpacing(SPACE // 2)
            part.addLayout(head)
            part.addWidget(area, 1)
            self._parts.addWidget(half)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        self.hint.setContentsMargins(INSET, SPACE // 2, INSET, SPACE)
        self.hint.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self.hint)
        column.addWidget(self._page, 1)

    def _listen(self) -> None:
        session = self.session
        session.run_changed.connect(self._on_run_changed)
        session.epoch_changed.connect(self._on_epoch_changed)
        session.epoch_added.connect(self._on_epoch_added)
        session.engine_ready.connect(self._on_engine_ready)
        session.training_changed.connect(self._on_training_changed)
        session.condition_changed.connect(self._on_condition_changed)
        session.reconstructed.connect(self._on_reconstructed)
        session.samples_fetched.connect(self._on_samples_fetched)
        self.film.epoch_chosen.connect(self._on_epoch_chosen)
        self.save.clicked.connect(self._on_save)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the two parts side by side, or one under the other."""
        beside = self.width() >= _BESIDE
        directions = QBoxLayout.Direction
        self._parts.setDirection(directions.LeftToRight if beside else directions.TopToBottom)
        super().resizeEvent(event)
        self._share_width(beside)

    def _share_width(self, beside: bool) -> None:
        """Give the film the width that its height asks for, and the rest to the pairs."""
        shares = (1, 1)
        if beside:
            height = self.height() - self.save.sizeHint().height() - 2 * SPACE
            free = self.width() - self._parts.spacing()
            film = free - max(self.film.wish(height) + _BAR, self._head_width())
            pairs = min(self.pairs.wish(height) + _BAR, max(film, round(free * 0.62)))
            shares = (pairs, free - pairs)
        for place, share in enumerate(shares):
            self._parts.setStretch(place, share)

    def _head_width(self) -> int:
        """What the line above the film needs."""
        title = self._over.fontMetrics().horizontalAdvance(self._over.text)
        return title + self.save.sizeHint().width() + 2 * INSET + 2 * SPACE

    # ── what is asked ─────────────────────────────────────────────────────────────────────────

    @Slot(object)
    def _on_run_changed(self, run: m.RunOpened | None) -> None:
        self._answers.clear()
        self._asked.clear()
        self._originals.clear()
        self._rows = np.empty(0, np.int64) if run is None else fixed_rows(run)
        self._style = SampleStyle() if run is None else style_of_run(run)
        self.pairs.set_reconstructions((), ())
        self.pairs.set_swap("" if run is None else swap_title(run, self.session.condition), ())
        self.hint.say(NO_RUN if run is None else "")
        self._page.setVisible(run is not None)
        if run is not None and len(self._rows):
            self.session.fetch(FIXED, self._rows.tolist())
        self._ask()
        self._draw()

    @Slot(int)
    def _on_epoch_changed(self, epoch: int) -> None:
        self._ask_shown()
        self._draw_film()

    @Slot(int)
    def _on_epoch_added(self, epoch: int) -> None:
        again = epoch in self._answers
        self._answers.pop(epoch, None)
        self._asked.discard(epoch)
        if again and epoch == self.session.epoch:
            self._ask_shown()
        self._ask_film()
        self._draw_film()

    @Slot(object)
    def _on_engine_ready(self, message: m.EngineReady) -> None:
        self._ask()
        self._draw()

    @Slot(object)
    def _on_training_changed(self, message: m.TrainingChanged) -> None:
        self._ask_film()
        self._draw_film()

    @Slot(object)
    def _on_condition_changed(self, condition: Condition) -> None:
        self._ask_swap()

    def _ask(self) -> None:
        self._ask_shown()
        self._ask_film()

    @property
    def _can_ask(self) -> bool:
        return self.session.can_decode and bool(len(self._rows)) and self.session.last_epoch >= 0

    def _ask_shown(self) -> None:
        self._say_state()
        if self._can_ask:
            self.session.reconstruct(FIXED, self._rows.tolist(), [self.session.epoch])
        self._ask_swap()

    def _ask_swap(self) -> None:
        """Ask for the same samples under the session's condition, or the other one of two."""
        run, session = self.session.run, self.session
        if run is None or run.conditions is None or not self._can_ask:
            return
        told = swapped(run, self._rows, session.condition)
        session.reconstruct(SWAP, self._rows.tolist(), [session.epoch], told)

    def _ask_film(self) -> None:
        """Ask for every column that has not come, when one of them was never asked for.

        A request takes the place of an unread one, so it names again what that one asked for.
        """
        there = [epoch for epoch in self._epochs() if epoch <= self.session.last_epoch]
        missing = [epoch for epoch in there if epoch not in self._answers]
        if self._can_ask and set(missing) - self._asked:
            self._asked.update(missing)
            self.session.reconstruct(FILM, self._rows.tolist(), missing)

    def _epochs(self) -> tuple[int, ...]:
        """The columns: over the planned epochs while these are still being trained."""
        run, last = self.session.run, max(self.session.last_epoch, 0)
        if run is None:
            return ()
        training = self.session.is_training or run.status == "training"
        return film_epochs(max(last, run.epochs) if training else last)

    # ── what is shown ─────────────────────────────────────────────────────────────────────────

    @Slot(object)
    def _on_samples_fetched(self, message: m.SamplesFetched) -> None:
        if message.view == FIXED and np.array_equal(message.rows, self._rows):
            self._originals = dict(zip(message.rows.tolist(), message.samples, strict=True))
            self._draw()

    @Slot(object)
    def _on_reconstructed(self, message: m.Reconstructed) -> None:
        if not np.array_equal(message.rows, self._rows):
            return
        if message.view == FILM:
            self._answers[message.asked] = message
            self._draw_film()
        elif message.view == FIXED and message.asked == self.session.epoch:
            self.pairs.set_reconstructions(frames_of(message), message.error.tolist())
            self._say_state()
        elif message.view == SWAP and message.asked == self.session.epoch:
            self._show_swap(message)

    def _show_swap(self, message: m.Reconstructed) -> None:
        run, condition = self.session.run, self.session.condition
        if run is not None and np.array_equal(
            message.condition, swapped(run, self._rows, condition)
        ):
            self.pairs.set_swap(swap_title(run, condition), frames_of(message))

    def _say_state(self) -> None:
        run = self.session.run
        self.epoch.say(f"Epoch {self.session.epoch}")
        if run is None or not run.decodes:
            self.note.set_text("" if run is None else "No weights are kept that can decode")
        elif self.session.engine is None:
            self.note.set_text(WAITING)
        else:
            what = wording.error_unit(run.settings, is_image=run.is_image)
            self.note.set_text(f"below each: mean squared error per {what}")

    def _draw(self) -> None:
        run = self.session.run
        if run is None:
            return
        originals = [self._originals.get(row) for row in self._rows.tolist()]
        names, colours = self._names(run)
        self.pairs.set_samples(names, colours, originals, self._style, run.sample_shape)
        self._say_state()
        self._draw_film()

    def _names(self, run: m.RunOpened) -> tuple[list[str], list[QColor | None]]:
        if run.labels is None:
            return [f"#{number}" for number in run.index[self._rows].tolist()], [None] * len(
                self._rows
            )
        labels, total = run.labels[self._rows].tolist(), label_count(run)
        names = [wording.label_name(label, run.class_names) for label in labels]
        return names, [colour_of_label(label, total) for label in labels]

    def _draw_film(self) -> None:
        run = self.session.run
        if run is None:
            self.film.set_film(None, (1, 1, 1))
            return
        names, colours = self._names(run)
        epochs = self._epochs()
        film = Film(
            names=names,
            colours=colours,
            originals=[self._originals.get(row) for row in self._rows.tolist()],
            epochs=epochs,
            frames=[self._column(epoch) for epoch in epochs],
            answered=[self._answered(epoch) for epoch in epochs],
            style=self._style,
            shown=self.session.epoch,
        )
        self.film.set_film(film, run.sample_shape)
        self._share_width(self.width() >= _BESIDE)
        self.save.setEnabled(bool(self._answers))
        tip = "Save the whole film strip as a picture"
        self.save.setToolTip(tip if self._answers else "There is no column yet to save")

    def _column(self, epoch: int) -> Sequence[NDArray[Any]]:
        answer = self._answers.get(epoch)
        return () if answer is None else frames_of(answer)

    def _answered(self, epoch: int) -> int:
        answer = self._answers.get(epoch)
        return epoch if answer is None else answer.epoch

    # ── what is chosen ────────────────────────────────────────────────────────────────────────

    @Slot(int)
    def _on_epoch_chosen(self, epoch: int) -> None:
        if epoch <= self.session.last_epoch:
            self.session.set_following(False)
            self.session.set_playhead(float(epoch))

    @Slot()
    def _on_save(self) -> None:
        run = self.session.run
        if run is None:
            return
        path = saving.ask_where(self, "Save the film strip", run.title, "film")
        if path is not None:
            self.save_picture(path)

    def save_picture(self, path: Path) -> None:
        """Save the film strip; `noticed` or `failed` of the session says how it went."""
        saving.save_figure(self.session, self.figure(), path)

    def figure(self) -> Figure | None:
        """The film strip: reconstructions over the epochs."""
        run = self.session.run
        title = "" if run is None else f"{run.title}, reconstructions over the epochs"
        return self.film.figure(title, about_of(self.session))


def swapped(run: m.RunOpened, rows: NDArray[np.int64], condition: Condition) -> Any:
    """What samples are decoded under in the swap row: of two choices the other, else the session's.

    Args:
        run: The run, whose model is told something.
        rows: The samples.
        condition: What the session tells.
    """
    about = run.conditions
    if about is None or about.kind != "choice" or len(about.names) != 2 or run.told is None:
        return condition
    return np.where(run.told[rows] == 0, 1, 0)


def swap_title(run: m.RunOpened, condition: Condition) -> str:
    """What stands above the swap row; "" for a model without conditions."""
    about = run.conditions
    if about is None:
        return ""
    if about.kind == "choice" and len(about.names) == 2 and run.told is not None:
        return f"Swapped: {about.names[0]} ↔ {about.names[1]}"
    if about.kind == "choice" and isinstance(condition, int):
        return f"As {about.name} {about.names[condition]}"
    if isinstance(condition, tuple):
        told = ", ".join(
            f"{name} {number:.3g}" for name, number in zip(about.names, condition, strict=True)
        )
        return f"With {told}"
    row = condition if isinstance(condition, int) else 0
    return f"With the {about.name.replace('-', ' ')} of #{int(run.index[row])}"


def frames_of(message: m.Reconstructed) -> Sequence[NDArray[Any]]:
    """The reconstructions as they are drawn: pictures, or rows in their own units."""
    return list(message.values if message.pictures is None else message.pictures)
