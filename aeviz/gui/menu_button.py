"""A button that opens a menu."""

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QStyleOptionToolButton, QToolButton


class MenuButton(QToolButton):
    """Without the style's arrow, which lies on the icon."""

    def __init__(self) -> None:
        super().__init__()
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setIconSize(QSize(18, 18))
        self.setAutoRaise(True)

    def initStyleOption(self, option: QStyleOptionToolButton) -> None:
        """Qt's own, without the arrow."""
        super().initStyleOption(option)
        feature = QStyleOptionToolButton.ToolButtonFeature
        option.features &= ~feature.HasMenu
