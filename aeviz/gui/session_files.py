"""What the window asks of session files and hears of them."""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, Signal

from aeviz import messages as m
from aeviz import session_messages as sm
from aeviz.shown import Shown

SUFFIX = ".aeviz"
"""Of a session file."""


class SessionFiles(QObject):
    """Posts requests about session files, and tells the answers.

    Signals:
        opened(SessionOpened): A session file was read.
        saved(SessionSaved): A session file was written, or could not be.
        left(SessionLeft): A window that crashed has left something.
    """

    opened = Signal(object)
    saved = Signal(object)
    left = Signal(object)

    def __init__(self, post: Callable[[m.Message], None], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._post = post
        self.are_kept = False
        """Whether what the window shows is kept in case it crashes."""

    @property
    def answers(self) -> dict[type[m.Message], Callable[[Any], None]]:
        """What is done about every kind of answer."""
        return {
            sm.SessionOpened: self.opened.emit,
            sm.SessionSaved: self.saved.emit,
            sm.SessionLeft: self.left.emit,
        }

    def open(self, path: str) -> None:
        """Read a session file; `opened` follows, or a failure of the session."""
        self._post(sm.OpenSession(path=path))

    def save(self, path: str, run_path: str, shown: Shown) -> None:
        """Write a session file; `saved` follows."""
        self._post(sm.SaveSession(path=path, run_path=run_path, shown=shown))

    def keep(self, run_path: str, shown: Shown, name: str, *, is_last: bool = False) -> None:
        """Keep what is shown in case of a crash, or for the next start; nothing answers."""
        self._post(sm.Autosave(run_path=run_path, shown=shown, name=name, is_last=is_last))

    def forget(self, path: str, *, is_shown: bool = False) -> None:
        """Remove what a crashed window left."""
        self._post(sm.ForgetLeft(path=path, is_shown=is_shown))
