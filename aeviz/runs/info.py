"""`run.json`, read with care for other versions and for what came after it was written."""

import time
from dataclasses import fields
from hashlib import sha256
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from aeviz import __version__
from aeviz.runs.atomic import json_bytes, write_bytes
from aeviz.runs.manifest import promised_hash
from aeviz.runs.reading import JSON_LIMIT, RunError, parse_json, read_bytes
from aeviz.runs.schema import FORMAT, MANIFEST, RUN_JSON, RunInfo

ATTEMPTS = 3
PATIENCE = 0.02
"""Seconds between attempts while a writer is between `run.json` and its manifest."""

_ADAPTER = TypeAdapter(RunInfo)


def read_info(root: Path) -> RunInfo:
    """What `run.json` says, checked against the manifest where there is one.

    Raises:
        RunError: If there is none, it is damaged, or its format is newer than this program.
    """
    data = _checked_bytes(root)
    where = str(root / RUN_JSON)
    row = parse_json(data, where)
    if not isinstance(row, dict):
        raise RunError(f"{where} holds no run")
    _refuse_newer(row, where)
    try:
        return _ADAPTER.validate_python(row)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise RunError(f"{where} is not valid at {place!r}: {first['msg']}") from error


def write_info(root: Path, info: RunInfo) -> str:
    """Write `run.json`, with the keys that this version does not know; returns its SHA-256.

    Raises:
        SaveError: If it cannot be written; the old one stands.
    """
    known = {field.name: getattr(info, field.name) for field in fields(info)}
    return write_bytes(root / RUN_JSON, json_bytes({**vars(info), **known}))


def _checked_bytes(root: Path) -> bytes:
    """The content of `run.json`; while a writer replaces it, the manifest can be a step away."""
    for _ in range(ATTEMPTS):
        try:
            data = read_bytes(root, RUN_JSON, JSON_LIMIT)
        except (FileNotFoundError, NotADirectoryError):
            raise RunError(f"{root} is no run folder: it has no {RUN_JSON}") from None
        if promised_hash(root, RUN_JSON) in (None, sha256(data).hexdigest()):
            return data
        time.sleep(PATIENCE)
    raise RunError(
        f"{root / RUN_JSON} is damaged or was changed by hand: its SHA-256 is not the one in "
        f"{MANIFEST}; restore it, or delete {MANIFEST} to accept it as it is"
    )


def _refuse_newer(row: dict[str, Any], where: str) -> None:
    version = row.get("format")
    if type(version) is not int:
        raise RunError(f"{where} does not say its format, which must be a whole number")
    if not 1 <= version <= FORMAT:
        raise RunError(
            f"{where} has format {version}, written by aeviz {row.get('aeviz') or 'unknown'}; "
            f"this is aeviz {__version__}, which reads formats up to {FORMAT}: update aeviz"
        )
