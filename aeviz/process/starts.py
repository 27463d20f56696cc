"""Starts that ended at once: after two in a row nothing is shown again by itself.

What makes the program crash as soon as it is shown must not be shown at every start.
"""

from PySide6.QtCore import QObject, QSettings, QTimer, Slot

SECONDS = 10
"""A program that lives as long has started."""

MOST = 2
"""Short starts in a row after which the last run is not opened by itself."""

_KEY = "starts/short"


class Starts(QObject):
    """Counts, in the settings, the starts in a row that did not live long.

    Args:
        settings: Where the number is kept; None counts nothing.
        parent: As of every QObject.
    """

    def __init__(self, settings: QSettings | None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._settings = settings
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.lived)

    def begin(self) -> bool:
        """Count this start; says whether what was shown last may be shown again by itself."""
        if self._settings is None:
            return True
        before = _number(self._settings.value(_KEY))
        self._store(before + 1)
        self._timer.start(1000 * SECONDS)
        return before < MOST

    @Slot()
    def lived(self) -> None:
        """It has lived long enough, or ends well: the count begins anew. Idempotent."""
        self._timer.stop()
        if self._settings is not None and _number(self._settings.value(_KEY)):
            self._store(0)

    def _store(self, number: int) -> None:
        if self._settings is not None:
            self._settings.setValue(_KEY, number)
            self._settings.sync()


def _number(value: object) -> int:
    """What an ini file holds, 0 where it was spoilt."""
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0
