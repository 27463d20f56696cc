"""`notes.json`: what a person named in a run, its groups of samples and directions between them.

It is the only file of a run that is written after its training has ended. No manifest promises it,
and a reader that does not know it leaves it alone.
"""

import logging
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from aeviz.runs.atomic import json_bytes, write_bytes
from aeviz.runs.reading import RunError, parse_json, read_bytes, refuse_link
from aeviz.runs.schema import RUN_JSON

NOTES = "notes.json"
NOTES_FORMAT = 2
"""Of format 1 nothing says whether it is damaged; since format 2 there is a hash of the rest."""
NOTES_LIMIT = 64 * 2**20

logger = logging.getLogger(__name__)


def write_notes(root: Path, notes: Mapping[str, Any]) -> None:
    """Replace the notes of a run folder.

    Args:
        root: The run folder.
        notes: "groups": mappings with "name" and "samples", numbers in the data set;
            "attributes": mappings with "name", "from" and "to".

    Raises:
        RunError: If there is no run folder, or the notes in it are newer than this program.
        SaveError: If they cannot be written.
    """
    if not (root / RUN_JSON).is_file():
        raise RunError(f"{root} is no run folder: it has no {RUN_JSON}")
    refuse_link(root / NOTES)
    if _format_of(_content(root)) > NOTES_FORMAT:
        raise RunError(f"{root / NOTES} was written by a newer aeviz; it is left as it is")
    rest = {"format": NOTES_FORMAT, **notes}
    write_bytes(root / NOTES, json_bytes({**rest, "check": _check(rest)}, indent=None))


def read_notes(root: Path) -> Mapping[str, Any]:
    """The notes of a run folder; empty where there are none that can be read, which is logged."""
    try:
        notes = _content(root)
    except RunError as error:
        logger.warning("%s", error)
        return {}
    if not isinstance(notes, dict) or not 1 <= _format_of(notes) <= NOTES_FORMAT or not notes:
        return {}
    if not _is_sound(notes):
        logger.warning("%s is damaged: its hash is another; its names are left out", root / NOTES)
        return {}
    return {key: _entries(notes.get(key)) for key in ("groups", "attributes")}


def _check(rest: Mapping[str, Any]) -> str:
    """Hash of all but the hash."""
    return sha256(json_bytes(rest, indent=None)).hexdigest()


def _is_sound(notes: Mapping[str, Any]) -> bool:
    if _format_of(notes) == 1 and "check" not in notes:
        return True
    return notes.get("check") == _check({key: notes[key] for key in notes if key != "check"})


def _content(root: Path) -> Any:
    try:
        data = read_bytes(root, NOTES, NOTES_LIMIT)
    except FileNotFoundError:
        return {}
    return parse_json(data, str(root / NOTES))


def _format_of(notes: Any) -> int:
    version = notes.get("format", NOTES_FORMAT) if isinstance(notes, dict) else 0
    return version if isinstance(version, int) else 0


def _entries(value: Any) -> list[Any]:
    """The mappings in a list; what a stranger put there else is left out."""
    listed = value if isinstance(value, list) else []
    return [each for each in listed if isinstance(each, dict) and _has_name(each)]


def _has_name(each: Mapping[str, Any]) -> bool:
    return isinstance(each.get("name"), str) and bool(each["name"])
