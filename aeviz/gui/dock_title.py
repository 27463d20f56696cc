"""The title of a panel, aligned with what lies under it."""

from PySide6.QtCore import QSize, Slot
from PySide6.QtWidgets import QDockWidget, QHBoxLayout, QToolButton, QWidget

from aeviz.gui import theme
from aeviz.gui.icons import icon
from aeviz.gui.labels import ElidedLabel

INSET = theme.SPACE
"""Pixels between the edge of a panel and what it holds."""


class DockTitle(QWidget):
    """Name of a dock with buttons that detach and hide it; dragging it moves the dock."""

    def __init__(self, dock: QDockWidget) -> None:
        super().__init__(dock)
        self._dock = dock
        title = ElidedLabel(dock.windowTitle(), "muted")
        title.setFont(theme.heading(title.font()))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(INSET, 4, 4, 4)
        layout.setSpacing(0)
        layout.addWidget(title, 1)
        self.detach = self._button("picture-in-picture-2", self.tr("Detach, or put back"))
        self.hide_dock = self._button("x", self.tr("Hide; View › Panels shows it again"))
        layout.addWidget(self.detach)
        layout.addWidget(self.hide_dock)
        self.detach.clicked.connect(self._on_detach)
        self.hide_dock.clicked.connect(dock.close)

    def _button(self, picture: str, tip: str) -> QToolButton:
        button = QToolButton()
        button.setIcon(icon(picture))
        button.setIconSize(QSize(13, 13))
        button.setAutoRaise(True)
        button.setToolTip(tip)
        button.setAccessibleName(f"{tip}: {self._dock.windowTitle()}")
        return button

    @Slot()
    def _on_detach(self) -> None:
        self._dock.setFloating(not self._dock.isFloating())
