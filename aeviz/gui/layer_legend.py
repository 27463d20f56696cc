"""What the bar over the map shows of a layer: a scale, two short lines, a button."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from aeviz.gui import theme
from aeviz.gui.captions import Tone
from aeviz.gui.labels import ElidedLabel
from aeviz.gui.quiet_button import QuietButton
from aeviz.gui.theme import SPACE

SCALE = 124
"""Width of a scale in pixels: room for three short words."""


class LayerLegend(QWidget):
    """Two lines beside a scale; what has no room is shortened, and the tool tip has it whole."""

    def __init__(self, scale: QWidget | None = None, button: QuietButton | None = None) -> None:
        """Make one.

        Args:
            scale: What stands on the left.
            button: What stands on the right, hidden until it is shown.
        """
        super().__init__()
        self.scale = scale
        self.first = ElidedLabel("")
        self.second = ElidedLabel("", "muted")
        lines = QVBoxLayout()
        lines.setSpacing(0)
        lines.addStretch()
        for line in (self.first, self.second):
            line.setFont(theme.caption(line.font()))
            lines.addWidget(line)
        lines.addStretch()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACE)
        if scale is not None:
            row.addWidget(scale, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addLayout(lines, 1)
        if button is not None:
            button.setVisible(False)
            row.addWidget(button)

    def say(self, first: str, second: str = "", tone: Tone = "text") -> None:
        """Show two lines."""
        self.first.set_text(first, tone)
        self.second.set_text(second)
        self.second.setVisible(bool(second))
        self.setAccessibleName(f"{first}. {second}" if second else first)
