"""New samples, drawn from a model's prior over code maps."""

from collections.abc import Sequence

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSpinBox, QVBoxLayout, QWidget

from aeviz.gui.labels import caption_label, heading_label, unit_label
from aeviz.gui.numbers import measure
from aeviz.gui.picture_sheet import PictureSheet
from aeviz.gui.theme import SPACE
from aeviz.gui.tiles import SampleStyle
from aeviz.messages import Answer

COUNT = 16
_MOST_SEED = 999_999


class CodeDraws(QWidget):
    """A sheet of draws; the same seed gives the same ones.

    Signals:
        wanted(): Other draws are to be shown.
    """

    wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.seed_box = QSpinBox()
        self.again = QPushButton("Redraw")
        self.sheet = PictureSheet("Draws from the prior", side=56)
        self.told = caption_label("")
        self.note = caption_label("", "warning")
        self._lay_out()

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(SPACE // 2)
        top.addWidget(unit_label("Seed"))
        self.seed_box.setRange(0, _MOST_SEED)
        self.seed_box.setAccessibleName("Seed of the draws")
        self.seed_box.lineEdit().setAccessibleName("Seed of the draws")
        self.seed_box.setToolTip("The same seed gives the same draws from the same weights")
        self.seed_box.valueChanged.connect(self._on_seed)
        top.addWidget(self.seed_box)
        self.again.setToolTip("Draw with the next seed")
        self.again.clicked.connect(self._on_again)
        top.addWidget(self.again)
        top.addStretch()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE // 2)
        column.addWidget(heading_label("Draws from the prior"))
        column.addLayout(top)
        for widget in (self.note, self.sheet, self.told):
            column.addWidget(widget)

    @property
    def seed(self) -> int:
        """Of the draws."""
        return self.seed_box.value()

    def clear(self) -> None:
        """Forget the draws of another run."""
        self.sheet.set_pictures(())
        self.told.say("")
        self.note.say("")

    def set_kind(self, style: SampleStyle, shape: Sequence[int]) -> None:
        """Say how samples of a run are drawn."""
        self.sheet.set_kind(style, shape)

    def say_note(self, text: str) -> None:
        """Say what has to be known of the draws, or nothing."""
        self.note.say(text)

    def show_draws(self, answer: Answer) -> None:
        """Show the answer to "code_draws"."""
        self.sheet.set_pictures(list(answer.arrays["drawn"]))
        known = answer.arrays["log_prior"]
        self.told.say(
            f"log p from {measure(float(known.min()))} to {measure(float(known.max()))} nats"
        )

    @Slot(int)
    def _on_seed(self, seed: int) -> None:
        self.wanted.emit()

    @Slot()
    def _on_again(self) -> None:
        self.seed_box.setValue((self.seed + 1) % (_MOST_SEED + 1))
