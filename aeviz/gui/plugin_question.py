"""The question before a Python file is run: which file, what it can do, what the answer means."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QPushButton, QWidget

from aeviz.paths import shown

_PROGRAM = (
    "It is a program: it can do everything on this computer that you can do, such as reading, "
    "changing and sending your files. Run it only if you trust whoever wrote it."
)
_REMEMBERED = (
    "The answer Yes is remembered for this file as it is now; a changed one is asked about again."
)


class PluginQuestion(QMessageBox):
    """Asks whether a file may be run; No is the answer of Return and Escape.

    Args:
        path: The file.
        sha256: Hash of what it holds.
        reason: A sentence: why it is asked about.
        refusal: What No does, for its button.
        parent: The window.
    """

    def __init__(self, path: str, sha256: str, reason: str, refusal: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.path, self.sha256 = path, sha256
        self.setWindowTitle("aeviz")
        self.setIcon(QMessageBox.Icon.Warning)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setText(self.tr("Run this Python file?"))
        self.setInformativeText(
            f"{reason}\n\n{shown(path)}\nSHA-256 {_grouped(sha256)}\n\n{_PROGRAM}\n\n{_REMEMBERED}"
        )
        self.yes: QPushButton = self.addButton(
            self.tr("Yes, run it"), QMessageBox.ButtonRole.AcceptRole
        )
        self.no: QPushButton = self.addButton(refusal, QMessageBox.ButtonRole.RejectRole)
        self.setDefaultButton(self.no)
        self.setEscapeButton(self.no)


def _grouped(sha256: str) -> str:
    """A hash in groups that can be compared by eye, on two lines."""
    groups = [sha256[at : at + 8] for at in range(0, len(sha256), 8)]
    return " ".join(groups[:4]) + "\n" + " ".join(groups[4:])
