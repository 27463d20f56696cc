"""The thread that reads and writes session files: neither a paint nor a decode waits for it."""

import threading
import traceback
from collections.abc import Hashable
from pathlib import Path

from aeviz.compute.sentences import sentence
from aeviz.mailbox import Mailbox
from aeviz.messages import Failed, Message
from aeviz.session_messages import Autosave, ForgetLeft, OpenSession, SaveSession

REQUESTS = (OpenSession, SaveSession, Autosave, ForgetLeft)


class Keeper:
    """Takes requests about session files; its thread starts with the first.

    Args:
        outbox: Where answers go.
        root: Where windows keep what they show in case of a crash; None keeps nothing.
    """

    def __init__(self, outbox: Mailbox, root: Path | None) -> None:
        self._outbox = outbox
        self._root = root
        self._changed = threading.Condition()
        self._waiting: dict[Hashable, Message] = {}
        self._is_busy = False
        self._closed = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Look for what a crashed window has left, if anything is kept at all."""
        if self._root is not None:
            self._begin()

    @property
    def idle(self) -> bool:
        """Whether nothing is asked or being answered."""
        with self._changed:
            return not self._waiting and not self._is_busy

    def post(self, message: Message) -> None:
        """Take a request, from any thread, without waiting; ignored once closed."""
        with self._changed:
            if self._closed:
                return
            key = object() if message.key is None else message.key
            self._waiting.pop(key, None)
            self._waiting[key] = message
            self._changed.notify_all()
        self._begin()

    def close(self, timeout: float) -> bool:
        """Do what was asked before, and end: a session that is being saved is saved. Idempotent.

        Returns:
            Whether the thread has ended within `timeout` seconds.
        """
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(timeout)
        return self._thread is None or not self._thread.is_alive()

    def _begin(self) -> None:
        with self._changed:
            if self._thread is None and not self._closed:
                self._is_busy = True
                name = "aeviz-sessions"
                self._thread = threading.Thread(target=self._run, name=name, daemon=True)
                self._thread.start()

    # ── the thread aeviz-sessions ─────────────────────────────────────────────────────────────

    def _run(self) -> None:
        """Answer requests until `close`. Runs in the thread aeviz-sessions."""
        # Here, so that its imports do not hold up the window's first paint.
        from aeviz.compute.session_answers import SessionAnswers

        answers = SessionAnswers(self._outbox, self._root)
        while (message := self._next()) is not None:
            try:
                answers.take(message)
            except Exception as error:
                summary, details = sentence(error), traceback.format_exc()
                self._outbox.post(Failed(where="session", summary=summary, details=details))
        answers.close()

    def _next(self) -> Message | None:
        """The next request; None once closed and everything is done."""
        with self._changed:
            self._is_busy = False
            self._changed.wait_for(lambda: self._waiting or self._closed)
            if not self._waiting:
                return None
            self._is_busy = True
            return self._waiting.pop(next(iter(self._waiting)))
