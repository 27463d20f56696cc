"""A line over the map that offers what a crashed window showed; it waits for nobody."""

import datetime

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from aeviz.gui import theme
from aeviz.gui.labels import ElidedLabel
from aeviz.gui.session import Session
from aeviz.gui.session_commands import SessionCommands
from aeviz.session_messages import SessionLeft


class RecoveryBar(QWidget):
    """Restore, or discard; until then everything works as without it."""

    def __init__(self, session: Session, commands: SessionCommands) -> None:
        super().__init__()
        self._session = session
        self._commands = commands
        self._left: SessionLeft | None = None
        self.setAccessibleName(self.tr("Recovery"))
        self.sentence = ElidedLabel()
        self.restore = QPushButton(self.tr("Restore"))
        self.restore.setToolTip(self.tr("Show it again as it was."))
        self.discard = QPushButton(self.tr("Discard"))
        self.discard.setToolTip(self.tr("Forget it for good; the run itself stays as it is."))
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.SPACE, theme.SPACE // 2, theme.SPACE, theme.SPACE // 2)
        row.setSpacing(theme.SPACE)
        row.addWidget(self.sentence, 1)
        row.addWidget(self.restore)
        row.addWidget(self.discard)
        self.restore.clicked.connect(self._on_restore)
        self.discard.clicked.connect(self._on_discard)
        session.files.left.connect(self._on_left)
        self.hide()

    @Slot(object)
    def _on_left(self, left: SessionLeft) -> None:
        self._left = left
        what = left.name or self.tr("a run")
        self.sentence.set_text(
            self.tr("aeviz ended unexpectedly ({when}), showing {what}.").format(
                what=what, when=moment(left.time)
            ),
            "text",
        )
        self.show()

    @Slot()
    def _on_restore(self) -> None:
        left, self._left = self._left, None
        self.hide()
        if left is not None:
            self._commands.recover(left.path)

    @Slot()
    def _on_discard(self) -> None:
        left, self._left = self._left, None
        self.hide()
        if left is not None:
            self._session.files.forget(left.path)


def moment(seconds: float) -> str:
    """A time since 1970 as a person says it: with its day unless that is today."""
    try:
        when = datetime.datetime.fromtimestamp(seconds)
    except (OverflowError, OSError, ValueError):
        return "?"
    is_today = when.date() == datetime.date.today()
    return f"{when:%H:%M}" if is_today else f"{when:%Y-%m-%d %H:%M}"
