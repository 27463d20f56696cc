"""Every latent dimension by itself: decodes along it, what it carries, where it changes them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from aeviz import messages as m
from aeviz.gui import recipes, saving
from aeviz.gui.captions import tip
from aeviz.gui.dock_title import INSET
from aeviz.gui.figure import Figure
from aeviz.gui.figure_words import about_of, title_of
from aeviz.gui.inspectors.base import Inspector, register_inspector
from aeviz.gui.inspectors.cursor import NO_WEIGHTS, WAITING
from aeviz.gui.labels import caption_label
from aeviz.gui.numbers import measure
from aeviz.gui.scroll import scrolled
from aeviz.gui.session import Condition, Session
from aeviz.gui.theme import SPACE
from aeviz.gui.tiles import SampleStyle, style_of_run
from aeviz.gui.traversal_sheet import STEPS, TraversalRow, TraversalSheet
from aeviz.script import Call, Name, Recipe, assigned

VIEW, SLOPES, BASE = "traversal", "traversal.slopes", "traversal.base"
MOST_SEEN = 24
"""Rows at most whose decodes are asked for at a time."""

FEW = 8
"""So many dimensions are looked over without a search."""

SEARCH_WIDTH = 190

NO_RUN = "Open a run or train a model: its latent dimensions appear here, one strip for each."
SLOPE = (
    "On the right of each strip: |∂x/∂z|, where the decode changes with that dimension at the base "
    "point, in one scale for the rows in view."
)
_LOW = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def name_of(dimension: int) -> str:
    """The name of a dimension by its number, from 0.

    Example:
        >>> name_of(0), name_of(11)
        ('z₁', 'z₁₂')
    """
    return "z" + str(dimension + 1).translate(_LOW)


@register_inspector("traversal", title="Traversal", area="bottom", order=102)
class TraversalInspector(Inspector):
    """Strips are sliders: dragging one moves the pin, and every decode follows."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.search = QLineEdit()
        self.save = QPushButton("Save…")
        self.base_note = caption_label("")
        self.note = caption_label(NO_RUN)
        self.sheet = TraversalSheet()
        self._found: m.Answer | None = None
        self._base: NDArray[np.float32] | None = None
        self._source = ""
        self._asked: NDArray[np.float32] | None = None
        self._asked_rows: list[TraversalRow] = []
        self._asked_slopes: list[TraversalRow] = []
        self._lay_out()
        self._listen()
        self._on_run_changed(session.run)

    def _lay_out(self) -> None:
        self.search.setPlaceholderText("Find: 12, dead, active")
        self.search.setClearButtonEnabled(True)
        self.search.setFixedWidth(SEARCH_WIDTH)
        self.search.setVisible(False)
        self.search.setAccessibleName("Find dimensions by number, or those that are dead or active")
        self.save.setToolTip(
            tip(
                "Save the decoded strips as PNG, SVG or PDF, or their values as CSV, Parquet or NPZ"
            )
        )
        self.sheet.setToolTip(tip(SLOPE))
        top = QHBoxLayout()
        top.setSpacing(SPACE // 2)
        top.addWidget(self.base_note, 100)
        top.addStretch(1)  # where there is nothing to say yet
        top.addWidget(self.search)
        top.addWidget(self.save)
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(INSET, SPACE // 2, INSET, SPACE)
        column.setSpacing(SPACE // 2)
        column.addWidget(self.sheet)
        column.addStretch()
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        head = QVBoxLayout()
        head.setContentsMargins(INSET, SPACE // 2, INSET, 0)
        head.addLayout(top)
        head.addWidget(self.note)
        outer.addLayout(head)
        outer.addWidget(scrolled(page, has_pictures=True), 1)

    def _listen(self) -> None:
        session = self.session
        session.run_changed.connect(self._on_run_changed)
        session.epoch_changed.connect(self._on_epoch_changed)
        session.epoch_added.connect(self._on_epoch_added)
        session.pin_changed.connect(self._on_pin_changed)
        session.selection_changed.connect(self._on_selection_changed)
        session.condition_changed.connect(self._on_condition_changed)
        session.engine_ready.connect(self._on_engine_ready)
        session.answered.connect(self._on_answered)
        session.decoded.connect(self._on_decoded)
        session.reconstructed.connect(self._on_reconstructed)
        self.search.textChanged.connect(self._on_searched)
        self.sheet.dragged.connect(self._on_dragged)
        self.sheet.rows_seen.connect(self._on_rows_seen)
        self.save.clicked.connect(self._on_save)

    # ── what is asked ─────────────────────────────────────────────────────────────────────────

    @Slot(object)
    def _on_run_changed(self, run: m.RunOpened | None) -> None:
        self._found = self._base = self._asked = None
        self.sheet.set_rows([])
        if run is not None:
            self.sheet.style_of_samples = style_of_run(run)
        self._ask()

    @Slot(int)
    def _on_epoch_changed(self, epoch: int) -> None:
        self._ask()

    @Slot(int)
    def _on_epoch_added(self, epoch: int) -> None:
        if epoch == self.session.epoch:
            self._ask()

    @Slot(object)
    def _on_engine_ready(self, message: m.EngineReady) -> None:
        self._ask()

    @Slot(object)
    def _on_condition_changed(self, condition: Condition) -> None:
        self._ask_decodes()

    @Slot(object)
    def _on_pin_changed(self, z: NDArray[np.float32] | None) -> None:
        self._find_base()

    @Slot(object)
    def _on_selection_changed(self, rows: NDArray[np.int64]) -> None:
        self._find_base()

    def _ask(self) -> None:
        """Ask what the dimensions carry, if somebody can see it."""
        session = self.session
        can_ask = session.run is not None and session.can_decode and session.last_epoch >= 0
        self._say_state()
        if not can_ask:
            self._found = None
            self.sheet.set_rows([])
        elif self.isVisible():
            session.ask(VIEW, "traversal")
        self.save.setEnabled(can_ask and bool(self.sheet.rows))

    @Slot(object)
    def _on_answered(self, message: m.Answer) -> None:
        if message.view == VIEW and message.question == "traversal":
            self._found = message
            self._find_base()
        elif message.view == SLOPES and message.question == "slopes":
            self._show_slopes(message.arrays["slopes"])

    # ── the base point ────────────────────────────────────────────────────────────────────────

    def _find_base(self) -> None:
        """The pin, else the selected sample, else the median."""
        session, found = self.session, self._found
        if found is None or not self.isVisible():
            return
        selection = session.selection
        if session.pin is not None:
            self._set_base(session.pin, "the pin")
        elif selection.size and session.can_decode:
            session.reconstruct(BASE, [int(selection[0])], [session.epoch])
        else:
            self._set_base(found.arrays["median"], "the median latent")

    @Slot(object)
    def _on_reconstructed(self, message: m.Reconstructed) -> None:
        selection, run = self.session.selection, self.session.run
        is_own = message.view == BASE and message.asked == self.session.epoch
        if not is_own or run is None or self.session.pin is not None or not selection.size:
            return
        if message.rows.tolist() == [int(selection[0])]:
            self._set_base(message.z[0], f"sample #{int(run.index[selection[0]])}")

    def _set_base(self, z: NDArray[np.float32], source: str) -> None:
        self._base, self._source = np.asarray(z, np.float32), source
        self.base_note.say(f"Through {source}")
        self._fill()

    # ── rows ──────────────────────────────────────────────────────────────────────────────────

    @Slot(str)
    def _on_searched(self, text: str) -> None:
        self._fill()

    def _fill(self) -> None:
        """Rows of what is looked for, in the order of what they carry."""
        found, base = self._found, self._base
        if found is None or base is None or len(base) != len(found.arrays["order"]):
            return
        before = {row.dimension: row for row in self.sheet.rows}
        rows = []
        for dimension in found.arrays["order"].tolist():
            if self._is_wanted(dimension, bool(found.arrays["dead"][dimension])):
                row = self._row(found, dimension, float(base[dimension]))
                old = before.get(dimension)
                if old is not None:  # shown until newer ones have come
                    row.frames, row.slope = old.frames, old.slope
                rows.append(row)
        if [row.dimension for row in rows] == [row.dimension for row in self.sheet.rows]:
            self.sheet.rows = rows
            self.sheet.update()
        else:
            self.sheet.set_rows(rows)
        self.save.setEnabled(bool(rows))
        self.search.setVisible(len(base) > FEW)
        self._say_state()
        self._ask_decodes()

    def _row(self, found: m.Answer, dimension: int, value: float) -> TraversalRow:
        arrays = found.arrays
        dead = bool(arrays["dead"][dimension])
        weight = measure(float(arrays["weight"][dimension]), 3)
        detail = f"{weight} nats" if found.values["is_kl"] else f"var {weight}"
        return TraversalRow(
            dimension,
            name_of(dimension),
            "dead" if dead else detail,
            dead,
            float(arrays["low"][dimension]),
            float(arrays["high"][dimension]),
            value,
        )

    def _is_wanted(self, dimension: int, dead: bool) -> bool:
        word = self.search.text().strip().casefold().removeprefix("z")
        if word in ("dead", "active"):
            return dead == (word == "dead")
        return not word or word in str(dimension + 1)

    @Slot()
    def _on_rows_seen(self) -> None:
        self._ask_decodes()

    def _ask_decodes(self) -> None:
        """Ask for the strips in view, all in one."""
        base = self._base
        rows = self.sheet.seen()[:MOST_SEEN]
        if base is None or not rows or not self.session.can_decode:
            return
        self._asked, self._asked_rows = _latents(base, rows), rows
        self.session.decode(VIEW, self._asked)
        self._asked_slopes = rows
        self.session.ask(
            SLOPES,
            "slopes",
            z=base,
            dimensions=np.array([row.dimension for row in rows]),
            condition=self.session.condition,
        )

    @Slot(object)
    def _on_decoded(self, message: m.Decoded) -> None:
        if message.view != VIEW or message.asked != self.session.epoch or self._asked is None:
            return
        is_told = message.condition == self.session.condition
        if not is_told or not np.array_equal(message.z, self._asked):
            return
        frames: NDArray[Any] = message.values if message.pictures is None else message.pictures
        known = np.isfinite(message.values.reshape(len(message.z), -1)).all(axis=1)
        strips = frames.reshape(len(self._asked_rows), STEPS, *frames.shape[1:])
        for row, strip, is_known in zip(
            self._asked_rows, strips, known.reshape(-1, STEPS), strict=True
        ):
            if is_known.any():
                row.frames = strip
        self.sheet.update()

    def _show_slopes(self, slopes: NDArray[np.float32]) -> None:
        if len(slopes) != len(self._asked_slopes) or self.session.run is None:
            return
        top = float(np.nanmax(slopes)) if np.isfinite(slopes).any() else 0.0
        scaled = np.nan_to_num(slopes / top if top > 0 else np.zeros_like(slopes))
        if self.session.run.is_image:
            scaled = np.rint(np.clip(scaled, 0, 1) * 255).astype(np.uint8)
        else:
            features = scaled.shape[1]
            zero, one = np.zeros(features, np.float32), np.ones(features, np.float32)
            self.sheet.slope_style = SampleStyle(255.0, zero, one)
        for row, slope in zip(self._asked_slopes, scaled, strict=True):
            row.slope = slope
        self.sheet.update()

    @Slot(int, float)
    def _on_dragged(self, dimension: int, value: float) -> None:
        if self._base is not None:
            z = self._base.copy()
            z[dimension] = value
            self.session.set_pin(z)

    def _say_state(self) -> None:
        run = self.session.run
        if run is None:
            self.note.say(NO_RUN)
        elif not run.decodes:
            self.note.say(NO_WEIGHTS)
        elif self.session.engine is None:
            self.note.say(WAITING)
        elif self._found is not None and not self.sheet.rows:
            self.note.say("No dimension is found by that.")
        else:
            self.note.say("")
        self.base_note.setVisible(bool(self.sheet.rows))

    # ── out ───────────────────────────────────────────────────────────────────────────────────

    @Slot()
    def _on_save(self) -> None:
        run = self.session.run
        if run is None:
            return
        where = saving.ask_where(
            self, "Save the traversal", run.title, "traversal", has_values=True
        )
        if where is None:
            return
        if saving.is_values(where):
            self.save_values(where)
        else:
            self.save_picture(where)

    def save_values(self, path: Path) -> None:
        """Have the decodes of every listed dimension written with their latents."""
        base, rows = self._base, self.sheet.rows
        if base is None or not rows:
            return
        columns = {
            "dimension": np.repeat([row.dimension + 1 for row in rows], STEPS),
            "step": np.tile(np.arange(STEPS), len(rows)),
        }
        how = f"decoded along each dimension, through {self._source}"
        saving.save_values(self.session, path, _latents(base, rows), how, columns=columns)

    def save_picture(self, path: Path) -> None:
        """Save the strips in view; `noticed` or `failed` of the session says how it went."""
        saving.save_figure(self.session, self.figure(), path)

    def figure(self) -> Figure | None:
        """The strips that have been decoded, most of them those in view."""
        session = self.session
        return self.sheet.figure(title_of(session, "traversal"), about_of(session))

    def recipe(self) -> Recipe | None:
        """The strips of all dimensions in Python."""
        session, base, selection = self.session, self._base, self.session.selection
        if base is None or all(row.frames is None for row in self.sheet.rows):
            return None
        epoch, named = recipes.decoding_epoch(session), dict[str, Any]()
        if session.pin is not None:
            named["at"] = base
        elif selection.size:
            named["sample"] = int(recipes.numbers_of(session, selection[:1])[0])
        decode = Call("run.decode", [Name("found.z"), epoch], {"condition": recipes.told(session)})
        pale = {"pale": Name("found.dead[found.order]")}
        lines = [
            assigned("found", Call("run.traverse", [STEPS, epoch], named)),
            "for dimension in found.order:",
            '    print(f"z{dimension + 1}: {found.weight[dimension]:.3g}")',
            assigned("x", decode),
            assigned("picture", Call("run.picture", [Name("x")], pale)),
        ]
        return Recipe("traversal", lines)

    # ── Qt ────────────────────────────────────────────────────────────────────────────────────

    def showEvent(self, event: QShowEvent) -> None:
        """Ask for what was not asked while nobody could see it."""
        super().showEvent(event)
        self._ask()


def _latents(base: NDArray[np.float32], rows: Sequence[TraversalRow]) -> NDArray[np.float32]:
    """The latents of the strips through a base point, one strip after the other, (R·S, D)."""
    z = np.tile(base, (len(rows), STEPS, 1))
    for number, row in enumerate(rows):
        z[number, :, row.dimension] = np.linspace(row.low, row.high, STEPS)
    return z.reshape(-1, len(base))
