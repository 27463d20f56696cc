"""Which codes of a codebook are in use: perplexity over the epochs, and the codes as tiles."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QVBoxLayout, QWidget

from aeviz.gui.captions import tip
from aeviz.gui.code_palette import MOST_TILES, CodePalette, CodeTiles
from aeviz.gui.labels import caption_label, heading_label
from aeviz.gui.numbers import count, measure
from aeviz.gui.sparkline import Sparkline
from aeviz.gui.theme import SPACE
from aeviz.messages import Answer

PERPLEXITY = (
    "The exponential of the entropy of how often codes are chosen, over all places of the training "
    "samples that are shown: as many codes as would be in use if they were chosen equally often."
)
PATCHES = (
    "A tile is the mean of the reconstructions at the places where its code stands, with half a "
    "place around; the bar below says how often that is."
)


class CodeUsage(QWidget):
    """Draws what the questions found; the inspector asks them.

    Signals:
        level_chosen(int): Another level is to be shown.
    """

    level_chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.heading = heading_label("Codes")
        self.levels = QComboBox()
        self.sentence = caption_label("", "text")
        self.curve = Sparkline("Perplexity over the epochs")
        self.counted = caption_label("")
        self.palette_of_codes = CodePalette()
        self._names: tuple[str, ...] = ("",)
        self._number = 0
        self._lay_out()

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.addWidget(self.heading, 1)
        top.addWidget(self.levels)
        self.levels.setAccessibleName("Level of the codes")
        self.levels.currentIndexChanged.connect(self._on_level)
        self.levels.hide()
        self.sentence.setToolTip(tip(PERPLEXITY))
        self.curve.setToolTip(tip(PERPLEXITY))
        self.counted.setToolTip(tip(PATCHES))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE // 2)
        column.addLayout(top)
        for widget in (self.palette_of_codes, self.counted, self.sentence, self.curve):
            column.addWidget(widget)

    @property
    def level(self) -> int:
        """Which level is shown, the coarsest is 0."""
        return max(self.levels.currentIndex(), 0)

    @property
    def level_name(self) -> str:
        """Its name, "" for the only one."""
        return self._names[min(self.level, len(self._names) - 1)]

    def clear(self) -> None:
        """Forget the codes of another run."""
        self._number = 0
        self.set_levels(("",))
        self.palette_of_codes.set_tiles(None)
        self.palette_of_codes.mark(-1)
        self.sentence.say("")
        self.counted.say("")

    def set_levels(self, names: Sequence[str]) -> None:
        """Offer these levels; one alone needs no choice."""
        if tuple(names) == self._names:
            return
        self._names = tuple(names)
        self.levels.blockSignals(True)
        self.levels.clear()
        self.levels.addItems([f"{name[:1].upper()}{name[1:]} map" for name in names])
        self.levels.blockSignals(False)
        self.levels.setVisible(len(names) > 1)

    def set_level(self, level: int) -> None:
        """Show another level without asking for it."""
        self.levels.blockSignals(True)
        self.levels.setCurrentIndex(level)
        self.levels.blockSignals(False)

    def show_codes(self, answer: Answer, total: int) -> None:
        """Show the answer to "codebook"; `total` is the number of shown samples."""
        counts = answer.arrays["counts"]
        self._number = len(counts)
        tiles = CodeTiles(
            counts, answer.arrays[f"colours_{self.level}"], answer.arrays.get("patches")
        )
        self.palette_of_codes.set_tiles(tiles)
        seen = int(answer.values["samples"])
        of = f"{count(seen)} of the {count(total)} samples" if seen < total else "all samples"
        text = f"{count(int((counts > 0).sum()))} of {count(len(counts))} codes in use, in {of}"
        if len(counts) > MOST_TILES:
            text += f"; the {MOST_TILES} most chosen are shown"
        self.counted.say(text)

    def show_perplexity(self, values: NDArray[np.float64], epoch: int) -> None:
        """Show its curve (E,) with the shown epoch."""
        self.curve.setVisible(bool(np.isfinite(values).any()) and self._number > 1)
        self.curve.set_values(values, 1.0, float(max(self._number, 2)), epoch)
        known = epoch < len(values) and bool(np.isfinite(values[epoch]))
        of = f" of {count(self._number)} codes" if self._number else ""
        self.sentence.say(f"Perplexity {measure(float(values[epoch]), 3)}{of}" if known else "")

    @Slot(int)
    def _on_level(self, level: int) -> None:
        self.palette_of_codes.mark(-1)
        self.level_chosen.emit(level)
