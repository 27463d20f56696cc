"""What a person opens: a run folder is shown, other files and folders are looked at as data."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QSettings, Qt, Signal, Slot
from PySide6.QtWidgets import QFileDialog, QWidget

from aeviz.catalogue import Entry, entry_from
from aeviz.gui.data_preview import DataPreview
from aeviz.gui.plan import OwnData, Plan
from aeviz.gui.session import Session
from aeviz.gui.session_files import SUFFIX
from aeviz.messages import DataPreviewed

_KEY = "recent/data"
_KEPT = 8


def is_run(path: Path) -> bool:
    """Whether a path is a run folder, or an empty one that may become one."""
    try:
        return path.is_dir() and ((path / "run.json").exists() or not any(path.iterdir()))
    except OSError:  # may not be read: the look at it says why
        return False


def is_session(path: Path) -> bool:
    """Whether a path is a session file, by its name."""
    return path.suffix.lower() == SUFFIX


class Opening(QObject):
    """Opens paths, and remembers data of the person's own for the lists of data sets.

    Args:
        session: What shows runs and looks at files.
        plan: What gets the data.
        settings: Where recent data are remembered; None for nowhere.
        window: The parent of dialogs.

    Signals:
        data_taken(): The plan trains on other data now.
    """

    data_taken = Signal()

    def __init__(
        self, session: Session, plan: Plan, settings: QSettings | None, window: QWidget
    ) -> None:
        super().__init__(window)
        self._session = session
        self._plan = plan
        self._settings = settings
        self._window = window
        self._awaited: Mapping[str, Any] = {}
        plan.offer_own(stored(settings))
        session.data_previewed.connect(self._on_previewed)

    def open(self, path: str) -> None:
        """Show a run folder or a session, look at anything else as data."""
        if is_session(Path(path)):
            self._session.files.open(path)
        elif is_run(Path(path)):
            self._session.open_run(path)
        else:
            self.open_data(path)

    def open_dropped(self, dropped: Sequence[Path]) -> None:
        """Open the first run or session among what was dropped, without one the first thing."""
        folders = [path.parent if path.name == "run.json" else path for path in dropped]
        known = (path for path in folders if is_session(path) or is_run(path))
        found = next(known, next(iter(folders), None))
        if found is not None:
            self.open(str(found))

    def open_data(self, path: str) -> None:
        """Look at a file or folder as data, with the options of the last time."""
        before = next((own for own in self._plan.own if own.entry.name == path), None)
        options = {} if before is None else before.options
        dialog = DataPreview(self._session, path, options, self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.taken.connect(self._on_taken)
        dialog.open()

    def follow(self, settings: Mapping[str, Any]) -> None:
        """Let the plan know the data of a run, where they are a person's own and still there."""
        group = dict(settings.get("data", {}))
        name = str(group.pop("name", ""))
        known = {entry.name for entry in self._plan.catalogue.data}
        known |= {own.entry.name for own in self._plan.own}
        if name and name not in known and Path(name).is_absolute() and os.path.exists(name):
            self._awaited = settings
            self._session.preview_data(name, group)

    @Slot(object)
    def _on_previewed(self, message: DataPreviewed) -> None:
        settings, self._awaited = self._awaited, {}
        if not settings or message.path != settings["data"]["name"] or not message.entry:
            return
        own = OwnData(entry_from(message.entry), message.options, message.features)
        self._plan.offer_own([own, *self._plan.own])
        if self._session.run is not None and self._session.run.settings == settings:
            self._plan.set_settings(settings)

    @Slot()
    def on_open_data(self) -> None:
        """Let the person choose a file."""
        newest = next((Path(own.entry.name).parent for own in self._plan.own), Path.home())
        path, _ = QFileDialog.getOpenFileName(self._window, self.tr("Open data"), str(newest))
        if path:
            self.open(path)

    @Slot()
    def on_open_folder(self) -> None:
        """Let the person choose a folder of pictures or tables."""
        newest = next((Path(own.entry.name).parent for own in self._plan.own), Path.home())
        path = QFileDialog.getExistingDirectory(
            self._window, self.tr("Open a folder of data"), str(newest)
        )
        if path:
            self.open(path)

    @Slot(object, object, int)
    def _on_taken(self, entry: Entry, options: dict[str, Any], features: int) -> None:
        self._plan.use_own(OwnData(entry, options, features))
        if self._settings is not None:
            self._settings.setValue(_KEY, remembered(self._plan.own))
        self.data_taken.emit()


def remembered(own: Sequence[OwnData]) -> str:
    """A person's own data, newest first, as a word that settings can hold."""
    return json.dumps([_row(each) for each in own[:_KEPT]])


def _row(own: OwnData) -> dict[str, Any]:
    return {"entry": asdict(own.entry), "options": dict(own.options), "features": own.features}


def stored(settings: QSettings | None) -> list[OwnData]:
    """What was remembered and still exists; nothing where it was spoilt or another version's."""
    value = None if settings is None else settings.value(_KEY)
    try:
        rows = json.loads(value) if isinstance(value, str) else []
        found = [
            OwnData(entry_from(row["entry"]), dict(row["options"]), int(row["features"]))
            for row in rows
        ]
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
        return []
    return [own for own in found[:_KEPT] if os.path.exists(own.entry.name)]
