"""The folder `checkpoint/`, replaced as a whole: a kill at any instant leaves the old or the new.

Its files have names of their own each time, and one small index, renamed into place last, says
which of them are the checkpoint. What the index does not name is old, and is removed.
"""

import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from aeviz.runs.atomic import json_bytes, make_folder, remove, write_bytes
from aeviz.runs.reading import RunError, read_bytes, read_json, refuse_link
from aeviz.runs.schema import CHECKPOINT

INDEX = f"{CHECKPOINT}/index.json"
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,100}")


@dataclass(frozen=True)
class _File:
    """Where one file of a checkpoint lies, and its hash."""

    stored: str
    sha256: str


def write_checkpoint(root: Path, files: Mapping[str, bytes]) -> None:
    """Replace the checkpoint.

    Args:
        root: The run folder.
        files: Content by plain file name.

    Raises:
        SaveError: When anything failed; the old checkpoint still stands.
        ValueError: For a name with other characters than letters, digits, `.`, `_` and `-`.
    """
    folder, mark, index = root / CHECKPOINT, secrets.token_hex(4), {}
    refuse_link(folder)
    written: list[Path] = []
    try:
        make_folder(folder)
        for name, data in files.items():
            stored = f"{mark}-{_plain(name)}"
            written.append(folder / stored)
            index[name] = {"stored": stored, "sha256": write_bytes(folder / stored, data)}
        write_bytes(root / INDEX, json_bytes({"files": index, "check": _check(index)}))
    except BaseException:
        # An interrupt may come just after the index was renamed: then it names these files.
        for path in _unnamed(root, written):
            remove(path)
        raise
    sweep_checkpoint(root)


def read_checkpoint(root: Path) -> dict[str, bytes] | None:
    """The files of the checkpoint by name, every hash checked; None when there is none.

    Raises:
        RunError: If it is damaged.
    """
    index = _index(root)
    if index is None:
        return None
    return {name: _read(root, file) for name, file in index.items()}


def checkpoint_hashes(root: Path) -> dict[str, str]:
    """Path relative to the run folder → SHA-256, of the checkpoint's files and its index."""
    index = _index(root)
    if index is None:
        return {}
    hashes = {f"{CHECKPOINT}/{file.stored}": file.sha256 for file in index.values()}
    return {**hashes, INDEX: sha256(read_bytes(root, INDEX)).hexdigest()}


def sweep_checkpoint(root: Path) -> None:
    """Remove the files that are not the checkpoint: older ones, and parts of an unfinished one."""
    refuse_link(root / CHECKPOINT)
    for path in _unnamed(root, _entries(root / CHECKPOINT)):
        remove(path)


def _unnamed(root: Path, paths: list[Path]) -> list[Path]:
    """Those of the paths that the index, as it stands on the disk, does not name."""
    try:
        files = _index(root) or {}
    except RunError:
        return []  # nobody can tell which are old
    named = {Path(INDEX).name, *(file.stored for file in files.values())}
    return [path for path in paths if path.name not in named]


def _entries(folder: Path) -> list[Path]:
    try:
        return [Path(entry.path) for entry in os.scandir(folder)]
    except FileNotFoundError:
        return []


def _index(root: Path) -> dict[str, _File] | None:
    try:
        row = read_json(root, INDEX)
    except FileNotFoundError:
        return None
    try:
        files = {name: _file(value) for name, value in row["files"].items()}
        if row["check"] != _check(row["files"]):
            raise ValueError("its hash is another")
        return files
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise RunError(f"{root / INDEX} is not the index of a checkpoint: {error!r}") from error


def _check(index: Mapping[str, Any]) -> str:
    """Hash of the index's own content."""
    return sha256(json_bytes(index)).hexdigest()


def _file(value: Mapping[str, Any]) -> _File:
    return _File(_plain(value["stored"]), value["sha256"])


def _read(root: Path, file: _File) -> bytes:
    name = f"{CHECKPOINT}/{file.stored}"
    try:
        data = read_bytes(root, name)
    except FileNotFoundError:
        raise RunError(f"{root / name} is missing: the checkpoint cannot go on") from None
    if sha256(data).hexdigest() != file.sha256:
        raise RunError(
            f"{root / name} is damaged: its SHA-256 is not the one in {INDEX}; "
            "training cannot go on from it"
        )
    return data


def _plain(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no plain file name")
    return name
