"""Reading files of a run folder that may come from a stranger: bounded, and never outside it."""

import json
import math
import os
import stat
from pathlib import Path
from typing import Any, NoReturn

from aeviz.runs.atomic import BINARY, NO_FOLLOW

JSON_LIMIT = 64 * 2**20
JSON_DEPTH = 32
FILE_LIMIT = 4 * 2**30
"""Largest file that is read into memory, in bytes."""

# Opening a FIFO would wait for a writer that never comes.
_NO_WAIT: int = getattr(os, "O_NONBLOCK", 0)


class RunError(ValueError):
    """A run folder cannot be used as asked; the message names the file and what to do."""


def open_inside(root: Path, name: str) -> int:
    """Open a regular file of the folder for reading.

    Args:
        root: The run folder; it may itself be reached by a link, that is the person's choice.
        name: Path of the file relative to it, with forward slashes.

    Returns:
        A file descriptor, to be closed by the caller.

    Raises:
        FileNotFoundError: If it does not exist.
        RunError: If it, or a folder on the way, is a symbolic link or something else than a
            regular file, or cannot be read.
    """
    path = root.joinpath(*name.split("/"))
    try:
        _refuse_detours(root, name)
        descriptor = os.open(path, os.O_RDONLY | NO_FOLLOW | BINARY | _NO_WAIT)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise RunError(f"{path} cannot be read: {error.strerror or error}") from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise RunError(f"{path} is not a regular file; aeviz does not read it")
    return descriptor


def refuse_link(path: Path) -> None:
    """Raise RunError where a name of a run folder is a symbolic link; a missing one is fine."""
    try:
        mode = os.lstat(path).st_mode
    except FileNotFoundError:
        return
    if stat.S_ISLNK(mode):
        raise RunError(
            f"{path} is a symbolic link, which a run folder must not have: "
            "put the file itself there"
        )


def read_bytes(root: Path, name: str, limit: int = FILE_LIMIT) -> bytes:
    """The whole content of a file of the folder, at most `limit` bytes.

    Raises:
        FileNotFoundError: If it does not exist.
        RunError: If it is larger or must not be read.
    """
    with os.fdopen(open_inside(root, name), "rb", buffering=0) as file:
        size = os.fstat(file.fileno()).st_size
        if size > limit:
            raise RunError(
                f"{root / name} has {size} bytes, more than the {limit} that aeviz reads here; "
                "it is not what aeviz wrote"
            )
        try:
            return _read_exactly(file.fileno(), size)
        except OSError as error:
            raise RunError(f"{root / name} cannot be read: {error.strerror or error}") from error


def read_json(root: Path, name: str, limit: int = JSON_LIMIT) -> Any:
    """The value in a JSON file of the folder, read as strictly as `parse_json` does."""
    return parse_json(read_bytes(root, name, limit), str(root / name))


def parse_json(data: bytes, where: str) -> Any:
    """Read JSON as its standard says it, and no more.

    Args:
        data: UTF-8.
        where: The file, and the line where it has many, for messages.

    Raises:
        RunError: For NaN and Infinity, numbers out of range, keys that stand twice, more than
            `JSON_DEPTH` levels, or no JSON at all.
    """
    try:
        value = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_without_duplicates,
            parse_constant=_refuse_constant,
            parse_float=_finite,
        )
    except RecursionError:
        raise RunError(f"{where} is nested deeper than {JSON_DEPTH} levels") from None
    except ValueError as error:
        raise RunError(f"{where} is not valid JSON: {error}") from error
    if _is_deeper(value, JSON_DEPTH):
        raise RunError(f"{where} is nested deeper than {JSON_DEPTH} levels")
    return value


def _read_exactly(descriptor: int, size: int) -> bytes:
    """Up to `size` bytes, fewer where the file ends earlier, never more."""
    parts = []
    while size and (part := os.read(descriptor, min(size, 2**26))):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _refuse_detours(root: Path, name: str) -> None:
    path = root
    for part in name.split("/"):
        path = path / part
        refuse_link(path)
    if not stat.S_ISREG(os.lstat(path).st_mode):
        raise RunError(f"{path} is not a regular file; aeviz does not read it")


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    mapping = dict(pairs)
    if len(mapping) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twice!r} stands twice")
    return mapping


def _refuse_constant(token: str) -> NoReturn:
    raise ValueError(f"{token} is not a JSON number")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"the number {text[:20]} is out of range")
    return number


def _is_deeper(value: Any, levels: int) -> bool:
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, list):
        return False
    return levels == 0 or any(_is_deeper(child, levels - 1) for child in value)
