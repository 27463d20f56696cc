"""Garbage is collected in the GUI thread only.

Python collects in whichever thread allocates, and freeing a Qt object outside the GUI thread can
crash the process.
"""

import gc

from PySide6.QtCore import QObject, QTimer, Slot

INTERVAL = 1000
"""Milliseconds between two looks."""


class GarbageCollector(QObject):
    """Takes over Python's garbage collection for this process.

    `gc.freeze` takes what start-up made, torch's hundred thousands of objects, out of every later
    collection: without it a full one stops everything for 170 ms. It is not collected before:
    that would stop everything just as long, at the very start, for a little garbage that stays.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._thresholds = gc.get_threshold()
        self._timer = QTimer(self)
        self._timer.setInterval(INTERVAL)
        self._timer.timeout.connect(self._on_timeout)

    def start(self) -> None:
        """Set aside what is there, and collect by timer from now on."""
        gc.disable()
        gc.freeze()
        self._timer.start()

    def stop(self) -> None:
        """Give the collection back to Python. Idempotent."""
        self._timer.stop()
        gc.unfreeze()
        gc.enable()

    @Slot()
    def refreeze(self) -> None:
        """Set aside what has come since, such as torch."""
        gc.freeze()

    @Slot()
    def _on_timeout(self) -> None:
        """Collect the oldest generation that has grown enough, as Python itself would."""
        counts = gc.get_count()
        for generation in (2, 1, 0):
            if counts[generation] > self._thresholds[generation]:
                gc.collect(generation)
                return
