"""Opens and saves session files, and keeps what a window shows in case it crashes."""

import logging
from dataclasses import replace
from pathlib import Path

from aeviz.compute.sentences import sentence
from aeviz.mailbox import Mailbox
from aeviz.messages import Failed, Message
from aeviz.session_messages import (
    Autosave,
    ForgetLeft,
    OpenSession,
    SaveSession,
    SessionLeft,
    SessionOpened,
    SessionSaved,
)
from aeviz.sessions.autosaves import Autosaves
from aeviz.sessions.file import read, save
from aeviz.sessions.link import find

logger = logging.getLogger(__name__)


class SessionAnswers:
    """Does what is asked about session files, one after another.

    Args:
        outbox: Where answers go.
        root: Where windows keep what they show; None keeps nothing.
    """

    def __init__(self, outbox: Mailbox, root: Path | None) -> None:
        self._outbox = outbox
        self._autosaves = None if root is None else Autosaves(root)
        self._has_complained = False
        self._tell_left()

    def take(self, message: Message) -> None:
        """Answer one request."""
        if isinstance(message, OpenSession):
            self._open(message)
        elif isinstance(message, SaveSession):
            self._save(message)
        elif isinstance(message, Autosave):
            self._autosave(message)
        elif isinstance(message, ForgetLeft):
            self._forget(message)

    def close(self) -> None:
        """The window ends well: nothing has to be kept."""
        if self._autosaves is not None:
            self._autosaves.close()

    def _open(self, request: OpenSession) -> None:
        path = Path(request.path)
        try:
            session = read(path)
            found = find(session.link, path)
        except (OSError, ValueError) as error:
            self._outbox.post(Failed(where="open", summary=sentence(error)))
            return
        shown, last = session.shown, float(max(found.last_epoch, 0))
        if found.path and shown.playhead > last:
            shown = replace(shown, playhead=last)
        self._outbox.post(
            SessionOpened(
                path=request.path,
                run_path=found.path,
                shown=shown,
                is_same=found.is_same,
                notice=found.notice,
            )
        )

    def _save(self, request: SaveSession) -> None:
        why_not = ""
        try:
            save(Path(request.path), Path(request.run_path), request.shown)
        except (OSError, ValueError) as error:
            why_not = sentence(error)
        self._outbox.post(SessionSaved(path=request.path, shown=request.shown, why_not=why_not))

    def _autosave(self, request: Autosave) -> None:
        """Keep a state; that it cannot be is logged once, and it is tried again with the next."""
        if self._autosaves is None:
            return
        run = Path(request.run_path)
        try:
            if request.is_last:
                self._autosaves.keep_last(run, request.shown)
            else:
                self._autosaves.keep(run, request.shown, request.name)
        except (OSError, ValueError) as error:
            if not self._has_complained:
                logger.warning("What the window shows is not kept: %s", error)
            self._has_complained = True
        else:
            self._has_complained = False

    def _forget(self, request: ForgetLeft) -> None:
        if self._autosaves is None or (request.is_shown and not self._autosaves.has_kept):
            return
        self._autosaves.forget(Path(request.path))
        self._tell_left()

    def _tell_left(self) -> None:
        left = None if self._autosaves is None else self._autosaves.left()
        if left is not None:
            self._outbox.post(SessionLeft(path=str(left.path), name=left.name, time=left.time))
