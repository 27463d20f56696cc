"""What the window asks before it closes while something trains."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QWidget

from aeviz.gui.session import Session


def may_end_training(window: QWidget, session: Session) -> bool:
    """Whether the training of this window may be stopped; asks where there is one."""
    if not session.trains_here:
        return True
    box = _question(window)
    box.setText(window.tr("A training is under way. Stop it and close?"))
    box.setInformativeText(
        window.tr("What it has learned so far is saved, and it can go on later.")
    )
    stop = box.addButton(window.tr("Stop, save and close"), QMessageBox.ButtonRole.AcceptRole)
    keep = box.addButton(window.tr("Keep training"), QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(stop)
    box.setEscapeButton(keep)
    box.exec()
    return box.clickedButton() is stop


def may_leave_outside(window: QWidget, session: Session) -> bool:
    """Whether the window may close beside a training outside; it goes on, or is stopped."""
    if not session.outside:
        return True
    box = _question(window)
    box.setText(window.tr("A training goes on outside this window. Let it run?"))
    box.setInformativeText(
        window.tr("Open its run folder later to follow it again:\n{path}").format(
            path="\n".join(session.outside)
        )
    )
    role = QMessageBox.ButtonRole
    keep = box.addButton(window.tr("Close, let it run"), role.AcceptRole)
    stop = box.addButton(window.tr("Stop, save and close"), role.DestructiveRole)
    back = box.addButton(window.tr("Cancel"), role.RejectRole)
    box.setDefaultButton(keep)
    box.setEscapeButton(back)
    box.exec()
    if box.clickedButton() is stop:
        session.stop_outside()
    return box.clickedButton() in (keep, stop)


def _question(window: QWidget) -> QMessageBox:
    box = QMessageBox(window)
    box.setIcon(QMessageBox.Icon.Question)
    box.setWindowTitle("aeviz")
    box.setTextFormat(Qt.TextFormat.PlainText)
    return box
