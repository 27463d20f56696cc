"""The bar over the map: the tools on the left, what the layers show and their menu on the right."""

from collections.abc import Iterable

from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QToolButton, QWidget

from aeviz.gui.icons import icon
from aeviz.gui.layers import base as layers
from aeviz.gui.menu_button import MenuButton
from aeviz.gui.plane_menu import PlaneButton
from aeviz.gui.session import Session
from aeviz.gui.theme import SPACE
from aeviz.gui.tools import base as tools
from aeviz.messages import RunOpened
from aeviz.plane import Plane

_ICON = QSize(17, 17)
_ROOM = 6
_NARROWEST = 170
"""Pixels that legends need to be read; where there are fewer they are left out."""


class MapBar(QWidget):
    """Buttons for tools and layers; the session says which are in use."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.tools: dict[str, QToolButton] = {}
        self.actions_of_layers: dict[str, QAction] = {}
        self.menu = QMenu(self)
        self.button = MenuButton()
        row = QHBoxLayout(self)
        row.setContentsMargins(SPACE // 2, 2, SPACE // 2, 2)
        row.setSpacing(1)
        for entry in tools.in_order():
            row.addWidget(self._tool_button(entry))
        row.addStretch(1)
        self._room = QWidget()
        self._legends = QHBoxLayout(self._room)
        self._legends.setContentsMargins(0, 0, 0, 0)
        self._legends.setSpacing(SPACE)
        row.addWidget(self._room)
        row.addSpacing(SPACE // 2)
        self.plane = PlaneButton(session)
        row.addWidget(self.plane)
        row.addWidget(self._layers_button())
        session.tool_changed.connect(self._on_tool_changed)
        session.layers.changed.connect(self._on_layers_changed)
        session.run_changed.connect(self._on_run_changed)
        session.plane_changed.connect(self._on_plane_changed)
        self._on_tool_changed(session.tool)
        self._on_run_changed(session.run)

    def _tool_button(self, entry: tools.ToolEntry) -> QToolButton:
        button = QToolButton()
        button.setIcon(icon(entry.icon))
        button.setIconSize(_ICON)
        button.setCheckable(True)
        button.setAutoRaise(True)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setAccessibleName(entry.title)
        keys = f"  ({entry.shortcut})" if entry.shortcut else ""
        button.setToolTip(f"{entry.title}: {entry.tip[0].lower()}{entry.tip[1:]}{keys}")
        button.setProperty("tool", entry.name)
        button.clicked.connect(self._on_tool_clicked)
        self.tools[entry.name] = button
        return button

    def _layers_button(self) -> QToolButton:
        before = ""
        for entry in layers.in_order():
            self._session.layers.know(entry.name, entry.group)
            if not entry.is_listed:
                continue
            if before not in ("", entry.group) or (before and not entry.group):
                self.menu.addSeparator()
            before = entry.group or entry.name
            action = self.menu.addAction(entry.title)
            action.setCheckable(True)
            action.setToolTip(entry.tip)
            action.setData(entry.name)
            action.triggered.connect(self._on_layer_chosen)
            self.actions_of_layers[entry.name] = action
        self.menu.setToolTipsVisible(True)
        self.button.setMenu(self.menu)
        self.button.setIcon(icon("layers"))
        self.button.setIconSize(_ICON)
        self.button.setText("Layers")
        self.button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.button.setAutoRaise(True)
        self.button.setToolTip("What lies over and under the points of the map.")
        self.button.setVisible(bool(self.actions_of_layers))
        return self.button

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave the legends out where there is no room for them."""
        super().resizeEvent(event)
        row = self.layout()
        if row is not None:
            items = (row.itemAt(number) for number in range(row.count()))
            others = sum(
                item.sizeHint().width()
                for item in items
                if item is not None and item.widget() is not self._room
            )
            self._room.setVisible(self.width() - others >= _NARROWEST)

    def add_legends(self, legends: Iterable[QWidget]) -> None:
        """Give what layers show while they are on its place in the bar."""
        highest = self.sizeHint().height()
        for legend in legends:
            highest = max(highest, legend.sizeHint().height() + _ROOM)
            self._legends.addWidget(legend)
            legend.hide()
        # As high as with a legend: the map must not jump when a layer is switched on.
        self.setFixedHeight(highest)

    @Slot()
    def _on_tool_clicked(self) -> None:
        button = self.sender()
        if isinstance(button, QToolButton):
            self._session.set_tool(str(button.property("tool")))
            button.setChecked(True)

    @Slot(str)
    def _on_tool_changed(self, name: str) -> None:
        for own, button in self.tools.items():
            button.setChecked(own == name)

    @Slot()
    def _on_layer_chosen(self) -> None:
        action = self.sender()
        if isinstance(action, QAction):
            self._session.layers.show(str(action.data()), action.isChecked())

    @Slot(str)
    def _on_layers_changed(self, name: str) -> None:
        action = self.actions_of_layers.get(name)
        if action is not None:
            action.setChecked(name in self._session.layers.shown)

    @Slot(object)
    def _on_run_changed(self, run: RunOpened | None) -> None:
        self._offer_layers()

    @Slot(object)
    def _on_plane_changed(self, plane: Plane) -> None:
        self._offer_layers()

    def _offer_layers(self) -> None:
        """Enable the layers that suit the run and its map; the others go and say why."""
        for name, action in self.actions_of_layers.items():
            entry = layers.LAYERS[name]
            why = self._why_not(entry)
            action.setEnabled(not why)
            action.setToolTip(why or entry.tip)
            if why:
                self._session.layers.show(name, False)

    def _why_not(self, entry: layers.LayerEntry) -> str:
        session, run = self._session, self._session.run
        if run is None:
            return "Open a run first."
        if entry.needs and entry.needs not in run.abilities:
            return "The model of this run has none."
        if run.latent_dim < entry.dimensions:
            return f"It needs {entry.dimensions} latent dimensions; this run has {run.latent_dim}."
        if entry.needs_plane and not session.has_plane:
            fitted = session.planes.shown.title
            return f"{fitted} is no plane of the latent space: show a plane first."
        return ""
