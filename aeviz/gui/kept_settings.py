"""Settings whose file is the old or the new one as a whole, also when the disk is full."""

import logging
import shutil
import tempfile
import weakref
from contextlib import suppress
from pathlib import Path
from typing import Any

from PySide6.QtCore import QByteArray, QEvent, QObject, QSettings

from aeviz.gui.exporting import ExportError, write_whole

logger = logging.getLogger(__name__)


def settings_file() -> Path:
    """Where Qt keeps the settings of this person."""
    usual = QSettings(QSettings.Format.IniFormat, QSettings.Scope.UserScope, "aeviz", "aeviz")
    return Path(usual.fileName())


class KeptSettings(QSettings):
    """Settings in a file that is never half written.

    Qt takes a write that the disk had only half the room for for a whole one, and puts it in the
    place of the good file. So it writes a copy, which takes that place once it can be read back.

    Args:
        path: The file; it is read now, and replaced a moment after every change.
        parent: As of every QObject.
    """

    def __init__(self, path: Path, parent: QObject | None = None) -> None:
        self._path = path
        folder = tempfile.mkdtemp(prefix="aeviz-")
        self._copy = Path(folder) / "aeviz.ini"
        with suppress(OSError):  # there is none, or it may not be read: it begins anew
            shutil.copyfile(path, self._copy)
        self._kept = _content(self._copy)
        super().__init__(str(self._copy), QSettings.Format.IniFormat, parent)
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)

    def sync(self) -> None:
        """Bring what has changed into the file."""
        super().sync()
        self._keep()

    def event(self, event: QEvent) -> bool:
        """Qt writes by itself, in an event after a change."""
        is_handled = super().event(event)
        self._keep()
        return is_handled

    def _keep(self) -> None:
        content = _content(self._copy)
        try:
            is_whole = self._is_whole(content)
            if is_whole and content == self._kept:
                return
            if not is_whole:
                raise ExportError(f"There is no room for a copy of {self._path}: free some.")
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(self._path, content)
            self._kept = content
        except ExportError as error:
            logger.warning("The settings were not saved, the old ones stand: %s", error)
        except OSError as error:
            reason = error.strerror or error
            logger.warning("The settings in %s were not saved: %s", self._path, reason)

    def _is_whole(self, content: bytes) -> bool:
        """Whether what Qt has written says all that it should.

        It is read under another name, since Qt remembers what it has read under the first.
        """
        check = self._copy.with_name("check.ini")
        check.write_bytes(content)
        read = QSettings(str(check), QSettings.Format.IniFormat)
        return all(_plain(read.value(key)) == _plain(self.value(key)) for key in self.allKeys())


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _plain(value: Any) -> Any:
    """A value as the file has it, where all are words, and a list of one is one."""
    if isinstance(value, QByteArray):
        return bytes(value.data())
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return "\n".join(str(_plain(each)) for each in value)
    return "" if value is None else str(value)
