"""The training panel: a page to set a training up, a page to watch it, the buttons below."""

from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QToolButton, QVBoxLayout, QWidget

from aeviz.gui import theme
from aeviz.gui.commands import Commands
from aeviz.gui.page_bar import PageBar
from aeviz.gui.plan import Plan
from aeviz.gui.session import Session
from aeviz.gui.training_monitor import TrainingMonitor
from aeviz.gui.training_setup import TrainingSetup

BUTTONS = ("train.start", "train.pause", "train.step", "train.stop")
SETUP, PROGRESS = 0, 1


class TrainingPanel(QWidget):
    """Shows how a training goes as soon as there is a run, and what will be trained before."""

    def __init__(self, session: Session, plan: Plan, commands: Commands) -> None:
        super().__init__()
        self._session = session
        self.setup = TrainingSetup(session, plan)
        self.monitor = TrainingMonitor(session, plan)
        self.pages = PageBar(self.tr("Set up"), self.tr("Progress"))
        self.pages.setAccessibleName(self.tr("Pages of the training panel"))
        stack = QStackedWidget()
        stack.addWidget(self.setup)
        stack.addWidget(self.monitor)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.pages)
        layout.addWidget(stack, 1)
        layout.addLayout(self._buttons(commands))
        self.pages.currentChanged.connect(stack.setCurrentIndex)
        session.run_changed.connect(self._on_run_changed)
        session.training_changed.connect(self._on_training_changed)
        self._was_training = session.is_training

    @Slot()
    def show_setup(self) -> None:
        """Turn to the page where a training is set up."""
        self.pages.setCurrentIndex(SETUP)

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

    @Slot(object)
    def _on_run_changed(self, run: object) -> None:
        self.pages.setCurrentIndex(SETUP if run is None else PROGRESS)

    @Slot(object)
    def _on_training_changed(self, change: object) -> None:
        if self._session.is_training and not self._was_training:
            self.pages.setCurrentIndex(PROGRESS)
        self._was_training = self._session.is_training

    def sizeHint(self) -> QSize:
        """Wide enough for a form, as high as a window."""
        return QSize(336, 640)
