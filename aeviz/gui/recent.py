"""Runs and sessions that were shown before: the menu greys those that are gone."""

import os
from pathlib import Path

from PySide6.QtCore import QObject, QSettings, Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from aeviz.gui.session_files import SUFFIX

_KEY = "recent/runs"
_KEPT = 10


class RecentRuns(QObject):
    """Paths of the newest runs and session files, newest first.

    Args:
        settings: Where they are remembered; None remembers nothing beyond this window.
        parent: As of every QObject.
    """

    def __init__(self, settings: QSettings | None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._settings = settings
        self._paths: list[str] = _stored(settings)

    @property
    def paths(self) -> tuple[str, ...]:
        """They, newest first."""
        return tuple(self._paths)

    def newest(self) -> str | None:
        """The newest that is still there."""
        return next(filter(_is_there, self._paths), None)

    def add(self, path: str) -> None:
        """Put one first."""
        self._store([path, *(other for other in self._paths if other != path)][:_KEPT])

    def clear(self) -> None:
        """Forget them all."""
        self._store([])

    def _store(self, paths: list[str]) -> None:
        if paths != self._paths:
            self._paths = paths
            if self._settings is not None:
                self._settings.setValue(_KEY, paths)


class RecentMenu(QMenu):
    """The runs and sessions that were shown before; filled when it opens.

    Signals:
        chosen(str): The person chose the run of that path.
    """

    chosen = Signal(str)

    def __init__(self, recent: RecentRuns, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTitle(self.tr("Open &recent"))
        self.setToolTipsVisible(True)
        self._recent = recent
        self.aboutToShow.connect(self._on_about_to_show)

    @Slot()
    def _on_about_to_show(self) -> None:
        self.clear()
        for path in self._recent.paths:
            self._add(path)
        if self.isEmpty():
            self.addAction(self.tr("Nothing yet")).setEnabled(False)
            return
        self.addSeparator()
        forget = QAction(self.tr("&Clear this list"), self)
        forget.triggered.connect(self._on_clear)
        self.addAction(forget)

    def _add(self, path: str) -> None:
        folder = Path(path)
        action = QAction(f"{folder.name}  –  {folder.parent}".replace("&", "&&"), self)
        action.setData(path)
        there = _is_there(path)
        action.setEnabled(there)
        action.setToolTip(path if there else self.tr("{path} is gone.").format(path=path))
        action.triggered.connect(self._on_chosen)
        self.addAction(action)

    @Slot()
    def _on_chosen(self) -> None:
        action = self.sender()
        if isinstance(action, QAction):
            self.chosen.emit(str(action.data()))

    @Slot()
    def _on_clear(self) -> None:
        self._recent.clear()


def _is_there(path: str) -> bool:
    """Whether a run folder or a session file is there; also bears what can be no path."""
    return os.path.isdir(path) or (path.lower().endswith(SUFFIX) and os.path.isfile(path))


def _stored(settings: QSettings | None) -> list[str]:
    """What an ini file holds: a list, a single text for one entry, or anything if it was spoilt."""
    value = settings.value(_KEY) if settings is not None else None
    values = value if isinstance(value, list) else [value]
    return [text for text in values if isinstance(text, str) and text][:_KEPT]
