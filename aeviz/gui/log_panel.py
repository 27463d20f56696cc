"""What happened, line by line: a filter by level, and a button that copies it."""

import logging
import time
from collections import deque
from dataclasses import dataclass

from PySide6.QtCore import Slot
from PySide6.QtGui import QColor, QFontDatabase, QGuiApplication, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from aeviz.gui import theme
from aeviz.gui.scroll import SlimScrollBar
from aeviz.gui.session import Session
from aeviz.messages import Failed, Logged

_KEPT = 5000
_LEVELS = (
    ("Everything", logging.DEBUG),
    ("Information", logging.INFO),
    ("Warnings", logging.WARNING),
    ("Errors", logging.ERROR),
)


@dataclass(frozen=True)
class Line:
    """One entry of the log."""

    level: int
    time: float
    name: str
    text: str

    def __str__(self) -> str:
        clock = time.strftime("%H:%M:%S", time.localtime(self.time))
        return f"{clock}  {logging.getLevelName(self.level).lower():<8} {self.name}: {self.text}"


class LogPanel(QWidget):
    """The newest thousands of lines; older ones are in the log file."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._lines: deque[Line] = deque(maxlen=_KEPT)
        self._view = QPlainTextEdit()
        self._view.setReadOnly(True)
        self._view.setVerticalScrollBar(SlimScrollBar())
        self._view.setUndoRedoEnabled(False)
        self._view.setMaximumBlockCount(_KEPT)
        self._view.setFrameShape(QPlainTextEdit.Shape.NoFrame)
        self._view.setFont(
            theme.caption(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        )
        self._view.setAccessibleName(self.tr("Log"))
        self._view.setPlaceholderText(self.tr("Nothing has happened yet."))
        self._level = QComboBox()
        self._level.setAccessibleName(self.tr("Shown levels"))
        for title, level in _LEVELS:
            self._level.addItem(self.tr(title), level)
        self._level.setCurrentIndex(1)
        self._copy = QPushButton(self.tr("Copy"))
        self._copy.setToolTip(self.tr("Copy the shown lines."))
        self._lay_out()
        self._level.currentIndexChanged.connect(self._on_level_changed)
        self._copy.clicked.connect(self._on_copy_clicked)
        session.logged.connect(self._on_logged)
        session.failed.connect(self._on_failed)
        session.noticed.connect(self._on_noticed)

    @property
    def text(self) -> str:
        """The shown lines."""
        return self._view.toPlainText()

    def set_level(self, level: int) -> None:
        """Show only lines from this level on."""
        self._level.setCurrentIndex(self._level.findData(level))

    def _lay_out(self) -> None:
        space = theme.SPACE
        line = QHBoxLayout()
        line.addWidget(self._level)
        line.addStretch(1)
        line.addWidget(self._copy)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(space, space, space, space)
        layout.setSpacing(space // 2)
        layout.addLayout(line)
        layout.addWidget(self._view, 1)

    def _add(self, line: Line) -> None:
        self._lines.append(line)
        if line.level >= self._level.currentData():
            self._write(line)

    def _write(self, line: Line) -> None:
        colours = theme.tokens(self.palette())
        shade = QTextCharFormat()
        colour = colours.text
        if line.level >= logging.WARNING:
            colour = colours.error if line.level >= logging.ERROR else colours.warning
        elif line.level < logging.INFO:
            colour = colours.muted
        shade.setForeground(QColor(colour))
        cursor = QTextCursor(self._view.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        bar = self._view.verticalScrollBar()
        at_end = bar.value() >= bar.maximum() - 4
        cursor.insertText(f"\n{line}" if not self._view.document().isEmpty() else str(line), shade)
        if at_end:
            bar.setValue(bar.maximum())

    @Slot(int)
    def _on_level_changed(self, row: int) -> None:
        self._view.clear()
        for line in self._lines:
            if line.level >= self._level.currentData():
                self._write(line)

    @Slot()
    def _on_copy_clicked(self) -> None:
        QGuiApplication.clipboard().setText(self.text)

    @Slot(object)
    def _on_logged(self, message: Logged) -> None:
        self._add(Line(message.level, message.time, message.name, message.text))

    @Slot(object)
    def _on_failed(self, message: Failed) -> None:
        text = f"{message.summary}\n{message.details}".rstrip()
        self._add(Line(logging.ERROR, time.time(), message.where, text))

    @Slot(str)
    def _on_noticed(self, text: str) -> None:
        self._add(Line(logging.INFO, time.time(), "notice", text))
