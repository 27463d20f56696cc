"""Which files that run code the user trusts: remembered by path and hash, never by the file itself.

A Python plug-in or an exported model is code: opening one is running it. What the user allowed
once stands in `trusted.json` in the folder of settings; a file that was changed or moved since is
asked about again. Nothing but this store can say that a file is trusted: no flag in a run, a
session or a configuration, and no environment variable.
"""

import hashlib
import logging
import os
import stat
from collections.abc import Mapping
from pathlib import Path

from aeviz import paths
from aeviz.runs.atomic import BINARY, json_bytes, make_folder, write_bytes
from aeviz.runs.reading import RunError, parse_json, read_bytes

STORE = "trusted.json"
FORMAT = 1
STORE_LIMIT = 2**20
PRIVATE = 0o600
OTHERS_MAY_WRITE = stat.S_IWGRP | stat.S_IWOTH

logger = logging.getLogger(__name__)

_complained: set[str] = set()
"""What was said of a damaged store, so that it is said once."""


def fingerprint(path: Path | str) -> str:
    """SHA-256 of a file's content in hexadecimal; a link is followed.

    Raises:
        OSError: If it is not there, is no regular file, or cannot be read.
    """
    # Not waiting: a pipe in its place would be waited for for ever.
    flags = os.O_RDONLY | BINARY | getattr(os, "O_NONBLOCK", 0)
    with os.fdopen(os.open(path, flags), "rb", buffering=0) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(f"{path} is not a regular file")
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_trusted(path: Path | str, sha256: str | None = None) -> bool:
    """Whether the user trusts the file at a path with the content that it has.

    Args:
        path: The file; what a link leads to counts.
        sha256: Hash of the content that the caller has read and is going to run, so that the file
            cannot be exchanged in between; None reads the file.
    """
    remembered = trusted().get(_key(path))
    if remembered is None:
        return False
    try:
        return remembered == (fingerprint(path) if sha256 is None else sha256)
    except OSError:
        return False


def trust(path: Path | str, sha256: str | None = None) -> None:
    """Remember that the user trusts a file, with this content only.

    Args:
        path: The file; what a link leads to counts.
        sha256: Hash of the content that the user was asked about; None reads the file.

    Raises:
        SaveError: If it cannot be remembered.
        OSError: If the file cannot be read.
    """
    found = fingerprint(path) if sha256 is None else sha256
    _store({**trusted(), _key(path): found})


def distrust(path: Path | str) -> None:
    """Forget that a file is trusted; one that is not stays so.

    Raises:
        SaveError: If that cannot be remembered.
    """
    kept = {name: digest for name, digest in trusted().items() if name != _key(path)}
    if len(kept) < len(trusted()):
        _store(kept)


def trusted() -> Mapping[str, str]:
    """Every trusted file: its whole path → SHA-256. Empty where the store is damaged."""
    folder = paths.config()
    try:
        content = _content(folder)
    except FileNotFoundError:
        return {}
    except RunError as error:
        _complain(f"{error}: no file is trusted until you allow it again")
        return {}
    return content


def _content(folder: Path) -> dict[str, str]:
    data = read_bytes(folder, STORE, STORE_LIMIT)
    where = folder / STORE
    if os.name == "posix" and where.stat().st_mode & OTHERS_MAY_WRITE:
        raise RunError(f"{where} can be written by other users")
    rows = parse_json(data, str(where))
    files = rows.get("files") if isinstance(rows, dict) and rows.get("format") == FORMAT else None
    if not isinstance(files, dict) or not all(map(_is_digest, files.values())):
        raise RunError(f"{where} is damaged")
    return files


def _store(files: Mapping[str, str]) -> None:
    folder = paths.config()
    make_folder(folder)
    row = {"format": FORMAT, "files": dict(sorted(files.items()))}
    write_bytes(folder / STORE, json_bytes(row), mode=PRIVATE)


def _key(path: Path | str) -> str:
    """The one name of a file, however it is reached."""
    return os.path.realpath(path)


def _is_digest(value: object) -> bool:
    return isinstance(value, str) and len(value) == hashlib.sha256().digest_size * 2


def _complain(sentence: str) -> None:
    if sentence not in _complained:
        _complained.add(sentence)
        logger.warning("%s", sentence)
