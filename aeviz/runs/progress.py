"""`progress.json`: where a training stands between two epochs, for a window that follows it.

It is there while a writer trains and goes with it. Nothing depends on it: it is not brought to the
disk, it has no hash, and one that cannot be read is passed over.
"""

import contextlib
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aeviz.runs.atomic import json_bytes, remove, temporary_beside
from aeviz.runs.reading import RunError, parse_json, read_bytes
from aeviz.runs.schema import PROGRESS

WRITE_EVERY = 0.5
"""Seconds between two writes."""

LIMIT = 2**16


class ProgressWriter:
    """Writes the file at most twice a second."""

    def __init__(self, root: Path) -> None:
        self._path = root / PROGRESS
        self._next = 0.0
        self._state = ""

    def write(self, state: str, fields: Mapping[str, Any]) -> None:
        """Say where the training stands; a change of the state is never left out.

        Args:
            state: "training" or "paused".
            fields: Those of `Progress`, as JSON takes them.
        """
        now = time.monotonic()
        if now < self._next and state == self._state:
            return
        self._next, self._state = now + WRITE_EVERY, state
        temporary = temporary_beside(self._path)
        # A disk that is full is for the next epoch to complain about.
        with contextlib.suppress(OSError, ValueError):
            temporary.write_bytes(json_bytes({"state": state, **fields}))
            temporary.replace(self._path)
        remove(temporary)

    def clear(self) -> None:
        """Remove the file: nothing is in progress any more."""
        remove(self._path)


def read_progress(root: Path) -> Mapping[str, Any] | None:
    """What the file says now; None where there is none, or nothing that can be read."""
    try:
        row = parse_json(read_bytes(root, PROGRESS, LIMIT), str(root / PROGRESS))
    except (OSError, RunError):
        return None
    return row if isinstance(row, dict) else None
