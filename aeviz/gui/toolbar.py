"""The toolbar: what to train, the buttons that train it, where, and how the window looks."""

from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import (
    QMenu,
    QSizePolicy,
    QToolBar,
    QToolButton,
    QWidget,
)

from aeviz.gui import devices, theme
from aeviz.gui.commands import Commands
from aeviz.gui.entry_box import EntryBox
from aeviz.gui.icons import icon
from aeviz.gui.menu_button import MenuButton
from aeviz.gui.plan import Plan
from aeviz.gui.session import Session

_ICON = QSize(18, 18)
_TRAINING = ("train.start", "train.pause", "train.step", "train.stop")


class ToolBar(QToolBar):
    """Shows the plan and the commands that are used most."""

    def __init__(self, session: Session, plan: Plan, commands: Commands) -> None:
        super().__init__()
        self.setObjectName("toolbar")
        self.setWindowTitle(self.tr("Toolbar"))
        self.setMovable(False)
        self.setIconSize(_ICON)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._session = session
        self._plan = plan
        self.data = EntryBox(self.tr("Data set"), plan.catalogue.data)
        self.model = EntryBox(self.tr("Model"), plan.catalogue.models)
        self.device = DeviceButton(session, plan)
        self._fill(commands)
        self.data.chosen.connect(plan.set_data)
        self.model.chosen.connect(plan.set_model)
        plan.changed.connect(self._on_changed)
        session.training_changed.connect(self._on_training_changed)
        self._on_changed()

    def _fill(self, commands: Commands) -> None:
        self.addWidget(_gap(theme.SPACE // 2))
        for box in (self.data, self.model):
            box.setSizeAdjustPolicy(EntryBox.SizeAdjustPolicy.AdjustToContents)
            self.addWidget(box)
            self.addWidget(_gap(theme.SPACE // 2))
        self.addSeparator()
        for name in _TRAINING:
            self.addAction(commands.action(name))
        self.addWidget(_gap())
        self.addWidget(self.device)
        self.addSeparator()
        self.addAction(commands.action("help.palette"))
        button = self.widgetForAction(commands.action("help.palette"))
        if isinstance(button, QToolButton):
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
        self.addWidget(_theme_button(commands))
        self.addWidget(_gap(theme.SPACE // 2))

    @Slot()
    def _on_changed(self) -> None:
        self.data.offer(self._plan.catalogue.data)
        self.model.offer(self._plan.catalogue.models)
        self.data.offer_own(own.entry for own in self._plan.own)
        self.data.show_entry(self._plan.data.name)
        self.model.show_entry(self._plan.model.name)
        self.model.grey(self._plan.out_of_reach)

    @Slot(object)
    def _on_training_changed(self, change: object) -> None:
        reason = self.tr("Fixed while a training is under way.")
        for box in (self.data, self.model):
            box.lock(reason if self._session.trains_here else "")


class DeviceButton(MenuButton):
    """Where the training runs; the tooltip says why, the menu offers what else there is."""

    def __init__(self, session: Session, plan: Plan) -> None:
        super().__init__()
        self._session = session
        self._plan = plan
        self._menu = QMenu(self)
        self._group = QActionGroup(self)
        self.setMenu(self._menu)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setIcon(icon("cpu"))
        self.setAccessibleName(self.tr("Device"))
        self._group.triggered.connect(self._on_chosen)
        plan.changed.connect(self._on_changed)
        session.engine_ready.connect(self._on_engine_ready)
        self._on_engine_ready(session.engine)

    @Slot(object)
    def _on_engine_ready(self, engine: object) -> None:
        self._menu.clear()
        for device in devices.choices(self._session.engine):
            action = QAction(devices.choice_name(device, self._session.engine), self._group)
            action.setCheckable(True)
            action.setData(device)
            self._menu.addAction(action)
        self._on_changed()

    @Slot()
    def _on_changed(self) -> None:
        engine, chosen = self._session.engine, self._plan.device
        for action in self._menu.actions():
            action.setChecked(action.data() == chosen)
        if engine is None:
            self.setText("…")
            self.setToolTip(self.tr("PyTorch is still being loaded; then the device is known."))
        elif chosen == "auto":
            self.setText(devices.device_name(engine.device))
            self.setToolTip(engine.reason)
        else:
            self.setText(devices.device_name(chosen))
            self.setToolTip(self.tr("Chosen by hand."))

    @Slot(QAction)
    def _on_chosen(self, action: QAction) -> None:
        self._plan.set_device(str(action.data()))


def _theme_button(commands: Commands) -> QToolButton:
    menu = QMenu()
    for command in commands.menu("Theme"):
        menu.addAction(commands.action(command.id))
    button = MenuButton()
    menu.setParent(button, menu.windowFlags())
    button.setMenu(menu)
    button.setIcon(icon("sun"))
    button.setAccessibleName(button.tr("Theme"))
    button.setToolTip(button.tr("Light or dark."))
    return button


def _gap(width: int | None = None) -> QWidget:
    """Room of a fixed width, or all that there is."""
    gap = QWidget()
    if width is None:
        gap.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
    else:
        gap.setFixedWidth(width)
    return gap
