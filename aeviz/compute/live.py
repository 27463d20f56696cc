"""The run that trains, as the training thread tells it: to the window, and again when asked."""

import os
import threading
from dataclasses import dataclass, replace
from pathlib import Path

from aeviz.mailbox import Mailbox
from aeviz.messages import EpochDone, Message, RunOpened
from aeviz.runs.notes import read_notes


@dataclass(frozen=True, eq=False, kw_only=True)
class LiveOpened(Message):
    """To the inference thread: the run that trains has a folder now. Never enters the outbox."""

    path: str


@dataclass(frozen=True, eq=False, kw_only=True)
class LiveEnded(Message):
    """To the inference thread: the run that trained may be closed. Never enters the outbox."""


class LiveRun:
    """What was told of the run that trains, in order, so that it can be told again whole.

    The training thread tells, the inference thread repeats. Both do it under one lock: a window
    that opens the run in the middle of its training gets every epoch once and in order, whichever
    thread comes first.

    Args:
        outbox: Where everything is told.
    """

    def __init__(self, outbox: Mailbox) -> None:
        self._outbox = outbox
        self._lock = threading.Lock()
        self._opened: RunOpened | None = None
        self._epochs: list[EpochDone] = []

    def tell(self, message: Message) -> None:
        """Post a message of the training and remember what opens a run."""
        with self._lock:
            if isinstance(message, RunOpened):
                self._opened, self._epochs = message, []
            elif isinstance(message, EpochDone):
                self._epochs.append(message)
            self._outbox.post(message)

    def tell_again(self, path: str) -> str:
        """Post the run and its epochs once more if it is the one in that folder.

        Returns:
            The run, "" if it is another one.
        """
        with self._lock:
            if self._opened is None or not is_same_folder(self._opened.path, path):
                return ""
            # Groups may have been named since it was told.
            notes = read_notes(Path(self._opened.path))
            if notes != self._opened.notes:
                self._opened = replace(self._opened, notes=notes)
            for message in (self._opened, *self._epochs):
                self._outbox.post(message)
            return self._opened.run

    def end(self) -> None:
        """Forget it: from now on the folder tells everything."""
        with self._lock:
            self._opened, self._epochs = None, []


def is_same_folder(one: str, other: str) -> bool:
    """Whether two paths lead to the same place."""
    return os.path.realpath(one) == os.path.realpath(other)
