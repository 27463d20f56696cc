"""Brings the answers of the compute threads into the GUI thread."""

import time
import traceback
from collections import deque
from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, Signal, Slot

from aeviz.mailbox import Mailbox
from aeviz.messages import Failed, Message

_SLICE = 0.008  # seconds of one go, so that opening a run of a thousand epochs blocks no frame


class Bridge(QObject):
    """Delivers what is posted to `outbox`, in the GUI thread and in order.

    Args:
        outbox: Its wake-up is taken over; any thread may post to it.
        receive: Called with every message, in the GUI thread. What it raises becomes `Failed`.
        parent: As of every QObject.

    Signals:
        woken(): Messages are waiting; at most a few are on their way at a time.
    """

    woken = Signal()

    def __init__(
        self,
        outbox: Mailbox,
        receive: Callable[[Message], None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._outbox = outbox
        self._receive = receive
        self._taken: deque[Message] = deque()
        self.woken.connect(self._on_woken, Qt.ConnectionType.QueuedConnection)
        outbox.on_wake = self.woken.emit
        if len(outbox):
            self.woken.emit()

    @property
    def pending(self) -> int:
        """How many messages have not been delivered yet."""
        return len(self._taken) + len(self._outbox)

    def close(self) -> None:
        """Deliver nothing any more, not even what has been taken already. Idempotent."""
        self._outbox.close()
        self._outbox.on_wake = None
        self._taken.clear()

    @Slot()
    def _on_woken(self) -> None:
        self._taken.extend(self._outbox.drain())
        until = time.monotonic() + _SLICE
        while self._taken:
            self._deliver(self._taken.popleft())
            if time.monotonic() > until:
                break
        if self._taken:
            self.woken.emit()

    def _deliver(self, message: Message) -> None:
        try:
            self._receive(message)
        except Exception as error:
            if isinstance(message, Failed):
                raise  # the message of a failure cannot be shown: the excepthook's turn
            kind = type(message).__name__
            summary = f"The window could not show {kind}: {error}"
            self._deliver(Failed(where="window", summary=summary, details=traceback.format_exc()))
