"""`control.json`: what a window asks of a training in another process."""

import contextlib
import logging
import time
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from aeviz.runs.atomic import json_bytes, remove, write_bytes
from aeviz.runs.reading import RunError, parse_json, read_bytes
from aeviz.runs.schema import CONTROL, RUN_JSON

CONTROL_LIMIT = 2**20
READ_EVERY = 0.5
"""Seconds between two looks at the file."""

logger = logging.getLogger(__name__)


def ask(path: Path, **requests: Any) -> None:
    """Ask the process that writes a run folder for something.

    Requests that were asked before stay asked; `turn` is joined option by option.

    Args:
        path: The run folder.
        requests: `pause`: bool, `stop`: bool, `turn`: option → value.

    Raises:
        RunError: If there is no run folder.
        SaveError: If it cannot be written.
    """
    if not (path / RUN_JSON).is_file():
        raise RunError(f"{path} is no run folder: it has no {RUN_JSON}")
    data, asked = _content(path), {}
    with contextlib.suppress(RunError):  # a damaged one is written anew
        asked = _parse(data, path)
    turned = {**_turns(asked), **_turns(requests)}
    joined = {**asked, **requests, **({"turn": turned} if turned else {})}
    joined.pop("check", None)
    write_bytes(path / CONTROL, json_bytes({**joined, "check": _check(joined)}))


class ControlReader:
    """What has been asked since the last look."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._known: Mapping[str, Any] = {}
        self._complaint = ""
        self._next = 0.0

    def clear(self) -> None:
        """Forget what was asked of an earlier writer."""
        remove(self._root / CONTROL)
        self._known = {}

    def read(self) -> Mapping[str, Any] | None:
        """The requests that are new or changed; None without any. Looks twice a second at most."""
        now = time.monotonic()
        if now < self._next:
            return None
        self._next = now + READ_EVERY
        known, self._known = self._known, self._look()
        news = _changes(known, self._known)
        turned = _changes(_turns(known), _turns(self._known))
        news.pop("turn", None)
        return {**news, **({"turn": turned} if turned else {})} or None

    def _look(self) -> Mapping[str, Any]:
        """What is asked now; a file that cannot be read changes nothing and is logged once."""
        try:
            return _parse(_content(self._root), self._root)
        except RunError as error:
            if str(error) != self._complaint:
                logger.warning("what a window asks is ignored: %s", error)
            self._complaint = str(error)
            return self._known


def _content(root: Path) -> bytes:
    try:
        return read_bytes(root, CONTROL, CONTROL_LIMIT)
    except FileNotFoundError:
        return b"{}"


def _parse(data: bytes, root: Path) -> dict[str, Any]:
    asked = parse_json(data, str(root / CONTROL))
    if not isinstance(asked, dict):
        raise RunError(f"{root / CONTROL} holds no requests")
    if asked and asked.pop("check", None) != _check(asked):
        raise RunError(f"{root / CONTROL} is damaged: its hash is another")
    return asked


def _check(asked: Mapping[str, Any]) -> str:
    """Hash of the requests."""
    return sha256(json_bytes(asked)).hexdigest()


def _turns(requests: Mapping[str, Any]) -> Mapping[str, Any]:
    turns = requests.get("turn")
    return turns if isinstance(turns, dict) else {}


def _changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in new.items() if name not in old or old[name] != value}
