"""Ctrl-C and SIGTERM reach a running Qt event loop at once."""

import os
import signal
import socket
from types import FrameType
from typing import Any

from PySide6.QtCore import QObject, QSocketNotifier, Signal, Slot


class Interrupts(QObject):
    """Turns signals of the system into a signal of Qt.

    Qt's loop runs in C++: a handler in Python alone would wait for the next event. The first
    signal is told to who listens, the second ends the process at once.

    Signals:
        came(int): The number of the signal.
    """

    came = Signal(int)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._before: dict[int, Any] = {}
        self._count = 0
        self._read, self._write = socket.socketpair()
        self._read.setblocking(False)
        self._write.setblocking(False)
        self._notifier = QSocketNotifier(self._read.fileno(), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._on_activated)
        self._wakeup_before = signal.set_wakeup_fd(self._write.fileno(), warn_on_full_buffer=False)
        for name in ("SIGINT", "SIGTERM", "SIGHUP"):
            number = getattr(signal, name, None)
            if number is not None:
                self._before[number] = signal.signal(number, self._on_signal)

    def close(self) -> None:
        """Give the signals back. Idempotent."""
        if not self._before:
            return
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before.clear()
        signal.set_wakeup_fd(self._wakeup_before)
        self._notifier.setEnabled(False)
        self._read.close()
        self._write.close()

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        """Runs in the main thread, between two instructions of Python."""
        self._count += 1
        if self._count > 1:
            os._exit(128 + number)

    @Slot()
    def _on_activated(self) -> None:
        for number in self._read.recv(64):
            self.came.emit(number)
