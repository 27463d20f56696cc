"""Which pictures a folder holds, of which class each is, and a mark that tells whether any changed.

Sub-folders are classes. Where they are called train, test and so on, those below them are, and the
part is kept beside the class. A picture that lies in no sub-folder has no class.
"""

import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from aeviz.data.dataset import DataError
from aeviz.data.tables.settling import several

PICTURE = re.compile(
    r"[^.].*\.(a?png|jpe?g|jpe|jfif|bmp|dib|gif|tiff?|webp)", re.IGNORECASE | re.DOTALL
)
"""What pictures are called; what is in them is told by their content."""

PARTS = frozenset(("train", "training", "test", "testing", "val", "valid", "validation"))
MOST_FILES = 5_000_000
MOST_CLASSES = 2**16
DEPTH = 12
LOOKED_AT = 2_000
"""Files and folders that are looked at to tell whether a folder holds pictures."""


@dataclass(frozen=True, eq=False)
class Listing:
    """The pictures of a folder.

    Attributes:
        files: Their paths below the folder, with `/`, in the order of the samples.
        labels: int64 (N,), -1 without a class; None where there are no classes.
        class_names: One per label.
        parts: int64 (N,) numbers of `part_names`, or None.
        part_names: Such as train and test.
        stamp: Changes when a file comes, goes, or is written.
        remarks: What was left out.
    """

    files: tuple[str, ...]
    labels: NDArray[np.int64] | None
    class_names: tuple[str, ...]
    parts: NDArray[np.int64] | None
    part_names: tuple[str, ...]
    stamp: str
    remarks: tuple[str, ...]


@dataclass
class _Walk:
    """What a walk over a folder meets."""

    pictures: list[tuple[str, int, int]]
    others: int = 0
    links: int = 0


def holds_pictures(path: Path) -> bool:
    """Whether there is a picture among the first files and folders of a folder that is no run."""
    if (path / "run.json").exists():
        return False
    seen, waiting = 0, [(path, 0)]
    while waiting and seen < LOOKED_AT:
        folder, depth = waiting.pop(0)
        for entry in _entries(folder, quiet=True):
            seen += 1
            if entry.is_dir(follow_symlinks=False):
                if depth < 3:
                    waiting.append((Path(entry.path), depth + 1))
            elif _is_picture(entry.name):
                return True
            if seen >= LOOKED_AT:
                break
    return False


def list_pictures(path: Path) -> Listing:
    """Find the pictures of a folder, sorted by class and name, numbers by their value.

    Raises:
        DataError: If there is none, there are too many, or a sub-folder may not be read.
    """
    walk = _Walk([])
    _walk(path, "", 0, walk)
    if not walk.pictures:
        raise DataError(f"{path}: there is no picture (PNG, JPEG, BMP, GIF, TIFF, WebP) in it")
    found = sorted(walk.pictures, key=lambda each: _natural(each[0]))
    files = tuple(name for name, _, _ in found)
    where = [name.split("/")[:-1] for name in files]
    in_parts = all(len(folders) > 1 and folders[0].lower() in PARTS for folders in where)
    level = 1 if in_parts else 0
    labels, classes = _numbered([folders[level] if folders else "" for folders in where])
    parts, part_names = _numbered([folders[0] for folders in where]) if in_parts else (None, ())
    if len(classes) > MOST_CLASSES:
        raise DataError(f"{path} has {len(classes):,} sub-folders; {MOST_CLASSES:,} can be classes")
    stamp = hashlib.sha256(repr(found).encode("utf-8", "surrogatepass")).hexdigest()
    remarks = _remarks(walk, labels)
    return Listing(files, labels, classes, parts, part_names, stamp, remarks)


def _walk(path: Path, below: str, depth: int, walk: _Walk) -> None:
    for entry in _entries(path):
        if entry.name.startswith("."):
            continue
        name = f"{below}{entry.name}"
        if entry.is_dir(follow_symlinks=False):
            if depth == DEPTH:
                raise DataError(f"{path} lies more than {DEPTH} folders deep: move its pictures up")
            _walk(path / entry.name, f"{name}/", depth + 1, walk)
        elif entry.is_symlink() and entry.is_dir():
            walk.links += 1  # it may lead back here
        elif not _is_picture(entry.name):
            walk.others += 1
        else:
            status = _status(entry)
            walk.pictures.append((name, *status))
        if len(walk.pictures) + walk.others > MOST_FILES:
            raise DataError(f"{path}: the folder holds more than {MOST_FILES:,} files: divide it")


def _status(entry: os.DirEntry[str]) -> tuple[int, int]:
    """Size and time of a file; of what has gone meanwhile or leads nowhere, zeros."""
    try:
        status = entry.stat()
    except OSError:
        return 0, 0
    return status.st_size, status.st_mtime_ns


def _entries(path: Path, *, quiet: bool = False) -> Iterator["os.DirEntry[str]"]:
    try:
        with os.scandir(path) as found:
            yield from found
    except OSError as error:
        if not quiet:
            raise DataError(f"{path} cannot be read: {error.strerror or error}") from error


def _is_picture(name: str) -> bool:
    return PICTURE.fullmatch(name) is not None


def _natural(name: str) -> list[list[tuple[int, str]]]:
    """A key that sorts folder by folder, and numbers within names by their value."""
    return [
        [(int(word), word) if word.isdecimal() else (-1, word) for word in re.split(r"(\d+)", part)]
        for part in name.split("/")
    ]


def _numbered(words: list[str]) -> tuple[NDArray[np.int64] | None, tuple[str, ...]]:
    """Numbers of words in their order, -1 for an empty one; nothing where all are empty."""
    names = sorted(set(words) - {""}, key=_natural)
    if not names:
        return None, ()
    numbers = {name: number for number, name in enumerate(names)} | {"": -1}
    return np.array([numbers[word] for word in words], np.int64), tuple(names)


def _remarks(walk: _Walk, labels: NDArray[np.int64] | None) -> tuple[str, ...]:
    remarks = []
    if walk.others:
        files = several(walk.others, "file in it is no picture", "files in it are no pictures")
        remarks.append(f"{files} by name, and left out")
    if walk.links:
        links = several(walk.links, "link to another folder was", "links to other folders were")
        remarks.append(f"{links} not followed")
    if labels is not None and (labels < 0).any():
        count = int((labels < 0).sum())
        pictures = several(count, "picture lies in no sub-folder", "pictures lie in no sub-folder")
        remarks.append(f"{pictures}: without a class")
    return tuple(remarks)
