"""A sample's code maps, to be changed place by place, beside what is decoded from them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from aeviz.gui.captions import LabelName, tip
from aeviz.gui.code_map import CodeMap
from aeviz.gui.image_label import to_bytes
from aeviz.gui.labels import caption_label, heading_label
from aeviz.gui.numbers import measure
from aeviz.gui.picture_sheet import PictureSheet
from aeviz.gui.theme import SPACE
from aeviz.gui.tiles import SampleStyle
from aeviz.messages import Answer, ByteArray, IntArray

Edit = tuple[int, int, int, int]
"""Level, row, column, code."""

HINT = "Click a place of the map, then a code below: the decode follows."
LOG_PRIOR = "Log-probability of the whole code map under the model's prior, in nats."
MOST_LEVELS = 2


class CodeEditor(QWidget):
    """Holds the edits of one sample; the inspector asks what is decoded from them.

    Signals:
        edited(): The edits are others now.
        place_chosen(int, int): Level and code of the place that was chosen.
    """

    edited = Signal()
    place_chosen = Signal(int, int)

    def __init__(self) -> None:
        super().__init__()
        self.edits: list[Edit] = []
        self.sample = LabelName()
        self.undo, self.reset = QToolButton(), QToolButton()
        self.maps = [CodeMap(f"Code map {number + 1}") for number in range(MOST_LEVELS)]
        self.names = [caption_label("") for _ in self.maps]
        self._parts = [QWidget() for _ in self.maps]
        self.pictures = PictureSheet("Original, reconstruction, edited", side=96, columns=3)
        self.note = caption_label(HINT)
        self._row = -1
        self._chosen: tuple[int, int, int] | None = None
        self._original: NDArray[Any] | None = None
        self._style = SampleStyle()
        self._lay_out()

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.addWidget(heading_label("Code map"), 1)
        for button, text, what in (
            (self.undo, "Undo", "Take the last change back"),
            (self.reset, "Reset", "Take all changes of this sample back"),
        ):
            button.setText(text)
            button.setAutoRaise(True)
            button.setToolTip(what)
            top.addWidget(button)
        self.undo.clicked.connect(self._on_undo)
        self.reset.clicked.connect(self._on_reset)
        maps = QHBoxLayout()
        maps.setSpacing(SPACE)
        for name, code_map, part in zip(self.names, self.maps, self._parts, strict=True):
            inner = QVBoxLayout(part)
            inner.setContentsMargins(0, 0, 0, 0)
            inner.setSpacing(2)
            inner.addWidget(code_map)
            inner.addWidget(name)
            inner.addStretch()
            maps.addWidget(part, 1)
        self.maps[0].place_chosen.connect(self._on_coarse_place)
        self.maps[1].place_chosen.connect(self._on_fine_place)
        self.note.setToolTip(tip(LOG_PRIOR))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE // 2)
        column.addLayout(top)
        column.addWidget(self.sample)
        column.addLayout(maps)
        column.addWidget(self.pictures)
        column.addWidget(self.note)

    # ── the sample ────────────────────────────────────────────────────────────────────────────

    def clear(self) -> None:
        """Forget the sample of another run."""
        self._row, self._original = -2, None
        self.begin(-1)
        for code_map, name in zip(self.maps, self.names, strict=True):
            code_map.set_map(None, None)
            code_map.set_colours(None)
            name.say("")
        for part in self._parts:
            part.hide()
        self.sample.say("")

    def set_kind(self, style: SampleStyle, shape: Sequence[int]) -> None:
        """Say how samples of a run are drawn."""
        self._style = style
        self.pictures.set_kind(style, shape)

    def begin(self, row: int) -> None:
        """Work on another sample."""
        if row == self._row:
            return
        self._row, self._chosen, self._original = row, None, None
        for code_map in self.maps:
            code_map.choose(None)
        self.edits.clear()
        self.pictures.set_pictures((), ())
        self._enable()
        self.note.say(HINT if row >= 0 else "")

    def name_sample(self, text: str, colour: QColor | None) -> None:
        """Say which sample it is."""
        self.sample.say(text, colour)

    def show_original(self, sample: NDArray[Any]) -> None:
        """The sample itself, in its own units."""
        is_image = sample.ndim == 3
        self._original = to_bytes(sample, self._style.white) if is_image else sample
        self._show_pictures(self.pictures.pictures[1:])

    def set_colours(self, level: int, colours: ByteArray) -> None:
        """Colours of the codes of a level, (K, 3)."""
        if level < len(self.maps):
            self.maps[level].set_colours(colours)

    def show_map(self, answer: Answer, levels: Sequence[str]) -> None:
        """Show the answer to "code_map" of this sample."""
        for number, code_map in enumerate(self.maps):
            is_there = number < len(levels)
            self._parts[number].setVisible(is_there)
            code_map.set_map(
                answer.arrays[f"codes_{number}"] if is_there else None,
                answer.arrays[f"edited_{number}"] if is_there else None,
            )
            name = levels[number] if is_there and len(levels) > 1 else ""
            self.names[number].say(f"{name[:1].upper()}{name[1:]}")
        frames = [answer.arrays["reconstruction"]]
        self._show_pictures([*frames, *([answer.arrays["edited"]] if self.edits else [])])
        before, now = (answer.values[name] for name in ("log_prior", "edited_log_prior"))
        self.note.say(f"{HINT} {log_prior_text(before, now)}".strip())

    def _show_pictures(self, decodes: Sequence[NDArray[Any] | None]) -> None:
        captions = ("Original", "Reconstruction", "Edited")[: 1 + len(decodes)]
        self.pictures.set_pictures([self._original, *decodes], captions)

    # ── edits ─────────────────────────────────────────────────────────────────────────────────

    def take_code(self, level: int, code: int) -> None:
        """Put a code at the chosen place, if that is of the same level."""
        if self._chosen is None or self._chosen[0] != level:
            return
        edit = (*self._chosen, code)
        shown = self.maps[level].edited
        if shown is None or int(shown[edit[1], edit[2]]) == code:
            return
        self._change([*self.edits, edit])

    def _change(self, edits: list[Edit]) -> None:
        self.edits = edits
        self._enable()
        for level, code_map in enumerate(self.maps):
            if code_map.codes is not None:
                code_map.set_map(code_map.codes, with_edits(code_map.codes, edits, level))
        self.edited.emit()

    def _enable(self) -> None:
        self.undo.setEnabled(bool(self.edits))
        self.reset.setEnabled(bool(self.edits))

    @Slot()
    def _on_undo(self) -> None:
        self._change(self.edits[:-1])

    @Slot()
    def _on_reset(self) -> None:
        self._change([])

    @Slot(int, int)
    def _on_coarse_place(self, row: int, column: int) -> None:
        self._choose(0, row, column)

    @Slot(int, int)
    def _on_fine_place(self, row: int, column: int) -> None:
        self._choose(1, row, column)

    def _choose(self, level: int, row: int, column: int) -> None:
        self._chosen = (level, row, column)
        for number, code_map in enumerate(self.maps):
            if number != level:
                code_map.choose(None)
        shown = self.maps[level].edited
        if shown is not None:
            self.place_chosen.emit(level, int(shown[row, column]))


def with_edits(codes: IntArray, edits: Sequence[Edit], level: int) -> IntArray:
    """The codes of a level (h, w) after the edits."""
    changed = np.array(codes)
    for edit_level, row, column, code in edits:
        if edit_level == level:
            changed[row, column] = code
    return changed


def log_prior_text(before: float, now: float) -> str:
    """The log-probability of a code map, and what the edits made of it."""
    if not np.isfinite(before):
        return ""
    change = f" → {measure(now)}" if now != before and np.isfinite(now) else ""
    return f"log p = {measure(before)}{change} nats."
