"""The training panel: what will be trained above, how it goes below, the buttons between."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QScrollArea,
    QSplitter,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from aeviz.gui import theme
from aeviz.gui.commands import Commands
from aeviz.gui.plan import Plan
from aeviz.gui.session import Session
from aeviz.gui.training_monitor import TrainingMonitor
from aeviz.gui.training_setup import TrainingSetup

BUTTONS = ("train.start", "train.pause", "train.step", "train.stop")


class TrainingPanel(QWidget):
    """Setup and monitor of a training in one dock."""

    def __init__(self, session: Session, plan: Plan, commands: Commands) -> None:
        super().__init__()
        self.setup = TrainingSetup(session, plan)
        self.monitor = TrainingMonitor(session)
        scroll = QScrollArea()
        scroll.setWidget(self.setup)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        top = QWidget()
        upper = QVBoxLayout(top)
        upper.setContentsMargins(0, 0, 0, 0)
        upper.setSpacing(0)
        upper.addWidget(scroll, 1)
        upper.addLayout(self._buttons(commands))
        splitter = QSplitter(Qt.Orientation.Vertical)
        splitter.setChildrenCollapsible(False)
        splitter.addWidget(top)
        splitter.addWidget(self.monitor)
        splitter.setStretchFactor(0, 3)
        splitter.setStretchFactor(1, 2)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(splitter)

    def _buttons(self, commands: Commands) -> QHBoxLayout:
        line = QHBoxLayout()
        space = theme.SPACE
        line.setContentsMargins(space, space // 2, space, space // 2)
        line.setSpacing(space // 2)
        for name in BUTTONS:
            button = QToolButton()
            button.setDefaultAction(commands.action(name))
            button.setIconSize(QSize(16, 16))
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            button.setAutoRaise(True)
            line.addWidget(button)
        line.addStretch(1)
        return line

    def sizeHint(self) -> QSize:
        """Wide enough for a form, as high as a window."""
        return QSize(336, 640)
