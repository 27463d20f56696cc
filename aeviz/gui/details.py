"""A dialog with text that can be read at leisure and copied."""

from PySide6.QtCore import QSize, Slot
from PySide6.QtGui import QFontDatabase, QGuiApplication
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from aeviz.gui import theme
from aeviz.gui.captions import Caption
from aeviz.gui.scroll import SlimScrollBar


class DetailsDialog(QDialog):
    """A sentence, and what lies behind it: a traceback, versions, a licence."""

    def __init__(self, title: str, sentence: str, details: str, parent: QWidget | None) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self._sentence = sentence
        self._view = QPlainTextEdit(details)
        self._view.setReadOnly(True)
        self._view.setVerticalScrollBar(SlimScrollBar())
        self._view.setFont(
            theme.caption(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        )
        self._view.setAccessibleName(self.tr("Details"))
        self._copy = QPushButton(self.tr("Copy"))
        self._copy.setToolTip(self.tr("Copy all of it."))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.addButton(self._copy, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.rejected.connect(self.reject)
        self._copy.clicked.connect(self._on_copy_clicked)
        space = theme.SPACE
        layout = QVBoxLayout(self)
        layout.setContentsMargins(space * 2, space * 2, space * 2, space * 2)
        layout.setSpacing(space * 3 // 2)
        layout.addWidget(Caption(sentence, tone="text"))
        layout.addWidget(self._view, 1)
        layout.addWidget(buttons)
        self._view.setVisible(bool(details))

    @property
    def text(self) -> str:
        """Everything that Copy copies."""
        return f"{self._sentence}\n\n{self._view.toPlainText()}".strip()

    def sizeHint(self) -> QSize:
        """Room for a traceback."""
        return QSize(640, 420)

    @Slot()
    def _on_copy_clicked(self) -> None:
        QGuiApplication.clipboard().setText(self.text)
