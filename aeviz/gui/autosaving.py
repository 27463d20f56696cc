"""Keeps what is on screen while it changes, in case the program crashes."""

import time

from PySide6.QtCore import QObject, QTimer, Slot

from aeviz.gui.session import Session
from aeviz.gui.session_commands import SessionCommands
from aeviz.shown import Shown, is_same

SECONDS = 10.0
"""Between two states that are kept, at least."""


class Autosaving(QObject):
    """Every change is kept, at most one state in `SECONDS`; without a run there is nothing."""

    def __init__(self, session: Session, commands: SessionCommands) -> None:
        super().__init__(commands)
        self._session = session
        self._commands = commands
        self._kept: Shown | None = None
        self._at = -SECONDS
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._on_looked)
        commands.watching.looked.connect(self._on_looked)

    def stop(self) -> None:
        """The window is being closed: keep what it shows for the next start, and nothing more."""
        self._timer.stop()
        files, run, commands = self._session.files, self._session.run, self._commands
        shown = None if commands.restoring.is_under_way else commands.screen.read()
        if files.are_kept and run is not None and shown is not None:
            files.keep(run.path, shown, commands.name, is_last=True)
        files.are_kept = False

    @Slot()
    def _on_looked(self) -> None:
        self._timer.stop()
        run, commands = self._session.run, self._commands
        if not self._session.files.are_kept or commands.restoring.is_under_way or run is None:
            return
        wait = self._at + SECONDS - time.monotonic()
        if wait > 0:
            self._timer.start(round(1000 * wait) + 1)
            return
        shown = commands.screen.read()
        if shown is not None and not is_same(shown, self._kept):
            self._kept, self._at = shown, time.monotonic()
            self._session.files.keep(run.path, shown, commands.name)
