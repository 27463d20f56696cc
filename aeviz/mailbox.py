"""Messages for one thread: a keyed message replaces its unread predecessor, unkeyed ones queue."""

import threading
from collections.abc import Callable, Hashable

from aeviz.messages import Message


class Mailbox:
    """A queue between threads that cannot grow with what is out of date.

    Args:
        on_wake: Called, in the posting thread and outside the lock, when the mailbox turns from
            empty to not empty. The window's outbox emits its one signal there.
    """

    def __init__(self, on_wake: Callable[[], None] | None = None) -> None:
        self.on_wake = on_wake
        self._messages: dict[Hashable, Message] = {}
        self._changed = threading.Condition()
        self._closed = False
        self._waiters = 0

    @property
    def closed(self) -> bool:
        """Whether `close()` was called: nothing comes any more."""
        return self._closed

    @property
    def is_idle(self) -> bool:
        """Whether its thread has dealt with all that came: it waits and nothing is unread."""
        with self._changed:
            return self._waiters > 0 and not self._messages

    def post(self, message: Message) -> None:
        """Add a message, from any thread. A replaced one takes the new one's place: the end.

        So `Decode(5), Weights(6), Decode(6)` drains with the weights first. Ignored once closed.
        """
        with self._changed:
            if self._closed:
                return
            was_empty = not self._messages
            key = message.key if message.key is not None else object()
            self._messages.pop(key, None)
            self._messages[key] = message
            self._changed.notify_all()
        if was_empty and self.on_wake is not None:
            self.on_wake()

    def drain(self, *, block: bool = False, timeout: float | None = None) -> list[Message]:
        """Take all messages, oldest first.

        Args:
            block: Wait until a message comes or the mailbox is closed.
            timeout: Longest wait in seconds when blocking; None waits for ever.

        Returns:
            The messages; empty when there were none, or when the mailbox is closed.
        """
        with self._changed:
            if block:
                self._waiters += 1
                try:
                    self._changed.wait_for(lambda: self._messages or self._closed, timeout)
                finally:
                    self._waiters -= 1
            messages = list(self._messages.values())
            self._messages.clear()
            return messages

    def waiting(self, key: Hashable) -> bool:
        """Whether an unread message with this key is here."""
        with self._changed:
            return key in self._messages

    def __len__(self) -> int:
        return len(self._messages)

    def close(self) -> None:
        """Drop what is unread, ignore what comes, wake who waits. Idempotent."""
        with self._changed:
            self._closed = True
            self._messages.clear()
            self._changed.notify_all()
