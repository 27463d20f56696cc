"""What windows show, kept while they live: what is left of one that is dead was a crash.

Every window has a folder of its own with a lock that names its process. A window that ends well
takes its folder with it.
"""

import contextlib
import os
import re
import secrets
from dataclasses import dataclass
from pathlib import Path

from aeviz.paths import LAST_SESSION
from aeviz.runs.atomic import TEMPORARY, json_bytes, make_folder, remove, write_bytes
from aeviz.runs.lock import Lock, holder_of
from aeviz.runs.process import is_dead
from aeviz.runs.reading import RunError, read_json
from aeviz.runs.schema import LOCK
from aeviz.sessions.archive import SessionError
from aeviz.sessions.file import SUFFIX, read, save
from aeviz.shown import Shown

KEPT = 3
"""Newest states of a window that are kept."""

MOST_LEFT = 5
"""Crashed windows whose states are kept; older ones go."""

NAME_JSON = "name.json"
_FOLDER = re.compile(r"[0-9a-f]{12}")
_STATE = re.compile(r"\d{8}\.aeviz")


@dataclass(frozen=True)
class Left:
    """What a crashed window has left.

    Attributes:
        path: The newest file of it that can be read.
        name: What it showed, for a person.
        time: When that was written, in seconds since 1970.
    """

    path: Path
    name: str
    time: float


class Autosaves:
    """The folder of one window, made with its first state.

    Args:
        root: Where all windows have theirs.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._folder: Path | None = None
        self._number = 0
        self._name = ""

    def keep(self, run: Path, shown: Shown, name: str) -> None:
        """Write a state beside the last ones, then let the oldest go.

        Raises:
            RunError: If the run is gone or the folder belongs to another process.
            SaveError: If it cannot be written; the states before still stand.
            SessionError: If the state cannot be kept.
        """
        folder = self._claimed()
        if name != self._name:
            write_bytes(folder / NAME_JSON, json_bytes({"name": name}))
            self._name = name
        save(folder / f"{self._number + 1:08d}{SUFFIX}", run, shown, is_kept_here=True)
        self._number += 1
        for old in _states(folder)[KEPT:]:
            remove(old)

    def keep_last(self, run: Path, shown: Shown) -> None:
        """Write what the window shows while it is closed, for the next start.

        Raises:
            RunError: If the run is gone.
            SaveError: If it cannot be written; that of the window before still stands.
            SessionError: If the state cannot be kept.
        """
        make_folder(self._root)
        save(self._root / LAST_SESSION, run, shown, is_kept_here=True)

    @property
    def has_kept(self) -> bool:
        """Whether a state of this window is on the disk."""
        return self._number > 0

    def close(self) -> None:
        """The window ends well: nothing of it is left. Idempotent."""
        folder, self._folder = self._folder, None
        if folder is not None:
            _remove_all(folder)

    def left(self) -> Left | None:
        """What the newest crashed window has left; others than the newest few are removed."""
        found = []
        for folder in self._dead():
            newest = next((each for each in map(_left_in, _states(folder)) if each), None)
            if newest is None:
                _remove_all(folder)
            else:
                found.append(newest)
        found.sort(key=lambda each: each.time, reverse=True)
        for old in found[MOST_LEFT:]:
            _remove_all(old.path.parent)
        return found[0] if found else None

    def forget(self, path: Path) -> None:
        """Remove what a crashed window left, named by one of its files."""
        folder = path.parent
        if folder.parent == self._root and folder in self._dead():
            _remove_all(folder)

    def _claimed(self) -> Path:
        """The folder of this window, with its lock."""
        if self._folder is None:
            folder = self._root / secrets.token_hex(6)
            make_folder(folder)
            Lock.take(folder)
            self._folder = folder
        return self._folder

    def _dead(self) -> list[Path]:
        """Folders of windows whose process is proven dead."""
        try:
            names = [each.name for each in os.scandir(self._root) if _is_own(each)]
        except OSError:
            return []
        return [self._root / name for name in names if _is_crashed(self._root / name)]


def _is_own(entry: "os.DirEntry[str]") -> bool:
    return bool(_FOLDER.fullmatch(entry.name)) and entry.is_dir(follow_symlinks=False)


def _is_crashed(folder: Path) -> bool:
    """Whether the process that had a folder is dead; without a lock nobody can say."""
    try:
        holder = holder_of(folder)
    except (OSError, RunError):
        return False
    return holder is not None and is_dead(holder.process)


def _states(folder: Path) -> list[Path]:
    """The states in a folder, newest first."""
    try:
        names = [name for name in os.listdir(folder) if _STATE.fullmatch(name)]
    except OSError:
        return []
    return [folder / name for name in sorted(names, reverse=True)]


def _left_in(path: Path) -> Left | None:
    """A state, where it can be read."""
    try:
        read(path)
        when = path.stat().st_mtime
    except (OSError, SessionError):
        return None
    return Left(path, _name_in(path.parent), when)


def _name_in(folder: Path) -> str:
    try:
        row = read_json(folder, NAME_JSON, 2**16)
    except (OSError, RunError):
        return ""
    name = row.get("name") if isinstance(row, dict) else None
    return name if isinstance(name, str) else ""


def _remove_all(folder: Path) -> None:
    """Remove what a window wrote in its folder, and the folder; anything else stays.

    The lock goes last: what a kill leaves in between is still known to be a dead window's.
    """
    with contextlib.suppress(OSError):
        for name in sorted(os.listdir(folder), key=_is_lock):
            if _STATE.fullmatch(name) or name in (NAME_JSON, LOCK) or name.startswith(TEMPORARY):
                remove(folder / name)
        folder.rmdir()


def _is_lock(name: str) -> bool:
    return name == LOCK
