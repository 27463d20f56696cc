"""The field that selects samples by words."""

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLineEdit, QVBoxLayout, QWidget

from aeviz.gui import wording
from aeviz.gui.finding import HELP, FindError, find_rows
from aeviz.gui.labels import caption_label
from aeviz.gui.session import Session
from aeviz.gui.theme import SPACE


class SelectDialog(QDialog):
    """Stays open until what was written names samples."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.setWindowTitle("Select samples")
        self.field = QLineEdit()
        self.field.setPlaceholderText("7, 10-20, label 3, validation")
        self.field.setAccessibleName("Which samples")
        self.note = caption_label(HELP)
        self.note.setWordWrap(True)
        buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel
        )
        buttons.button(QDialogButtonBox.StandardButton.Ok).setText("Select")
        column = QVBoxLayout(self)
        column.setSpacing(SPACE)
        for widget in (self.field, self.note, buttons):
            column.addWidget(widget)
        self.setMinimumWidth(380)
        buttons.accepted.connect(self._on_accepted)
        buttons.rejected.connect(self.reject)

    @Slot()
    def _on_accepted(self) -> None:
        run = self._session.run
        if run is None:
            self.reject()
            return
        try:
            rows = find_rows(self.field.text(), run)
        except FindError as error:
            self.note.say(str(error), "error")
            return
        self._session.select(rows)
        self._session.noticed.emit(f"{wording.several(len(rows), 'sample')} selected")
        self.accept()
